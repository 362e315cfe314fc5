//! Gallra's own format: one JSON object a line, `"type"` says what it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tokio::io::AsyncBufRead;

use super::intake::{Intake, Options};
use super::report::Report;
use super::source::{KEPT, Line, Lines};
use super::{IngestError, Reason};
use crate::catalog::further::Further;
use crate::catalog::types::{AuthorKind, CaseState, Channel, Custody, Direction};
use crate::catalog::write::{
    CaseChange, Change, ContactChange, ForwardingChange, MessageChange, NewAttachment,
    RejectedRecord,
};
use crate::catalog::{Catalog, TenantRef};
use crate::vocabulary::{Personal, Timestamp};

/// A line may be this long: files of 17 MiB in Base64, and a text of 1 MiB of which each letter is escaped.
const LONGEST_LINE: usize = 32 << 20;

/// Imports a stream of gallra NDJSON. `progress` is called after each batch.
pub async fn import_gallra<R: AsyncBufRead + Unpin>(
    catalog: &Catalog,
    tenant: &TenantRef,
    source: R,
    options: Options,
    mut progress: impl FnMut(&Report),
) -> Result<Report, IngestError> {
    let mut intake = Intake::new(catalog, tenant, options);
    intake.of_format("gallra");
    lines(source, &mut intake, &mut progress).await?;
    let report = intake.finish().await?;
    progress(&report);
    Ok(report)
}

/// Takes every line of a source in.
pub(super) async fn lines<R: AsyncBufRead + Unpin>(
    source: R,
    intake: &mut Intake<'_>,
    progress: &mut impl FnMut(&Report),
) -> Result<(), IngestError> {
    let mut lines = Lines::within(LONGEST_LINE, source);
    loop {
        let line = lines.next().await.map_err(|cause| IngestError::Source {
            line: lines.number(),
            cause,
        })?;
        let Some(line) = line else { return Ok(()) };
        intake.line();
        let number = lines.number();
        let read = match line {
            Line::TooLong(beginning) => Err((Reason::LineTooLong, beginning)),
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Whole(bytes) => whole(bytes, number),
        };
        let (change, length) = read.unwrap_or_else(|(reason, record)| {
            let length = record.len();
            let rejected = RejectedRecord {
                source: intake.options().source.clone(),
                line: number,
                reason: reason.words(),
                record,
            };
            (Change::Rejected(rejected), length)
        });
        if intake.add(change, length).await? {
            progress(intake.report());
        }
    }
}

/// Reads a line, or says why not.
fn whole(mut bytes: Vec<u8>, number: u64) -> Result<(Change, usize), (Reason, Vec<u8>)> {
    match read(strip_mark(&bytes, number)) {
        Ok(change) => Ok((change, bytes.len())),
        Err(reason) => {
            if reason == Reason::LongBody {
                bytes.truncate(KEPT);
            }
            Err((reason, bytes))
        }
    }
}

/// The first line may begin with a byte order mark.
fn strip_mark(bytes: &[u8], number: u64) -> &[u8] {
    match number {
        1 => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
        _ => bytes,
    }
}

/// Every field of every type. One flat struct reads four times as fast as an enum by tag, which
/// serde buffers; which fields a type may have is looked at afterwards.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    #[serde(rename = "type")]
    kind: Option<String>,
    external_id: Option<Personal>,
    name: Option<Personal>,
    phone: Option<Personal>,
    email: Option<Personal>,
    further: Option<Further>,
    source: Option<String>,
    created_at: Option<Timestamp>,
    contact: Option<Personal>,
    case: Option<Personal>,
    subject: Option<Personal>,
    channel: Option<Channel>,
    state: Option<CaseState>,
    custody: Option<Custody>,
    opened_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    author: Option<Personal>,
    author_kind: Option<AuthorKind>,
    body: Option<Personal>,
    direction: Option<Direction>,
    sent_at: Option<Timestamp>,
    recipient: Option<String>,
    reason: Option<Personal>,
    at: Option<Timestamp>,
    message: Option<Personal>,
    attachments: Option<Vec<RawFile>>,
}

/// A file sent along with a message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    name: Option<Personal>,
    media_type: Personal,
    /// Base64.
    content: Personal,
}

/// Reads one line.
pub(super) fn read(bytes: &[u8]) -> Result<Change, Reason> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)?;
    // serde would read an array as the fields in their order.
    if !text.trim_start().starts_with('{') {
        return Err(Reason::NotJson);
    }
    let raw: Raw = serde_json::from_str(text).map_err(|error| reason_of(&error))?;
    let change = match raw.kind.as_deref() {
        Some("contact") => contact(raw)?,
        Some("case") => case(raw)?,
        Some("message") => message(raw)?,
        Some("forwarding") => forwarding(raw)?,
        _ => return Err(Reason::UnknownType),
    };
    change.check()?;
    Ok(change)
}

fn reason_of(error: &serde_json::Error) -> Reason {
    match error.is_data() {
        false => Reason::NotJson,
        true if error.to_string().starts_with("unknown field") => Reason::UnknownField,
        true => Reason::BadValue,
    }
}

/// Takes the named fields out of a raw record; whatever is left over does not belong to its type.
macro_rules! only {
    ($raw:ident: $($field:ident),+) => {
        #[allow(clippy::needless_update)]
        let Raw { $($field,)+ .. } = {
            let mut rest = $raw;
            let taken = Raw { $($field: rest.$field.take(),)+ ..Raw::default() };
            rest.kind = None;
            if !rest.is_empty() {
                return Err(Reason::UnknownField);
            }
            taken
        };
    };
}

impl Raw {
    fn is_empty(&self) -> bool {
        let texts = [
            &self.external_id,
            &self.name,
            &self.phone,
            &self.email,
            &self.contact,
            &self.case,
            &self.subject,
            &self.author,
            &self.body,
            &self.reason,
            &self.message,
        ];
        let times = [
            self.created_at,
            self.opened_at,
            self.closed_at,
            self.sent_at,
            self.at,
        ];
        texts.iter().all(|it| it.is_none())
            && times.iter().all(Option::is_none)
            && self.source.is_none()
            && self.further.is_none()
            && self.recipient.is_none()
            && self.channel.is_none()
            && self.state.is_none()
            && self.custody.is_none()
            && self.direction.is_none()
            && self.author_kind.is_none()
            && self.attachments.is_none()
    }
}

fn needed<T>(value: Option<T>) -> Result<T, Reason> {
    value.ok_or(Reason::MissingField)
}

fn contact(raw: Raw) -> Result<Change, Reason> {
    only!(raw: external_id, name, phone, email, further, source, created_at);
    Ok(Change::Contact(ContactChange {
        external_id,
        name,
        phone,
        email,
        further: further.unwrap_or_default(),
        source,
        dated: created_at,
        fill_in: false,
    }))
}

fn case(raw: Raw) -> Result<Change, Reason> {
    only!(raw: external_id, contact, subject, channel, state, custody, opened_at, closed_at);
    Ok(Change::Case(CaseChange {
        external_id: needed(external_id)?,
        contact: needed(contact)?,
        subject,
        channel,
        state,
        custody,
        opened_at,
        closed_at,
    }))
}

fn message(raw: Raw) -> Result<Change, Reason> {
    only!(raw: external_id, contact, case, subject, channel, author, author_kind, body, direction, sent_at, attachments);
    let files = attachments.unwrap_or_default();
    Ok(Change::Message(MessageChange {
        case: needed(case)?,
        contact: needed(contact)?,
        external_id,
        subject,
        author,
        author_kind,
        body: needed(body)?,
        direction: needed(direction)?,
        channel: needed(channel)?,
        sent_at: needed(sent_at)?,
        attachments: files.into_iter().map(file).collect::<Result<_, _>>()?,
    }))
}

fn file(raw: RawFile) -> Result<NewAttachment, Reason> {
    let content = STANDARD.decode(raw.content.expose());
    Ok(NewAttachment {
        name: raw.name,
        media_type: raw.media_type,
        content: content.map_err(|_| Reason::BadValue)?,
    })
}

fn forwarding(raw: Raw) -> Result<Change, Reason> {
    only!(raw: case, recipient, reason, at, message);
    Ok(Change::Forwarding(ForwardingChange {
        case: needed(case)?,
        recipient: needed(recipient)?,
        reason,
        at: needed(at)?,
        message,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"type":"message","case":"A-1","contact":"K-1","direction":"in",
        "channel":"email","sent_at":"2026-02-01T08:00:00+01:00","body":"Hej"}"#;

    #[test]
    fn a_message_is_read() {
        let Ok(Change::Message(it)) = read(MESSAGE.as_bytes()) else {
            panic!("it is a message");
        };
        assert_eq!(it.body.expose(), "Hej");
        assert_eq!(it.sent_at.to_string(), "2026-02-01T07:00:00Z");
    }

    #[test]
    fn each_fault_has_its_reason() {
        let with = |from: &str, to: &str| MESSAGE.replace(from, to).into_bytes();
        for (line, reason) in [
            (b"\xff\xfe".to_vec(), Reason::NotUtf8),
            (with("Hej", "H\\u0000j"), Reason::Nul),
            (b"Anna;Andersson".to_vec(), Reason::NotJson),
            (b"{\"type\":\"contact\"".to_vec(), Reason::NotJson),
            (b"[]".to_vec(), Reason::NotJson),
            (with("message", "letter"), Reason::UnknownType),
            (b"{}".to_vec(), Reason::UnknownType),
            (with("\"body\"", "\"text\""), Reason::UnknownField),
            (with("\"case\"", "\"recipient\""), Reason::UnknownField),
            (with("\"direction\":\"in\",", ""), Reason::MissingField),
            (with("\"in\"", "\"up\""), Reason::BadValue),
            (with("2026-02-01", "yesterday"), Reason::BadValue),
            (with("\"Hej\"", "7"), Reason::BadValue),
            (
                with(
                    "\"in\"",
                    r#""in","attachments":[{"media_type":"a/b","content":"%"}]"#,
                ),
                Reason::BadValue,
            ),
            (
                br#"{"type":"contact","external_id":"K","source":"a\nb"}"#.to_vec(),
                Reason::BadText,
            ),
        ] {
            let text = String::from_utf8_lossy(&line).into_owned();
            assert_eq!(read(&line), Err(reason), "{text}");
        }
    }
}

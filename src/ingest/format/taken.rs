//! What a reader makes of one record.

use std::collections::BTreeMap;

use super::Settings;
use super::object::Object;
use crate::catalog::types::{AuthorKind, Channel, Direction};
use crate::catalog::write::{CaseChange, Change, ContactChange, MessageChange, NewAttachment};
use crate::ingest::Reason;
use crate::keyring::normalise;
use crate::vocabulary::{Personal, Timestamp};

/// A file longer than this is not taken in.
pub(super) const LONGEST_FILE: usize = 16 << 20;
/// What a record weighs in a batch besides its texts.
const WEIGHT: usize = 512;

/// Reported as dropped: an export that only links to files.
pub(super) const LINKED_FILES: &str =
    "files the export only links to: fetch them before the account there is closed";
/// Reported as dropped: a file too large to keep.
pub(super) const TOO_LARGE: &str = "files over 16 MiB";
/// Reported as dropped: a file whose content is no base64.
const BROKEN_FILES: &str = "files whose content could not be decoded";
/// Reported as dropped: profiles of agents.
pub(super) const STAFF: &str = "profiles of staff, who are no contacts";
/// Reported as dropped: the same text twice.
pub(super) const REPEATED: &str = "first messages that stand twice in the export";
/// Reported as remark: what another system calls deleted.
pub(super) const DELETED_THERE: &str = "marked as deleted there, and held all the same: taken in";

/// What was made of one record, until it is handed to the intake.
pub(crate) struct Taken<'a> {
    /// How the import is set up.
    pub settings: &'a Settings,
    /// Changes, with what each weighs in a batch.
    pub changes: Vec<(Change, usize)>,
    /// What could not be read.
    pub rejected: Vec<(Reason, Vec<u8>)>,
    /// What was left out, by kind.
    pub dropped: BTreeMap<&'static str, u64>,
    /// What is worth knowing, by kind.
    pub remarks: BTreeMap<&'static str, u64>,
}

impl<'a> Taken<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            changes: Vec::new(),
            rejected: Vec::new(),
            dropped: BTreeMap::new(),
            remarks: BTreeMap::new(),
        }
    }

    /// Counts what is left out.
    pub(super) fn drop(&mut self, what: &'static str) {
        *self.dropped.entry(what).or_default() += 1;
    }

    /// Takes in a file that came with a message, or counts it as left out; `None` is one that stands
    /// elsewhere.
    pub(super) fn attach(
        &mut self,
        to: &mut MessageChange,
        file: Option<Result<NewAttachment, &'static str>>,
    ) {
        match file {
            Some(Ok(file)) => to.attachments.push(file),
            Some(Err(what)) => self.drop(what),
            None => self.drop(LINKED_FILES),
        }
    }

    /// Counts what is worth knowing.
    pub(super) fn remark(&mut self, what: &'static str) {
        *self.remarks.entry(what).or_default() += 1;
    }

    /// Quarantines a record.
    pub(super) fn reject(&mut self, reason: Reason, record: Vec<u8>) {
        self.rejected.push((reason, record));
    }

    /// Takes in what was read of a record, or quarantines it.
    pub(super) fn add<T: Into<Change>>(&mut self, record: Object<'_>, read: Result<T, Reason>) {
        match read.map(Into::into).and_then(checked) {
            Ok((change, weight)) => self.changes.push((change, weight)),
            Err(reason) => self.reject(reason, record.to_bytes()),
        }
    }

    /// The same for a record that is no JSON.
    pub(super) fn add_or<T: Into<Change>>(
        &mut self,
        read: Result<T, Reason>,
        record: impl FnOnce() -> Vec<u8>,
    ) {
        match read.map(Into::into).and_then(checked) {
            Ok((change, weight)) => self.changes.push((change, weight)),
            Err(reason) => self.reject(reason, record()),
        }
    }
}

/// A change with its weight, if it can be stored.
fn checked(change: Change) -> Result<(Change, usize), Reason> {
    change.check()?;
    let texts = change.texts().into_iter();
    let mut weight = WEIGHT + texts.map(|(_, text)| text.expose().len()).sum::<usize>();
    if let Change::Message(it) = &change {
        weight += it
            .attachments
            .iter()
            .map(|file| file.content.len())
            .sum::<usize>();
    }
    Ok((change, weight))
}

impl From<ContactChange> for Change {
    fn from(it: ContactChange) -> Self {
        Change::Contact(it)
    }
}

impl From<CaseChange> for Change {
    fn from(it: CaseChange) -> Self {
        Change::Case(it)
    }
}

impl From<MessageChange> for Change {
    fn from(it: MessageChange) -> Self {
        Change::Message(it)
    }
}

/// A message of which only the necessary is known.
pub(super) fn message(
    case: String,
    contact: String,
    direction: Direction,
    channel: Channel,
    sent_at: Timestamp,
) -> MessageChange {
    MessageChange {
        case: case.into(),
        contact: contact.into(),
        external_id: None,
        subject: None,
        author: None,
        author_kind: Some(AuthorKind::by(direction)),
        body: "".into(),
        direction,
        channel,
        sent_at,
        attachments: Vec::new(),
    }
}

/// A case of which only the necessary is known.
pub(super) fn case(external_id: String, contact: String) -> CaseChange {
    CaseChange {
        external_id: external_id.into(),
        contact: contact.into(),
        subject: None,
        channel: None,
        state: None,
        custody: None,
        opened_at: None,
        closed_at: None,
    }
}

/// The external id of a person who is known by an address only.
pub(super) fn by_email(address: &str) -> Option<String> {
    let normal = normalise::email(address)?;
    let plausible = normal.expose().contains('@');
    plausible.then(|| format!("mailto:{}", normal.expose()))
}

/// The external id of a person who is known by a number only; a sender may also be a name.
pub(super) fn by_phone(number: &str, country: &str) -> Option<String> {
    let number = number.trim();
    if number.is_empty() {
        return None;
    }
    match normalise::phone(number, country) {
        Some(normal) if !number.chars().any(char::is_alphabetic) => {
            Some(format!("tel:{}", normal.expose()))
        }
        _ => Some(format!("sender:{}", number.to_lowercase())),
    }
}

/// Text of HTML.
pub(super) fn text_of_html(html: &str) -> Personal {
    mail_parser::decoders::html::html_to_text(html)
        .trim()
        .into()
}

/// A file in base64, or what is reported as dropped.
pub(super) fn file(
    name: Option<Personal>,
    media_type: Option<&str>,
    base64: &str,
) -> Result<NewAttachment, &'static str> {
    let content = mail_parser::decoders::base64::base64_decode(base64.as_bytes());
    let content = content.ok_or(BROKEN_FILES)?;
    match content.len() <= LONGEST_FILE {
        true => Ok(NewAttachment {
            name,
            media_type: media_type.unwrap_or("application/octet-stream").into(),
            content,
        }),
        false => Err(TOO_LARGE),
    }
}

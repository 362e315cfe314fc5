//! Mail: one message a file, an mbox, or the files of a Maildir.
//!
//! mail-parser reads headers, encodings and HTML. The walk through the parts is ours, because its own
//! follows mails within encoded mails and copies each of them: a mail of some megabytes could take all
//! memory. Here a mail within a mail is a file like any other and is not looked into.

mod parts;

use chrono::NaiveDateTime;
use mail_parser::{Addr, Address, DateTime, HeaderValue, Message, MessageParser};
use sha2::{Digest, Sha256};

use self::parts::Parts;
use super::taken::{TOO_LARGE, Taken, by_email, message, text_of_html};
use super::{Format, Framing, Settings};
use crate::catalog::types::{AuthorKind, Channel, Direction};
use crate::catalog::write::{ContactChange, MessageChange};
use crate::ingest::{Reason, times};
use crate::keyring::normalise;
use crate::vocabulary::Timestamp;

pub(super) const FORMAT: Format = Format {
    name: "mail",
    about: "a mail, an mbox, or a Maildir",
    signs: &[],
    framing: Framing::Mail,
};

/// Reads one mail. `stamp` is what the line of an mbox says after the sender.
pub(super) fn read(bytes: Vec<u8>, stamp: Option<&str>, taken: &mut Taken<'_>) {
    match understand(&bytes, stamp, taken) {
        Ok((contact, message)) => {
            taken.add_or(Ok(contact), || bytes.clone());
            taken.add_or(Ok(message), || bytes);
        }
        Err(reason) => taken.reject(reason, bytes),
    }
}

fn understand(
    bytes: &[u8],
    stamp: Option<&str>,
    taken: &mut Taken<'_>,
) -> Result<(ContactChange, MessageChange), Reason> {
    let (head, _) = parts::split(bytes);
    let mail = MessageParser::default().parse_headers(head);
    let mail = mail
        .filter(|it| !it.headers().is_empty())
        .ok_or(Reason::NoMail)?;
    let sent_at = sent_at(&mail, stamp)?;
    let (person, direction) = person(&mail, taken.settings)?;
    let address = person.address().unwrap_or_default();
    let contact = by_email(address).ok_or(Reason::NoPerson)?;
    let parts = Parts::of(bytes)?;
    for _ in 0..parts.too_large {
        taken.drop(TOO_LARGE);
    }
    let id = mail.message_id().map(|it| format!("mail:{it}"));
    let id = id.unwrap_or_else(|| format!("mail:sha256-{}", &hex::encode(Sha256::digest(bytes))));
    let thread = thread(&mail).map_or_else(|| id.clone(), |it| format!("mail:{it}"));
    let sender = mail.from().and_then(Address::first);
    let author = sender.and_then(|it| it.name().or(it.address()));
    let body = match parts.text.is_empty() {
        true => text_of_html(&parts.html),
        false => parts.text.trim().into(),
    };
    let message = MessageChange {
        external_id: Some(id.into()),
        subject: mail.subject().map(|it| it.trim().into()),
        author: author.map(Into::into),
        author_kind: Some(match (is_automatic(&mail), direction) {
            (true, _) => AuthorKind::System,
            (false, direction) => AuthorKind::by(direction),
        }),
        body,
        attachments: parts.files,
        ..message(thread, contact.clone(), direction, Channel::Email, sent_at)
    };
    let contact = ContactChange {
        external_id: Some(contact.into()),
        name: person.name().map(|it| it.trim().into()),
        email: normalise::email(address),
        source: Some("mail".to_owned()),
        dated: Some(sent_at),
        fill_in: true,
        ..ContactChange::default()
    };
    Ok((contact, message))
}

/// When it was sent; where that is absent or absurd, when it was received or put into the mbox.
fn sent_at(mail: &Message<'_>, stamp: Option<&str>) -> Result<Timestamp, Reason> {
    let instant = |date: &DateTime| match date.is_valid() {
        true => times::within_reason(date.to_timestamp().saturating_mul(1_000_000)),
        false => None,
    };
    let received = || mail.received().and_then(|it| it.date());
    let stamped = || {
        let stamp = NaiveDateTime::parse_from_str(stamp?.trim(), "%a %b %e %H:%M:%S %Y").ok()?;
        times::within_reason(stamp.and_utc().timestamp_micros())
    };
    let found = mail.date().and_then(instant);
    let found = found.or_else(|| received().as_ref().and_then(instant));
    found.or_else(stamped).ok_or(match mail.date() {
        Some(_) => Reason::BadDate,
        None => Reason::NoDate,
    })
}

/// The person outside, and which way the mail went.
fn person<'a>(
    mail: &'a Message<'_>,
    settings: &Settings,
) -> Result<(&'a Addr<'a>, Direction), Reason> {
    let is_address = |it: &&Addr<'_>| it.address().is_some_and(|it| it.contains('@'));
    let senders = [mail.from(), mail.sender(), mail.reply_to()];
    let sender = senders
        .into_iter()
        .flatten()
        .flat_map(Address::iter)
        .find(is_address);
    let sender = sender.ok_or(Reason::NoPerson)?;
    if !is_own(sender, settings) {
        return Ok((sender, Direction::In));
    }
    let recipients = [mail.to(), mail.cc(), mail.bcc()];
    let recipients = recipients.into_iter().flatten().flat_map(Address::iter);
    let outside = recipients
        .filter(is_address)
        .find(|it| !is_own(it, settings));
    outside
        .map(|it| (it, Direction::Out))
        .ok_or(Reason::NoPerson)
}

/// Whether an address is the desk's own.
fn is_own(address: &Addr<'_>, settings: &Settings) -> bool {
    let address = address.address().and_then(normalise::email);
    let Some(address) = address else {
        return false;
    };
    settings.own.iter().any(|own| match own.strip_prefix('@') {
        Some(domain) => {
            let at = address.expose().rsplit_once('@');
            at.is_some_and(|(_, it)| it.eq_ignore_ascii_case(domain))
        }
        None => normalise::email(own).is_some_and(|own| own == address),
    })
}

/// The mail that began the conversation.
fn thread<'a>(mail: &'a Message<'_>) -> Option<&'a str> {
    let first = |value: &'a HeaderValue<'_>| match value {
        HeaderValue::Text(it) => Some(it.as_ref()),
        HeaderValue::TextList(list) => list.first().map(AsRef::as_ref),
        _ => None,
    };
    first(mail.references()).or_else(|| first(mail.in_reply_to()))
}

/// Whether a machine sent it (RFC 3834), as bounces and holiday notices are.
fn is_automatic(mail: &Message<'_>) -> bool {
    let value = mail.header("Auto-Submitted").and_then(HeaderValue::as_text);
    let said = value.is_some_and(|it| !it.trim().eq_ignore_ascii_case("no"));
    let sender = mail.from().and_then(Address::first);
    let address = sender.and_then(Addr::address).unwrap_or_default();
    said || address.to_ascii_lowercase().starts_with("mailer-daemon@")
}

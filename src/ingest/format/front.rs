//! Front: contacts, conversations and messages, as its API gives them. People are known by their
//! handles (addresses and numbers), for messages name no ids.

use super::object::Object;
use super::taken::{LINKED_FILES, Taken, by_email, by_phone, case, message, text_of_html};
use super::{Format, Framing, PAGE, Reader};
use crate::catalog::further::Further;
use crate::catalog::types::{CaseState, Channel, Direction};
use crate::catalog::write::{CaseChange, ContactChange, MessageChange};
use crate::ingest::Reason;
use crate::vocabulary::Personal;

pub(super) const FORMAT: Format = Format {
    name: "front",
    about: "contacts, conversations and messages of the API",
    signs: &[
        &["is_inbound", "recipients"],
        &["handles", "is_spammer"],
        &["handles", "links", "_links"],
        &["recipient", "is_private", "_links"],
    ],
    framing: Framing::Objects {
        lists: &["_results"],
        columns: &[
            "id",
            "name",
            "subject",
            "status",
            "created_at",
            "conversation_id",
            "text",
            "body",
            "is_inbound",
        ],
        reader: || Box::new(Front),
    },
};

struct Front;

impl Reader for Front {
    fn read(&mut self, list: &str, record: Object<'_>, taken: &mut Taken<'_>) {
        if record.has("is_inbound") {
            let read = text(record, taken);
            taken.add(record, read);
        } else if record.has("handles") {
            let read = contact(record, taken);
            taken.add(record, read);
        } else if record.has("recipient") && record.has("subject") {
            let read = conversation(record, taken);
            taken.add(record, read);
        } else if list != PAGE {
            taken.reject(Reason::UnknownRecord, record.to_bytes());
        }
    }
}

/// A person by handle: an address, or a number.
fn person(handle: &str, taken: &Taken<'_>) -> Option<String> {
    by_email(handle).or_else(|| by_phone(handle, &taken.settings.country))
}

fn contact(record: Object<'_>, taken: &Taken<'_>) -> Result<ContactChange, Reason> {
    let handles = || record.objects("handles").filter_map(|it| it.text("handle"));
    let is_number = |it: &&str| !it.contains('@') && it.chars().any(|it| it.is_ascii_digit());
    let mut emails = handles().filter(|it| it.contains('@'));
    let mut phones = handles().filter(is_number);
    let (email, phone) = (emails.next(), phones.next());
    let id = email.or(phone).or_else(|| handles().next());
    let id = id
        .and_then(|it| person(it, taken))
        .ok_or(Reason::NoPerson)?;
    Ok(ContactChange {
        external_id: Some(id.into()),
        name: record.personal("name"),
        phone: phone.map(Into::into),
        email: email.map(Into::into),
        further: Further {
            emails: emails.map(Into::into).collect(),
            phones: phones.map(Into::into).collect(),
            external_ids: Vec::new(),
        },
        source: Some("front".to_owned()),
        dated: None,
        fill_in: false,
    })
}

fn conversation(record: Object<'_>, taken: &Taken<'_>) -> Result<CaseChange, Reason> {
    let id = record.id("id").ok_or(Reason::MissingField)?;
    let handle = record.object("recipient").and_then(|it| it.text("handle"));
    let requester = handle
        .and_then(|it| person(it, taken))
        .ok_or(Reason::NoPerson)?;
    let state = match record.text("status") {
        Some("archived" | "deleted" | "spam" | "resolved") => Some(CaseState::Closed),
        Some("waiting" | "snoozed") => Some(CaseState::Pending),
        Some(_) => Some(CaseState::Open),
        None => None,
    };
    Ok(CaseChange {
        subject: record.personal("subject"),
        state,
        opened_at: record.time("created_at", taken.settings.zone)?,
        ..case(format!("front:{id}"), requester)
    })
}

fn text(it: Object<'_>, taken: &mut Taken<'_>) -> Result<MessageChange, Reason> {
    let conversation = conversation_of(it).ok_or(Reason::NoRequester)?;
    let (direction, role) = match it.flag("is_inbound") {
        Some(true) => (Direction::In, "from"),
        Some(false) => (Direction::Out, "to"),
        None => return Err(Reason::BadValue),
    };
    let mut others = it
        .objects("recipients")
        .filter(|it| it.text("role") == Some(role));
    let handle = others.next().and_then(|it| it.text("handle"));
    let owner = handle
        .and_then(|it| person(it, taken))
        .ok_or(Reason::NoPerson)?;
    let sent_at = it.needed_time("created_at", taken.settings.zone)?;
    for _ in it.list("attachments") {
        taken.drop(LINKED_FILES);
    }
    let channel = match it.text("type") {
        Some("email") => Channel::Email,
        Some("sms" | "truly_call_sms") => Channel::Sms,
        Some("call" | "truly_call" | "phone-call") => Channel::Phone,
        Some("tweet" | "facebook" | "whatsapp" | "instagram") => Channel::Social,
        Some("intercom" | "front_chat" | "smooch") => Channel::Widget,
        _ => Channel::Other,
    };
    let plain: Option<Personal> = it.personal("text");
    let body = plain.or_else(|| it.text("body").map(text_of_html));
    let author = it.object("author");
    Ok(MessageChange {
        external_id: it.id("id").map(|id| format!("front:{id}").into()),
        subject: it.personal("subject"),
        author: author.and_then(|it| it.joined(&["first_name", "last_name"])),
        body: body.unwrap_or_default(),
        ..message(
            format!("front:{conversation}"),
            owner,
            direction,
            channel,
            sent_at,
        )
    })
}

/// The conversation of a message is named in a link only.
fn conversation_of(message: Object<'_>) -> Option<String> {
    let related = message.object("_links").and_then(|it| it.object("related"));
    let link = related.and_then(|it| it.text("conversation"));
    let named = link.and_then(|it| it.trim_end_matches('/').rsplit('/').next());
    named
        .map(str::to_owned)
        .or_else(|| message.id("conversation_id"))
}

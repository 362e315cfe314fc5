//! The tables: RFC 4180, UTF-8, one heading line. Values stand as they are held; a table that is opened
//! in a spreadsheet is the reader's to open with care.

use zeroize::Zeroizing;

use super::Sheet;
use super::walk::Around;
use crate::catalog::outgoing;
use crate::catalog::types::{Attachment, Contact, Forwarding, Message};
use crate::offboarding::OffboardingError;
use crate::vocabulary::{ContactId, Personal, Timestamp};

pub const CONTACT: [&str; 11] = [
    "id",
    "external_id",
    "name",
    "phone",
    "email",
    "further_emails",
    "further_phones",
    "further_external_ids",
    "source",
    "created_at",
    "updated_at",
];
const CASE: [&str; 9] = [
    "id",
    "external_id",
    "contact_id",
    "subject",
    "channel",
    "state",
    "custody",
    "opened_at",
    "closed_at",
];
const MESSAGE: [&str; 10] = [
    "id",
    "external_id",
    "case_id",
    "contact_id",
    "author",
    "author_kind",
    "direction",
    "channel",
    "sent_at",
    "body",
];
const FORWARDING: [&str; 6] = ["id", "case_id", "recipient", "reason", "at", "message"];
const ATTACHMENT: [&str; 6] = ["id", "message_id", "case_id", "name", "media_type", "size"];

type Bytes = Zeroizing<Vec<u8>>;

/// The first line of a table.
pub fn headings(sheet: Sheet) -> Option<&'static [&'static str]> {
    match sheet {
        Sheet::Cases => Some(&CASE),
        Sheet::Messages => Some(&MESSAGE),
        Sheet::Forwardings => Some(&FORWARDING),
        Sheet::Attachments => Some(&ATTACHMENT),
        Sheet::Lines | Sheet::Mbox => None,
    }
}

/// One line.
pub fn row(cells: &[&str]) -> Result<Bytes, OffboardingError> {
    outgoing::row(cells).map_err(OffboardingError::Export)
}

fn plain(it: &Option<Personal>) -> &str {
    it.as_ref().map_or("", Personal::expose)
}

/// Several values in one cell, each on its line.
fn lines(values: &[Personal]) -> Zeroizing<String> {
    let values: Vec<&str> = values.iter().map(Personal::expose).collect();
    Zeroizing::new(values.join("\n"))
}

fn time(it: Option<Timestamp>) -> String {
    it.map(|it| it.to_string()).unwrap_or_default()
}

pub fn contact(it: &Contact) -> Result<Bytes, OffboardingError> {
    row(&[
        &it.id.to_string(),
        plain(&it.external_id),
        plain(&it.name),
        plain(&it.phone),
        plain(&it.email),
        &lines(&it.further.emails),
        &lines(&it.further.phones),
        &lines(&it.further.external_ids),
        it.source.as_deref().unwrap_or_default(),
        &it.created_at.to_string(),
        &it.updated_at.to_string(),
    ])
}

pub fn case(around: &Around) -> Result<Bytes, OffboardingError> {
    let it = &around.case;
    row(&[
        &it.id.to_string(),
        plain(&it.external_id),
        &it.requester.to_string(),
        plain(&it.subject),
        &it.channel,
        &it.state,
        &it.custody,
        &it.opened_at.to_string(),
        &time(it.closed_at),
    ])
}

pub fn message(
    around: &Around,
    contact: ContactId,
    it: &Message,
) -> Result<Bytes, OffboardingError> {
    row(&[
        &it.id.to_string(),
        plain(&it.external_id),
        &around.case.id.to_string(),
        &contact.to_string(),
        plain(&it.author),
        &it.author_kind,
        &it.direction,
        &it.channel,
        &it.sent_at.to_string(),
        plain(&it.body),
    ])
}

pub fn attachment(
    around: &Around,
    message: &Message,
    it: &Attachment,
) -> Result<Bytes, OffboardingError> {
    row(&[
        &it.id.to_string(),
        &message.id.to_string(),
        &around.case.id.to_string(),
        plain(&it.name),
        it.media_type.expose(),
        &it.size.to_string(),
    ])
}

pub fn forwarding(
    around: &Around,
    it: &Forwarding,
    message: Option<Personal>,
) -> Result<Bytes, OffboardingError> {
    row(&[
        &it.id.to_string(),
        &around.case.id.to_string(),
        &it.recipient,
        plain(&it.reason),
        &it.at.to_string(),
        plain(&message),
    ])
}

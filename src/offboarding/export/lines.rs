//! `data.ndjson`: the lines that `gallra import` reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use zeroize::Zeroizing;

use super::walk::{Around, name};
use crate::catalog::further::Further;
use crate::catalog::types::{Attachment, Contact, Forwarding, Message};
use crate::offboarding::OffboardingError;
use crate::vocabulary::{ContactId, Personal, Timestamp};

/// After the content of a file.
pub const FILE_ENDS: &[u8] = b"\"}";

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Contact {
        external_id: Personal,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: &'a Option<Personal>,
        #[serde(skip_serializing_if = "Option::is_none")]
        phone: &'a Option<Personal>,
        #[serde(skip_serializing_if = "Option::is_none")]
        email: &'a Option<Personal>,
        #[serde(skip_serializing_if = "Further::is_empty")]
        further: &'a Further,
        #[serde(skip_serializing_if = "Option::is_none")]
        source: &'a Option<String>,
    },
    Case {
        external_id: &'a Personal,
        contact: Personal,
        #[serde(skip_serializing_if = "Option::is_none")]
        subject: &'a Option<Personal>,
        channel: &'a str,
        state: &'a str,
        custody: &'a str,
        opened_at: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        closed_at: &'a Option<Timestamp>,
    },
    Message {
        case: &'a Personal,
        contact: Personal,
        #[serde(skip_serializing_if = "Option::is_none")]
        external_id: &'a Option<Personal>,
        #[serde(skip_serializing_if = "Option::is_none")]
        author: &'a Option<Personal>,
        author_kind: &'a str,
        direction: &'a str,
        channel: &'a str,
        sent_at: Timestamp,
        body: &'a Option<Personal>,
    },
    Forwarding {
        case: &'a Personal,
        recipient: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: &'a Option<Personal>,
        at: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<Personal>,
    },
}

type Bytes = Zeroizing<Vec<u8>>;

fn text(value: &impl Serialize) -> Result<Bytes, OffboardingError> {
    let text = serde_json::to_vec(value).map_err(|error| OffboardingError::Export(error.into()))?;
    Ok(Zeroizing::new(text))
}

fn whole(line: &Line<'_>) -> Result<Bytes, OffboardingError> {
    let mut text = text(line)?;
    text.push(b'\n');
    Ok(text)
}

pub fn contact(it: &Contact) -> Result<Bytes, OffboardingError> {
    whole(&Line::Contact {
        external_id: name(it),
        name: &it.name,
        phone: &it.phone,
        email: &it.email,
        further: &it.further,
        source: &it.source,
    })
}

pub fn case(around: &Around) -> Result<Bytes, OffboardingError> {
    let it = &around.case;
    whole(&Line::Case {
        external_id: &around.name,
        contact: around.person(it.requester),
        subject: &it.subject,
        channel: &it.channel,
        state: &it.state,
        custody: &it.custody,
        opened_at: it.opened_at,
        closed_at: &it.closed_at,
    })
}

/// A message without its last brace: its files may follow.
pub fn message(
    around: &Around,
    contact: ContactId,
    it: &Message,
) -> Result<Bytes, OffboardingError> {
    let mut text = text(&Line::Message {
        case: &around.name,
        contact: around.person(contact),
        external_id: &it.external_id,
        author: &it.author,
        author_kind: &it.author_kind,
        direction: &it.direction,
        channel: &it.channel,
        sent_at: it.sent_at,
        body: &it.body,
    })?;
    text.pop();
    Ok(text)
}

/// A file of a message, up to its content.
pub fn file_begins(at: usize, file: &Attachment) -> Result<Bytes, OffboardingError> {
    #[derive(Serialize)]
    struct File<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        name: &'a Option<Personal>,
        media_type: &'a Personal,
    }
    let mut line = Zeroizing::new(match at {
        0 => b",\"attachments\":[".to_vec(),
        _ => b",".to_vec(),
    });
    let mut file = text(&File {
        name: &file.name,
        media_type: &file.media_type,
    })?;
    file.pop();
    line.extend_from_slice(&file);
    line.extend_from_slice(b",\"content\":\"");
    Ok(line)
}

pub fn base64(content: &[u8]) -> Bytes {
    Zeroizing::new(STANDARD.encode(content).into_bytes())
}

pub fn message_ends(has_files: bool) -> &'static [u8] {
    if has_files { b"]}\n" } else { b"}\n" }
}

pub fn forwarding(
    around: &Around,
    it: &Forwarding,
    message: Option<Personal>,
) -> Result<Bytes, OffboardingError> {
    whole(&Line::Forwarding {
        case: &around.name,
        recipient: &it.recipient,
        reason: &it.reason,
        at: it.at,
        message,
    })
}

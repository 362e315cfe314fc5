//! Which tokens a record has. Pure.

use sha2::{Digest, Sha256};

use crate::catalog::types::Contact;
use crate::keyring::{Domain, IndexKeys, normalise};
use crate::vocabulary::{Personal, Timestamp};

/// A token with what it is a token of.
pub type Token = (Domain, [u8; 16]);

/// A value that identifies a person, in its normal form.
pub type Identity = (Domain, Personal);

/// The values a contact can be searched by.
pub fn searchable(
    name: Option<&Personal>,
    phone: Option<&Personal>,
    email: Option<&Personal>,
    country: &str,
) -> Vec<Identity> {
    let mut found = Vec::new();
    if let Some(email) = email.and_then(|it| normalise::email(it.expose())) {
        found.push((Domain::Email, email));
    }
    if let Some(phone) = phone.and_then(|it| normalise::phone(it.expose(), country)) {
        found.push((Domain::Phone, phone));
    }
    for word in name
        .map(|it| normalise::name_words(it.expose()))
        .unwrap_or_default()
    {
        found.push((Domain::NameWord, word));
    }
    found
}

/// What fixes a contact's id: its external id, without one its e-mail, without that its phone.
pub fn identity(
    external_id: Option<&Personal>,
    phone: Option<&Personal>,
    email: Option<&Personal>,
    country: &str,
) -> Option<Identity> {
    if let Some(id) = external_id.and_then(|it| normalise::external_id(it.expose())) {
        return Some((Domain::ExternalId, id));
    }
    if let Some(email) = email.and_then(|it| normalise::email(it.expose())) {
        return Some((Domain::Email, email));
    }
    let phone = phone.and_then(|it| normalise::phone(it.expose(), country))?;
    Some((Domain::Phone, phone))
}

/// The values by which an erased contact is known again: external id, e-mail, phone.
pub fn suppressible(contact: &Contact, country: &str) -> Vec<Identity> {
    let mut found = searchable(
        None,
        contact.phone.as_ref(),
        contact.email.as_ref(),
        country,
    );
    let id = contact.external_id.as_ref();
    if let Some(id) = id.and_then(|it| normalise::external_id(it.expose())) {
        found.push((Domain::ExternalId, id));
    }
    found
}

/// Tokens of values.
pub fn tokens(keys: &IndexKeys, values: &[Identity]) -> Vec<Token> {
    values
        .iter()
        .map(|(domain, value)| (*domain, keys.token(*domain, value.expose())))
        .collect()
}

/// What tells one record without external id from another.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// A message.
    Message {
        /// The case's external id.
        case: &'a str,
        /// When.
        sent_at: Timestamp,
        /// Which way.
        direction: &'a str,
        /// How.
        channel: &'a str,
        /// The text.
        body: &'a str,
    },
    /// A forwarding.
    Forwarding {
        /// The case's external id.
        case: &'a str,
        /// To whom.
        recipient: &'a str,
        /// When.
        at: Timestamp,
    },
    /// A line that could not be read and was discarded, wherever it stands: an export that is made
    /// again has it on another line.
    Discarded {
        /// Its bytes.
        record: &'a [u8],
    },
    /// A line that could not be read.
    Quarantined {
        /// Where it came from.
        source: &'a str,
        /// Its number.
        line: u64,
        /// Its bytes.
        record: &'a [u8],
    },
}

impl Content<'_> {
    /// Its token.
    pub fn token(&self, keys: &IndexKeys) -> Token {
        let (domain, digest) = self.identity();
        (domain, keys.token(domain, digest.expose()))
    }

    /// What it is known by. The content is hashed, each part behind its length, so that the value
    /// under the token is short and no two contents run together.
    pub fn identity(&self) -> Identity {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        match self {
            Content::Message {
                case,
                sent_at,
                direction,
                channel,
                body,
            } => {
                for text in ["message", case, direction, channel, body] {
                    part(text.as_bytes());
                }
                part(&sent_at.0.to_be_bytes());
            }
            Content::Forwarding {
                case,
                recipient,
                at,
            } => {
                for text in ["forwarding", case, recipient] {
                    part(text.as_bytes());
                }
                part(&at.0.to_be_bytes());
            }
            Content::Discarded { record } => {
                part(b"discarded");
                part(record);
            }
            Content::Quarantined {
                source,
                line,
                record,
            } => {
                part(b"quarantined");
                part(source.as_bytes());
                part(&line.to_be_bytes());
                part(record);
            }
        }
        let digest = Personal::new(hex::encode(hash.finalize()));
        (Domain::MessageContent, digest)
    }
}

//! Which tokens a record has. Pure.

use sha2::{Digest, Sha256};

use crate::catalog::types::{Category, Contact};
use crate::keyring::{Domain, IndexKeys, normalise};
use crate::vocabulary::{Personal, Timestamp};

/// A token with what it is a token of.
pub type Token = (Domain, [u8; 16]);

/// A value that identifies a person, in its normal form.
pub type Identity = (Domain, Personal);

/// An identifier in its normal form; `None` when nothing remains to look for.
pub fn normal(kind: Category, value: &Personal, country: &str) -> Option<Identity> {
    let value = value.expose();
    let (domain, value) = match kind {
        Category::ExternalId => (Domain::ExternalId, normalise::external_id(value)),
        Category::Email => (Domain::Email, normalise::email(value)),
        Category::Phone => (Domain::Phone, normalise::phone(value, country)),
        Category::Name | Category::Message | Category::Attachment => return None,
    };
    Some((domain, value?))
}

/// The values a contact can be searched by. Its first id is found by its reservation.
pub fn searchable(contact: &Contact, country: &str) -> Vec<Identity> {
    let by = |kind: Category, values: &mut dyn Iterator<Item = &Personal>| -> Vec<Identity> {
        values.filter_map(|it| normal(kind, it, country)).collect()
    };
    let mut found = by(Category::Email, &mut contact.all(Category::Email));
    found.extend(by(Category::Phone, &mut contact.all(Category::Phone)));
    let ids = &contact.further.external_ids;
    found.extend(by(Category::ExternalId, &mut ids.iter()));
    let name = contact.name.as_ref();
    let words = name.map(|it| normalise::name_words(it.expose()));
    let words = words.unwrap_or_default().into_iter();
    found.extend(words.map(|word| (Domain::NameWord, word)));
    found
}

/// What fixes a contact's id: its first external id, without one its e-mail, without that its phone.
pub fn identity(
    external_id: Option<&Personal>,
    phone: Option<&Personal>,
    email: Option<&Personal>,
    country: &str,
) -> Option<Identity> {
    let firsts = [
        (Category::ExternalId, external_id),
        (Category::Email, email),
        (Category::Phone, phone),
    ];
    let mut firsts = firsts.into_iter();
    firsts.find_map(|(kind, value)| normal(kind, value?, country))
}

/// The same of a stored contact.
pub fn first_identity(contact: &Contact, country: &str) -> Option<Identity> {
    let (id, phone, email) = (&contact.external_id, &contact.phone, &contact.email);
    identity(id.as_ref(), phone.as_ref(), email.as_ref(), country)
}

/// What else a contact is known by, unless somebody else is: further ids and addresses. A number may be a
/// household's or a switchboard's: it counts where the contact is known by nothing better.
pub fn known_by(contact: &Contact, country: &str) -> Vec<Identity> {
    let better = contact.external_id.is_some() || contact.email.is_some();
    let further = contact.further.all();
    let further = further.filter(|(kind, _)| *kind != Category::Phone || !better);
    further
        .filter_map(|(kind, value)| normal(kind, value, country))
        .collect()
}

/// The values by which an erased contact is known again: ids, addresses, numbers.
pub fn suppressible<'a>(
    identifiers: impl Iterator<Item = (Category, &'a Personal)>,
    country: &str,
) -> Vec<Identity> {
    identifiers
        .filter_map(|(kind, value)| normal(kind, value, country))
        .collect()
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

//! What a change must be like to be stored: one set of rules for whoever writes, a call or an import. So
//! what is taken anywhere comes back in a client's return and can be taken in again
//! (`tests/http/returns.rs`). What a time must be like says [`crate::vocabulary::Timestamp::parse`].

use super::change::Change;
use crate::catalog::rules::check_text;
use crate::catalog::{CatalogError, further};
use crate::vocabulary::Personal;

/// No text is longer, in bytes.
pub const LONGEST_TEXT: usize = 1 << 20;

/// What is wrong with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    /// In which value.
    pub field: &'static str,
    /// What.
    pub what: What,
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A character that PostgreSQL has no room for.
    Nul,
    /// Longer than [`LONGEST_TEXT`].
    TooLong,
    /// More than one line, or a long one, where a name or word is meant.
    NoLine,
    /// More than [`further::MOST`] of a kind.
    TooMany,
}

impl Change {
    /// Every text about a person, with the name of its field.
    pub fn texts(&self) -> Vec<(&'static str, &Personal)> {
        let mut texts: Vec<(&'static str, Option<&Personal>)> = Vec::new();
        match self {
            Change::Contact(it) => {
                texts.extend([
                    ("external_id", it.external_id.as_ref()),
                    ("name", it.name.as_ref()),
                    ("phone", it.phone.as_ref()),
                    ("email", it.email.as_ref()),
                ]);
                let further = it.further.all();
                texts.extend(further.map(|(_, value)| ("further", Some(value))));
            }
            Change::Case(it) => texts.extend([
                ("external_id", Some(&it.external_id)),
                ("contact", Some(&it.contact)),
                ("subject", it.subject.as_ref()),
            ]),
            Change::Message(it) => {
                texts.extend([
                    ("case", Some(&it.case)),
                    ("contact", Some(&it.contact)),
                    ("external_id", it.external_id.as_ref()),
                    ("subject", it.subject.as_ref()),
                    ("author", it.author.as_ref()),
                    ("body", Some(&it.body)),
                ]);
                for file in &it.attachments {
                    let (name, kind) = (file.name.as_ref(), Some(&file.media_type));
                    texts.extend([("attachments", name), ("attachments", kind)]);
                }
            }
            Change::Forwarding(it) => texts.extend([
                ("case", Some(&it.case)),
                ("reason", it.reason.as_ref()),
                ("message_id", it.message.as_ref()),
            ]),
            Change::Rejected(_) => {}
        }
        let texts = texts.into_iter();
        texts
            .filter_map(|(field, text)| Some((field, text?)))
            .collect()
    }

    /// The words that are stored in the open.
    fn words(&self) -> Option<(&'static str, &str)> {
        match self {
            Change::Contact(it) => Some(("source", it.source.as_deref()?)),
            Change::Forwarding(it) => Some(("recipient", &it.recipient)),
            Change::Case(_) | Change::Message(_) | Change::Rejected(_) => None,
        }
    }

    /// Whether it can be stored.
    pub fn check(&self) -> Result<(), Flaw> {
        for (field, text) in self.texts() {
            let what = match text.expose() {
                text if text.contains('\0') => What::Nul,
                text if text.len() > LONGEST_TEXT => What::TooLong,
                _ => continue,
            };
            return Err(Flaw { field, what });
        }
        if let Some((field, words)) = self.words()
            && check_text(field, words).is_err()
        {
            let what = What::NoLine;
            return Err(Flaw { field, what });
        }
        match self {
            Change::Contact(it) if it.further.is_too_long() => Err(Flaw {
                field: "further",
                what: What::TooMany,
            }),
            _ => Ok(()),
        }
    }
}

impl From<Flaw> for CatalogError {
    fn from(Flaw { field, what }: Flaw) -> Self {
        const _: () = assert!(further::MOST == 100);
        let reason = match what {
            What::Nul => "contains a NUL character: take it out",
            What::TooLong => "is longer than 1 MiB: shorten it, or import it as a file",
            What::NoLine => "has a control character or over 1000 bytes: write one short line",
            What::TooMany => "has more than 100 of a kind: name one person's only",
        };
        CatalogError::Invalid { field, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::super::change::{ContactChange, ForwardingChange};
    use super::*;
    use crate::vocabulary::Timestamp;

    fn flaw(change: ContactChange) -> Option<(&'static str, What)> {
        let flaw = Change::Contact(change).check().err()?;
        Some((flaw.field, flaw.what))
    }

    #[test]
    fn each_flaw_is_named_with_its_field() {
        let named = |name: String| ContactChange {
            name: Some(name.into()),
            ..ContactChange::default()
        };
        assert_eq!(flaw(named("Åsa \u{1} 🎿".into())), None);
        assert_eq!(flaw(named("x".repeat(LONGEST_TEXT))), None);
        assert_eq!(
            flaw(named("x".repeat(LONGEST_TEXT + 1))),
            Some(("name", What::TooLong))
        );
        assert_eq!(flaw(named("a\0".into())), Some(("name", What::Nul)));
        let source = ContactChange {
            source: Some("a\nb".into()),
            ..ContactChange::default()
        };
        assert_eq!(flaw(source), Some(("source", What::NoLine)));
        let mut list = ContactChange::default();
        list.further.emails = vec!["a\0@example.se".into()];
        assert_eq!(flaw(list.clone()), Some(("further", What::Nul)));
        list.further.emails = vec!["a@example.se".into(); further::MOST + 1];
        assert_eq!(flaw(list), Some(("further", What::TooMany)));
        let forwarding = ForwardingChange {
            case: "A-1".into(),
            recipient: "x".repeat(1_001),
            reason: None,
            at: Timestamp(0),
            message: None,
        };
        let flaw = Change::Forwarding(forwarding).check().unwrap_err();
        assert_eq!((flaw.field, flaw.what), ("recipient", What::NoLine));
    }
}

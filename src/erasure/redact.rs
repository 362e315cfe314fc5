//! Redaction of a message: words that should never have been written are taken out of it, or it goes as a
//! whole. It is a rehousing of the part of the case it is in, with its receipt: the other messages there are
//! sealed anew, and what was taken out is gone for good, also from old backups.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rehouse::{Reason, RehouseRequest};
use super::{EraseError, Eraser, Outcome};
use crate::catalog::rehouse::{Choice, Fate, Home, MessageChoice, PartChoice};
use crate::catalog::{CatalogError, TenantRef};
use crate::receipts::body::Reference;
use crate::vocabulary::{CaseId, ContactId, MessageId, Personal};

/// What stands in the place of words that were taken out, in every language.
pub const MARK: &str = "[…]";

/// What goes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redacted {
    /// These words, wherever they stand in its text.
    Words(Vec<Personal>),
    /// All of it, with its files.
    Whole,
}

/// An order to redact a message.
#[derive(Debug, Clone)]
pub struct Redaction {
    /// In whose data.
    pub tenant: TenantRef,
    /// Which message.
    pub message: MessageId,
    /// What goes.
    pub what: Redacted,
    /// The tenant's instruction.
    pub instruction: String,
}

/// What a redaction would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RedactionPreview {
    /// Which message.
    pub message: MessageId,
    /// In which case.
    pub case_id: CaseId,
    /// Of whom.
    pub contact: ContactId,
    /// Whether all of it goes.
    pub whole: bool,
    /// How many places of its text go.
    pub places: u64,
    /// How many other messages are sealed anew: backups of before no longer open them.
    pub sealed_anew: u64,
}

impl Eraser {
    /// What a redaction would do. Refuses as the redaction itself would.
    pub async fn preview_redaction(
        &self,
        order: &Redaction,
    ) -> Result<RedactionPreview, EraseError> {
        Reference::new(order.instruction.clone())?;
        let (home, _, places) = self.looked_at(order).await?;
        self.check_holds(order.tenant.id, Some(home.contact))
            .await?;
        let parts = self.catalog.parts_of(&order.tenant, home.contact).await?;
        let part = parts.iter().find(|part| part.case == home.case);
        Ok(RedactionPreview {
            message: order.message,
            case_id: home.case,
            contact: home.contact,
            whole: order.what == Redacted::Whole,
            places,
            sealed_anew: part.map_or(0, |part| part.messages.saturating_sub(1)),
        })
    }

    /// Redacts a message.
    pub async fn redact(&self, order: Redaction) -> Result<Outcome, EraseError> {
        let (home, body, _) = self.looked_at(&order).await?;
        let choice = MessageChoice {
            body,
            ..MessageChoice::default()
        };
        let part = PartChoice {
            messages: BTreeMap::from([(order.message, choice)]),
            ..PartChoice::default()
        };
        self.rehouse(RehouseRequest {
            tenant: order.tenant.id,
            choice: Choice::Part(home, part),
            reason: Reason::Redaction,
            instruction: order.instruction,
        })
        .await
    }

    /// Where the message is, what becomes of its text, and in how many places words go.
    async fn looked_at(&self, order: &Redaction) -> Result<(Home, Fate, u64), EraseError> {
        let found = self
            .catalog
            .stored_message(&order.tenant, order.message)
            .await?;
        let (home, message) = found.ok_or(EraseError::UnknownMessage(order.message))?;
        let words = match &order.what {
            Redacted::Whole => return Ok((home, Fate::Drop, 0)),
            Redacted::Words(words) => words,
        };
        let body = message.body.unwrap_or_else(|| Personal::new(String::new()));
        let (text, places) = without(body.expose(), words)?;
        Ok((home, Fate::Replace(text), places))
    }
}

/// The text without these words, and in how many places they stood. All of them must stand there.
fn without(text: &str, words: &[Personal]) -> Result<(Personal, u64), CatalogError> {
    let invalid = |reason| CatalogError::Invalid {
        field: "words",
        reason,
    };
    if words.is_empty() {
        return Err(invalid(
            "are missing: say which words go, or that all of it goes",
        ));
    }
    let mut text = zeroize::Zeroizing::new(text.to_owned());
    let mut places = 0;
    for word in words {
        let word = word.expose();
        if word.trim().is_empty() || MARK.contains(word) {
            return Err(invalid("are empty: say which words go"));
        }
        let here = text.matches(word).count() as u64;
        if here == 0 {
            return Err(invalid(
                "do not all stand in this message: copy them letter by letter",
            ));
        }
        places += here;
        *text = text.replace(word, MARK);
    }
    Ok((Personal::new(text.as_str()), places))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_words(text: &str, words: &[&str]) -> Option<(String, u64)> {
        let words: Vec<Personal> = words.iter().map(|it| Personal::new(*it)).collect();
        let (text, places) = without(text, &words).ok()?;
        Some((text.expose().to_owned(), places))
    }

    #[test]
    fn words_go_wherever_they_stand() {
        let text = "Mitt nummer är 811218-9876. Igen: 811218-9876, hälsar Åsa.";
        let (left, places) = without_words(text, &["811218-9876", "Åsa"]).unwrap();
        assert_eq!(
            (left.as_str(), places),
            ("Mitt nummer är […]. Igen: […], hälsar […].", 3)
        );
    }

    #[test]
    fn what_does_not_stand_there_is_not_taken_for_done() {
        for words in [&[][..], &[""], &[" "], &["Bo"], &["Åsa", "Bo"], &["…"]] {
            assert_eq!(without_words("Hej, Åsa", words), None, "{words:?}");
        }
    }
}

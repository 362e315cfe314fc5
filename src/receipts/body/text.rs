//! The two kinds of text that come from outside: who it was, hidden, and what staff wrote, checked.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::receipts::ReceiptError;
use crate::vocabulary::{Likeness, Personal, Secret};

/// Longest [`Reference`], in characters.
const LONGEST_REFERENCE: usize = 200;

/// A commitment to one identifier: SHA-256 of tag, salt and identifier, as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Commitment([u8; 32]);

impl Commitment {
    const TAG: &'static [u8] = b"gallra receipt subject v1\0";

    /// Commits to an identifier. Whoever has salt and identifier can repeat it; without the salt
    /// nobody can try identifiers out.
    pub fn new(salt: &Secret<32>, identifier: &Personal) -> Self {
        let digest = Sha256::new()
            .chain_update(Self::TAG)
            .chain_update(salt.expose())
            .chain_update(identifier.expose());
        Self(digest.finalize().into())
    }
}

impl TryFrom<String> for Commitment {
    type Error = ReceiptError;

    fn try_from(text: String) -> Result<Self, ReceiptError> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(&text, &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(ReceiptError::Body(
                "subject is not 64 hexadecimal digits".into(),
            )),
        }
    }
}

impl From<Commitment> for String {
    fn from(commitment: Commitment) -> String {
        hex::encode(commitment.0)
    }
}

/// One line that staff wrote: an instruction's number, a provision, a place. Never about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

impl Reference {
    /// Takes what staff wrote, unless it cannot stand in a receipt or looks like something about a
    /// person ([`Likeness`]).
    pub fn new(text: impl Into<String>) -> Result<Self, ReceiptError> {
        let reference = Self::try_from(text.into())?;
        match Likeness::of(&reference.0) {
            None => Ok(reference),
            Some(likeness) => Err(ReceiptError::Reference(likeness.words())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = ReceiptError;

    /// Takes a text that is a reference already: what stands on a receipt stays readable, whatever is
    /// recognised since.
    fn try_from(text: String) -> Result<Self, ReceiptError> {
        let refused = |why| Err(ReceiptError::Reference(why));
        if text.trim().is_empty() {
            refused("it is empty")
        } else if text.chars().count() > LONGEST_REFERENCE {
            refused("it is longer than 200 characters")
        } else if text.chars().any(char::is_control) {
            refused("it has more than one line or a control character")
        } else if text.contains('@') {
            refused("it looks like an e-mail address")
        } else if has_phone_number(&text) {
            refused("it looks like a telephone number")
        } else {
            Ok(Self(text))
        }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> String {
        reference.0
    }
}

/// A plus sign and at least seven digits, with the usual separators between them.
fn has_phone_number(text: &str) -> bool {
    text.split('+').skip(1).any(|rest| {
        let digits = rest
            .chars()
            .take_while(|c| c.is_ascii_digit() || " -()".contains(*c))
            .filter(char::is_ascii_digit);
        digits.count() >= 7
    })
}

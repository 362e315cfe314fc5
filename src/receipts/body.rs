//! What a receipt says: every field typed, nothing free but what the operator itself wrote.
//!
//! The text is one line of RFC 8785 JSON. Only strings, integers, truth values, and objects and lists
//! of them occur: no fractions, no null, no number beyond 2^53 − 1, so that every language reads the
//! same. A field or word this program does not know is refused: a verifier that skips what it does
//! not understand vouches for something nobody checked. A new field therefore needs a new version in
//! the header (`…/receipt/v2`).
//!
//! No personal data of a data subject may enter, ever: the log is append-only and cannot forget. The
//! person appears only as [`Commitment`], which opens with a salt that is handed over once and not
//! kept. Text that people type is a [`Reference`], which refuses addresses and telephone numbers;
//! build it when the erasure is ordered, because afterwards it is too late to say no.

mod facts;
mod text;

use serde::{Deserialize, Serialize};

use super::ReceiptError;
use crate::vocabulary::{ErasureId, Timestamp};

pub use facts::{
    Again, AgainReason, Approver, Assurance, Backups, CategoryCount, Choice, Copy, CopyState,
    Ending, Kept, Keys, Kind, Limit, Medium, Method, Mirrors, Party, Returned, Root, StoreCount,
    Technique, Tenant, Tool, Verification, VerificationMethod,
};
pub use text::{Commitment, Reference};

/// The largest integer that every reader of JSON understands alike (RFC 7493).
const LARGEST_INTEGER: u64 = (1 << 53) - 1;

/// The content of one receipt. Composed once, after the facts; its bytes are what is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The erasure this proves; the receipt bears the same id.
    pub id: ErasureId,
    /// The receipt's place in the log: its leaf index.
    pub seq: u64,
    /// What was erased.
    pub kind: Kind,
    /// For a re-erasure: which erasure was carried out again, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// The support company, a processor.
    pub operator: Party,
    /// The client company, the controller.
    pub tenant: Tenant,
    /// For one person: the commitment to who it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Commitment>,
    /// The provision, such as `GDPR Art. 17(1)(b)`.
    pub legal_basis: Reference,
    /// The controller's instruction.
    pub instruction: Reference,
    /// When the controller asked for it.
    pub requested_at: Timestamp,
    /// When the work began.
    pub started_at: Timestamp,
    /// When the last key was destroyed: the point of no return.
    pub destroyed_at: Timestamp,
    /// When this receipt was composed.
    pub issued_at: Timestamp,
    /// How many people it concerned.
    pub people: u64,
    /// What kinds of data, with counts.
    pub categories: Vec<CategoryCount>,
    /// How many records were deleted from which store.
    pub stores: Vec<StoreCount>,
    /// The keys.
    pub keys: Keys,
    /// How it was done.
    pub method: Method,
    /// What guards the epoch key, and what follows from it.
    pub root: Root,
    /// The live copies of the vault.
    pub mirrors: Mirrors,
    /// How it was checked that the data are gone.
    pub verification: Vec<Verification>,
    /// For a purge: how the contract ended, what was chosen, and what was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// Copies that others hold.
    pub copies: Vec<Copy>,
    /// What was not erased, and under which law.
    pub kept: Vec<Kept>,
    /// What this means for backups.
    pub backups: Backups,
    /// Who approved it: staff of operator or controller, never a data subject.
    pub approvers: Vec<Approver>,
    /// The program that did it.
    pub tool: Tool,
    /// What this receipt does not prove.
    pub cannot_prove: Vec<Limit>,
}

impl Body {
    /// The one line of RFC 8785 JSON.
    ///
    /// The line is read back and compared: a value that would not survive the journey (an integer
    /// beyond 2^53 − 1) is an error here and not in ten years at a verifier.
    pub fn to_canonical_json(&self) -> Result<String, ReceiptError> {
        let line = serde_json_canonicalizer::to_string(self)
            .map_err(|error| ReceiptError::Body(error.to_string()))?;
        if &Self::from_canonical_json(&line)? == self {
            Ok(line)
        } else {
            Err(ReceiptError::Body(format!(
                "an integer is larger than {LARGEST_INTEGER}"
            )))
        }
    }

    /// Reads the line and insists on every byte: known fields only, each once, in canonical order
    /// and spelling.
    pub fn from_canonical_json(line: &str) -> Result<Self, ReceiptError> {
        let body: Body =
            serde_json::from_str(line).map_err(|error| ReceiptError::Body(error.to_string()))?;
        let again = serde_json_canonicalizer::to_string(&body)
            .map_err(|error| ReceiptError::Body(error.to_string()))?;
        if again == line {
            Ok(body)
        } else {
            Err(ReceiptError::Body(
                "it is not in the canonical form of RFC 8785".into(),
            ))
        }
    }

    /// Whether nothing is left to do anywhere: every copy elsewhere is gone or unreadable, every
    /// mirror has followed, every check passed. Only then may a headline say "complete".
    pub fn is_complete(&self) -> bool {
        self.open_copies() == 0 && self.is_complete_but_for_copies()
    }

    /// The same, whatever others still hold.
    pub fn is_complete_but_for_copies(&self) -> bool {
        self.mirrors.acknowledged >= self.mirrors.known
            && self.verification.iter().all(|check| check.passed)
    }

    /// How many copies elsewhere are still open.
    pub fn open_copies(&self) -> usize {
        self.copies
            .iter()
            .filter(|copy| copy.state.is_open())
            .count()
    }
}

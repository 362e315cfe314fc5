//! What the request room refuses or fails at, each with its remedy.

use super::types::{Act, State};
use crate::catalog::CatalogError;
use crate::erasure::EraseError;
use crate::keyring::{KeyringError, SealError};
use crate::receipts::ReceiptError;
use crate::store::StoreError;
use crate::vocabulary::Day;

/// Anything the request room refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// No request has this id or number.
    #[error("no such request: `gallra request list --all` shows them")]
    Unknown,
    /// The step does not follow from where the request stands.
    #[error("a request that is {} takes no step {}: `gallra request show` tells where it stands", state.word(), act.word())]
    WrongState {
        /// Which step.
        act: Act,
        /// Where it stands.
        state: State,
    },
    /// Only the client decides that.
    #[error(
        "the client has not instructed this: record the instruction with `gallra request instruct`"
    )]
    NotInstructed,
    /// The step needs the client's instruction with it.
    #[error(
        "only the client decides this: give its instruction as a reference (--instruction REF)"
    )]
    InstructionMissing,
    /// The answer is made of data that nobody has taken out yet.
    #[error(
        "the person asked for the data and nobody has taken it out: `gallra request package` first"
    )]
    NotPackaged,
    /// Several contacts fit, or one has come since.
    #[error("{0} contacts fit this request: choose one with `gallra request verify --contact ID`")]
    SeveralFit(u64),
    /// The time for it is over.
    #[error("this had to be told by {0}: a later notice heals nothing; answer instead")]
    TooLate(Day),
    /// What is there is not what was shown.
    #[error(
        "what is there has changed since it was shown: look again (--dry-run), and give the version that \
         is shown then (--seen VERSION)"
    )]
    NotAsShown,
    /// A hold or a request stands in the way of a merge or a split.
    #[error("{0} stands in the way: release the hold or answer the request first")]
    InTheWay(String),
    /// A value breaks a rule.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// What is wrong and what to write instead.
        reason: &'static str,
    },
    /// The package could not be written.
    #[error("the package could not be written to its end ({0}): make it again")]
    Package(#[from] std::io::Error),
    /// A page of the package.
    #[error("a page of the package could not be written: make it again")]
    Page(#[from] askama::Error),
    /// What is told of the processing.
    #[error(transparent)]
    Disclosure(#[from] crate::disclosure::DisclosureError),
    /// A stored text that this release cannot read.
    #[error("a stored text is not understood: update gallra to the release that wrote it")]
    Stored(#[source] serde_json::Error),
    /// A reference that may name somebody.
    #[error(transparent)]
    Reference(#[from] ReceiptError),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// An erasure or a hold.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// The keys.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A sealed field.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The stores.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RequestError {
    /// Whether a rule stands in the way, and nothing failed.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            RequestError::WrongState { .. }
                | RequestError::NotInstructed
                | RequestError::InstructionMissing
                | RequestError::NotPackaged
                | RequestError::NotAsShown
                | RequestError::InTheWay(_)
                | RequestError::SeveralFit(_)
                | RequestError::TooLate(_)
        )
    }
}

//! What contract and billing systems announce. They only ever schedule: an event makes a contract's end
//! known and puts it before a person, who records what the client chose. Nothing here erases.
//!
//! ```text
//! signature.rs  is it from them, and from now? On the raw body, in constant time          (pure)
//! event.rs      what does it say: which client's contract ends when                       (pure)
//! receive.rs    schedule, then store the body, sealed in a unit of its own
//! secrets.rs    what they sign with: shown once, stored sealed, ended for good
//! look.rs       what came, for a person to look at
//! ```
//!
//! Scheduling comes before storing, and both may be done again: whoever sends an event again because
//! the answer was lost changes nothing. A stored event is what a repeat is known by.
//!
//! **To add a system**: a variant of [`Source`], how it signs in `signature.rs`, which of its events means
//! the end of a contract in `event.rs` (and in docs/API.md), and published vectors in its tests.

pub mod event;
mod look;
mod receive;
pub(crate) mod rows;
mod secrets;
pub mod signature;

pub use look::{Stored, StoredBody, Waiting};
pub use receive::Received;
pub use secrets::{Added, HookSecret};

use super::OffboardingError;
use crate::vocabulary::{HookEventId, HookSecretId};

/// What becomes of an event that only a person can judge.
const NEEDS_A_PERSON: &str = "needs-a-person";

/// A kind of system that sends events, by how it signs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// standardwebhooks.com, with a body of our own form.
    StandardWebhooks,
    /// Stripe's events of a subscription.
    Stripe,
    /// CloudEvents 1.0 in structured mode, signed as Standard Webhooks.
    #[serde(rename = "cloudevents")]
    CloudEvents,
}

impl Source {
    /// Every source.
    pub const ALL: [Source; 3] = [
        Source::StandardWebhooks,
        Source::Stripe,
        Source::CloudEvents,
    ];

    /// The word in addresses and in the store.
    pub const fn word(self) -> &'static str {
        match self {
            Source::StandardWebhooks => "standard-webhooks",
            Source::Stripe => "stripe",
            Source::CloudEvents => "cloudevents",
        }
    }
}

impl std::str::FromStr for Source {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Source::ALL.into_iter().find(|source| source.word() == word);
        let words = Source::ALL.map(Source::word).join(", ");
        found.ok_or_else(|| format!("choose one of {words}"))
    }
}

/// Anything that keeps an event from being taken.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// Nothing this house knows was signed like this.
    #[error(
        "the signature does not fit: sign the raw body with a secret that `gallra hook add` made or \
         took, and change nothing on the way"
    )]
    Signature,
    /// Signed rightly, but too long ago or ahead of time.
    #[error("the event is signed more than five minutes from now: set the clocks, sign it anew")]
    Late,
    /// The sender's id came before with another body.
    #[error("an event with this id came before and said something else: give each its own id")]
    OtherBody,
    /// A secret that is none.
    #[error("{0}")]
    Secret(&'static str),
    /// No such secret.
    #[error("no secret {0}: `gallra hook list` shows them")]
    UnknownSecret(HookSecretId),
    /// No such event.
    #[error("no event {0}: `gallra hook events` shows them")]
    UnknownEvent(HookEventId),
    /// The rest of the room.
    #[error(transparent)]
    Offboarding(#[from] OffboardingError),
}

/// The rooms below fail as they do for the rest of this room.
macro_rules! from_below {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for HookError {
            fn from(error: $error) -> Self {
                HookError::Offboarding(error.into())
            }
        }
    )+};
}

from_below! {
    crate::catalog::CatalogError,
    crate::erasure::EraseError,
    crate::keyring::KeyringError,
    crate::keyring::SealError,
    crate::store::StoreError,
}

//! What the offboarding room refuses or fails at, each with its remedy.

use std::sync::Arc;

use super::rules::Obstacle;
use crate::catalog::CatalogError;
use crate::erasure::EraseError;
use crate::keyring::{KeyringError, SealError};
use crate::receipts::ReceiptError;
use crate::store::StoreError;
use crate::vocabulary::{HookEventId, TaskId};

/// Anything the offboarding room refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum OffboardingError {
    /// No client has this slug.
    #[error("no client {0:?}: `gallra tenant list` shows them")]
    Unknown(String),
    /// The operator's own data has no contract that could end.
    #[error("self is the operator's own data, which no contract ends: erase what is in it instead")]
    OwnData,
    /// Nothing is under way.
    #[error("no contract end is recorded for {0}: `gallra offboard {0} --choice delete|return`")]
    NotBegun(String),
    /// Nothing is under way, and an event asks for a person.
    #[error(
        "event {event} says that the subscription of {slug} was not paid: ask the client whether its contract \
         ends, then `gallra offboard {slug} --choice delete|return`"
    )]
    NeedsAPerson {
        /// Of which client.
        slug: String,
        /// Which event.
        event: HookEventId,
    },
    /// The purge has begun or is done.
    #[error(
        "the purge of {0} has begun or is done: `gallra offboard status {0}` shows how far it is"
    )]
    TooLate(String),
    /// The same person again.
    #[error(
        "{name} has approved this already: a second person must, `gallra offboard approve {slug}`"
    )]
    SamePerson {
        /// Who.
        name: String,
        /// Of which client's end.
        slug: String,
    },
    /// Rules that are not met.
    #[error("{}", list(.obstacles, .slug))]
    Refused {
        /// What stands in the way, never empty.
        obstacles: Vec<Obstacle>,
        /// Of which client's end.
        slug: String,
    },
    /// Too many days.
    #[error(
        "grace: 0 to 90 days; keeping data for longer after a contract needs a purpose of its own"
    )]
    Grace,
    /// A day that is none of this time.
    #[error("the contract's last day: a date such as 2026-04-30, between 1970 and 2999")]
    Day,
    /// A name or reference.
    #[error("{field}: {source}")]
    Text {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        source: ReceiptError,
    },
    /// No such task.
    #[error("no task {id} for {slug}: `gallra offboard task list {slug}` shows them")]
    UnknownTask {
        /// Which one.
        id: TaskId,
        /// Of which client's end.
        slug: String,
    },
    /// No hold of the kind that is released here.
    #[error("no hold on all of {0} is in force; `gallra hold list` shows holds on single contacts")]
    NoHold(String),
    /// No public key.
    #[error("this is no public key of age: write the one that begins with age1")]
    Recipient,
    /// A passphrase that is too short.
    #[error("the passphrase is too short: 12 characters or more")]
    Passphrase,
    /// The export could not be written.
    #[error("the export could not be written to its end: {0}; it is not on record, export again")]
    Export(#[source] std::io::Error),
    /// What was stored does not read.
    #[error("what is stored about a contract's end does not read ({0}): run a newer gallra")]
    Stored(#[source] serde_json::Error),
    /// The audit row.
    #[error("the act is done, but its audit row could not be written: {0}")]
    Audit(#[source] Arc<StoreError>),
    /// Erasing.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The keys.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A sealed field.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(obstacles: &[Obstacle], slug: &str) -> String {
    let remedies: Vec<_> = obstacles.iter().map(|it| it.remedy(slug)).collect();
    remedies.join("; ")
}

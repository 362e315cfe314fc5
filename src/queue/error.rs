//! What the queue refuses or fails at, each with its remedy.

use crate::store::StoreError;
use crate::vocabulary::JobId;

/// Anything the queue refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Another worker has the work: this one was silent for too long.
    #[error("another worker has taken this work over: nothing is to be done, it goes on there")]
    Lost,
    /// There is no failed work with this id.
    #[error("no failed job {0}: `gallra jobs list` shows them")]
    NotFailed(JobId),
    /// A word that this release does not know.
    #[error("a stored job does not read: run a newer release, or `gallra doctor`")]
    Stored,
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

//! What the staff room refuses or fails at, each with its remedy.

use std::sync::Arc;

use crate::keyring::KeyringError;
use crate::store::StoreError;
use crate::vocabulary::TokenId;

/// Anything the staff room refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// A token's name.
    #[error(
        "the name: 1 to 64 lower-case letters, digits, dots and hyphens that say what the token is \
         for, such as billing-hook; no person's name"
    )]
    Name,
    /// A role that acts for one client, without a client.
    #[error("the role {0} acts for one client: name it with --tenant")]
    TenantMissing(&'static str),
    /// A time of expiry that has passed.
    #[error("the token would have expired already: choose a later time")]
    Expiry,
    /// There is no such token.
    #[error("no token {0}: `gallra token list` shows them")]
    UnknownToken(TokenId),
    /// No token of this house.
    #[error("this token is not known here: make one with `gallra token create`")]
    NotKnown,
    /// A token that was ended.
    #[error("this token was revoked: make another with `gallra token create`")]
    Revoked,
    /// A token whose time is over.
    #[error("this token has expired: make another with `gallra token create`")]
    Expired,
    /// The same key, while the first call is still being answered.
    #[error(
        "the first call with this Idempotency-Key is not answered yet: send it again in a second"
    )]
    StillRunning,
    /// The same key for something else.
    #[error("this Idempotency-Key was used for another call: use a new one")]
    OtherRequest,
    /// A role or column that this release does not know.
    #[error("a stored token does not read: run `gallra doctor`, or a newer release")]
    Stored,
    /// The audit row.
    #[error("the act is done, but its audit row could not be written: {0}")]
    Audit(#[source] Arc<StoreError>),
    /// The keys.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

//! What the catalog refuses or fails at, each with its remedy.

use std::sync::Arc;

use crate::keyring::{KeyringError, SealError, TokenError};
use crate::store::StoreError;
use crate::vocabulary::{CaseId, ContactId, MessageId, QuarantineId};

/// Anything the catalog refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// No tenant has this slug.
    #[error("no client {0:?}: `gallra tenant list` shows them, `gallra tenant add` makes one")]
    TenantUnknown(String),
    /// The tenant is being purged.
    #[error("the client is being purged: nothing of it is read or written any more")]
    TenantBeingErased,
    /// The slug is in use.
    #[error(
        "a client {0:?} exists, or existed and was purged, and its receipts name it: choose another slug"
    )]
    SlugTaken(String),
    /// A value breaks a rule.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// What is wrong and what to write instead.
        reason: &'static str,
    },
    /// The contact is not here (any more).
    #[error(
        "no contact {0}: it was never here or is erased; look for the person with `gallra find`"
    )]
    ContactUnknown(ContactId),
    /// The contact's erasure is under way.
    #[error("contact {0} is being erased: wait for the receipt (`gallra receipt list`)")]
    ContactBeingErased(ContactId),
    /// The contact or case that a record belongs to is being erased.
    #[error(
        "the contact or case of this record is being erased: wait for the receipt \
         (`gallra receipt list`); recorded again then, it gets new keys"
    )]
    BeingErased,
    /// The case is not here (any more).
    #[error("no case {0}: it was never here or is erased")]
    CaseUnknown(CaseId),
    /// A record names a case by an external id that nothing here has.
    #[error("no case has this external id: record its first message before")]
    CaseUnknownByExternalId,
    /// The case's erasure is under way.
    #[error("case {0} is being erased: wait for the receipt (`gallra receipt list`)")]
    CaseBeingErased(CaseId),
    /// No record with this id is in quarantine.
    #[error("no quarantined record {0}: `gallra quarantine list` shows them")]
    QuarantinedUnknown(QuarantineId),
    /// The contact has no part of this case.
    #[error("the contact has no part of this case: `gallra access` shows what a contact has")]
    NoPart,
    /// Somebody changed it since the caller read it.
    #[error("this was changed since it was read: read it again, and change that")]
    ChangedMeanwhile,
    /// A message that was chosen is not in the part that is taken apart.
    #[error("message {0} is not in this part: read the record again and choose anew")]
    NotInPart(MessageId),
    /// Somebody else is known by this identifier.
    #[error("contact {0} is known by this identifier: move the cases there instead")]
    IdentifierTaken(ContactId),
    /// Another message has this external id.
    #[error(
        "message {0} has this external id and says something else: give each message an id of its own"
    )]
    OtherMessage(MessageId),
    /// Other writers came first again and again.
    #[error("other writers came first too often: try again")]
    Contended,
    /// The search index is being rebuilt by another process that does not get on.
    #[error("the search index is being rebuilt: try again in a minute; never a false \"nothing\"")]
    IndexRebuilding,
    /// The index was lost, and with it whom imports must not bring back.
    #[error(
        "the search index of {0} was lost or is not the one of today, and with it by what erased people \
         are known again: an old export would bring them back. Import only what was exported after the \
         newest erasure (`gallra receipt list`), after `gallra tenant allow-imports {0}`"
    )]
    SuppressionsLost(String),
    /// A stored text that this release cannot read.
    #[error("a stored text is not understood: update gallra to the release that wrote it")]
    Stored(#[source] serde_json::Error),
    /// The stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit row of a read could not be written, so there is no answer.
    #[error("the audit row could not be written, so nothing is shown: {0}")]
    Audit(#[source] Arc<StoreError>),
    /// The keys.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A sealed field.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A suppression token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl CatalogError {
    /// Whether the call may succeed when it is made again.
    pub fn is_transient(&self) -> bool {
        match self {
            CatalogError::Store(error) => error.is_transient(),
            CatalogError::Keyring(KeyringError::Store(error)) => error.is_transient(),
            CatalogError::Keyring(KeyringError::EpochChanged | KeyringError::IndexKeysChanged)
            | CatalogError::Contended
            | CatalogError::IndexRebuilding => true,
            _ => false,
        }
    }
}

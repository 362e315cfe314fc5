//! What the erasure room refuses or fails at, each with its remedy.

use super::Preview;
use crate::catalog::CatalogError;
use crate::keyring::KeyringError;
use crate::receipts::ReceiptError;
use crate::store::StoreError;
use crate::vocabulary::{ContactId, ErasureId, HoldId, MessageId, QuarantineId};

/// Anything the erasure room refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is no such contact, and never was under this id.
    #[error("no contact {0}: `gallra find` shows who is held")]
    UnknownContact(ContactId),
    /// There is no such message, or it is erased.
    #[error("no message {0}: `gallra access` shows a person's messages with their ids")]
    UnknownMessage(MessageId),
    /// No record with this id is in quarantine.
    #[error(
        "no quarantined record {0}: `gallra quarantine list` shows them; one whose discarding was \
         interrupted is finished by `gallra reconcile`"
    )]
    UnknownQuarantined(QuarantineId),
    /// There is no such tenant.
    #[error("no such client: `gallra tenant list` shows them")]
    UnknownTenant,
    /// A hold stands in the way. Its reason is not told here: errors reach logs and the queue.
    #[error(
        "a hold stands in the way ({0}; `gallra hold list` says why): release it with \
         `gallra hold release`, or wait"
    )]
    Held(HoldId),
    /// A hold comes too late for a rehousing that has begun.
    #[error(
        "a correction, redaction or move of this person's data is under way: repeat it in a moment; \
         if it was interrupted, run `gallra reconcile` first"
    )]
    BeingRehoused,
    /// The name typed to confirm a purge is another.
    #[error("the name does not match: type the client's name exactly ({0:?}) to purge it")]
    NotConfirmed(String),
    /// Something else is there than those who approved were shown.
    #[error(
        "what is held has changed since it was approved ({}, approved were {}): look at \
         `gallra purge SLUG --dry-run` and approve again", now.summary(), expected.summary()
    )]
    Changed {
        /// What was approved.
        expected: Preview,
        /// What is there.
        now: Preview,
    },
    /// The instruction or another text for the receipt.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// Data of another house.
    #[error(
        "this data belongs to another vault: check DATABASE_URL and VAULT_URL; nothing was changed"
    )]
    ForeignData,
    /// Data without a mark of its vault, though the vault is in use.
    #[error(
        "the data store is empty but the vault is not: put a backup of the data back with \
         `gallra restore DIR`; nothing was initialised anew"
    )]
    DataLost,
    /// Data knows of erasures, or uses keys, that the vault does not know.
    #[error(
        "the data is ahead of the vault ({0}): the vault was rolled back, and vaults are never restored \
         from copies: put the newest one back, or run `gallra mirror promote DIR`; after a promotion \
         put the data back with `gallra restore DIR`, which counts what is lost; nothing was changed"
    )]
    VaultBehindData(String),
    /// Receipts were signed of erasures that the vault does not know, nor the data.
    #[error(
        "{count} receipt(s) beside the signing key are of erasures that this vault does not know (number \
         {seq}: {erasure}): the vault was rolled back, with its root and the data, and who was erased since \
         would be held again; put the newest copies of vault and root back, or run `gallra mirror promote \
         DIR`; nothing was changed"
    )]
    VaultBehindReceipts {
        /// The place of the first of them.
        seq: u64,
        /// Its erasure.
        erasure: ErasureId,
        /// How many there are.
        count: usize,
    },
    /// A backup needs what a vault does not have that went on from a late mirror.
    #[error(
        "this backup is ahead of the mirror that became the vault: {blocks} blocks of keys and \
         {erasures} erasures are missing; what those keys sealed can never be read again and would be \
         deleted, and those erasures would be carried out again as far as the backup noted them; \
         restore an older backup, or repeat with --accept-loss {}; nothing was changed",
        blocks + erasures
    )]
    BackupAhead {
        /// Blocks of keys that it uses and nobody has.
        blocks: u64,
        /// Erasures that it knows to be done and whose keys are there again.
        erasures: u64,
    },
    /// Other processes are still running: who they are.
    #[error("others use this data: {0}: stop them (`gallra serve`) or wait, and repeat")]
    InUse(String),
    /// A key that was destroyed still opens.
    #[error(
        "a key that erasure {0} destroyed still opens, so no receipt is issued: the vault was put \
         back or is damaged; `gallra doctor` says which"
    )]
    KeyStillOpens(ErasureId),
    /// Something wrote rows of an erased unit back while they were deleted.
    #[error("{left} rows of erasure {erasure} are still there: run `gallra reconcile --full`")]
    NotEmpty {
        /// Which erasure.
        erasure: String,
        /// How many.
        left: u64,
    },
    /// A backup directory.
    #[error("the backup at {path}: {reason}")]
    Backup {
        /// Which directory or file.
        path: String,
        /// What is wrong, and the remedy.
        reason: String,
    },
    /// What was stored about an erasure does not read.
    #[error("what is stored about an erasure does not read ({0}): run `gallra doctor`")]
    Stored(#[source] serde_json::Error),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The keys.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

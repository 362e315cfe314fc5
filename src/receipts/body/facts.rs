//! The parts of a receipt: closed lists of words, and small groups of fields.

use serde::{Deserialize, Serialize};

use super::Reference;
use crate::vocabulary::{ErasureId, TenantId, Timestamp};

/// What was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One person, on the controller's instruction.
    Contact,
    /// Chosen cases.
    CaseBatch,
    /// What a retention rule said.
    Retention,
    /// Records that an import could not read, each a unit of its own.
    Quarantine,
    /// A file as it was sent in for import, once it is taken in.
    Upload,
    /// Keys that no record names, after a backup was put back: what only newer backups hold.
    Orphans,
    /// Everything of one controller.
    TenantPurge,
    /// One unit: what stays of it was sealed anew, the rest removed.
    Rehousing,
    /// What a restored backup had brought back as ciphertext.
    ReErasure,
}

impl Kind {
    /// The word in the receipt and in the log's table.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Contact => "contact",
            Kind::CaseBatch => "case_batch",
            Kind::Retention => "retention",
            Kind::Quarantine => "quarantine",
            Kind::Upload => "upload",
            Kind::Orphans => "orphans",
            Kind::TenantPurge => "tenant_purge",
            Kind::Rehousing => "rehousing",
            Kind::ReErasure => "re_erasure",
        }
    }
}

/// Why a re-erasure took place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// The erasure whose rows were deleted again.
    pub of: ErasureId,
    /// What brought them back.
    pub reason: AgainReason,
}

/// What brought erased rows back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgainReason {
    /// An old backup was restored.
    RestoredBackup,
    /// A later check found rows whose unit was erased.
    FoundByReconcile,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// Its registration number.
    pub org_no: String,
}

/// A client company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its id in this installation.
    pub id: TenantId,
    /// Its short name.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its registration number.
    pub org_no: String,
}

/// One kind of data and how many records of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryCount {
    /// Such as `name`, `email`, `message`.
    pub category: String,
    /// How many records.
    pub records: u64,
}

/// One store and how many of its records were deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreCount {
    /// `data`, `index`, `vault`.
    pub store: String,
    /// How many records.
    pub records: u64,
}

/// The keys that were destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// How many data keys; for a purge, the one key above all of them counts as one.
    pub destroyed: u64,
    /// The epoch that began with their destruction.
    pub epoch: u64,
}

/// How it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// The technique.
    pub technique: Technique,
    /// Such as `AES-256-GCM`.
    pub cipher: String,
    /// What was done to the medium that held the key.
    pub medium: Medium,
}

/// The technique of destruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Technique {
    /// The keys were destroyed (cryptographic erase in the sense of NIST SP 800-88) and the rows
    /// deleted.
    CryptographicEraseAndDeletion,
}

/// What was done to the medium that held the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// Key overwritten in place; the medium itself was not sanitised.
    KeyOverwrittenMediumNotSanitised,
    /// Key destroyed inside a key service or hardware module that reports it.
    KeyDestroyedInKeyService,
    /// The medium was sanitised as NIST SP 800-88 asks.
    Sanitised,
}

/// What guards the epoch key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Such as `file` or `openbao`.
    pub provider: String,
    /// What the destruction reaches.
    pub assurance: Assurance,
}

/// Which old copies the destruction reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Assurance {
    /// Old copies of data are dead.
    A,
    /// Old copies of the vault too.
    B,
    /// Whole-disk snapshots too.
    C,
}

/// The live copies of the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirrors {
    /// How many there are.
    pub known: u64,
    /// How many have confirmed that they follow the new epoch.
    pub acknowledged: u64,
}

/// One way in which the outcome was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// How.
    pub method: VerificationMethod,
    /// How many items were looked at.
    pub checked: u64,
    /// Whether every one came out as it should.
    pub passed: bool,
}

/// How the outcome was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationMethod {
    /// Asking for the key again was refused.
    NegativeDecrypt,
    /// The stores were searched again and nothing was found.
    RescanToZero,
    /// The write-ahead log was written back and cut, or the tables vacuumed.
    StoreCheckpoint,
}

/// A copy that somebody else holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// Where: a recipient or system, as the register of recipients names it.
    pub place: Reference,
    /// How far it has come.
    pub state: CopyState,
    /// What shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Reference>,
}

/// How far the erasure of somebody else's copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyState {
    /// Confirmed as erased.
    Erased,
    /// Still there, but without its keys.
    Unreadable,
    /// Erasure was ordered; no answer yet.
    Ordered,
    /// Nobody has asked yet.
    NotOrdered,
    /// Somebody is to see to it and has not confirmed that it is gone.
    NotConfirmed,
    /// The holder refused.
    Refused,
}

impl CopyState {
    /// Whether somebody still has to act.
    pub fn is_open(self) -> bool {
        !matches!(self, CopyState::Erased | CopyState::Unreadable)
    }
}

/// How the contract ended that a purge follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// What the controller chose (Art. 28(3)(g)).
    pub choice: Choice,
    /// The contract's last day, such as `2026-04-30`.
    pub contract_ended: String,
    /// How many days were waited after it.
    pub grace_days: u64,
    /// What was handed over last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// What was made for handing over before that: any of them may be what the controller has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned_before: Vec<Returned>,
}

/// What the controller chose to become of its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Delete.
    Delete,
    /// Return, then delete.
    Return,
}

/// What was handed over to the controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Returned {
    /// Such as `zip, age`.
    pub format: String,
    /// SHA-256 of the file as it was handed over, as 64 hexadecimal digits.
    pub sha256: String,
    /// How long it is.
    pub bytes: u64,
    /// What is in it.
    pub records: Vec<CategoryCount>,
    /// When it was complete.
    pub at: Timestamp,
}

/// What was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// What it is.
    pub what: Reference,
    /// The provision that obliges somebody to keep it.
    pub law: Reference,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What the erasure means for backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backups {
    /// Backups of data hold ciphertext whose keys are gone; a restore deletes the rows again before
    /// anything is served.
    UnreadableAndErasedAgainOnRestore,
}

/// Somebody who approved the erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approver {
    /// Name or staff number.
    pub name: Reference,
    /// In which capacity.
    pub role: Reference,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Something a receipt cannot prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// That nobody secretly kept a copy of the data or of a key.
    NoSecretCopy,
    /// That no snapshot of the whole disk survives with the old key on it.
    NoDiskSnapshot,
    /// That nobody will break the cipher one day.
    CipherHolds,
    /// That what others say of their own copies is true.
    StatementsOfOthers,
}

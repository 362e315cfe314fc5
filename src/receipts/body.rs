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

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ReceiptError;
use crate::vocabulary::{ErasureId, Personal, Secret, TenantId, Timestamp};

/// The largest integer that every reader of JSON understands alike (RFC 7493).
const LARGEST_INTEGER: u64 = (1 << 53) - 1;
/// Longest [`Reference`], in characters.
const LONGEST_REFERENCE: usize = 200;

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
    /// Everything of one controller.
    TenantPurge,
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
            Kind::TenantPurge => "tenant_purge",
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The holder refused.
    Refused,
}

impl CopyState {
    /// Whether somebody still has to act.
    pub fn is_open(self) -> bool {
        !matches!(self, CopyState::Erased | CopyState::Unreadable)
    }
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
    /// Takes the text unless it is empty, long, more than one line, or looks like an e-mail
    /// address or a telephone number in the international form.
    pub fn new(text: impl Into<String>) -> Result<Self, ReceiptError> {
        let text = text.into();
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

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = ReceiptError;

    fn try_from(text: String) -> Result<Self, ReceiptError> {
        Self::new(text)
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
        self.open_copies() == 0
            && self.mirrors.acknowledged >= self.mirrors.known
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

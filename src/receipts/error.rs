//! What can go wrong with receipts, and what to do about it.

use std::path::PathBuf;

use crate::store::StoreError;

/// An error of receipts or their log. Each says what is wrong and then the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The vault failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A receipt's content.
    #[error("the receipt's content is refused ({0}): ask the issuer for the file again")]
    Body(String),
    /// Text that staff wrote and that must not enter a receipt.
    #[error(
        "this text cannot stand on a receipt, because {0}: give the number of the instruction or \
         case instead; a receipt is kept for ever and must not name a person"
    )]
    Reference(&'static str),
    /// A signed note.
    #[error("not a signed note ({0}): ask the issuer for the file again, and do not edit it")]
    Note(&'static str),
    /// A signature by a known key.
    #[error(
        "the signature is wrong: the text was changed after it was signed, or its key is another; \
         ask the issuer for the file again"
    )]
    Signature,
    /// A verifier key.
    #[error(
        "not a verifier key ({0}): copy the whole line NAME+ID+KEY from the log's log.policy or \
         /.well-known/gallra-log.json"
    )]
    VerifierKey(&'static str),
    /// A checkpoint.
    #[error("not a checkpoint ({0}): ask the issuer for the file again")]
    Checkpoint(&'static str),
    /// A proof.
    #[error("not a tlog-proof ({0}): ask the issuer for the file again")]
    Proof(&'static str),
    /// A policy file.
    #[error("line {line} of the policy is refused ({why}): see c2sp.org/tlog-policy")]
    Policy {
        /// Counted from 1; 0 speaks of the whole file.
        line: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// No receipt with this id.
    #[error("no receipt {0}: list them with `gallra receipt list`")]
    Unknown(String),
    /// A path below /log/ that names nothing.
    #[error(
        "nothing is served at this path: read /log/checkpoint for the size, then c2sp.org/tlog-tiles"
    )]
    NoSuchTile,
    /// A receipt too large for a log entry.
    #[error(
        "the receipt has {0} bytes and an entry of the log holds 65,535: erase in smaller batches"
    )]
    TooLarge(usize),
    /// The signing key's file is not there.
    #[error(
        "there is no signing key at {0}: put the backup of the directory sign/ back; the log cannot \
         go on under another key (`gallra init` makes one only for a new installation)"
    )]
    KeyMissing(PathBuf),
    /// The signing key's file is there already.
    #[error(
        "a signing key exists at {0}: it is kept; move it away yourself if you mean to begin a new log"
    )]
    KeyExists(PathBuf),
    /// Others may read the signing key.
    #[error(
        "{path} can be read by others (mode {mode:o}): run `chmod 600 {path}`, and if somebody did read it, begin a new log"
    )]
    KeyExposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The signing key's file is damaged.
    #[error("{0} is not a signing key: put the backup of the directory sign/ back")]
    KeyDamaged(PathBuf),
    /// The disk failed.
    #[error("{path}: cannot be read or written: look at its permissions and the disk's space")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The key is another log's.
    #[error(
        "the log in the vault belongs to the key {log}, but sign/log.key is {key}: put the right \
         backup of the directory sign/ back"
    )]
    ForeignKey {
        /// The log's verifier key.
        log: String,
        /// The key that was given.
        key: String,
    },
    /// The log was opened to read.
    #[error(
        "the log was opened without its signing key: put the backup of the directory sign/ back"
    )]
    NoKey,
    /// The vault has no log yet.
    #[error("the vault has no log yet: run `gallra init`")]
    NotInitialised,
    /// The origin cannot be a key name.
    #[error(
        "{0:?} cannot be the log's origin: write a name like log.example.se/gallra, without spaces, \
         plus signs or a scheme"
    )]
    Origin(String),
    /// Stored tiles, leaves and checkpoint disagree.
    #[error(
        "the log in the vault is damaged ({0}): nothing was signed; run `gallra verify --all`, then \
         `gallra mirror promote` or put the vault back"
    )]
    Damaged(&'static str),
}

impl ReceiptError {
    /// What is wrong without the remedy, for a report that gives its own.
    pub(super) fn what(&self) -> String {
        match self {
            ReceiptError::Body(why) => format!("the content is refused: {why}"),
            ReceiptError::Reference(why) => format!("a text is refused: {why}"),
            ReceiptError::Note(why) => format!("not a signed note: {why}"),
            ReceiptError::VerifierKey(why) => format!("not a verifier key: {why}"),
            ReceiptError::Checkpoint(why) => format!("not a checkpoint: {why}"),
            ReceiptError::Proof(why) => format!("not a tlog-proof: {why}"),
            ReceiptError::Signature => {
                "the text was changed after it was signed, or its key is another".to_owned()
            }
            other => other.to_string(),
        }
    }
}

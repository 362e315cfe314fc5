//! Receipts: the signed, logged proof of each erasure, which anyone can check without us.
//!
//! A receipt is a signed note over one line of canonical JSON ([`Body`]). The note is an entry of an
//! append-only log: a Merkle tree whose signed checkpoints let everybody see that nothing was
//! changed or removed afterwards. A receipt file is the note, an empty line, and the proof that the
//! note is in the log ([`proof`]); [`verify()`] checks it with no network and no database.
//! `docs/RECEIPTS.md` describes the format for outsiders.
//!
//! | File | What |
//! |---|---|
//! | [`body`] | what a receipt says |
//! | [`note`], [`key`] | signatures |
//! | [`merkle`], [`tiles`], [`checkpoint`], [`proof`] | the tree and its texts, without I/O |
//! | [`policy`], [`verify`](mod@verify) | whom to believe, and the check |
//! | [`log`], `rows`, `journal` | the log in the vault, and what was signed for it |
//! | [`render`] | a receipt for people, in Swedish and English |
//!
//! **To add a field**: to [`Body`], and to [`render`]. Old verifiers refuse a receipt
//! with a field they do not know, on purpose; so the header's version changes with it, and
//! [`verify()`] goes on reading the old one.

pub mod body;
pub mod checkpoint;
mod error;
mod journal;
pub mod key;
pub mod log;
pub mod merkle;
pub mod note;
pub mod places;
pub mod policy;
pub mod proof;
pub mod render;
pub(crate) mod rows;
pub mod tiles;
pub mod verify;

pub use body::{Body, Commitment, Kind, Reference};
pub use error::ReceiptError;
pub use key::{PACKAGE_SUFFIX, SigningKey};
pub use log::{Log, Receipt};
pub use note::{KeyKind, Note, Signed, VerifierKey};
pub use policy::Policy;
pub use verify::{Outcome, Report, verify};

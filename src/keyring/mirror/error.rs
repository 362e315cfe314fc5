//! What can go wrong with a mirror, each with its remedy.

use std::io;
use std::path::PathBuf;

use super::super::{KeyringError, RootError};
use crate::store::StoreError;

/// Anything a mirror or its promotion refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The directory holds something, and no mirror made it.
    #[error(
        "{0} holds something that is no mirror: name an empty directory, best on another disk; \
         nothing was changed"
    )]
    NotAMirror(PathBuf),
    /// The directory that is to be promoted is no mirror's.
    #[error(
        "{0} is no mirror: name the directory of one, as it was given to `gallra mirror DIR`; \
         nothing was changed"
    )]
    NoMirror(PathBuf),
    /// The directory is inside one of the house that the mirror is to follow.
    #[error(
        "{directory} is inside {inside}, which the mirror is to stand in for: name an empty \
         directory, best on another disk; nothing was changed"
    )]
    InsideTheHouse {
        /// Where the mirror was to be.
        directory: PathBuf,
        /// The house's own directory.
        inside: PathBuf,
    },
    /// The directory or its marker cannot be read or written.
    #[error("the mirror's directory {path}: {source}: mend the disk or its permissions")]
    Directory {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process works in this directory.
    #[error("this mirror is already being followed by another process: end that one first")]
    Busy,
    /// The mirror was made of another vault.
    #[error(
        "this is the mirror of another vault: check VAULT_URL, or name another directory; nothing \
         was changed"
    )]
    OtherVault,
    /// The main vault knows less than it had told this mirror.
    #[error(
        "the main vault was rolled back: it is at version {main} and had told this mirror of \
         version {mirror}; the mirror keeps what it has; put the newest vault back, or run `gallra \
         mirror promote DIR` to go on from the mirror"
    )]
    MainRolledBack {
        /// What the main vault says.
        main: i64,
        /// What it had said before.
        mirror: i64,
    },
    /// Two mirrors of one vault were promoted.
    #[error(
        "the main vault and this mirror went on from two different promotions: only one can be \
         right; name the right one in VAULT_URL, or make this mirror anew in an empty directory"
    )]
    TwoPromotions,
    /// The main vault does not know this mirror any more.
    #[error(
        "mirror {0:?} was forgotten: start `gallra mirror` again to register it anew, or destroy \
         its directory, which still holds keys"
    )]
    Forgotten(String),
    /// Another mirror has this name.
    #[error("another mirror is called {0:?}: choose another name, or `gallra mirror forget {0}`")]
    NameTaken(String),
    /// Somebody else acknowledged in this mirror's name.
    #[error(
        "another copy of this mirror's directory is followed in its name, and this one is behind \
         it: a mirror is never copied, since old copies still hold erased keys; destroy this copy \
         and go on with the other; if the other is lost, `gallra mirror forget NAME` and start \
         again here"
    )]
    Copied,
    /// The mirror's own vault and root do not fit together.
    #[error(
        "the mirror's own vault and root do not belong together: make the mirror anew in an empty \
         directory"
    )]
    Unmatched(#[source] KeyringError),
    /// The vault that is to become the main one is in use or holds a vault.
    #[error(
        "VAULT_URL already holds a vault: nothing is overwritten; set it aside first (move the \
         directory of a SQLite vault, rename the schema on PostgreSQL) and repeat"
    )]
    VaultInTheWay,
    /// A process is using the root directory that is to be set aside.
    #[error("the root directory {0} is in use: stop every gallra process of it and repeat")]
    RootInUse(PathBuf),
    /// The mirror has copied nothing yet.
    #[error("this mirror never finished copying: there is nothing in it to promote")]
    NothingFollowed,
    /// Data uses keys that this mirror never learned of.
    #[error(
        "the mirror is behind the data: {blocks} blocks of keys and {erasures} erasures are missing \
         in it; what those keys sealed can never be read again and would be deleted, and those \
         erasures, which have no receipt yet, would be carried out again as far as the data noted \
         them; promote a newer mirror, or repeat with --accept-loss {}; nothing was changed",
        blocks + erasures
    )]
    DataAhead {
        /// Blocks of keys that data uses and the mirror does not have.
        blocks: u64,
        /// Erasures whose rows are deleted from data and that the mirror has not heard of.
        erasures: u64,
    },
    /// The mirror's vault, the main vault, or its root.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A root directory.
    #[error(transparent)]
    Root(#[from] RootError),
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

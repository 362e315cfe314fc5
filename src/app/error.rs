//! What keeps the house from being made or opened.

use std::path::PathBuf;

use crate::config::ConfigError;
use crate::erasure::EraseError;
use crate::keyring::mirror::MirrorError;
use crate::keyring::{KeyringError, RootError};
use crate::queue::QueueError;
use crate::receipts::ReceiptError;
use crate::staff::StaffError;
use crate::store::{Role, StoreError};

/// Anything that making or opening an installation refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// `init` found data.
    #[error(
        "{0} holds an installation's data already: nothing is initialised anew; put its vault and \
         root back, or use another data directory"
    )]
    DataExists(String),
    /// There is no vault.
    #[error(
        "{0}, the vault, does not exist or is empty: run `gallra init` for a new installation; if \
         it was lost, run `gallra mirror promote DIR`; nothing was initialised anew"
    )]
    VaultMissing(String),
    /// There was a vault here, or there is one without a head.
    #[error(
        "{0}, the vault, is lost: it does not exist or is empty, while its root or its data are \
         here; run `gallra mirror promote DIR` with the directory of a mirror; without one, only \
         the whole machine put back as it was (vault and root of one moment) opens the data; \
         nothing was initialised anew"
    )]
    VaultLost(String),
    /// A first try of `init` broke off.
    #[error(
        "`gallra init` did not end here ({0} is empty): run it again, what it left is used; where an \
         installation was lost, run `gallra mirror promote DIR` instead"
    )]
    InitUnfinished(String),
    /// A place where `init` is to write is closed to it.
    #[error(
        "{path}: {source}: nothing was made; give this user the right to write there, or choose another \
         place, and run `gallra init` again"
    )]
    NotWritable {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A backup is to lie inside the house.
    #[error(
        "{directory} is inside {inside}, and a backup there is lost with it: name a directory outside the \
         house, best on another disk; nothing was made"
    )]
    BackupInside {
        /// Where the backup was to be.
        directory: PathBuf,
        /// The house's own directory.
        inside: PathBuf,
    },
    /// There is no data.
    #[error(
        "{0}, the data, does not exist or is empty: put a backup back with `gallra restore DIR`, or \
         correct DATABASE_URL; for a new installation run `gallra init`"
    )]
    DataMissing(String),
    /// There is no index.
    #[error(
        "{0}, the search index, does not exist or is empty: run `gallra reconcile --full` to make it anew"
    )]
    IndexMissing(String),
    /// A backup was put in place and is not in line with the vault yet.
    #[error("the data was restored and is not reconciled yet: run `gallra reconcile`")]
    NotReconciled,
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The root directory.
    #[error(transparent)]
    Root(#[from] RootError),
    /// Erasures that are to be finished first.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// Tokens.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// Work that is done later.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A mirror.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// The log or its key.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
}

impl AppError {
    /// What a store that is missing means: each role has a remedy of its own.
    pub fn missing(role: Role, store: String) -> Self {
        match role {
            Role::Data => AppError::DataMissing(store),
            Role::Vault => AppError::VaultMissing(store),
            Role::Index => AppError::IndexMissing(store),
        }
    }
}

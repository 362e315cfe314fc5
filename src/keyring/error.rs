//! What can go wrong in the keyring, each with its remedy.

use std::path::PathBuf;

use super::page::PageId;
use super::root::RootError;
use super::seal::SealError;
use super::tokens::TokenError;
use crate::store::StoreError;
use crate::vocabulary::{ErasureId, HoldId, Process};

/// Anything the keyring refuses or fails at.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The key is destroyed: what it sealed cannot be read by anyone, ever.
    #[error("erased: its key was destroyed by erasure {0}")]
    Erased(ErasureId),
    /// Data names a key the vault has never heard of.
    #[error(
        "the vault does not know a key that the data uses: it is older than the data, or went on from \
         a mirror that was late; put the newest vault back, or put the data back with `gallra restore \
         DIR`, which counts what is lost"
    )]
    VaultBehindData,
    /// The vault database has no head.
    #[error("the vault is empty: run `gallra mirror promote DIR` with the directory of a mirror")]
    NoVault,
    /// There already is a vault.
    #[error("a vault is already here: nothing is initialised anew; use another VAULT_URL")]
    VaultExists,
    /// The root directory belongs to another vault.
    #[error("this root belongs to another vault: check GALLRA_ROOT and VAULT_URL")]
    ForeignRoot,
    /// There is no root to open the vault with.
    #[error(
        "the root is lost or empty: no key in this vault can be read with it; if there is a mirror, \
         run `gallra mirror promote DIR`; nothing was initialised anew"
    )]
    RootLost,
    /// The vault was put back to an earlier state than the root knows.
    #[error(
        "the vault was rolled back: it is at epoch {vault}, the root at {root}; vaults are never \
         restored from copies; put the newest one back, or run `gallra mirror promote DIR`"
    )]
    VaultRolledBack {
        /// The vault's epoch.
        vault: u64,
        /// The root's epoch.
        root: u64,
    },
    /// The root directory was put back to an earlier state than the vault knows.
    #[error(
        "the root directory was rolled back: it is at epoch {root}, the vault at {vault}; its old \
         key opens nothing; run `gallra mirror promote DIR`"
    )]
    RootRolledBack {
        /// The vault's epoch.
        vault: u64,
        /// The root's epoch.
        root: u64,
    },
    /// A page does not open though everything around it is in order.
    #[error(
        "page {0} of the vault is damaged or was exchanged: run `gallra doctor`; if there is a \
         mirror, run `gallra mirror promote DIR`"
    )]
    CorruptPage(String),
    /// Another erasure went on in between; whoever was reading must read again.
    #[error("something was erased meanwhile: repeat the call")]
    EpochChanged,
    /// The tenant's index keys are not the ones this plan started from.
    #[error("the index keys were rotated meanwhile: repeat the call")]
    IndexKeysChanged,
    /// A hold stands in the way.
    #[error("hold {0} stands in the way: release it with `gallra hold release {0}`, or wait")]
    Held(HoldId),
    /// Another process holds the root lock and does not let go.
    #[error("the root is held by {0}: repeat when it has ended")]
    RootBusy(String),
    /// Somebody writes the vault and does not end: another process, where it is known which.
    #[error("{}", busy_vault(.0))]
    VaultBusy(Option<String>),
    /// A restore keeps everybody out, or somebody who is coming in keeps a restore out, and is not named.
    #[error("{}", shut_gate(.0))]
    Restoring(Option<Process>),
    /// This process's file in `root/instances` is gone.
    #[error(
        "{0} is gone, by which others see this process: a restore or an erasure would not wait for it, so \
         it reads nothing any more; stop it, see with `gallra doctor` what became of the root \
         directory, and start it again"
    )]
    Overlooked(PathBuf),
    /// A process still works with the old keys.
    #[error(
        "a process still holds a lease on the old keys ({0}): the erasure is done, its receipt \
         follows once that process answers or ends; run `gallra reconcile`"
    )]
    BarrierTimeout(String),
    /// A mirror has not acknowledged yet.
    #[error(
        "these mirrors have not followed yet: {0}: the erasure is done, its receipt follows once \
         they have; start them (`gallra mirror`), or forget one that is gone for good (`gallra \
         mirror forget NAME`), and run `gallra reconcile`"
    )]
    MirrorsLate(String),
    /// The lock files cannot be used.
    #[error("the lock files of the root directory cannot be used: {0}: check its permissions")]
    Lock(#[source] std::io::Error),
    /// A tenant was added twice.
    #[error("the tenant already has a key: it was added before")]
    TenantExists,
    /// The root directory.
    #[error(transparent)]
    Root(#[from] RootError),
    /// The vault's database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sealed field.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An index token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

fn busy_vault(holder: &Option<String>) -> String {
    match holder {
        Some(holder) => format!(
            "another process writes the vault and does not end: {holder}: repeat when it has ended"
        ),
        None => "the vault is busy: try again; if it stays so, a process holds a transaction open: find it \
                 with `gallra doctor` and end it"
            .to_owned(),
    }
}

fn shut_gate(restore: &Option<Process>) -> String {
    match restore {
        Some(restore) => format!("a restore is under way: {restore}: repeat when it has ended"),
        None => "a restore is under way, or a command is just starting: repeat when it has ended"
            .to_owned(),
    }
}

impl KeyringError {
    pub(super) fn corrupt(id: &PageId) -> Self {
        Self::CorruptPage(format!("{:?} {}", id.kind, id.number))
    }
}

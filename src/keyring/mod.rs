//! Keys and what is done with them: fields are sealed here, words become search tokens here, and the
//! key tree that lets both be destroyed stands here.
//!
//! | File | Holds |
//! |---|---|
//! | [`place`] | what a sealed field is bound to: unit, key, table, row, column, version |
//! | [`padding`] | how its length is hidden |
//! | [`seal`] | the field format: a data key, its commitment, sealing and opening |
//! | [`tokens`] | index tokens for exact search, suppression tokens against re-import |
//! | [`normalise`] | what makes two spellings of an address, number or name one value |
//! | `page`, `wire` | the tree's pages and their bytes |
//! | [`root`], `lock` | the epoch key on files, and who may change it |
//! | [`head`], [`ledger`] | which root is live, and what was erased |
//! | `tree`, `draft`, [`lease`] | reading keys, changing pages, taking fresh keys |
//! | `index_keys` | a tenant's index keys, and replacing them when they are old |
//! | [`destroy`], `change`, `recover` | destroying keys, and finishing that after a crash |
//! | [`instance`] | leases of processes, and the barrier that waits for them |
//! | [`open`] | making a tree, opening one |
//! | [`mirror`] | a live copy of the vault with a root of its own, and its promotion |
//! | `view`, [`units`] | reading a tree at one instant: census, orphans, the invariant |
//! | [`reading`] | what is kept at rest, read from any bytes: for `fuzz/` |
//! | [`assurance`] | what destroying a root on this disk is worth |
//!
//! **To seal one more column**, add a constant to [`columns`] with the next free number of its table
//! and write its value through [`Sealer::seal`]. A number is part of what is authenticated, so it is
//! never changed and never used again. **To search one more kind of value**, add a [`Domain`] with
//! the next free code and a function in [`normalise`]. Both are then pinned by a line in
//! `tests/vectors/`, which is never edited afterwards: stored bytes must open for ever.

pub mod assurance;
mod change;
pub mod destroy;
mod draft;
mod error;
pub mod head;
mod index_keys;
pub mod instance;
pub mod lease;
pub mod ledger;
mod lock;
pub mod mirror;
pub mod normalise;
pub mod open;
pub mod padding;
mod page;
pub mod place;
pub mod reading;
mod recover;
pub mod root;
pub(crate) mod rows;
pub mod seal;
pub mod tokens;
mod tree;
pub mod units;
mod view;
mod wire;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

pub use assurance::Assurance;
pub use destroy::{Destruction, KeptBy, Suppressed};
pub use error::KeyringError;
pub use head::Head;
pub use lease::{BlockSize, LeasedKey};
pub use ledger::{Destroyed, LedgerEntry};
pub use lock::{Gate, who_is_inside};
pub use mirror::{Mirror, MirrorError, MirrorState};
pub use open::Means;
pub use padding::Padding;
pub use place::{Column, Field, KeyRef, Place, columns};
pub use root::{FileRoot, RootError};
pub use seal::{DataKey, SealError, Sealer};
pub use tokens::{Domain, IndexKeys, TokenError, carry_over};
pub use units::{Census, Orphans, QuietPoint, TreeTenant, Violation};

use crate::vocabulary::{InstanceId, TenantId, VaultId};

/// The open key tree: this process's lease, and the way to every key. Cheap to clone.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    means: Means,
    vault_id: VaultId,
    instance: InstanceId,
    instance_lock: lock::InstanceLock,
    epoch: tree::SharedEpoch,
    /// The epoch this process last told the vault.
    told: AtomicU64,
    /// The epoch up to which this process knows every older root to be overwritten.
    wiped: AtomicU64,
    /// The epoch up to which this process passed the barrier.
    passed: AtomicU64,
    /// Uptime in microseconds until which this process may decrypt.
    lease_until: AtomicU64,
    /// Whether the lease was given back: nobody renews it from then on by themselves.
    closed: AtomicBool,
    /// Leased keys that no unit uses yet.
    shelf: tokio::sync::Mutex<HashMap<TenantId, Vec<LeasedKey>>>,
    /// Whose turn it is to change the epoch, among the tasks of this process.
    destroyer: tokio::sync::Mutex<()>,
    queue: Mutex<Vec<destroy::Queued>>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({})", self.0.instance)
    }
}

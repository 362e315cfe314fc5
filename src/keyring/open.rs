//! Making a key tree, and opening one that is there. Opening never makes anything anew: a missing,
//! foreign, older or damaged part is refused with its remedy.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::draft::{self, Draft};
use super::head::{self, Head};
use super::lease::BlockSize;
use super::lock::{Gate, InstanceLock, RootLock, explain, others_inside};
use super::page::{Page, PageId, PageKind};
use super::root::FileRoot;
use super::tree::{SharedEpoch, live_slot};
use super::{Inner, Keyring, KeyringError, rows};
use crate::store::{Db, Tx, args};
use crate::vocabulary::{Clock, InstanceId, Random, VaultId};

/// What a keyring is opened with.
#[derive(Clone)]
pub struct Means {
    /// The vault's database, migrated.
    pub vault: Db,
    /// The root directory.
    pub root: FileRoot,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// How many keys each leased block holds.
    pub block_size: BlockSize,
    /// How long to wait for whoever holds the root lock.
    pub patience: Duration,
}

impl Means {
    /// Begins to write the vault; says for whom it waited when patience is over.
    pub(super) async fn begin(&self) -> Result<Tx, KeyringError> {
        let begun = self.vault.begin().await;
        begun.map_err(|error| explain(&self.root, error))
    }

    /// Takes the head in a transaction of the vault, as [`Means::begin`] begins one.
    pub(super) async fn take_head(&self, tx: &mut Tx) -> Result<Head, KeyringError> {
        match head::take(tx).await {
            Err(KeyringError::Store(error)) => Err(explain(&self.root, error)),
            taken => taken,
        }
    }
}

impl Keyring {
    /// Makes a new vault and its root: `gallra init`. Refuses when either is already there.
    pub async fn create(means: &Means) -> Result<VaultId, KeyringError> {
        let mut tx = means.vault.begin().await?;
        if tx.fetch_optional(rows::READ_HEAD, args![]).await?.is_some() {
            return Err(KeyringError::VaultExists);
        }
        let vault = VaultId::generate(means.random.as_ref());
        means.root.create()?;
        let slot = means.root.draw(vault, 1, means.random.as_ref());
        let key = means.root.effective_key(&slot)?;
        means.root.write_candidate(&slot, &slot.id)?;

        let mut draft = Draft::new(1, key, means.random.as_ref());
        draft.add(PageId::ROOT, Page::empty(PageKind::Root))?;
        draft.rekey(means.root.effective_key(&slot)?)?;
        draft::store(&mut tx, 1, &draft.seal()).await?;
        let now = means.clock.now();
        tx.execute(rows::INSERT_HEAD, args![vault, 1, 1, slot.id, 0, 0, now])
            .await?;
        tx.commit().await?;
        Ok(vault)
    }

    /// Whether a vault was made here.
    pub async fn exists(vault: &Db) -> Result<bool, KeyringError> {
        Ok(vault
            .fetch_optional(rows::READ_HEAD, args![])
            .await?
            .is_some())
    }

    /// Opens a key tree, finishes what a crash left behind, and takes a lease.
    ///
    /// When another process holds the root lock, it is that process's task to finish, and this one
    /// goes on with what the head names.
    pub async fn open(means: Means) -> Result<Self, KeyringError> {
        head::read(&means.vault).await?;
        let gate = Gate::enter(&means.root, means.patience).await?;
        let mut tries = 0;
        let (head, key, lock) = loop {
            let lock = RootLock::try_take(&means.root)?;
            if let Some(lock) = &lock {
                super::recover::recover(&means, lock).await?;
            }
            let head = head::read(&means.vault).await?;
            match live_slot(&means.root, &head) {
                Ok(slot) => break (head, means.root.effective_key(&slot)?, lock),
                // The holder of the lock is just replacing the root.
                Err(_) if lock.is_none() && tries < 200 => tries += 1,
                Err(refusal) => return Err(refusal),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        drop(lock);
        means.root.require_instances()?; // The root is there: it opened the vault.
        let opened = Self::with_lease(means, head, key).await;
        drop(gate); // Our instance file stands: whoever shuts the gate now sees us.
        opened
    }

    /// Shuts the gate for a restore: nobody else is inside, and nobody comes in before it is dropped.
    /// `Err` says who is inside; one that is stopped is, too, and so is another restore.
    pub async fn shut_gate(&self) -> Result<Result<Gate, String>, KeyringError> {
        let means = &self.0.means;
        let gate = Gate::shut(&means.root, means.patience).await?;
        let others = others_inside(&means.root, self.0.instance)?;
        let names: Vec<String> = others.iter().map(ToString::to_string).collect();
        Ok(match names.is_empty() {
            true => Ok(gate),
            false => Err(names.join("; ")),
        })
    }

    /// Keeps restores out while somebody who has no lease looks at the data. Without a root there is
    /// nothing to hold on to, and no restore either.
    pub async fn keep_restores_out(
        root: &FileRoot,
        patience: Duration,
    ) -> Result<Option<Gate>, KeyringError> {
        match Gate::enter(root, patience).await {
            Err(KeyringError::RootLost) => Ok(None),
            entered => entered.map(Some),
        }
    }

    async fn with_lease(
        means: Means,
        head: Head,
        key: super::page::PageKey,
    ) -> Result<Self, KeyringError> {
        let instance = InstanceId::generate(means.random.as_ref());
        let keyring = Self(Arc::new(Inner {
            instance_lock: InstanceLock::take(&means.root, instance, head.version)?,
            instance,
            vault_id: head.vault,
            epoch: SharedEpoch::new(head.epoch, head.root, key),
            told: AtomicU64::new(0),
            wiped: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            lease_until: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            shelf: tokio::sync::Mutex::new(HashMap::new()),
            destroyer: tokio::sync::Mutex::new(()),
            queue: Mutex::new(Vec::new()),
            means,
        }));
        keyring.renew().await?;
        keyring.keep_renewing();
        Ok(keyring)
    }

    /// The head as it is now.
    pub async fn head(&self) -> Result<Head, KeyringError> {
        head::read(&self.0.means.vault).await
    }

    /// Which vault this is.
    pub fn vault_id(&self) -> VaultId {
        self.0.vault_id
    }

    /// The root directory.
    pub fn root(&self) -> &FileRoot {
        &self.0.means.root
    }
}

//! Leasing data keys: whole blocks at a time, held in memory only, never resumed.
//!
//! The block is durable in the vault before any row uses a key of it. What a process has leased and
//! not used when it ends is lost: after a restore such keys are orphans, as are keys whose rows came
//! after the backup.

use super::draft::{self, Draft};
use super::page::{FAN_OUT, Page, PageId, PageKey, TenantPage};
use super::tokens::IndexKeys;
use super::{DataKey, KeyRef, Keyring, KeyringError};
use crate::store::Tx;
use crate::vocabulary::{Secret, TenantId};

/// A data key that no unit uses yet.
#[derive(Debug)]
pub struct LeasedKey {
    /// Where the key lives in the tenant's tree.
    pub key_ref: KeyRef,
    /// The key.
    pub key: DataKey,
}

/// Whoever wants so many keys at once is importing and will want more: it takes [`MANY`].
const SEVERAL: usize = FAN_OUT / 2;
/// Keys leased for an import: full pages, in one transaction instead of one for every batch.
const MANY: usize = 8 * FAN_OUT;

/// Keys on each leased block, by what kind of process leases: a server uses up whole pages, a
/// command wants few and should not waste the rest, unless it imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockSize {
    /// 128 keys, a full page.
    Full,
    /// 16 keys.
    Command,
}

impl BlockSize {
    fn keys(self) -> usize {
        match self {
            BlockSize::Full => FAN_OUT,
            BlockSize::Command => 16,
        }
    }
}

impl Keyring {
    /// Gives `count` fresh data keys of a tenant, from blocks in memory, refilled from the vault in
    /// one durable transaction however many blocks that takes.
    pub async fn lease(
        &self,
        tenant: TenantId,
        count: usize,
    ) -> Result<Vec<LeasedKey>, KeyringError> {
        let mut shelf = self.0.shelf.lock().await;
        let have = shelf.get(&tenant).map_or(0, Vec::len);
        if have < count {
            let missing = count - have;
            let (fresh, per_block) = match count {
                ..SEVERAL => (missing, self.0.means.block_size.keys()),
                _ => (missing.max(MANY), FAN_OUT),
            };
            let fresh = self.lease_blocks(tenant, fresh, per_block).await?;
            shelf.entry(tenant).or_default().extend(fresh);
        }
        let keys = shelf.entry(tenant).or_default();
        Ok(keys.drain(..count.min(keys.len())).collect())
    }

    /// Gives the tenant a place in the tree, with its first index keys.
    pub async fn add_tenant(&self, tenant: TenantId) -> Result<(), KeyringError> {
        let mut tx = self.0.means.begin().await?;
        let mut draft = self.draft(&mut tx).await?;
        if draft.load(&mut tx, PageId::tenant(tenant)).await? {
            return Err(KeyringError::TenantExists);
        }
        let slot = PageId::slot_of(tenant);
        if !draft.load(&mut tx, slot).await? {
            draft.add(slot, Page::empty(slot.kind))?;
        }
        let index = IndexKeys::generate(1, self.0.means.random.as_ref());
        let page = TenantPage {
            index,
            index_since: self.0.means.clock.now(),
            next_block: 0,
            groups: Vec::new(),
        };
        draft.add(PageId::tenant(tenant), Page::Tenant(page))?;
        self.store(tx, draft).await
    }

    /// Takes the head and begins a draft under the live root.
    pub(super) async fn draft(&self, tx: &mut Tx) -> Result<Draft<'_>, KeyringError> {
        let head = self.0.means.take_head(tx).await?;
        let key = self.key_under(&head)?;
        Ok(Draft::new(head.version, key, self.0.means.random.as_ref()))
    }

    /// Stores a draft that destroys nothing, and commits.
    async fn store(&self, mut tx: Tx, draft: Draft<'_>) -> Result<(), KeyringError> {
        draft::store(&mut tx, draft.version, &draft.seal()).await?;
        Ok(tx.commit().await?)
    }

    async fn lease_blocks(
        &self,
        tenant: TenantId,
        count: usize,
        per_block: usize,
    ) -> Result<Vec<LeasedKey>, KeyringError> {
        let mut tx = self.0.means.begin().await?;
        let mut draft = self.draft(&mut tx).await?;
        let id = PageId::tenant(tenant);
        if !draft.load(&mut tx, id).await? {
            drop(tx);
            return Err(self
                .index_keys(tenant)
                .await
                .err()
                .unwrap_or(KeyringError::EpochChanged));
        }
        let mut leased = Vec::with_capacity(count.next_multiple_of(per_block));
        while leased.len() < count {
            let block = next_block(&mut draft, &id)?;
            self.fill_block(&mut tx, &mut draft, tenant, block, per_block, &mut leased)
                .await?;
        }
        self.store(tx, draft).await?;
        Ok(leased)
    }

    async fn fill_block(
        &self,
        tx: &mut Tx,
        draft: &mut Draft<'_>,
        tenant: TenantId,
        block: u64,
        count: usize,
        leased: &mut Vec<LeasedKey>,
    ) -> Result<(), KeyringError> {
        let group = PageId::group(tenant, block / FAN_OUT as u64);
        if !draft.load(tx, group).await? {
            draft.add(group, Page::empty(group.kind))?;
        }
        let mut keys: Vec<Option<PageKey>> = vec![None; FAN_OUT];
        for (leaf, place) in keys.iter_mut().take(count).enumerate() {
            let key = DataKey::generate(self.0.means.random.as_ref());
            *place = Secret::from_slice(key.expose());
            leased.push(LeasedKey {
                key_ref: KeyRef {
                    block,
                    leaf: leaf as u16,
                },
                key,
            });
        }
        draft.add(PageId::block(tenant, block), Page::Keys(keys))
    }
}

/// Takes the next block number off the tenant's page.
fn next_block(draft: &mut Draft<'_>, id: &PageId) -> Result<u64, KeyringError> {
    match draft.edit(id)? {
        Page::Tenant(page) => {
            page.next_block += 1;
            Ok(page.next_block - 1)
        }
        _ => Err(KeyringError::corrupt(id)),
    }
}

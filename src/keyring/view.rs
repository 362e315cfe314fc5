//! The whole tree at one instant: a snapshot of the vault, and the key that opens its root page.
//!
//! What is compared with each other (keys with ledger entries, pages with their parents) must be
//! read at one instant, or an erasure in between makes a contradiction of two truths.

use super::draft::Draft;
use super::head::{self, Head};
use super::open::Means;
use super::page::{Page, PageId, PageKey};
use super::tree::live_slot;
use super::{DataKey, KeyRef, KeyringError};
use crate::store::Tx;
use crate::vocabulary::TenantId;

/// How often a snapshot is taken anew because its root was replaced before it could be read.
const TRIES: usize = 20;

/// One consistent view of a tree. Pages it has read stay in memory until they are forgotten.
pub(super) struct View<'a> {
    pub(super) tx: Tx,
    pub(super) head: Head,
    pub(super) root_key: PageKey,
    draft: Draft<'a>,
}

impl<'a> View<'a> {
    pub(super) async fn open(means: &'a Means) -> Result<Self, KeyringError> {
        let mut tries = 0;
        loop {
            let mut tx = means.vault.snapshot().await?;
            let head = head::read_in(&mut tx).await?;
            match live_slot(&means.root, &head) {
                Ok(slot) => {
                    let root_key = means.root.effective_key(&slot)?;
                    let draft = Draft::new(head.version, root_key.clone(), means.random.as_ref());
                    return Ok(Self {
                        tx,
                        head,
                        root_key,
                        draft,
                    });
                }
                Err(KeyringError::VaultRolledBack { .. }) if tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// A page; `None` when the tree holds no key for it.
    pub(super) async fn page(&mut self, id: PageId) -> Result<Option<&Page>, KeyringError> {
        if !self.draft.load(&mut self.tx, id).await? {
            return Ok(None);
        }
        self.draft.page(&id).map(Some)
    }

    pub(super) fn forget(&mut self, id: &PageId) {
        self.draft.forget(id);
    }

    /// How many blocks a tenant ever leased; `None` when the tree has no such tenant.
    pub(super) async fn blocks(&mut self, tenant: TenantId) -> Result<Option<u64>, KeyringError> {
        let id = PageId::tenant(tenant);
        match self.page(id).await? {
            None => Ok(None),
            Some(Page::Tenant(page)) => Ok(Some(page.next_block)),
            Some(_) => Err(KeyringError::corrupt(&id)),
        }
    }

    /// Whether the tree has this block, with whatever keys are left on it.
    pub(super) async fn has_block(
        &mut self,
        tenant: TenantId,
        block: u64,
    ) -> Result<bool, KeyringError> {
        let id = PageId::block(tenant, block);
        let there = self.page(id).await?.is_some();
        self.forget(&id);
        Ok(there)
    }

    /// The keys that are present on one block page.
    pub(super) async fn present(
        &mut self,
        tenant: TenantId,
        block: u64,
    ) -> Result<Vec<KeyRef>, KeyringError> {
        let id = PageId::block(tenant, block);
        let present = match self.page(id).await? {
            Some(page) => leaves(page, block),
            None => Vec::new(),
        };
        self.forget(&id);
        Ok(present)
    }

    /// Opens every page from the root down and counts them: a page that does not open is an error
    /// that names it.
    pub(super) async fn walk(&mut self) -> Result<u64, KeyringError> {
        let mut seen = 1;
        for slot in self.children_of_root().await? {
            seen += 1;
            for tenant in self.tenants_of(slot).await? {
                seen += 1 + self.walk_tenant(tenant).await?;
                self.forget(&PageId::tenant(tenant));
            }
            self.forget(&slot);
        }
        Ok(seen)
    }

    async fn walk_tenant(&mut self, tenant: TenantId) -> Result<u64, KeyringError> {
        let mut seen = 0;
        for block in 0..self.blocks(tenant).await?.unwrap_or(0) {
            let id = PageId::block(tenant, block);
            seen += u64::from(self.page(id).await?.is_some());
            self.forget(&id);
        }
        Ok(seen)
    }

    /// Every tenant that the tree has keys of.
    pub(super) async fn tenants(&mut self) -> Result<Vec<TenantId>, KeyringError> {
        let mut tenants = Vec::new();
        for slot in self.children_of_root().await? {
            tenants.extend(self.tenants_of(slot).await?);
            self.forget(&slot);
        }
        Ok(tenants)
    }

    async fn children_of_root(&mut self) -> Result<Vec<PageId>, KeyringError> {
        let root = self.page(PageId::ROOT).await?;
        let root = root.ok_or_else(|| KeyringError::corrupt(&PageId::ROOT))?;
        let slots = (0..=u8::MAX).map(PageId::slot);
        Ok(slots.filter(|slot| root.key_of(slot).is_some()).collect())
    }

    async fn tenants_of(&mut self, slot: PageId) -> Result<Vec<TenantId>, KeyringError> {
        match self.page(slot).await? {
            Some(Page::Slot(tenants)) => Ok(tenants.iter().map(|(tenant, _)| *tenant).collect()),
            _ => Err(KeyringError::corrupt(&slot)),
        }
    }
}

fn leaves(page: &Page, block: u64) -> Vec<KeyRef> {
    let leaf = |number: u16| super::tree::leaf(page, number).map(|_: DataKey| number);
    (0..super::page::FAN_OUT as u16)
        .filter_map(leaf)
        .map(|leaf| KeyRef { block, leaf })
        .collect()
}

//! Reading the tree: from R down to a data key, with the pages on the way kept in memory for as long
//! as the epoch lasts.
//!
//! A page kept in memory stays right within its epoch: writers who do not erase keep every key and
//! only add some. When the epoch changes all pages are dropped, because which of them changed is
//! known only to whoever erased.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::head::{self, Head};
use super::page::{Page, PageId, PageKey};
use super::root::{FileRoot, Slot};
use super::{DataKey, KeyRef, Keyring, KeyringError, Place, Sealer, rows};
use crate::store::{Db, args};
use crate::vocabulary::{ErasureId, RootId, TenantId};

/// Pages kept at most: 4 KiB each. Beyond it all are dropped and read again as needed.
const KEPT_PAGES: usize = 1024;
/// How often a reader looks again when it finds no root for the head.
const TRIES: usize = 8;
/// How many epochs may begin under a reader's hands before it gives up.
const CHANGES: usize = 100;

/// What is known of the live epoch, in memory only.
#[derive(Debug)]
pub(super) struct Epoch {
    pub(super) number: u64,
    pub(super) root: RootId,
    pub(super) key: PageKey,
    pub(super) pages: HashMap<PageId, Arc<Page>>,
}

/// The epoch as all tasks of this process share it.
#[derive(Debug)]
pub(super) struct SharedEpoch(Mutex<Epoch>);

impl SharedEpoch {
    pub(super) fn new(number: u64, root: RootId, key: PageKey) -> Self {
        Self(Mutex::new(Epoch {
            number,
            root,
            key,
            pages: HashMap::new(),
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Epoch> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Begins another epoch: every page of the old one is dropped.
    pub(super) fn begin(&self, number: u64, root: RootId, key: PageKey) {
        let mut epoch = self.lock();
        if number >= epoch.number {
            *epoch = Epoch {
                number,
                root,
                key,
                pages: HashMap::new(),
            };
        }
    }

    fn keep(&self, number: u64, id: PageId, page: Arc<Page>) {
        let mut epoch = self.lock();
        if epoch.number != number {
            return;
        }
        if epoch.pages.len() >= KEPT_PAGES {
            epoch.pages.clear();
        }
        epoch.pages.insert(id, page);
    }

    fn forget(&self, path: &[PageId]) {
        let mut epoch = self.lock();
        path.iter().for_each(|id| drop(epoch.pages.remove(id)));
    }
}

/// The live slot of a root directory for this head; tells apart the ways in which there can be none.
pub(super) fn live_slot(root: &FileRoot, head: &Head) -> Result<Slot, KeyringError> {
    let slots = root.slots()?;
    if slots.iter().any(|slot| slot.vault != head.vault) {
        return Err(KeyringError::ForeignRoot);
    }
    if let Some(live) = slots.iter().find(|slot| slot.id == head.root) {
        return Ok(live.clone());
    }
    match slots.iter().map(|slot| slot.epoch).max() {
        None => Err(KeyringError::RootLost),
        Some(root) if root > head.epoch => Err(KeyringError::VaultRolledBack {
            vault: head.epoch,
            root,
        }),
        Some(root) => Err(KeyringError::RootRolledBack {
            vault: head.epoch,
            root,
        }),
    }
}

/// From the root page down to `id`.
pub(super) fn path_to(id: PageId) -> Vec<PageId> {
    let mut path = vec![id];
    while let Some(parent) = path.last().and_then(PageId::parent) {
        path.push(parent);
    }
    path.reverse();
    path
}

/// Why a walk down the tree ended before its page.
enum Stopped {
    /// The parent holds no key for the child.
    Absent,
    /// The page is not there, or not under this key.
    Unreadable(PageId),
}

/// A page, or in which epoch the walk ended before it, and why.
type Walked = Result<Arc<Page>, (u64, Stopped)>;

impl Keyring {
    /// Reads the head and, when the epoch is another one, drops everything known of the old one.
    pub(super) async fn refresh(&self) -> Result<Head, KeyringError> {
        let (mut tries, mut before) = (0, None);
        loop {
            let head = head::read(&self.0.means.vault).await?;
            if self.0.epoch.lock().root == head.root {
                return Ok(head);
            }
            match live_slot(&self.0.means.root, &head) {
                Ok(slot) => {
                    let key = self.0.means.root.effective_key(&slot)?;
                    self.0.epoch.begin(head.epoch, head.root, key);
                    return Ok(head);
                }
                // The head was read just before another process replaced the root, and perhaps
                // again: as long as the head moves, nothing is rolled back.
                Err(KeyringError::VaultRolledBack { .. } | KeyringError::RootLost)
                    if tries < TRIES || before != Some(head.root) =>
                {
                    tries += 1;
                    before = Some(head.root);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The root key that this head names; whoever holds the head calls this, so it asks no database.
    pub(super) fn key_under(&self, head: &Head) -> Result<PageKey, KeyringError> {
        {
            let epoch = self.0.epoch.lock();
            if epoch.root == head.root {
                return Ok(epoch.key.clone());
            }
        }
        let slot = live_slot(&self.0.means.root, head)?;
        let key = self.0.means.root.effective_key(&slot)?;
        self.0.epoch.begin(head.epoch, head.root, key.clone());
        Ok(key)
    }

    /// One page in the clear; `None` when the tree holds no key for it. Without a valid lease
    /// nothing is opened: it is renewed first, or this fails.
    pub(super) async fn page(&self, id: PageId) -> Result<Option<Arc<Page>>, KeyringError> {
        self.begin_read().await?;
        let path = path_to(id);
        let mut stood_still = 0;
        for _ in 0..CHANGES {
            let (number, stopped) = match self.walk(&path).await? {
                Ok(page) => return Ok(Some(page)),
                Err(stopped) => stopped,
            };
            // Against the epoch this walk read in, not the one that is known by now: another task
            // may have seen the next one meanwhile.
            if self.refresh().await?.epoch == number {
                stood_still += 1;
            }
            match stopped {
                _ if stood_still < 2 => self.0.epoch.forget(&path),
                Stopped::Absent => return Ok(None),
                Stopped::Unreadable(id) => return Err(KeyringError::corrupt(&id)),
            }
        }
        Err(KeyringError::EpochChanged)
    }

    /// Reads down to the last page of the path; says in which epoch it did when it cannot.
    async fn walk(&self, path: &[PageId]) -> Result<Walked, KeyringError> {
        let (number, mut key, mut page, known) = self.deepest_known(path);
        for id in &path[known..] {
            if let Some(parent) = &page {
                match parent.key_of(id) {
                    Some(child) => key = child.clone(),
                    None => return Ok(Err((number, Stopped::Absent))),
                }
            }
            match read_page(&self.0.means.vault, id, &key).await? {
                Some(read) => {
                    let read = Arc::new(read);
                    self.0.epoch.keep(number, *id, Arc::clone(&read));
                    page = Some(read);
                }
                None => return Ok(Err((number, Stopped::Unreadable(*id)))),
            }
        }
        Ok(page.ok_or((number, Stopped::Absent)))
    }

    /// The page nearest to the end of the path that is in memory, and how many of the path's pages
    /// that makes unnecessary to read.
    fn deepest_known(&self, path: &[PageId]) -> (u64, PageKey, Option<Arc<Page>>, usize) {
        let epoch = self.0.epoch.lock();
        let known = path.iter().rposition(|id| epoch.pages.contains_key(id));
        let page = known.and_then(|at| epoch.pages.get(&path[at]).cloned());
        (
            epoch.number,
            epoch.key.clone(),
            page,
            known.map_or(0, |at| at + 1),
        )
    }

    /// The data key of a unit. [`KeyringError::Erased`] when it was destroyed.
    pub async fn data_key(&self, tenant: TenantId, key: KeyRef) -> Result<DataKey, KeyringError> {
        let id = PageId::block(tenant, key.block);
        let page = self.page(id).await?;
        match page.as_deref().and_then(|page| leaf(page, key.leaf)) {
            Some(key) => Ok(key),
            None => self.absent(tenant, key).await,
        }
    }

    /// What seals and opens the fields of a unit.
    pub async fn sealer(&self, place: Place) -> Result<Sealer, KeyringError> {
        Ok(Sealer::new(
            place,
            &self.data_key(place.tenant, place.key).await?,
        ))
    }

    /// A key is not there: because it was erased, or because the vault never knew it. The page may
    /// have been read before the key was made; in the second case it is read once more.
    async fn absent(&self, tenant: TenantId, key: KeyRef) -> Result<DataKey, KeyringError> {
        if let Some(erasure) = self.erasure_of_key(tenant, key).await? {
            return Err(KeyringError::Erased(erasure));
        }
        let path = path_to(PageId::block(tenant, key.block));
        self.0.epoch.forget(&path);
        let page = self.page(path[path.len() - 1]).await?;
        let found = page.as_deref().and_then(|page| leaf(page, key.leaf));
        found.ok_or(KeyringError::VaultBehindData)
    }

    /// Which erasure destroyed a key, if one did.
    pub async fn erasure_of_key(
        &self,
        tenant: TenantId,
        key: KeyRef,
    ) -> Result<Option<ErasureId>, KeyringError> {
        let arguments = args![tenant, key.block as i64, i64::from(key.leaf)];
        let row = self
            .0
            .means
            .vault
            .fetch_optional(rows::READ_ERASED, arguments)
            .await?;
        Ok(row.map(|row| row.id(0)).transpose()?)
    }

    /// Whether this vault ever gave out that block of the tenant, which a purge makes true of all.
    pub async fn knows_block(&self, tenant: TenantId, block: u64) -> Result<bool, KeyringError> {
        match self.page(PageId::tenant(tenant)).await?.as_deref() {
            Some(Page::Tenant(page)) if block < page.next_block => Ok(true),
            Some(_) => {
                // Read before another process leased the block: look once more.
                self.0.epoch.forget(&path_to(PageId::tenant(tenant)));
                let page = self.page(PageId::tenant(tenant)).await?;
                let again = page.as_deref();
                Ok(matches!(again, Some(Page::Tenant(page)) if block < page.next_block))
            }
            None => Ok(self
                .erasure_of_key(tenant, KeyRef { block: 0, leaf: 0 })
                .await?
                .is_some()),
        }
    }

    /// The purge that destroyed a whole tenant, if one did.
    pub async fn purge_of(&self, tenant: TenantId) -> Result<Option<ErasureId>, KeyringError> {
        let nowhere = KeyRef {
            block: u64::from(u32::MAX),
            leaf: u16::MAX,
        };
        self.erasure_of_key(tenant, nowhere).await
    }
}

/// A data key on a block page.
pub(super) fn leaf(page: &Page, leaf: u16) -> Option<DataKey> {
    let Page::Keys(keys) = page else { return None };
    let key = keys.get(usize::from(leaf))?.as_ref()?;
    DataKey::from_slice(key.expose())
}

/// Reads and opens one page; `None` when it is missing or does not open.
async fn read_page(vault: &Db, id: &PageId, key: &PageKey) -> Result<Option<Page>, KeyringError> {
    let arguments = args![id.kind as i64, id.tenant, id.number as i64];
    let Some(row) = vault.fetch_optional(rows::READ_PAGE, arguments).await? else {
        return Ok(None);
    };
    Ok(Page::open(id, key, &row.blob(1)?).ok())
}

#[cfg(test)]
mod tests;

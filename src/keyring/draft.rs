//! A change of the tree, prepared in memory while the head is held: pages are read along their
//! paths, changed, given new keys where something is to be destroyed, and sealed.

use std::collections::BTreeMap;

use super::page::{Page, PageId, PageKey};
use super::tree::path_to;
use super::{KeyringError, rows};
use crate::store::{Tx, args};
use crate::vocabulary::{Random, Secret};

/// One page of a draft.
struct Drafted {
    page: Page,
    key: PageKey,
    /// The stored version this was read from; 0 for a page that is new.
    version: i64,
    changed: bool,
}

/// A page sealed and ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SealedPage {
    pub(super) id: PageId,
    /// The stored version this replaces; 0 for a new page.
    pub(super) replaces: i64,
    pub(super) body: Vec<u8>,
}

/// Pages being changed together.
pub(super) struct Draft<'a> {
    /// The head's version that the stored pages will bear.
    pub(super) version: i64,
    root_key: PageKey,
    random: &'a dyn Random,
    pages: BTreeMap<PageId, Drafted>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(version: i64, root_key: PageKey, random: &'a dyn Random) -> Self {
        Self {
            version,
            root_key,
            random,
            pages: BTreeMap::new(),
        }
    }

    /// Reads a page and everything above it; `false` when the tree holds no key for it.
    pub(super) async fn load(&mut self, tx: &mut Tx, id: PageId) -> Result<bool, KeyringError> {
        for step in path_to(id) {
            if self.pages.contains_key(&step) {
                continue;
            }
            let key = match step.parent() {
                None => Some(self.root_key.clone()),
                Some(parent) => self
                    .pages
                    .get(&parent)
                    .and_then(|parent| parent.page.key_of(&step))
                    .cloned(),
            };
            let Some(key) = key else { return Ok(false) };
            let arguments = args![step.kind as i64, step.tenant, step.number as i64];
            let row = tx.fetch_optional(rows::READ_PAGE, arguments).await?;
            let row = row.ok_or_else(|| KeyringError::corrupt(&step))?;
            let page = Page::open(&step, &key, &row.blob(1)?);
            let page = page.map_err(|_| KeyringError::corrupt(&step))?;
            self.pages.insert(
                step,
                Drafted {
                    page,
                    key,
                    version: row.i64(0)?,
                    changed: false,
                },
            );
        }
        Ok(true)
    }

    /// Lets go of a page that was only read.
    pub(super) fn forget(&mut self, id: &PageId) {
        self.pages.remove(id);
    }

    /// A loaded page.
    pub(super) fn page(&self, id: &PageId) -> Result<&Page, KeyringError> {
        let drafted = self
            .pages
            .get(id)
            .ok_or_else(|| KeyringError::corrupt(id))?;
        Ok(&drafted.page)
    }

    /// A loaded page, to be changed.
    pub(super) fn edit(&mut self, id: &PageId) -> Result<&mut Page, KeyringError> {
        let drafted = self
            .pages
            .get_mut(id)
            .ok_or_else(|| KeyringError::corrupt(id))?;
        drafted.changed = true;
        Ok(&mut drafted.page)
    }

    /// A new page with a fresh key, entered on its parent, which must be loaded.
    pub(super) fn add(&mut self, id: PageId, page: Page) -> Result<(), KeyringError> {
        let key = Secret::generate(self.random);
        if let Some(parent) = id.parent() {
            self.edit(&parent)?.set_key(&id, key.clone());
        }
        self.pages.insert(
            id,
            Drafted {
                page,
                key,
                version: 0,
                changed: true,
            },
        );
        Ok(())
    }

    /// Gives every changed page, and every page above one, a new key: from the bottom up, so that
    /// each parent learns its child's new key before it gets its own. The root page gets `root_key`.
    pub(super) fn rekey(&mut self, root_key: PageKey) -> Result<(), KeyringError> {
        let bottom_up: Vec<PageId> = self.pages.keys().rev().copied().collect();
        for id in bottom_up {
            if !self.pages.get(&id).is_some_and(|drafted| drafted.changed) {
                continue;
            }
            let key = match id.parent() {
                None => root_key.clone(),
                Some(parent) => {
                    let key = Secret::generate(self.random);
                    // A child whose key was just taken off its parent stays without one.
                    if self.page(&parent)?.key_of(&id).is_none() {
                        continue;
                    }
                    self.edit(&parent)?.set_key(&id, key.clone());
                    key
                }
            };
            if let Some(drafted) = self.pages.get_mut(&id) {
                drafted.key = key;
            }
        }
        // The root page is sealed anew even when nothing below it changed (`root rotate`).
        self.edit(&PageId::ROOT)?;
        if let Some(root) = self.pages.get_mut(&PageId::ROOT) {
            root.key = root_key;
        }
        Ok(())
    }

    /// Seals every changed page.
    pub(super) fn seal(&self) -> Vec<SealedPage> {
        let changed = self.pages.iter().filter(|(_, drafted)| drafted.changed);
        let sealed = changed.map(|(id, drafted)| SealedPage {
            id: *id,
            replaces: drafted.version,
            body: drafted.page.seal(id, &drafted.key, self.random),
        });
        sealed.collect()
    }
}

/// Stores sealed pages: new ones together, each other one over the very version it was made from.
pub(super) async fn store(
    tx: &mut Tx,
    version: i64,
    pages: &[SealedPage],
) -> Result<(), KeyringError> {
    let (new, changed): (Vec<_>, Vec<_>) = pages.iter().partition(|page| page.replaces == 0);
    if let Some(first) = new.first() {
        let rows = new.iter().map(|page| {
            let (id, body) = (page.id, page.body.as_slice());
            args![
                id.kind as i64,
                id.tenant,
                id.number as i64,
                1,
                version,
                body
            ]
        });
        let stored = tx
            .execute_many(&rows::INSERT_PAGES, args![], rows.collect())
            .await?;
        if stored != new.len() as u64 {
            return Err(KeyringError::corrupt(&first.id));
        }
    }
    for page in changed {
        let (id, body) = (page.id, page.body.as_slice());
        let (kind, number) = (id.kind as i64, id.number as i64);
        let arguments = args![body, version, kind, id.tenant, number, page.replaces];
        if tx.execute(rows::UPDATE_PAGE, arguments).await? != 1 {
            return Err(KeyringError::corrupt(&page.id));
        }
    }
    Ok(())
}

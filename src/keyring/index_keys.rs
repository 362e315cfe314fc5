//! A tenant's index keys: how old they are, and new ones in their place.
//!
//! The keys stand on the tenant's page. Replacing them begins an epoch like any erasure: the page and
//! each above it get new keys, the old root is overwritten, and with it every copy of the old index
//! keys is dead. So an old copy of the index fits no key that exists.
//!
//! Suppression tokens must be carried over before, while the old keys can be used. Whoever erased
//! somebody of the tenant meanwhile may have written one that was not: then replacing is refused, and
//! the caller begins again.

use std::time::Duration;

use super::destroy::Suppressed;
use super::draft::Draft;
use super::lock::RootLock;
use super::page::{Page, PageId};
use super::recover::recover;
use super::tokens::IndexKeys;
use super::{KeyRef, Keyring, KeyringError, destroy, rows};
use crate::store::{Tx, args};
use crate::vocabulary::{TenantId, Timestamp};

/// Index keys to put in the place of the present ones, without erasing anything.
pub(super) struct Rotation<'k> {
    pub(super) tenant: TenantId,
    pub(super) keys: &'k IndexKeys,
    /// What of the tenant was known when suppressions were carried over.
    pub(super) carried_over: Suppressed,
}

impl Keyring {
    /// The tenant's keys for search and suppression tokens.
    pub async fn index_keys(&self, tenant: TenantId) -> Result<IndexKeys, KeyringError> {
        Ok(self.index_keys_since(tenant).await?.0)
    }

    /// The same, and since when they are in force.
    pub async fn index_keys_since(
        &self,
        tenant: TenantId,
    ) -> Result<(IndexKeys, Timestamp), KeyringError> {
        let nowhere = KeyRef { block: 0, leaf: 0 };
        match self.page(PageId::tenant(tenant)).await?.as_deref() {
            Some(Page::Tenant(page)) => Ok((page.index.clone(), page.index_since)),
            Some(_) => Err(KeyringError::corrupt(&PageId::tenant(tenant))),
            None => match self.erasure_of_key(tenant, nowhere).await? {
                Some(erasure) => Err(KeyringError::Erased(erasure)),
                None => Err(KeyringError::VaultBehindData),
            },
        }
    }

    /// Replaces a tenant's index keys and destroys the old ones; answers the epoch that begins. The
    /// generation of the new ones must be the present one plus one.
    ///
    /// # Errors
    /// [`KeyringError::IndexKeysChanged`] when somebody replaced them before, or erased anybody of
    /// the tenant since suppressions were carried over.
    pub async fn replace_index_keys(
        &self,
        tenant: TenantId,
        keys: &IndexKeys,
        carried_over: Suppressed,
    ) -> Result<u64, KeyringError> {
        let _turn = self.turn_to_destroy().await;
        let lock = RootLock::take(&self.0.means.root, Duration::ZERO).await?;
        recover(&self.0.means, &lock).await?;
        self.refresh().await?; // Refused, the caller must see the keys that are in force by now.
        let rotation = Rotation {
            tenant,
            keys,
            carried_over,
        };
        self.change_epoch(&[], Some(&rotation)).await
    }

    /// Whether nobody holds the root lock.
    pub fn is_root_free(&self) -> Result<bool, KeyringError> {
        Ok(RootLock::try_take(&self.0.means.root)?.is_some())
    }

    /// Puts new keys on the drafted page of the tenant.
    pub(super) async fn rotate_in(
        &self,
        tx: &mut Tx,
        draft: &mut Draft<'_>,
        rotation: &Rotation<'_>,
    ) -> Result<(), KeyringError> {
        let Suppressed {
            generation,
            ledger_seq,
        } = rotation.carried_over;
        check_generation(tx, draft, rotation.tenant, generation).await?;
        let erased = args![rotation.tenant, ledger_seq];
        let erased = tx.fetch_optional(rows::LEDGER_OF_TENANT_AFTER, erased);
        if erased.await?.is_some() {
            return Err(KeyringError::IndexKeysChanged);
        }
        let now = self.0.means.clock.now();
        replace(tx, draft, rotation.tenant, rotation.keys, now).await
    }
}

/// Refuses when the tenant's keys are of another generation by now.
pub(super) async fn check_generation(
    tx: &mut Tx,
    draft: &mut Draft<'_>,
    tenant: TenantId,
    generation: u32,
) -> Result<(), KeyringError> {
    let id = PageId::tenant(tenant);
    if !draft.load(tx, id).await? {
        let nowhere = KeyRef { block: 0, leaf: 0 };
        return Err(destroy::erased_by(tx, tenant, nowhere).await?);
    }
    match draft.page(&id)? {
        Page::Tenant(page) if page.index.generation == generation => Ok(()),
        Page::Tenant(_) => Err(KeyringError::IndexKeysChanged),
        _ => Err(KeyringError::corrupt(&id)),
    }
}

/// Puts keys on the drafted page of a tenant, over those of the generation before.
pub(super) async fn replace(
    tx: &mut Tx,
    draft: &mut Draft<'_>,
    tenant: TenantId,
    keys: &IndexKeys,
    now: Timestamp,
) -> Result<(), KeyringError> {
    let id = PageId::tenant(tenant);
    if !draft.load(tx, id).await? {
        return Err(KeyringError::VaultBehindData);
    }
    match draft.edit(&id)? {
        Page::Tenant(page) if page.index.generation + 1 == keys.generation => {
            page.index = keys.clone();
            page.index_since = now;
            Ok(())
        }
        Page::Tenant(_) => Err(KeyringError::IndexKeysChanged),
        _ => Err(KeyringError::corrupt(&id)),
    }
}

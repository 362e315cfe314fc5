//! Deleting what nobody can read any more: units whose keys were lost with an earlier vault.
//!
//! Only in data of which a person accepted that loss, when it was put in its place or when the mirror
//! became the vault; anywhere else a key that is missing stops everything, because a newer vault may
//! have it. It is no erasure, so it has no receipt. Whoever loses personal data has a duty to see
//! whether that is to be notified (Art. 33), so what is gone is named by ids.
//!
//! A client whose own profile is lost stays, without its address; so does a contact of whom any case is
//! left. Run again after a crash it deletes the rest, and may empty such a profile once more.

use std::collections::BTreeSet;

use serde::Serialize;

use super::accept::Accepted;
use super::delete::Unit;
use super::loss::Done;
use super::{EraseError, Eraser, rows};
use crate::catalog::{TenantRef, unit_kind};
use crate::keyring::mirror::LostBlocks;
use crate::keyring::{KeyRef, KeyringError};
use crate::store::args;
use crate::vocabulary::{ContactId, ErasureId, TenantId, fail_point};

/// What was lost, and deleted for that.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Lost {
    /// Units of data: profiles, parts of cases, and all else that has a key.
    pub units: u64,
    /// The contacts that they were of.
    pub contacts: BTreeSet<ContactId>,
    /// Clients whose own address and contact details are to be given again.
    pub clients: BTreeSet<TenantId>,
}

/// Deleting under no erasure counts for no receipt.
const NO_RECEIPT: ErasureId = ErasureId([0; 16]);

impl Eraser {
    /// Deletes what is lost, where that was accepted.
    pub(super) async fn clean_lost(&self) -> Result<Lost, EraseError> {
        let mut lost = Lost::default();
        let Some(blocks) = self.accepted_loss(&self.meta().await?).await? else {
            return Ok(lost);
        };
        let tenants = self.data().fetch_all(rows::LIVING_TENANTS, args![]);
        for row in tenants.await? {
            let tenant = self.catalog.tenant_by_id(row.id(0)?).await?;
            let Some(tenant) = tenant else { continue };
            for key in self.lost_keys(tenant.id, &blocks).await? {
                self.delete_lost(&tenant, key, &blocks, &mut lost).await?;
            }
        }
        fail_point("reconcile:lost-deleted");
        self.close_lost_erasures(&blocks).await?;
        Ok(lost)
    }

    async fn lost_keys(
        &self,
        tenant: TenantId,
        blocks: &LostBlocks,
    ) -> Result<Vec<KeyRef>, EraseError> {
        let (mut after, mut lost) = (None, Vec::new());
        loop {
            let page = self.keys_after(tenant, after).await?;
            for key in &page {
                if self.is_lost(tenant, *key, blocks).await? {
                    lost.push(*key);
                }
            }
            match page.last() {
                Some(last) => after = Some(*last),
                None => return Ok(lost),
            }
        }
    }

    async fn is_lost(
        &self,
        tenant: TenantId,
        key: KeyRef,
        blocks: &LostBlocks,
    ) -> Result<bool, EraseError> {
        if blocks.contains(tenant, key.block) {
            return Ok(true);
        }
        match self.catalog.keyring.data_key(tenant, key).await {
            Ok(_) | Err(KeyringError::Erased(_)) => Ok(false),
            Err(KeyringError::VaultBehindData) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes one lost unit, and its contact when nothing else is left of it.
    async fn delete_lost(
        &self,
        tenant: &TenantRef,
        key: KeyRef,
        blocks: &LostBlocks,
        lost: &mut Lost,
    ) -> Result<(), EraseError> {
        let arguments = args![tenant.id, key.block as i64, i64::from(key.leaf)];
        let row = self.data().fetch_optional(rows::UNIT_OF_KEY, arguments);
        let Some(row) = row.await? else {
            return Ok(()); // Gone with its contact.
        };
        let unit = Unit::read(&row)?;
        lost.contacts.extend(unit.contact);
        match (unit.kind, unit.contact) {
            (unit_kind::CONTACT, Some(contact)) => {
                let units = args![tenant.id, contact];
                let units = self.data().fetch_all(rows::UNITS_OF_CONTACT, units).await?;
                let mut left = 0;
                for row in &units {
                    let leaf = u16::try_from(row.i64(2)?).unwrap_or(u16::MAX);
                    let block = row.u64(1)?;
                    left += u64::from(
                        !self
                            .is_lost(tenant.id, KeyRef { block, leaf }, blocks)
                            .await?,
                    );
                }
                if left == 0 {
                    lost.units += units.len() as u64;
                    return self.delete_contact(tenant.id, contact, NO_RECEIPT).await;
                }
                self.catalog.empty_profile(tenant, contact, unit.id).await?;
            }
            (unit_kind::TENANT, _) => {
                self.catalog.empty_client(tenant, unit.id).await?;
                lost.clients.insert(tenant.id);
            }
            _ => {
                let index = &self.catalog;
                index
                    .remove_unit_from_index(tenant.id, unit.id, unit.case)
                    .await?;
                for statement in [rows::DELETE_HOOK_SECRETS, rows::DELETE_ENDPOINTS] {
                    self.data().execute(statement, args![unit.id]).await?;
                }
            }
        }
        lost.units += 1;
        self.delete_unit(unit, NO_RECEIPT).await
    }

    /// Erasures that were accepted and not carried out: each is of what is left to destroy, and over
    /// where that is nothing.
    async fn close_lost_erasures(&self, blocks: &LostBlocks) -> Result<(), EraseError> {
        let open = self.data().fetch_all(rows::OPEN_ERASURES, args![false]);
        for row in open.await? {
            let accepted = Accepted::read(&row)?;
            let (mut left, keys) = (Vec::new(), self.keys_to_destroy(&accepted).await?);
            for key in &keys {
                if !self.is_lost(accepted.tenant, *key, blocks).await? {
                    left.push(*key);
                }
            }
            if left.len() == keys.len() {
                continue;
            }
            if left.is_empty() {
                self.take_order_back(accepted.id).await?;
                let done = args![true, accepted.id, false];
                self.data().execute(rows::MARK_DESTROYED, done).await?;
            } else {
                self.order_the_rest(accepted, &left).await?;
            }
        }
        Ok(())
    }

    /// The same order on fewer keys, in the vault and here.
    async fn order_the_rest(&self, accepted: Accepted, left: &[KeyRef]) -> Result<(), EraseError> {
        let noted = self.noted_keys(accepted.id).await?;
        let rest = Done::noted(accepted, noted).only(left);
        let mut tx = self.catalog.keyring.begin_vault().await?;
        let version = self.catalog.keyring.take_head(&mut tx).await?;
        rest.order(&mut tx, version).await?;
        tx.commit().await?;
        let (reopen, arguments) = rest.reopened()?;
        self.data().execute(reopen, arguments).await?;
        Ok(())
    }
}

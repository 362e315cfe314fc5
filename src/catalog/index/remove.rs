//! Taking out an erased contact or a purged tenant.
//!
//! Erasure calls these after the rows are marked (`erased_at`) and before they are deleted, for two
//! reasons: the rows say which messages and cases the contact had, and a writer that finds no row but
//! still its reservation would take the id up again.

use super::rows;
use crate::catalog::{Catalog, CatalogError, rows as data_rows};
use crate::store::{Value, args};
use crate::vocabulary::{CaseId, ContactId, MessageId, TenantId, UnitId};

/// How many rows go in one transaction.
pub(super) const CHUNK: usize = 5_000;
/// What empties a tenant's index, chunk by chunk.
pub(super) const CLEARING: [&str; 2] = [rows::DELETE_SOME_TOKENS, rows::DELETE_SOME_RESERVATIONS];

impl Catalog {
    /// Removes every token and reservation of a contact, its cases, messages and forwardings.
    pub async fn remove_from_index(
        &self,
        tenant: TenantId,
        contact: ContactId,
    ) -> Result<u64, CatalogError> {
        let arguments = args![tenant, contact];
        let units = self
            .data
            .fetch_all(data_rows::UNITS_OF_CONTACT, arguments)
            .await?;
        let mut removed = self.remove_owners(tenant, vec![args![contact]]).await?;
        for row in &units {
            let unit: UnitId = row.id(0)?;
            removed += self
                .remove_unit_from_index(tenant, unit, row.opt_id(1)?)
                .await?;
        }
        Ok(removed)
    }

    /// Removes the reservations of one unit: a part's case, messages and forwardings, or a
    /// quarantined record.
    pub async fn remove_unit_from_index(
        &self,
        tenant: TenantId,
        unit: UnitId,
        case: Option<CaseId>,
    ) -> Result<u64, CatalogError> {
        let mut owners: Vec<Vec<Value>> = Vec::new();
        if let Some(case) = case {
            let row = self
                .data
                .fetch_optional(data_rows::CASE, args![tenant, case])
                .await?;
            let part: Option<UnitId> = row.map(|row| row.id(2)).transpose()?;
            if part == Some(unit) {
                owners.push(args![case]); // The requester's part: the case goes with it.
            }
        }
        for few in [
            data_rows::FORWARDINGS_OF_UNIT,
            data_rows::QUARANTINED_OF_UNIT,
        ] {
            for row in self.data.fetch_all(few, args![tenant, unit]).await? {
                owners.push(args![row.bytes::<16>(0)?]);
            }
        }
        let mut removed = 0;
        let mut after = MessageId([0; 16]);
        loop {
            let page = args![tenant, unit, after, CHUNK as i64];
            let page = self
                .data
                .fetch_all(data_rows::MESSAGES_OF_UNIT, page)
                .await?;
            for row in &page {
                after = row.id(0)?;
                owners.push(args![after]);
            }
            removed += self
                .remove_owners(tenant, std::mem::take(&mut owners))
                .await?;
            if page.len() < CHUNK {
                return Ok(removed);
            }
        }
    }

    async fn remove_owners(
        &self,
        tenant: TenantId,
        owners: Vec<Vec<Value>>,
    ) -> Result<u64, CatalogError> {
        let count = owners.len() as u64;
        let mut tx = self.index.begin().await?;
        tx.fetch_optional(rows::TAKE_ANY_INDEX, args![tenant])
            .await?;
        tx.execute_many(&rows::DELETE_TOKENS, args![tenant], owners.clone())
            .await?;
        tx.execute_many(&rows::DELETE_OWNERS, args![tenant], owners)
            .await?;
        tx.commit().await?;
        Ok(count)
    }

    /// Removes everything of a tenant, in chunks. Its salts expire by themselves: the purge's own is
    /// still to be handed over.
    pub async fn remove_tenant_from_index(&self, tenant: TenantId) -> Result<u64, CatalogError> {
        let mut removed = self.clear_index(tenant).await?;
        let mut tx = self.index.begin().await?;
        tx.fetch_optional(rows::TAKE_ANY_INDEX, args![tenant])
            .await?;
        for statement in [
            rows::DELETE_SUPPRESSIONS,
            rows::DELETE_REMEMBERED,
            rows::DELETE_FORGOTTEN,
            rows::DELETE_STATE,
        ] {
            removed += tx.execute(statement, args![tenant]).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }

    /// Removes a tenant's tokens and reservations, in chunks.
    async fn clear_index(&self, tenant: TenantId) -> Result<u64, CatalogError> {
        let mut removed = 0;
        for statement in CLEARING {
            loop {
                let some = args![tenant, tenant, CHUNK as i64];
                match self.index.execute(statement, some).await? {
                    0 => break,
                    some => removed += some,
                }
            }
        }
        Ok(removed)
    }
}

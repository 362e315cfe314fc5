//! What the erasure room asks of the catalog: an erased person's identifiers, while they can still be
//! read, and an index that is whole again after keys or data were exchanged.

use super::index::suppression::Suppression;
use super::index::{rows as index_rows, tokens};
use super::opened::{ContactRow, UnitRow};
use super::write::ATTEMPTS;
use super::{Catalog, CatalogError, TenantRef, rows};
use crate::store::{StoreError, args};
use crate::vocabulary::{ContactId, TenantId};

impl Catalog {
    /// Remembers the identifiers of a contact that is about to be erased, so that an old export does
    /// not bring the person back. Does nothing when its key is destroyed already: then it was done.
    pub async fn suppress_contact(
        &self,
        tenant: TenantId,
        contact: ContactId,
        suppression: Suppression,
    ) -> Result<(), CatalogError> {
        let row = self
            .data
            .fetch_optional(rows::CONTACT, args![tenant, contact])
            .await?;
        let Some(row) = row else { return Ok(()) };
        let unit = UnitRow::read(tenant, &row, 11)?;
        let Some(sealer) = self.sealer_unless_erased(&unit).await? else {
            return Ok(());
        };
        let contact = ContactRow::read(&row)?.open(&sealer)?;
        let Some(tenant) = self.tenant_by_id(tenant).await? else {
            return Ok(());
        };
        let values = tokens::suppressible(contact.identifiers(), &tenant.country);
        self.suppress(tenant.id, &values, suppression).await?;
        self.pass_all_gates(tenant.id).await
    }

    /// Waits for whoever is past a gate. Two who wait at once may be in each other's way.
    pub(super) async fn pass_all_gates(&self, tenant: TenantId) -> Result<(), CatalogError> {
        for _ in 0..ATTEMPTS {
            let gates = self.data.execute(rows::PASS_ALL_GATES, args![tenant]);
            match gates.await {
                Ok(_) => return Ok(()),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CatalogError::Contended)
    }

    /// Rebuilds a tenant's index whatever state it is in; `false` when the tenant is gone. What was
    /// suppressed under keys of earlier generations goes as well, and only that: another process may
    /// have carried suppressions over to keys that come into force a moment later.
    ///
    /// ```text
    /// one: new keys 2 · carried over to 2, in force      other: carried over to 3
    /// one: rebuilds, sweeps all but 2                    other: 3 in force, nobody is suppressed
    /// ```
    ///
    /// Nor does anything go while a mirror is late: promoted now, it would bring the earlier keys back
    /// into force, and under those nobody would be suppressed. What stays goes with a later rebuild.
    pub async fn rebuild_index_of(&self, tenant: TenantId) -> Result<bool, CatalogError> {
        let Some(tenant) = self.tenant_by_id(tenant).await? else {
            return Ok(false);
        };
        self.set_index_aside(tenant.id).await?;
        self.rebuild_index(&tenant).await?;
        let head = self.keyring.head().await?;
        if !self.keyring.late_mirrors(head.epoch).await?.1.is_empty() {
            return Ok(true);
        }
        let keys = self.keyring.index_keys(tenant.id).await?;
        let mut tx = self.index.begin().await?;
        tx.fetch_optional(index_rows::TAKE_ANY_INDEX, args![tenant.id])
            .await?;
        for statement in [
            index_rows::DELETE_OLDER_SUPPRESSIONS,
            index_rows::DELETE_OLDER_REMEMBERED,
        ] {
            let older = args![tenant.id, keys.lowest_id()];
            tx.execute(statement, older).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// A tenant that is not being erased.
    pub(crate) async fn tenant_by_id(
        &self,
        tenant: TenantId,
    ) -> Result<Option<TenantRef>, CatalogError> {
        let row = self
            .data
            .fetch_optional(rows::TENANT_REF_BY_ID, args![tenant])
            .await?;
        let row = row.filter(|row| matches!(row.opt_i64(2), Ok(None)));
        let tenant = row.map(|row| {
            Ok::<_, CatalogError>(TenantRef {
                id: tenant,
                slug: row.text(0)?,
                country: row.text(1)?,
            })
        });
        tenant.transpose()
    }
}

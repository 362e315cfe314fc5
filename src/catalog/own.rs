//! The operator's own data, tenant `self`; and single values that other rooms keep, each sealed in a unit
//! of its own.

use super::opened::UnitRow;
use super::types::NewTenant;
use super::write::pass_gate;
use super::{Catalog, CatalogError, TenantRef, rows};
use crate::keyring::{KeyRef, Place, Sealer};
use crate::store::{Tx, Value, args};
use crate::vocabulary::{Personal, TenantId, UnitId};

/// The slug of the operator's own data; no client may take it.
pub const OWN_SLUG: &str = "self";

/// A unit that has no row yet, and what seals under it.
pub(crate) struct OwnUnit {
    pub unit: UnitId,
    pub sealer: Sealer,
    key: KeyRef,
}

impl Catalog {
    /// The operator's own data, made when it is first needed.
    pub async fn own_tenant(&self, name: &str, org_no: &str) -> Result<TenantRef, CatalogError> {
        match self.tenant_ref(OWN_SLUG).await {
            Err(CatalogError::TenantUnknown(_)) => {}
            known => return known,
        }
        let own = NewTenant {
            slug: OWN_SLUG.to_owned(),
            name: name.to_owned(),
            org_no: org_no.to_owned(),
            email: Personal::default(),
            country: "SE".to_owned(),
            languages: vec!["sv".to_owned(), "en".to_owned()],
            timezone: "Europe/Stockholm".to_owned(),
        };
        match self.make_tenant(own).await {
            // Another process made it a moment ago.
            Ok(_) | Err(CatalogError::SlugTaken(_)) => self.tenant_ref(OWN_SLUG).await,
            Err(error) => Err(error),
        }
    }

    /// Takes a key for one value; nothing is written yet.
    pub(crate) async fn own_unit(&self, tenant: TenantId) -> Result<OwnUnit, CatalogError> {
        let leased = self.keyring.lease(tenant, 1).await?.pop();
        let leased = leased.ok_or(CatalogError::Contended)?;
        let unit = UnitId::generate(self.random.as_ref());
        let place = Place {
            tenant,
            unit,
            key: leased.key_ref,
        };
        Ok(OwnUnit {
            unit,
            sealer: Sealer::new(place, &leased.key),
            key: leased.key_ref,
        })
    }

    /// Writes the unit's row, in the transaction that writes what is sealed under it. Behind a gate: a
    /// purge that closes them finds the row, or nothing is written.
    pub(crate) async fn write_own_unit(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        it: &OwnUnit,
        kind: i64,
    ) -> Result<(), CatalogError> {
        let mut gate = [0];
        self.random.fill(&mut gate);
        pass_gate(tx, tenant, gate[0].into()).await?;
        let row = args![
            it.unit,
            tenant,
            kind,
            Value::NullBlob,
            Value::NullBlob,
            it.key.block as i64,
            it.key.leaf,
            it.sealer.commitment(),
            self.clock.now(),
        ];
        tx.execute_many(&rows::INSERT_UNITS, args![], vec![row])
            .await?;
        Ok(())
    }

    /// What opens a value: reads `unit, block, leaf, commitment` from a column on. `None` once erased.
    pub(crate) async fn own_sealer(
        &self,
        tenant: TenantId,
        row: &crate::store::Row,
        from: usize,
    ) -> Result<Option<Sealer>, CatalogError> {
        let unit = UnitRow::read(tenant, row, from)?;
        self.sealer_unless_erased(&unit).await
    }
}

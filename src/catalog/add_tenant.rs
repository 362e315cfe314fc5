//! Adding a tenant.

use super::index;
use super::rules;
use super::types::{NewTenant, Tenant, TenantSummary};
use super::{Catalog, CatalogError, GATES, rows, unit_kind};
use crate::audit::{self, Action};
use crate::keyring::{Padding, Place, Sealer, columns};
use crate::store::{StoreError, Value, args};
use crate::vocabulary::{TenantId, UnitId};

impl Catalog {
    /// Adds a tenant: its place in the key tree first, so that its address is sealed before it is
    /// written. A crash in between leaves a place in the tree that nothing uses.
    pub async fn add_tenant(&self, new: NewTenant) -> Result<Tenant, CatalogError> {
        rules::check_tenant(&new)?;
        self.make_tenant(new).await
    }

    /// The same for the operator's own, which has no address and no number to check.
    pub(super) async fn make_tenant(&self, new: NewTenant) -> Result<Tenant, CatalogError> {
        if self.tenant_row(&new.slug).await?.is_some() {
            return Err(CatalogError::SlugTaken(new.slug));
        }
        let id = TenantId::generate(self.random.as_ref());
        self.keyring.add_tenant(id).await?;
        let keys = self.keyring.index_keys(id).await?;
        index::begin(&self.index, id, &keys).await?;
        let tenant = Tenant {
            summary: TenantSummary {
                id,
                slug: new.slug,
                name: new.name.trim().to_owned(),
                org_no: new.org_no,
                country: new.country,
                languages: new.languages,
                timezone: new.timezone,
                state: "active".to_owned(),
                created_at: self.clock.now(),
            },
            email: new.email,
            controller: super::Controller::default(),
        };
        match self.insert_tenant(&tenant).await {
            Err(CatalogError::Store(StoreError::Duplicate { .. })) => {
                Err(CatalogError::SlugTaken(tenant.summary.slug))
            }
            done => done.map(|()| tenant),
        }
    }

    async fn insert_tenant(&self, tenant: &Tenant) -> Result<(), CatalogError> {
        let it = &tenant.summary;
        let mut keys = self.keyring.lease(it.id, 1).await?;
        let leased = keys.pop().ok_or(CatalogError::Contended)?;
        let unit = UnitId::generate(self.random.as_ref());
        let place = Place {
            tenant: it.id,
            unit,
            key: leased.key_ref,
        };
        let sealer = Sealer::new(place, &leased.key);
        let field = columns::TENANT_EMAIL.of(it.id.as_bytes(), 1);
        let plain = tenant.email.expose().as_bytes();
        let email = sealer.seal(field, plain, Padding::Short, self.random.as_ref());

        let mut tx = self.data.begin().await?;
        let row = args![
            it.id,
            &it.slug,
            &it.name,
            &it.org_no,
            &it.country,
            it.languages.join(","),
            &it.timezone,
            &it.state,
            unit,
            email,
            it.created_at,
            1,
            0,
        ];
        tx.execute(rows::INSERT_TENANT, row).await?;
        let gates = (0..GATES).map(|number| args![it.id, number, 0, false]);
        tx.execute_many(&rows::INSERT_GATES, args![], gates.collect())
            .await?;
        let unit = args![
            unit,
            it.id,
            unit_kind::TENANT,
            Value::NullBlob,
            Value::NullBlob,
            leased.key_ref.block as i64,
            leased.key_ref.leaf,
            sealer.commitment(),
            it.created_at,
        ];
        tx.execute_many(&rows::INSERT_UNITS, args![], vec![unit])
            .await?;
        let entry = self.entry(Action::TenantAdded).of(it.id);
        audit::record_in(&mut tx, &entry, self.clock.as_ref(), self.random.as_ref()).await?;
        Ok(tx.commit().await?)
    }
}

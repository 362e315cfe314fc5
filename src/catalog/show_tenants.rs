//! Reading tenants.

use super::opened::UnitRow;
use super::types::{Tenant, TenantSummary};
use super::{Catalog, CatalogError, TenantRef, rows};
use crate::audit::Action;
use crate::keyring::columns;
use crate::store::{Row, StoreError, args};

pub(super) fn summary(row: &Row) -> Result<TenantSummary, StoreError> {
    Ok(TenantSummary {
        id: row.id(0)?,
        slug: row.text(1)?,
        name: row.text(2)?,
        org_no: row.text(3)?,
        country: row.text(4)?,
        languages: row.text(5)?.split(',').map(str::to_owned).collect(),
        timezone: row.text(6)?,
        state: row.text(7)?,
        created_at: row.timestamp(8)?,
    })
}

impl Catalog {
    pub(super) async fn tenant_row(&self, slug: &str) -> Result<Option<Row>, StoreError> {
        self.data
            .fetch_optional(rows::TENANT_BY_SLUG, args![slug])
            .await
    }

    /// The tenant with this slug, for other calls. Nothing sealed is opened.
    pub async fn tenant_ref(&self, slug: &str) -> Result<TenantRef, CatalogError> {
        let unknown = || CatalogError::TenantUnknown(slug.to_owned());
        let row = self.tenant_row(slug).await?.ok_or_else(unknown)?;
        if row.opt_i64(9)?.is_some() {
            return Err(CatalogError::TenantBeingErased);
        }
        Ok(TenantRef {
            id: row.id(0)?,
            slug: row.text(1)?,
            country: row.text(4)?,
        })
    }

    /// The tenant's time zone. Nothing sealed is opened.
    pub async fn timezone(&self, tenant: &TenantRef) -> Result<String, CatalogError> {
        let unknown = || CatalogError::TenantUnknown(tenant.slug.clone());
        let row = self.tenant_row(&tenant.slug).await?.ok_or_else(unknown)?;
        Ok(row.text(6)?)
    }

    /// Every tenant that is not being purged, for calls across tenants.
    pub async fn tenant_refs(&self) -> Result<Vec<TenantRef>, CatalogError> {
        let rows = self.data.fetch_all(rows::TENANTS, args![]).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.opt_i64(9)?.is_none() {
                found.push(TenantRef {
                    id: row.id(0)?,
                    slug: row.text(1)?,
                    country: row.text(4)?,
                });
            }
        }
        Ok(found)
    }

    /// Every tenant, without what is sealed.
    pub async fn list_tenants(&self) -> Result<Vec<TenantSummary>, CatalogError> {
        let entry = self.entry(Action::TenantsListed);
        self.confirmed(&entry, || async move {
            let rows = self.data.fetch_all(rows::TENANTS, args![]).await?;
            let all: Result<Vec<_>, _> = rows.iter().map(summary).collect();
            Ok(all?)
        })
        .await
    }

    /// One tenant with its address.
    pub async fn show_tenant(&self, slug: &str) -> Result<Tenant, CatalogError> {
        let tenant = &self.tenant_ref(slug).await?;
        let entry = self.entry(Action::TenantRead).of(tenant.id);
        self.confirmed(&entry, || self.open_tenant(tenant)).await
    }

    /// The same, for a call that audits and confirms by itself.
    pub async fn open_tenant(&self, tenant: &TenantRef) -> Result<Tenant, CatalogError> {
        let unknown = || CatalogError::TenantUnknown(tenant.slug.clone());
        let row = self.tenant_row(&tenant.slug).await?.ok_or_else(unknown)?;
        let sealer = self.sealer(&UnitRow::read(tenant.id, &row, 12)?).await?;
        let field = columns::TENANT_EMAIL.of(tenant.id.as_bytes(), row.u32(11)?);
        Ok(Tenant {
            summary: summary(&row)?,
            email: sealer.open_text(field, &row.blob(10)?)?,
            controller: self.open_controller(tenant.id, &sealer).await?,
        })
    }
}

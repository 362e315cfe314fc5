//! Looking at records that an import could not read.

use super::index::suppression::Suppression;
use super::index::tokens::Content;
use super::opened::UnitRow;
use super::{Catalog, CatalogError, TenantRef, rows};
use crate::audit::Action;
use crate::keyring::{KeyRef, columns};
use crate::store::{Row, StoreError, args};
use crate::vocabulary::{QuarantineId, TenantId, Timestamp};

/// How many rows of a list are read at a time.
const PAGE: i64 = 500;

/// What is known of a record that an import could not read, without opening it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Quarantined {
    /// Its id.
    pub id: QuarantineId,
    /// Whose data it came with.
    pub tenant: String,
    /// Which import.
    pub source: String,
    /// The line's number.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
    /// When it came.
    pub at: Timestamp,
}

/// The same, opened: the bytes as they came. Personal data, so it has no `Debug`.
pub struct QuarantinedRecord {
    /// What is known of it.
    pub about: Quarantined,
    /// Its bytes.
    pub record: zeroize::Zeroizing<Vec<u8>>,
}

impl Catalog {
    /// Quarantined records, of one tenant or of all, without what they hold.
    pub async fn list_quarantined(
        &self,
        tenant: Option<&TenantRef>,
    ) -> Result<Vec<Quarantined>, CatalogError> {
        let mut entry = self.entry(Action::QuarantineListed);
        entry.tenant = tenant.map(|tenant| tenant.id);
        self.confirmed(&entry, || async move {
            let tenants = match tenant {
                Some(tenant) => vec![tenant.clone()],
                None => self.tenant_refs().await?,
            };
            let mut found = Vec::new();
            for tenant in &tenants {
                self.quarantined_of(tenant, &mut found).await?;
            }
            found.sort_by(|a, b| (&a.tenant, a.at, a.line).cmp(&(&b.tenant, b.at, b.line)));
            Ok(found)
        })
        .await
    }

    async fn quarantined_of(
        &self,
        tenant: &TenantRef,
        found: &mut Vec<Quarantined>,
    ) -> Result<(), CatalogError> {
        let mut after = QuarantineId([0; 16]);
        loop {
            let page = args![tenant.id, after, PAGE];
            let page = self.data.fetch_all(rows::QUARANTINE_LIST, page).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.id(0)?;
            for row in &page {
                found.push(about(row, &tenant.slug)?);
            }
        }
    }

    /// How many records of a client are in quarantine: about anybody, as long as nobody has looked.
    pub async fn count_quarantined(&self, tenant: &TenantRef) -> Result<u64, CatalogError> {
        let row = self
            .data
            .fetch_one(rows::COUNT_QUARANTINED, args![tenant.id]);
        Ok(row.await?.u64(0)?)
    }

    /// Whose data a quarantined record came with.
    pub async fn tenant_of_quarantined(&self, id: QuarantineId) -> Result<TenantId, CatalogError> {
        Ok(self.quarantined_row(id).await?.id(11)?)
    }

    /// One quarantined record, opened.
    pub async fn open_quarantined(
        &self,
        id: QuarantineId,
    ) -> Result<QuarantinedRecord, CatalogError> {
        let tenant = self.tenant_of_quarantined(id).await?;
        let entry = self.entry(Action::QuarantineRead).of(tenant).to(&id.0);
        self.confirmed(&entry, || async move {
            let row = self.quarantined_row(id).await?;
            let unit = UnitRow::read(tenant, &row, 7)?;
            let sealer = self.sealer_unless_erased(&unit).await?;
            let sealer = sealer.ok_or(CatalogError::QuarantinedUnknown(id))?;
            let field = columns::QUARANTINE_RECORD.of(id.as_bytes(), row.u32(6)?);
            Ok(QuarantinedRecord {
                about: about(&row, &row.text(12)?)?,
                record: sealer.open(field, &row.blob(5)?)?,
            })
        })
        .await
    }

    /// Remembers the records of these units, so that the same lines are not quarantined again when the
    /// export comes again. Call it while the units' keys can be used.
    pub async fn suppress_quarantined(
        &self,
        tenant: TenantId,
        keys: &[KeyRef],
        suppression: Suppression,
    ) -> Result<(), CatalogError> {
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            let arguments = args![tenant, key.block as i64, key.leaf];
            let row = self.data.fetch_optional(rows::QUARANTINED_UNDER, arguments);
            let Some(row) = row.await? else {
                continue; // Deleted already: then it was done.
            };
            let unit = UnitRow::read(tenant, &row, 3)?;
            let Some(sealer) = self.sealer_unless_erased(&unit).await? else {
                continue;
            };
            let id = row.id::<QuarantineId>(0)?;
            let field = columns::QUARANTINE_RECORD.of(id.as_bytes(), row.u32(2)?);
            let record = sealer.open(field, &row.blob(1)?)?;
            values.push(Content::Discarded { record: &record }.identity());
        }
        match values.is_empty() {
            true => Ok(()),
            false => self.suppress(tenant, &values, suppression).await,
        }
    }

    async fn quarantined_row(&self, id: QuarantineId) -> Result<Row, CatalogError> {
        let row = self.data.fetch_optional(rows::QUARANTINED, args![id]);
        row.await?.ok_or(CatalogError::QuarantinedUnknown(id))
    }
}

/// Reads `id, source, line, reason, at`.
fn about(row: &Row, tenant: &str) -> Result<Quarantined, StoreError> {
    Ok(Quarantined {
        id: row.id(0)?,
        tenant: tenant.to_owned(),
        source: row.text(1)?,
        line: row.u64(2)?,
        reason: row.text(3)?,
        at: row.timestamp(4)?,
    })
}

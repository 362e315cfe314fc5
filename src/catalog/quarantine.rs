//! Looking at records that an import could not read.

use super::opened::UnitRow;
use super::{Catalog, CatalogError, TenantRef, rows};
use crate::audit::Action;
use crate::keyring::columns;
use crate::store::args;
use crate::vocabulary::{Personal, Timestamp};

/// A record that an import could not read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Quarantined {
    /// Its row; the next page begins after it.
    #[serde(skip)]
    pub id: [u8; 16],
    /// Which import.
    pub source: String,
    /// The line's number.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
    /// When it came.
    pub at: Timestamp,
    /// The record as it came; what is no UTF-8 is shown by replacement characters.
    pub record: Personal,
}

impl Catalog {
    /// Quarantined records of a tenant, in no order but a steady one, after a row of the page before.
    pub async fn quarantined(
        &self,
        tenant: &TenantRef,
        after: Option<[u8; 16]>,
        limit: u32,
    ) -> Result<Vec<Quarantined>, CatalogError> {
        let entry = self.entry(Action::QuarantineRead).of(tenant.id);
        self.confirmed(&entry, || async move {
            let page = args![tenant.id, after.unwrap_or_default(), i64::from(limit)];
            let page = self.data.fetch_all(rows::QUARANTINED_AFTER, page).await?;
            let mut found = Vec::with_capacity(page.len());
            for row in &page {
                let unit = UnitRow::read(tenant.id, row, 7)?;
                let Some(sealer) = self.sealer_unless_erased(&unit).await? else {
                    continue;
                };
                let id = row.bytes(0)?;
                let field = columns::QUARANTINE_RECORD.of(&id, row.u32(6)?);
                let record = sealer.open(field, &row.blob(4)?)?;
                found.push(Quarantined {
                    id,
                    source: row.text(1)?,
                    line: row.u64(2)?,
                    reason: row.text(3)?,
                    at: row.timestamp(5)?,
                    record: String::from_utf8_lossy(&record).into_owned().into(),
                });
            }
            Ok(found)
        })
        .await
    }
}

//! The salts of receipts' subject commitments: handed over once, readable for a day, in no backup.

use std::time::Duration;

use super::rows;
use crate::catalog::{Catalog, CatalogError};
use crate::store::args;
use crate::vocabulary::{ErasureId, Secret, TenantId, Timestamp};

/// How long a salt may be read.
const READABLE: Duration = Duration::from_secs(24 * 60 * 60);

impl Catalog {
    /// Keeps a salt for a day. The first one stays: an erasure that is finished twice has one salt.
    pub async fn keep_salt(
        &self,
        tenant: TenantId,
        erasure: ErasureId,
        salt: &Secret<32>,
    ) -> Result<(), CatalogError> {
        let day = i64::try_from(READABLE.as_micros()).unwrap_or(i64::MAX);
        let until = Timestamp(self.clock.now().0.saturating_add(day));
        let arguments = args![erasure, tenant, salt.expose(), until];
        self.index.execute(rows::INSERT_SALT, arguments).await?;
        Ok(())
    }

    /// A receipt's salt, for a day.
    pub async fn salt(&self, erasure: ErasureId) -> Result<Option<Secret<32>>, CatalogError> {
        let arguments = args![erasure, self.clock.now()];
        let row = self.index.fetch_optional(rows::SALT, arguments).await?;
        let bytes = row.map(|row| row.bytes::<32>(0)).transpose()?;
        Ok(bytes.and_then(|bytes| Secret::from_slice(&bytes)))
    }

    /// Every salt of a tenant that may still be read, with its receipt.
    pub async fn salts(
        &self,
        tenant: TenantId,
    ) -> Result<Vec<(ErasureId, Secret<32>)>, CatalogError> {
        let arguments = args![tenant, self.clock.now()];
        let found = self.index.fetch_all(rows::SALTS_OF_TENANT, arguments);
        let mut salts = Vec::new();
        for row in found.await? {
            if let Some(salt) = Secret::from_slice(&row.bytes::<32>(1)?) {
                salts.push((row.id(0)?, salt));
            }
        }
        Ok(salts)
    }

    /// Deletes the salts that nobody may read any more.
    pub async fn forget_salts(&self) -> Result<u64, CatalogError> {
        let now = args![self.clock.now()];
        Ok(self.index.execute(rows::DELETE_EXPIRED_SALTS, now).await?)
    }
}

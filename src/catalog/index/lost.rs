//! A lost index loses what nobody can make anew: by which identifiers erased people are known again.
//!
//! ```text
//! Pelle is erased: his identifiers are suppressed · the index is lost and rebuilt from the data
//! the export of last year is imported again: nothing says that Pelle is not to come back
//! ```
//!
//! So an index that is begun where nothing of it is left says so when the vault's ledger holds
//! erasures that suppressed somebody, and imports of that client wait until a person has confirmed
//! that what they import is newer. What is recorded as it happens is never suppressed and goes on.

use super::rows;
use crate::audit::{self, Action};
use crate::catalog::{Catalog, CatalogError, TenantRef};
use crate::receipts::body::Kind;
use crate::store::{StoreError, Tx, args};
use crate::vocabulary::TenantId;

/// The kinds of erasures that remember whom, or what, they erased.
const SUPPRESSING: [Kind; 3] = [Kind::Contact, Kind::Quarantine, Kind::Rehousing];

impl Catalog {
    /// Begins a tenant's index anew under keys of this id, and answers its guard.
    pub(crate) async fn begin_anew(
        &self,
        tenant: TenantId,
        keys: i64,
        ready: bool,
    ) -> Result<i64, CatalogError> {
        let suppressing = SUPPRESSING.map(Kind::word);
        let erased = self.keyring.has_erased(tenant, suppressing).await?;
        let lost_at = erased.then(|| self.clock.now().0);
        let mut tx = self.index.begin().await?;
        let begin = args![tenant, keys, ready, 0, lost_at];
        let guard = tx.fetch_one(rows::BEGIN_INDEX, begin).await?.i64(0)?;
        tx.commit().await?;
        Ok(guard)
    }

    /// Refuses an import while it could bring erased people back unseen.
    pub(crate) async fn check_suppressions(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
    ) -> Result<(), CatalogError> {
        let lost = tx.fetch_optional(rows::SUPPRESSIONS_LOST, args![tenant.id]);
        match lost.await? {
            Some(_) => Err(CatalogError::SuppressionsLost(tenant.slug.clone())),
            None => Ok(()),
        }
    }

    /// The tenants whose imports wait for a person.
    pub async fn waiting_for_confirmation(&self) -> Result<Vec<TenantId>, CatalogError> {
        let lost = self.index.fetch_all(rows::ALL_SUPPRESSIONS_LOST, args![]);
        let lost: Result<Vec<TenantId>, StoreError> =
            lost.await?.iter().map(|row| row.id(0)).collect();
        Ok(lost?)
    }

    /// A person confirms that what is imported from now on is newer than what was erased. `false`
    /// when nothing waited for it.
    pub async fn allow_imports(&self, tenant: &TenantRef) -> Result<bool, CatalogError> {
        // The row first: an act without one would be worse than a row of an act that failed.
        let entry = self.entry(Action::ImportsAllowed).of(tenant.id);
        let mut tx = self.data.begin().await?;
        audit::record_in(&mut tx, &entry, self.clock.as_ref(), self.random.as_ref()).await?;
        tx.commit().await?;
        let allowed = self.index.execute(rows::ALLOW_IMPORTS, args![tenant.id]);
        Ok(allowed.await? == 1)
    }
}

//! How far an index came: the data knows, so an index that is not there yet was put back.
//!
//! ```text
//! the index is copied · Cecilia comes · the copy is put back: nothing in it leads to her
//! asked for her, it would say "nothing"; an import would make her a second time
//! ```
//!
//! Each write of the index moves the tenant's guard. The data notes the guard in the transaction of what
//! was written, after the index has committed: so an index of which the data has seen more was put
//! back, or lost its last writes with the machine's power. It is made anew before it answers.
//!
//! The other way about the guard tells nothing: an index is ahead of the data whenever a write of the
//! data is still to come, or failed. An index that let go of erasures which the ledger does not have is of
//! a later history, and made anew too (`lost.rs`):
//!
//! ```text
//! data, vault and root are copied · Bo is erased, the index lets go of him · all three are put back
//! Bo is held again; asked for him, that index would say "nothing"
//! ```

use std::collections::HashMap;

use super::rows;
use crate::catalog::{Catalog, CatalogError, rows as data_rows};
use crate::store::{Db, StoreError, args};
use crate::vocabulary::TenantId;

/// The guard that the data saw last.
pub(super) async fn of(data: &Db, tenant: TenantId) -> Result<i64, StoreError> {
    let row = data
        .fetch_optional(data_rows::INDEX_REACHED, args![tenant])
        .await?;
    Ok(row.map(|row| row.i64(0)).transpose()?.unwrap_or_default())
}

impl Catalog {
    /// Holds the index against data and ledger, as whoever opens a house does: one that is behind the data
    /// is made anew before it answers, and where an erasure is missing in it, imports wait for a person.
    pub(crate) async fn look_at_index(&self) -> Result<(), CatalogError> {
        // The data first: what it has noted is in the index by then.
        let reached = self.data.fetch_all(data_rows::ALL_INDEXES_REACHED, args![]);
        let reached = reached.await?;
        let guards = self.index.fetch_all(rows::ALL_GUARDS, args![]).await?;
        let guards: Result<HashMap<TenantId, i64>, StoreError> = guards
            .iter()
            .map(|row| Ok((row.id(0)?, row.i64(1)?)))
            .collect();
        let guards = guards?;
        for row in &reached {
            let tenant = row.id::<TenantId>(0)?;
            let reached = row.i64(1)?;
            if guards.get(&tenant).is_some_and(|guard| *guard < reached) {
                tracing::warn!(
                    "an index is older than the data: it is made anew before it is asked"
                );
                self.set_index_aside(tenant).await?;
            }
        }
        self.look_for_forgotten(Vec::new()).await
    }
}

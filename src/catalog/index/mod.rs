//! The index: finding a person without holding their name.
//!
//! | File | Does |
//! |---|---|
//! | [`tokens`] | which tokens a contact, a message, a record has |
//! | [`settle`] | writing changed contacts' tokens, and draining the outbox |
//! | [`lookup`] | who has a token |
//! | [`suppression`] | identifiers of erased people |
//! | [`lost`] | no imports while those are lost with an index |
//! | [`reached`] | an index that was put back is made anew |
//! | [`rebuild`] | all of it anew from the data |
//! | [`remove`] | taking out an erased contact or a purged tenant |
//! | [`salt`] | the salts of receipts |
//!
//! Every write takes the tenant's row in `index_state` first and names the generation of the keys it
//! holds. That makes three races impossible:
//!
//! * *Rotation against upsert.* A writer with old keys finds no row and starts again.
//! * *Rebuild against upsert.* A writer looks at the state again after passing its gate; a rebuild
//!   makes the index not ready first and passes all gates then, so whoever is past a gate has
//!   committed before the walk begins, and whoever comes later starts again.
//! * *Drain against erasure.* Tokens are written only while the guard is held and the contact's note
//!   stands and the contact lives; erasure marks the contact first and takes the guard then. So
//!   either it deletes what the drain wrote, or the drain sees the mark.

pub mod lookup;
pub(crate) mod lost;
mod reached;
pub mod rebuild;
pub mod remove;
pub(crate) mod rows;
pub mod salt;
pub mod settle;
pub mod suppression;
pub mod tokens;

use crate::keyring::IndexKeys;
use crate::store::{Db, StoreError, Tx, Value, args};
use crate::vocabulary::TenantId;

/// Takes the tenant's guard for writing and answers it; `None` when the index must be rebuilt first.
pub(crate) async fn take(
    tx: &mut Tx,
    tenant: TenantId,
    keys: &IndexKeys,
) -> Result<Option<i64>, StoreError> {
    let arguments = args![tenant, keys.id(), true];
    let row = tx.fetch_optional(rows::TAKE_INDEX, arguments).await?;
    row.map(|row| row.i64(0)).transpose()
}

/// Whether the index is whole and under these keys.
pub(crate) async fn is_ready(
    index: &Db,
    tenant: TenantId,
    keys: &IndexKeys,
) -> Result<bool, StoreError> {
    let arguments = args![tenant, keys.id(), true];
    let row = index
        .fetch_optional(rows::INDEX_IS_READY, arguments)
        .await?;
    Ok(row.is_some())
}

/// Begins a new tenant's index, empty and ready.
pub(crate) async fn begin(
    index: &Db,
    tenant: TenantId,
    keys: &IndexKeys,
) -> Result<(), StoreError> {
    let mut tx = index.begin().await?;
    let arguments = args![tenant, keys.id(), true, 0, Value::NullI64];
    tx.fetch_one(rows::BEGIN_INDEX, arguments).await?;
    tx.commit().await
}

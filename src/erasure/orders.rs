//! Orders: what is to be erased, kept in the vault, where no restore of data can lose it.

use super::accept::Accepted;
use super::{EraseError, Eraser, rows};
use crate::receipts::body::Kind;
use crate::store::{Tx, args};
use crate::vocabulary::ErasureId;

impl Eraser {
    /// Keeps the order where no restore of data can lose it.
    pub(super) async fn order(&self, accepted: &Accepted) -> Result<(), EraseError> {
        let mut tx = self.catalog.keyring.begin_vault().await?;
        let version = self.catalog.keyring.take_head(&mut tx).await?;
        if accepted.facts.kind == Kind::Rehousing {
            // Its change cannot be undone by a hold that comes later, so both take the head first.
            self.check_holds_in(&mut tx, accepted.tenant, accepted.subject)
                .await?;
        }
        keep_order(&mut tx, accepted, version).await?;
        Ok(tx.commit().await?)
    }

    /// Orders in the vault that are not carried out.
    pub(super) async fn orders(&self) -> Result<Vec<Accepted>, EraseError> {
        let mut tx = self.catalog.keyring.snapshot_vault().await?;
        let orders = tx.fetch_all(rows::vault::ORDERS, args![]).await?;
        tx.rollback().await?;
        orders.iter().map(Accepted::read).collect()
    }

    /// Forgets an order: somebody else's came first, or there is nobody to erase.
    pub(super) async fn take_order_back(&self, erasure: ErasureId) -> Result<(), EraseError> {
        let mut tx = self.catalog.keyring.begin_vault().await?;
        self.catalog.keyring.take_head(&mut tx).await?;
        tx.execute(rows::vault::DELETE_ORDER, args![erasure])
            .await?;
        Ok(tx.commit().await?)
    }
}

/// Writes an order into the vault.
pub(super) async fn keep_order(
    tx: &mut Tx,
    accepted: &Accepted,
    version: i64,
) -> Result<(), EraseError> {
    let Accepted {
        id,
        tenant,
        subject,
        strict,
        facts,
    } = accepted;
    let (kind, requested_at) = (facts.kind.word(), facts.requested_at);
    let facts = serde_json::to_string(facts).map_err(EraseError::Stored)?;
    let arguments = args![
        *id,
        *tenant,
        kind,
        *subject,
        *strict,
        facts,
        requested_at,
        version
    ];
    tx.execute(rows::vault::INSERT_ORDER, arguments).await?;
    Ok(())
}

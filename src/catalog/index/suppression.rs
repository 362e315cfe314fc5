//! Identifiers of erased people: an old export must not bring them back.

use std::collections::HashMap;

use super::rows;
use super::tokens::Identity;
use crate::catalog::{Catalog, CatalogError};
use crate::keyring::{IndexKeys, carry_over};
use crate::store::{StoreError, Tx, args};
use crate::vocabulary::{ErasureId, TenantId, Timestamp};

/// What is remembered of an erased person's identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppression {
    /// Records dated up to here are dropped.
    pub cutoff: Timestamp,
    /// When the source has forgotten the person too, so may we.
    pub expires_at: Timestamp,
    /// Which erasure asked for it.
    pub erasure: ErasureId,
}

/// Up to when each of these values is suppressed. The tenant's guard must be held by `tx`. Costs one
/// look when the tenant has no suppressions, and a curve operation per value when it has.
pub(crate) async fn cutoffs(
    tx: &mut Tx,
    tenant: TenantId,
    keys: &IndexKeys,
    now: Timestamp,
    values: impl Iterator<Item = Identity>,
) -> Result<HashMap<Known, Timestamp>, StoreError> {
    let any = args![tenant, keys.id(), now];
    if tx
        .fetch_optional(rows::HAS_SUPPRESSION, any)
        .await?
        .is_none()
    {
        return Ok(HashMap::new());
    }
    let mut by_token: HashMap<[u8; 32], Known> = HashMap::new();
    for (domain, value) in values {
        let token = keys.suppression(domain, value.expose());
        by_token.insert(token, (domain, value.expose().to_owned()));
    }
    let wanted = by_token.keys().map(|token| args![*token]).collect();
    let head = args![tenant, keys.id(), now];
    let found = tx.fetch_many(&rows::CUTOFFS, head, wanted).await?;
    let mut cutoffs = HashMap::new();
    for row in &found {
        if let Some(value) = by_token.remove(&row.bytes::<32>(0)?) {
            cutoffs.insert(value, row.timestamp(1)?);
        }
    }
    Ok(cutoffs)
}

/// A value as a key of a map.
pub(crate) type Known = (crate::keyring::Domain, String);

impl Catalog {
    /// Remembers an erased person's identifiers. Call it before the contact's reservations are
    /// removed, so that no import brings the person back in between.
    pub async fn suppress(
        &self,
        tenant: TenantId,
        values: &[Identity],
        suppression: Suppression,
    ) -> Result<(), CatalogError> {
        let keys = self.keyring.index_keys(tenant).await?;
        let mut tx = self.index.begin().await?;
        tx.fetch_optional(rows::TAKE_ANY_INDEX, args![tenant])
            .await?;
        let mut insert: Vec<([u8; 32], u16)> = values
            .iter()
            .map(|(domain, value)| (keys.suppression(*domain, value.expose()), domain.code()))
            .collect();
        insert.sort();
        insert.dedup();
        let Suppression {
            cutoff,
            expires_at,
            erasure,
        } = suppression;
        let generation = keys.id();
        let insert = insert
            .into_iter()
            .map(|(token, code)| {
                args![tenant, generation, code, token, cutoff, expires_at, erasure]
            })
            .collect();
        tx.insert_many(&rows::INSERT_SUPPRESSIONS, insert).await?;
        Ok(tx.commit().await?)
    }

    /// Writes every suppression of the old keys under the new ones as well. Call it before the old
    /// keys are destroyed; calling it again, also with other new keys, does no harm. The old ones go
    /// with the rebuild.
    pub async fn carry_over(
        &self,
        tenant: TenantId,
        old: &IndexKeys,
        new: &IndexKeys,
    ) -> Result<u64, CatalogError> {
        let mut tx = self.index.begin().await?;
        tx.fetch_optional(rows::TAKE_ANY_INDEX, args![tenant])
            .await?;
        tx.execute(rows::DELETE_GENERATION, args![tenant, new.id()])
            .await?;
        let stored = args![tenant, old.id()];
        let stored = tx.fetch_all(rows::SUPPRESSIONS, stored).await?;
        let mut carried = Vec::with_capacity(stored.len());
        for row in &stored {
            let token = carry_over(old, new, &row.bytes::<32>(1)?)?;
            carried.push(args![
                tenant,
                new.id(),
                row.i64(0)?,
                token,
                row.timestamp(2)?,
                row.timestamp(3)?,
                row.id::<ErasureId>(4)?,
            ]);
        }
        let count = carried.len() as u64;
        tx.insert_many(&rows::INSERT_SUPPRESSIONS, carried).await?;
        tx.commit().await?;
        Ok(count)
    }
}

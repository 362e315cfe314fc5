//! Identifiers of erased people: an old export must not bring them back.

use std::collections::HashMap;
use std::time::Duration;

use super::rows;
use super::tokens::Identity;
use crate::catalog::{Catalog, CatalogError};
use crate::keyring::{Domain, IndexKeys, carry_over};
use crate::store::{StoreError, Tx, args};
use crate::vocabulary::{ErasureId, TenantId, Timestamp};

/// How long an erased person's identifiers keep an old export from bringing them back: as long as
/// the slowest of the usual sources keeps its own copy.
pub(crate) const HORIZON: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

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

/// A value as a key of a map.
pub(crate) type Known = (Domain, String);

/// What of a batch is suppressed.
#[derive(Debug, Default)]
pub(crate) struct Suppressed {
    /// Up to when each value is.
    pub cutoffs: HashMap<Known, Timestamp>,
    /// The domains that the tenant had suppressions of.
    domains: Vec<Domain>,
    /// The tokens of all values of these, each of them a curve operation.
    tokens: HashMap<[u8; 32], Known>,
}

impl Suppressed {
    /// Looks at values. Costs one look when the tenant has no suppressions, and a curve operation per
    /// value of a domain that has.
    pub async fn look(
        tx: &mut Tx,
        tenant: TenantId,
        keys: &IndexKeys,
        now: Timestamp,
        values: impl Iterator<Item = Identity>,
    ) -> Result<Self, StoreError> {
        let domains = domains(tx, tenant, keys, now).await?;
        if domains.is_empty() {
            return Ok(Self::default());
        }
        let values = values.filter(|(domain, _)| domains.contains(domain));
        let tokens = values.map(|(domain, value)| {
            let token = keys.suppression(domain, value.expose());
            (token, (domain, value.expose().to_owned()))
        });
        let tokens = tokens.collect();
        let cutoffs = cutoffs(tx, tenant, keys, now, &tokens).await?;
        Ok(Self {
            cutoffs,
            domains,
            tokens,
        })
    }

    /// Whether a second look, at the same values, finds the same.
    pub async fn still(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        keys: &IndexKeys,
        now: Timestamp,
        values: impl Iterator<Item = Identity>,
    ) -> Result<bool, StoreError> {
        let cutoffs = match domains(tx, tenant, keys, now).await? == self.domains {
            true => cutoffs(tx, tenant, keys, now, &self.tokens).await?,
            false => Self::look(tx, tenant, keys, now, values).await?.cutoffs,
        };
        Ok(cutoffs == self.cutoffs)
    }
}

/// Which domains the tenant has suppressions of.
async fn domains(
    tx: &mut Tx,
    tenant: TenantId,
    keys: &IndexKeys,
    now: Timestamp,
) -> Result<Vec<Domain>, StoreError> {
    let mut domains = Vec::new();
    let any = args![tenant, keys.id(), now];
    if tx
        .fetch_optional(rows::HAS_SUPPRESSION, any)
        .await?
        .is_none()
    {
        return Ok(domains);
    }
    for domain in Domain::ALL {
        let any = args![tenant, keys.id(), domain.code(), now];
        let any = tx.fetch_optional(rows::HAS_SUPPRESSION_OF, any).await?;
        domains.extend(any.map(|_| domain));
    }
    Ok(domains)
}

async fn cutoffs(
    tx: &mut Tx,
    tenant: TenantId,
    keys: &IndexKeys,
    now: Timestamp,
    tokens: &HashMap<[u8; 32], Known>,
) -> Result<HashMap<Known, Timestamp>, StoreError> {
    if tokens.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted = tokens.keys().map(|token| args![*token]).collect();
    let head = args![tenant, keys.id(), now];
    let mut cutoffs = HashMap::new();
    for row in &tx.fetch_many(&rows::CUTOFFS, head, wanted).await? {
        if let Some(value) = tokens.get(&row.bytes::<32>(0)?) {
            cutoffs.insert(value.clone(), row.timestamp(1)?);
        }
    }
    Ok(cutoffs)
}

impl Catalog {
    /// Remembers an erased person's identifiers, and the erasure, also where there are none. Call it
    /// before the contact's reservations are removed, so that no import brings the person back in between.
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
        tx.execute_many(&rows::INSERT_SUPPRESSIONS, args![], insert)
            .await?;
        let remember = args![tenant, generation, erasure];
        tx.execute(rows::REMEMBER, remember).await?;
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
        for statement in [rows::DELETE_GENERATION, rows::DELETE_REMEMBERED_UNDER] {
            tx.execute(statement, args![tenant, new.id()]).await?;
        }
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
        tx.execute_many(&rows::INSERT_SUPPRESSIONS, args![], carried)
            .await?;
        let under = args![new.id(), tenant, old.id()];
        tx.execute(rows::REMEMBER_UNDER, under).await?;
        tx.commit().await?;
        Ok(count)
    }
}

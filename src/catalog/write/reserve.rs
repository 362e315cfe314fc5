//! Fixing the ids of a batch in the index: the first to reserve a token decides.

use super::change::Change;
use super::plan::{self, Plan, Setting};
use crate::catalog::index::settle::Pending;
use crate::catalog::index::suppression::Suppressed;
use crate::catalog::index::{rows, take};
use crate::catalog::{Catalog, CatalogError, TenantRef};
use crate::keyring::{Domain, IndexKeys};
use crate::store::{StoreError, Tx, args};
use crate::vocabulary::TenantId;

impl Catalog {
    /// One transaction of the index: writes what waits, looks at suppressions, reserves, batch after
    /// batch. `None` when the keys have changed.
    pub(super) async fn reserve(
        &self,
        tenant: &TenantRef,
        keys: &IndexKeys,
        batches: &[&[Change]],
        history: bool,
        pending: &Pending,
    ) -> Result<Option<Vec<Plan>>, CatalogError> {
        let _turn = self.turn().await;
        let mut tx = self.index.begin().await?;
        let Some(guard) = take(&mut tx, tenant.id, keys).await? else {
            return Ok(None);
        };
        if history {
            self.check_suppressions(&mut tx, tenant).await?;
        }
        let written = pending.write(&mut tx, &self.data, tenant.id, keys).await?;
        let mut plans = Vec::with_capacity(batches.len());
        for changes in batches {
            let plan = self.plan(&mut tx, tenant, keys, changes, history).await?;
            plans.push(plan);
        }
        tx.commit().await?;
        pending.wrote(written, guard);
        Ok(Some(plans))
    }

    /// Plans one batch and fixes its ids.
    async fn plan(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        keys: &IndexKeys,
        changes: &[Change],
        history: bool,
    ) -> Result<Plan, StoreError> {
        let suppressed = match history {
            true => {
                let values = plan::all_identifiers(changes, &tenant.country);
                Suppressed::look(tx, tenant.id, keys, self.clock.now(), values).await?
            }
            false => Suppressed::default(),
        };
        let setting = Setting {
            keys,
            country: &tenant.country,
            random: self.random.as_ref(),
            suppressed: &suppressed,
        };
        let mut plan = Plan::new(changes, &setting);
        reserve(tx, tenant.id, &mut plan).await?;
        look(tx, tenant.id, &mut plan).await?;
        plan.suppressed = suppressed;
        Ok(plan)
    }
}

/// Reserves in order of token: rows that lie together are written together. (Two writers of a tenant
/// cannot wait for each other in a circle, because each has taken the tenant's index first.)
///
/// How many were reserved is asked, not which: mostly it is all of them, and a row that comes back costs
/// about as much as one that is written. If others had some, [`look`] tells which.
async fn reserve(tx: &mut Tx, tenant: TenantId, plan: &mut Plan) -> Result<(), StoreError> {
    let mut wanted: Vec<_> = plan.claims.iter().filter(|claim| claim.reserve).collect();
    wanted.sort_by_key(|claim| claim.token);
    let wanted: Vec<_> = wanted
        .into_iter()
        .map(|claim| args![tenant, claim.token.0.code(), claim.token.1, claim.owner])
        .collect();
    let count = wanted.len() as u64;
    if tx.execute_many(&rows::RESERVE, args![], wanted).await? == count {
        for claim in plan.claims.iter_mut().filter(|claim| claim.reserve) {
            (claim.fresh, claim.owned) = (true, true);
        }
    }
    Ok(())
}

/// Whose they are, of which that is not known. An id that we drew is ours: nobody else drew it.
async fn look(tx: &mut Tx, tenant: TenantId, plan: &mut Plan) -> Result<(), StoreError> {
    for domain in Domain::ALL {
        let unknown = plan.claims.iter();
        let unknown = unknown.filter(|claim| !claim.owned && claim.token.0 == domain);
        let unknown = unknown.map(|claim| args![claim.token.1]).collect();
        let head = args![tenant, domain.code()];
        for row in tx.fetch_many(&rows::OWNERS, head, unknown).await? {
            if let Some(claim) = plan.of_token(&(domain, row.bytes(0)?)) {
                let owner = row.bytes(1)?;
                claim.fresh = claim.reserve && claim.owner == owner;
                (claim.owner, claim.owned) = (owner, true);
            }
        }
    }
    Ok(())
}

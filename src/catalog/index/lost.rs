//! A lost index loses what nobody can make anew: by which identifiers erased people are known again.
//!
//! ```text
//! Pelle is erased: his identifiers are suppressed · the index is lost and rebuilt from the data
//! the export of last year is imported again: nothing says that Pelle is not to come back
//! ```
//!
//! The same where an index of before his erasure is put back, and where a late mirror becomes the vault
//! and brings back keys under which he was never suppressed. So the index keeps a row for each erasure
//! that it remembers, under the keys of then, and is held against the ledger: whenever it is begun anew
//! against all of it, and when a house is opened or settled against what came since the last look. Where
//! an erasure is missing, imports of that client wait until a person has confirmed that what they import
//! is newer. What is recorded as it happens is never suppressed and goes on.
//!
//! An erasure is remembered before it stands in the ledger, and carried over before keys change: so who
//! reads the ledger first, the keys then and the index last misses nothing that is there.

use std::collections::BTreeMap;

use super::rows;
use super::suppression::HORIZON;
use crate::audit::{self, Action};
use crate::catalog::{Catalog, CatalogError, TenantRef};
use crate::keyring::{IndexKeys, KeyringError};
use crate::receipts::body::Kind;
use crate::store::{StoreError, Tx, Value, args};
use crate::vocabulary::{ErasureId, TenantId, Timestamp};

/// The kinds of erasures that remember whom, or what, they erased.
pub(crate) const SUPPRESSING: [Kind; 3] = [Kind::Contact, Kind::Quarantine, Kind::Rehousing];

/// The row of what was looked at.
const LOOK: i64 = 1;
/// The row of the newest erasure whose people this index let go.
const LET_GO: i64 = 2;

impl Catalog {
    /// Begins a tenant's index anew under these keys, not ready, and answers its guard. Everything that
    /// the ledger knows must be remembered under them.
    pub(crate) async fn begin_anew(
        &self,
        tenant: TenantId,
        keys: &IndexKeys,
    ) -> Result<i64, CatalogError> {
        let kinds = SUPPRESSING.map(Kind::word);
        let erased = self.keyring.erased_in(tenant, kinds, self.horizon());
        let forgotten = self.not_remembered(tenant, erased.await?).await?;
        let reached = super::reached::of(&self.data, tenant).await?;
        let lost_at = (!forgotten.is_empty()).then(|| self.clock.now().0);
        let mut tx = self.index.begin().await?;
        let begin = args![tenant, keys.id(), false, reached + 1, lost_at];
        let guard = tx.fetch_one(rows::BEGIN_INDEX, begin).await?.i64(0)?;
        insert_forgotten(&mut tx, tenant, &forgotten).await?;
        tx.commit().await?;
        Ok(guard)
    }

    /// Makes a tenant's index one that nobody takes for whole and nobody waits for, as of keys that never
    /// were: whoever needs it next makes it anew.
    pub(crate) async fn set_index_aside(&self, tenant: TenantId) -> Result<(), CatalogError> {
        let reached = super::reached::of(&self.data, tenant).await?;
        let mut tx = self.index.begin().await?;
        let begin = args![tenant, 0, true, reached + 1, Value::NullI64];
        tx.fetch_one(rows::BEGIN_INDEX, begin).await?;
        Ok(tx.commit().await?)
    }

    /// Holds the index against what was erased since the last look, and against erasures that no ledger
    /// tells of. Where one is missing, imports wait, and the index is made anew before it answers: it may
    /// lack more than that.
    pub(crate) async fn look_for_forgotten(
        &self,
        further: Vec<(TenantId, ErasureId)>,
    ) -> Result<(), CatalogError> {
        // The ledger last: it is never behind what the index saw of it, unless it was put back.
        let looked = self.saw(LOOK).await?;
        let let_go = self.saw(LET_GO).await?;
        let newest = self.keyring.head().await?.ledger_seq;
        if looked.max(let_go) > newest {
            self.forget_another_history(newest).await?;
        }
        if looked == newest && further.is_empty() {
            return Ok(());
        }
        let kinds = SUPPRESSING.map(Kind::word);
        let after = if looked <= newest { looked } else { 0 };
        let since = self.keyring.erased_after(after, kinds, self.horizon());
        let mut erased: BTreeMap<TenantId, Vec<ErasureId>> = BTreeMap::new();
        for (tenant, erasure) in since.await?.into_iter().chain(further) {
            erased.entry(tenant).or_default().push(erasure);
        }
        for (tenant, erasures) in erased {
            if self.tenant_by_id(tenant).await?.is_none() {
                continue; // Whoever restores data that knows it rebuilds its index.
            }
            let forgotten = self.not_remembered(tenant, erasures).await?;
            if !forgotten.is_empty() {
                self.set_index_aside(tenant).await?;
                self.stop_imports(tenant, &forgotten).await?;
            }
        }
        let looked = args![LOOK, newest];
        self.index.execute(rows::SET_LOOKED, looked).await?;
        Ok(())
    }

    async fn saw(&self, row: i64) -> Result<i64, CatalogError> {
        let saw = self.index.fetch_optional(rows::LOOKED, args![row]).await?;
        Ok(saw.map(|row| row.i64(0)).transpose()?.unwrap_or_default())
    }

    /// Notes that what the ledger says up to this entry was taken out of the index.
    pub(crate) async fn index_let_go(&self, entry: i64) -> Result<(), CatalogError> {
        let let_go = args![LET_GO, entry];
        self.index.execute(rows::RAISE_LOOKED, let_go).await?;
        Ok(())
    }

    /// The index saw a ledger that was longer than this one: vault, root and data were put back without it.
    /// It no longer leads to whoever was erased since and is held again, nor to what was changed since: each
    /// client's is made anew before it answers. Whom it remembers stays remembered.
    async fn forget_another_history(&self, newest: i64) -> Result<(), CatalogError> {
        tracing::warn!(
            "the index is of a later history than the vault: it is made anew before it is asked"
        );
        for row in self.index.fetch_all(rows::ALL_GUARDS, args![]).await? {
            let tenant = row.id::<TenantId>(0)?;
            if self.tenant_by_id(tenant).await?.is_some() {
                self.set_index_aside(tenant).await?;
            }
        }
        let let_go = args![LET_GO, newest];
        self.index.execute(rows::SET_LOOKED, let_go).await?;
        Ok(())
    }

    async fn stop_imports(
        &self,
        tenant: TenantId,
        forgotten: &[ErasureId],
    ) -> Result<(), CatalogError> {
        let mut tx = self.index.begin().await?;
        let lost = args![self.clock.now(), tenant];
        tx.execute(rows::MARK_SUPPRESSIONS_LOST, lost).await?;
        insert_forgotten(&mut tx, tenant, forgotten).await?;
        Ok(tx.commit().await?)
    }

    /// Those of them that the index does not remember under the keys in force.
    async fn not_remembered(
        &self,
        tenant: TenantId,
        mut erased: Vec<ErasureId>,
    ) -> Result<Vec<ErasureId>, CatalogError> {
        let mut under = None;
        while !erased.is_empty() {
            let keys = match self.keyring.index_keys(tenant).await {
                Ok(keys) => keys.id(),
                Err(KeyringError::Erased(_)) => return Ok(Vec::new()), // Purged since.
                Err(error) => return Err(error.into()),
            };
            if under == Some(keys) {
                break; // And not swept away meanwhile, because other keys came into force.
            }
            under = Some(keys);
            let wanted = erased.iter().map(|it| args![*it]).collect();
            let head = args![tenant, keys];
            let found = self.index.fetch_many(&rows::REMEMBERED, head, wanted);
            let found: Result<Vec<ErasureId>, StoreError> =
                found.await?.iter().map(|row| row.id(0)).collect();
            let found = found?;
            erased.retain(|it| !found.contains(it));
        }
        Ok(erased)
    }

    /// Whoever was erased before this is forgotten by the source too.
    pub(crate) fn horizon(&self) -> Timestamp {
        let horizon = i64::try_from(HORIZON.as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.clock.now().0.saturating_sub(horizon))
    }

    /// One erasure was done by another, which destroyed the same keys first: it is remembered where that
    /// one is.
    pub(crate) async fn remember_with(
        &self,
        tenant: TenantId,
        erasure: ErasureId,
        by: ErasureId,
    ) -> Result<(), CatalogError> {
        let with = args![erasure, tenant, by];
        self.index.execute(rows::REMEMBER_WITH, with).await?;
        Ok(())
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

    /// A person confirms that what is imported from now on is newer than what was erased: from here on
    /// those erasures count as remembered. `false` when nothing waited for it.
    pub async fn allow_imports(&self, tenant: &TenantRef) -> Result<bool, CatalogError> {
        // The row first: an act without one would be worse than a row of an act that failed.
        let entry = self.entry(Action::ImportsAllowed).of(tenant.id);
        let mut tx = self.data.begin().await?;
        audit::record_in(&mut tx, &entry, self.clock.as_ref(), self.random.as_ref()).await?;
        tx.commit().await?;
        let keys = self.ready_keys(tenant).await?;
        let mut tx = self.index.begin().await?;
        tx.fetch_optional(rows::TAKE_ANY_INDEX, args![tenant.id])
            .await?;
        let remember = args![keys.id(), tenant.id];
        tx.execute(rows::REMEMBER_FORGOTTEN, remember).await?;
        tx.execute(rows::DELETE_FORGOTTEN, args![tenant.id]).await?;
        let allowed = tx.execute(rows::ALLOW_IMPORTS, args![tenant.id]).await?;
        tx.commit().await?;
        Ok(allowed == 1)
    }
}

async fn insert_forgotten(
    tx: &mut Tx,
    tenant: TenantId,
    forgotten: &[ErasureId],
) -> Result<(), StoreError> {
    let forgotten = forgotten.iter().map(|it| args![tenant, *it]).collect();
    tx.execute_many(&rows::INSERT_FORGOTTEN, args![], forgotten)
        .await?;
    Ok(())
}

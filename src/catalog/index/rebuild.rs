//! The index anew, from the data: after its keys were changed, or when it is lost.
//!
//! ```text
//! not ready, new generation        from here on no writer reserves and no lookup answers
//! delete the tenant's tokens
//! pass all gates                   whoever was past a gate has committed; who comes later sees
//!                                  "not ready" inside its transaction and starts again
//! walk contacts, cases with their messages and forwardings, quarantined records
//! ready
//! ```
//!
//! Each step takes the guard at the value the step before left. A second rebuild moves the guard, so
//! the first one stops at its next step and never calls a half-built index ready.

mod read;

use std::time::Duration;

use super::remove::{CHUNK, CLEARING};
use super::rows;
use super::settle::{Changed, changed, token_rows};
use super::tokens::{self, Content, Token};
use crate::catalog::opened::{CaseRow, ContactRow, UnitRow};
use crate::catalog::{Catalog, CatalogError, TenantRef, rows as data_rows};
use crate::keyring::{Domain, IndexKeys, KeyringError, Sealer, columns, normalise};
use crate::store::{StoreError, Tx, args};
use crate::vocabulary::{CaseId, ContactId, MessageId, TenantId};

/// How many rows one step opens and writes.
const PAGE: i64 = 200;
/// How often a rebuild of another process is looked at, and how many times it may stand still.
const LOOK: Duration = Duration::from_millis(100);
const STANDSTILL: u32 = 20;
/// How many looks in all before the caller is told to come again.
const LOOKS: u32 = 600;
/// How often a rebuild begins again after somebody moved the guard under it: another rebuild, or an
/// erasure that took a person out of the index.
const TRIES: usize = 20;

/// A rebuild under way: whose, under which keys, and the guard its last step left.
struct Rebuild<'a> {
    tenant: &'a TenantRef,
    keys: IndexKeys,
    guard: i64,
}

impl Catalog {
    /// Makes the tenant's index whole under its current keys, unless it is already. When another
    /// process is at it and gets on, waits for it.
    pub async fn rebuild_index(&self, tenant: &TenantRef) -> Result<(), CatalogError> {
        let _one_at_a_time = self.rebuilding.lock().await;
        let keys = self.keyring.index_keys(tenant.id).await?;
        for _ in 0..TRIES {
            if self.wait_for_other(tenant.id, &keys).await? {
                return Ok(());
            }
            match self.rebuild_under(tenant, keys.clone()).await {
                Err(CatalogError::IndexRebuilding) => {}
                done => return done,
            }
        }
        Err(CatalogError::IndexRebuilding)
    }

    /// The whole walk; [`CatalogError::IndexRebuilding`] when the guard was moved under it.
    async fn rebuild_under(&self, tenant: &TenantRef, keys: IndexKeys) -> Result<(), CatalogError> {
        let guard = self.begin_anew(tenant.id, &keys).await?;
        let mut rebuild = Rebuild {
            tenant,
            keys,
            guard,
        };
        self.clear_for_rebuild(&mut rebuild).await?;
        self.pass_all_gates(tenant.id).await?;
        self.walk_contacts(&mut rebuild).await?;
        self.walk_cases(&mut rebuild).await?;
        self.walk_quarantined(&mut rebuild).await?;
        self.end_rebuild(&rebuild).await
    }

    /// Whether the index is ready by now; `false` when it is ours to rebuild.
    async fn wait_for_other(
        &self,
        tenant: TenantId,
        keys: &IndexKeys,
    ) -> Result<bool, CatalogError> {
        let mut last = None;
        let mut still = 0;
        for _ in 0..LOOKS {
            let row = self.index.fetch_optional(rows::INDEX_STATE, args![tenant]);
            let Some(row) = row.await? else {
                return Ok(false);
            };
            let (generation, ready, guard) = (row.i64(0)?, row.bool(1)?, row.i64(2)?);
            if generation == keys.id() && ready {
                return Ok(true);
            }
            if ready || generation != keys.id() {
                return Ok(false); // Whole, but under keys that are gone.
            }
            still = if last == Some(guard) { still + 1 } else { 0 };
            if still >= STANDSTILL {
                return Ok(false);
            }
            last = Some(guard);
            tokio::time::sleep(LOOK).await;
        }
        Err(CatalogError::IndexRebuilding)
    }

    /// Takes the guard for one step; an error when another rebuild began.
    async fn step(&self, rebuild: &mut Rebuild<'_>) -> Result<Tx, CatalogError> {
        let mut tx = self.index.begin().await?;
        let (tenant, generation) = (rebuild.tenant.id, rebuild.keys.id());
        let arguments = args![tenant, generation, false, rebuild.guard];
        match tx.fetch_optional(rows::STEP_REBUILD, arguments).await? {
            Some(row) => rebuild.guard = row.i64(0)?,
            None => return Err(CatalogError::IndexRebuilding),
        }
        Ok(tx)
    }

    /// Deletes what was there, each chunk under the guard: a rebuild that was overtaken must not empty
    /// the index that the other one has filled and called ready.
    async fn clear_for_rebuild(&self, rebuild: &mut Rebuild<'_>) -> Result<(), CatalogError> {
        for statement in CLEARING {
            loop {
                let mut tx = self.step(rebuild).await?;
                let of = rebuild.tenant.id;
                let some = args![of, of, CHUNK as i64];
                let deleted = tx.execute(statement, some).await?;
                tx.commit().await?;
                if deleted == 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn end_rebuild(&self, rebuild: &Rebuild<'_>) -> Result<(), CatalogError> {
        let (tenant, generation) = (rebuild.tenant.id, rebuild.keys.id());
        let mut tx = self.index.begin().await?;
        let end = args![true, tenant, generation, rebuild.guard];
        if tx.fetch_optional(rows::END_REBUILD, end).await?.is_none() {
            return Err(CatalogError::IndexRebuilding);
        }
        let expired = args![tenant, self.clock.now()];
        tx.execute(rows::DELETE_EXPIRED_SUPPRESSIONS, expired)
            .await?;
        Ok(tx.commit().await?)
    }

    async fn walk_contacts(&self, rebuild: &mut Rebuild<'_>) -> Result<(), CatalogError> {
        let tenant = rebuild.tenant.id;
        let mut after = ContactId([0; 16]);
        loop {
            let mut tx = self.step(rebuild).await?;
            let page = args![tenant, after, PAGE];
            let page = self.data.fetch_all(data_rows::CONTACTS_AFTER, page).await?;
            let mut reserve = Vec::new();
            let mut found: Vec<Changed> = Vec::new();
            for row in &page {
                let contact = ContactRow::read(row)?;
                after = contact.id;
                let unit = UnitRow::read(tenant, row, 11)?;
                let Some(sealer) = self.sealer_unless_erased(&unit).await? else {
                    continue;
                };
                let contact = contact.open(&sealer)?;
                let country = &rebuild.tenant.country;
                let identity = tokens::first_identity(&contact, country);
                let own = tokens::tokens(&rebuild.keys, identity.as_slice());
                reserve.extend(own.into_iter().map(|token| (token, contact.id.0)));
                found.push(changed(&rebuild.keys, &contact, country, true));
            }
            write_identities(&mut tx, tenant, reserve).await?;
            write_tokens(&mut tx, tenant, found).await?;
            tx.commit().await?;
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    async fn walk_cases(&self, rebuild: &mut Rebuild<'_>) -> Result<(), CatalogError> {
        let tenant = rebuild.tenant.id;
        let mut after = CaseId([0; 16]);
        loop {
            let page = args![tenant, after, PAGE];
            let page = self.data.fetch_all(data_rows::CASES_AFTER, page).await?;
            for row in &page {
                let case = CaseRow::read(row)?;
                after = case.id;
                self.walk_case(rebuild, &case).await?;
            }
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// One case with its messages and forwardings; read again under the guard.
    async fn walk_case(
        &self,
        rebuild: &mut Rebuild<'_>,
        case: &CaseRow,
    ) -> Result<(), CatalogError> {
        let tenant = rebuild.tenant.id;
        let mut after = MessageId([0; 16]);
        let mut first = true;
        loop {
            let mut tx = self.step(rebuild).await?;
            let row = self
                .data
                .fetch_optional(data_rows::CASE, args![tenant, case.id])
                .await?;
            // The step is kept even when there is nothing to write: the next one goes on from its guard.
            let Some(row) = row else {
                return Ok(tx.commit().await?);
            };
            let unit = UnitRow::read(tenant, &row, 12)?;
            let stored = CaseRow::read(&row)?;
            let sealer = self.sealer_unless_erased(&unit).await?;
            let Some(sealer) = sealer.filter(|_| !stored.erased) else {
                return Ok(tx.commit().await?);
            };
            let external_id = stored.open(Some(&sealer))?.external_id.unwrap_or_default();
            let mut reserve = Vec::new();
            if std::mem::take(&mut first) {
                if let Some(id) = normalise::external_id(external_id.expose()) {
                    let domain = Domain::CaseExternalId;
                    let token = (domain, rebuild.keys.token(domain, id.expose()));
                    reserve.push((token, case.id.0));
                }
                let forwardings = self.forwardings(&rebuild.keys, tenant, case.id, &external_id);
                reserve.extend(forwardings.await?);
            }
            let page = args![tenant, case.id, after, PAGE];
            let page = self
                .data
                .fetch_all(data_rows::MESSAGES_OF_CASE, page)
                .await?;
            let messages = self.messages(&rebuild.keys, tenant, &page, &external_id);
            reserve.extend(messages.await?);
            write_reservations(&mut tx, tenant, reserve).await?;
            tx.commit().await?;
            match page.last().filter(|_| page.len() == PAGE as usize) {
                Some(last) => after = last.id(0)?,
                None => return Ok(()),
            }
        }
    }

    async fn walk_quarantined(&self, rebuild: &mut Rebuild<'_>) -> Result<(), CatalogError> {
        let tenant = rebuild.tenant.id;
        let mut after = MessageId([0; 16]);
        loop {
            let mut tx = self.step(rebuild).await?;
            let page = args![tenant, after, PAGE];
            let page = self
                .data
                .fetch_all(data_rows::QUARANTINED_AFTER, page)
                .await?;
            let mut reserve = Vec::new();
            for row in &page {
                after = row.id(0)?;
                let unit = UnitRow::read(tenant, row, 7)?;
                let Some(sealer) = self.sealer_unless_erased(&unit).await? else {
                    continue;
                };
                let field = columns::QUARANTINE_RECORD.of(after.as_bytes(), row.u32(6)?);
                let content = Content::Quarantined {
                    source: &row.text(1)?,
                    line: row.u64(2)?,
                    record: &sealer.open(field, &row.blob(4)?)?,
                };
                reserve.push((content.token(&rebuild.keys), after.0));
            }
            write_reservations(&mut tx, tenant, reserve).await?;
            tx.commit().await?;
            if page.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// The sealer of a unit, or nothing when its key is destroyed: its rows are about to go.
    pub(crate) async fn sealer_unless_erased(
        &self,
        unit: &UnitRow,
    ) -> Result<Option<Sealer>, CatalogError> {
        match self.sealer(unit).await {
            Ok(sealer) => Ok(Some(sealer)),
            Err(CatalogError::Keyring(KeyringError::Erased(_))) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

async fn write_reservations(
    tx: &mut Tx,
    tenant: TenantId,
    mut reserve: Vec<(Token, [u8; 16])>,
) -> Result<(), StoreError> {
    reserve.sort();
    let reserve = reserve
        .into_iter()
        .map(|((domain, token), owner)| args![tenant, domain.code(), token, owner])
        .collect();
    tx.execute_many(&rows::RESERVE, args![], reserve).await?;
    Ok(())
}

/// What contacts are known by first. Another one who has it among the further ones, and came earlier in
/// the walk, gives way.
async fn write_identities(
    tx: &mut Tx,
    tenant: TenantId,
    mut reserve: Vec<(Token, [u8; 16])>,
) -> Result<(), StoreError> {
    reserve.sort();
    reserve.dedup_by_key(|(token, _)| *token);
    let reserve = reserve
        .into_iter()
        .map(|((domain, token), owner)| args![tenant, domain.code(), token, owner])
        .collect();
    tx.execute_many(&rows::TAKE_OVER, args![], reserve).await?;
    Ok(())
}

async fn write_tokens(
    tx: &mut Tx,
    tenant: TenantId,
    found: Vec<Changed>,
) -> Result<(), StoreError> {
    let found: Vec<&Changed> = found.iter().collect();
    let searchable = token_rows(tenant, &found, |it| &it.tokens);
    tx.execute_many(&rows::INSERT_TOKENS, args![], searchable)
        .await?;
    let known_by = token_rows(tenant, &found, |it| &it.known_by);
    tx.execute_many(&rows::RESERVE, args![], known_by).await?;
    Ok(())
}

//! Sealing a decided batch and writing it in one transaction.

use super::change::{Change, Outcome};
use super::decide::{Decision, Held, Row};
use super::insert::Rows;
use super::load::pass_gate;
use super::plan::{self, Plan};
use super::{Author, How};
use crate::audit::{self, Entry};
use crate::catalog::index::settle::{Pending, changed};
use crate::catalog::index::{self, rows as index_rows};
use crate::catalog::{Catalog, CatalogError, TenantRef, rows};
use crate::keyring::IndexKeys;
use crate::store::{Tx, Value, args};

impl Catalog {
    /// One transaction of the data store. `None`: another writer or a rebuild came first.
    pub(super) async fn store(
        &self,
        tenant: &TenantRef,
        keys: &IndexKeys,
        changes: &[Change],
        plan: &Plan,
        how: How<'_>,
        pending: &Pending,
    ) -> Result<Option<Vec<Outcome>>, CatalogError> {
        let _turn = self.turn().await;
        let mut tx = self.data.begin().await?;
        let mut gate = [0];
        self.random.fill(&mut gate);
        pass_gate(&mut tx, tenant.id, gate[0].into()).await?;
        // Three questions to two stores, none of which hangs on another.
        let (ready, still_suppressed, loaded) = tokio::join!(
            index::is_ready(&self.index, tenant.id, keys),
            self.still_suppressed(tenant, keys, changes, plan, how.history),
            self.load(&mut tx, tenant, changes, plan),
        );
        if !ready? || !still_suppressed? {
            return Ok(None);
        }
        let Some(mut loaded) = loaded? else {
            return Ok(None);
        };
        let sealers = std::mem::take(&mut loaded.sealers);
        let now = self.clock.now();
        let (country, random) = (tenant.country.as_str(), self.random.as_ref());
        let decision = Decision::make(changes, plan, &loaded, country, now, random);
        let (seals, units) = self.seals(tenant, &decision, sealers).await?;
        // One store writes the units and the other looks while the rows are sealed.
        let (written, reserved, rows) = tokio::join!(
            tx.execute_many(&rows::INSERT_UNITS, args![], units),
            self.still_reserved(tenant, &decision),
            async { Rows::sealed(tenant, changes, &decision, &seals) }
        );
        written?;
        if !reserved? {
            return Ok(None);
        }
        if !rows?.write(&mut tx).await? {
            return Ok(None);
        }
        self.write_attachments(&mut tx, tenant, changes, &decision, &seals)
            .await?;
        pending.clear_notes(&mut tx, tenant.id).await?;
        self.audit_batch(&mut tx, tenant, how.authors, &decision.outcomes)
            .await?;
        let altered = decision.contacts.values();
        let altered = altered.filter(|held| held.row != Row::Stored);
        // Made while the rows become durable.
        let (committed, altered) = tokio::join!(tx.commit(), async {
            let tokens = |held: &Held<_>| {
                let is_new = held.row == Row::New;
                changed(keys, &held.it, &tenant.country, is_new)
            };
            altered.map(tokens).collect::<Vec<_>>()
        });
        committed?;
        pending.add(keys, altered);
        Ok(Some(decision.outcomes))
    }

    /// Whether history is still kept out as it was when the batch was planned. Looked at behind the
    /// gate: an erasure passes all gates after it has written what it suppresses, so whoever is
    /// behind one sees that, or has committed before the keys are destroyed.
    async fn still_suppressed(
        &self,
        tenant: &TenantRef,
        keys: &IndexKeys,
        changes: &[Change],
        plan: &Plan,
        history: bool,
    ) -> Result<bool, CatalogError> {
        if !history {
            return Ok(true);
        }
        let values = plan::all_identifiers(changes, &tenant.country);
        let mut view = self.index.snapshot().await?;
        let now = self.clock.now();
        let still = plan
            .suppressed
            .still(&mut view, tenant.id, keys, now, values);
        let still = still.await?;
        view.rollback().await?;
        Ok(still)
    }

    /// Whether the ids of new contacts and cases are still theirs. An erasure removes reservations
    /// before rows; so when the row is gone but was there a moment ago, this says so, and the id of an
    /// erased person is not taken up again.
    async fn still_reserved(
        &self,
        tenant: &TenantRef,
        decision: &Decision<'_>,
    ) -> Result<bool, CatalogError> {
        let contacts = decision.contacts.values();
        let contacts = contacts.filter(|held| held.row == Row::New);
        let cases = decision.cases.values();
        let cases = cases.filter(|held| held.row == Row::New);
        let new: Vec<Vec<Value>> = contacts
            .map(|held| args![held.it.id])
            .chain(cases.map(|held| args![held.it.id]))
            .collect();
        let count = new.len() as u64;
        if count == 0 {
            return Ok(true);
        }
        let head = args![tenant.id];
        let reserved = self
            .index
            .fetch_many(&index_rows::RESERVED_OWNERS, head, new)
            .await?;
        let reserved = reserved.iter().map(|row| row.u64(0));
        Ok(reserved.sum::<Result<u64, _>>()? == count)
    }

    /// A row for the whole batch, or one for each author's change.
    async fn audit_batch(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        authors: &[Author],
        outcomes: &[Outcome],
    ) -> Result<(), CatalogError> {
        let entries: Vec<Entry> = match authors {
            [author] => vec![entry(*author, tenant, outcomes)],
            authors => authors
                .iter()
                .zip(outcomes.chunks(1))
                .map(|(author, own)| entry(*author, tenant, own))
                .collect(),
        };
        let (clock, random) = (self.clock.as_ref(), self.random.as_ref());
        Ok(audit::record_all_in(tx, &entries, clock, random).await?)
    }
}

fn entry(author: Author, tenant: &TenantRef, outcomes: &[Outcome]) -> Entry {
    let count = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|it| is(it)).count() as u64;
    let mut entry = Entry::new(author.actor, author.action)
        .of(tenant.id)
        .count("created", count(|it| matches!(it, Outcome::Created(_))))
        .count("changed", count(|it| matches!(it, Outcome::Changed(_))))
        .count("unchanged", count(|it| matches!(it, Outcome::Unchanged(_))));
    if let [only] = outcomes {
        entry.object = only.ids().map(|ids| ids.row);
    }
    entry
}

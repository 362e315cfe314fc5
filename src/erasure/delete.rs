//! Deleting rows of units whose keys are destroyed (step 6), in short transactions that each count
//! what they delete. Whatever order a crash leaves, running it again deletes the rest.
//!
//! A contact is closed (its guard taken) before its rows are deleted: a writer that came first has
//! committed and its rows are seen; one that comes later finds the contact closed.

mod people;
mod unit;

pub(super) use self::unit::Unit;
use self::unit::delete_unit_in;
use super::facts::Counts;
use super::{EraseError, Eraser, rows};
use crate::catalog::unit_kind;
use crate::keyring::{Destroyed, KeyRef, LedgerEntry};
use crate::receipts::body::Kind;
use crate::store::{Row, Tx, args};
use crate::vocabulary::{ContactId, ErasureId, TenantId, fail_point};

/// Rows deleted in one transaction at most, so that it ends well within two seconds.
const CHUNK: i64 = 500;
/// Units of one contact deleted in one transaction at most; each has at most `CHUNK` messages then.
const TOGETHER: usize = 8;

/// The values of a profile that a receipt counts, in the order of the statements that look at them.
const PROFILE: [&str; 4] = ["external_id", "name", "phone", "email"];

impl Eraser {
    /// Deletes every row of the units that `entry` destroyed, from index and data, and answers what
    /// was counted under `progress` in all, earlier runs included.
    pub(super) async fn delete_rows(
        &self,
        entry: &LedgerEntry,
        progress: ErasureId,
    ) -> Result<Counts, EraseError> {
        match self.catalog.keyring.destroyed_by(entry.erasure).await? {
            Destroyed::Tenant => self.delete_tenant(entry.tenant, progress).await?,
            Destroyed::Units(keys) => self.delete_units(entry, &keys, progress).await?,
        }
        self.counts(progress).await
    }

    async fn delete_tenant(&self, tenant: TenantId, progress: ErasureId) -> Result<(), EraseError> {
        self.catalog.remove_tenant_from_index(tenant).await?;
        fail_point("purge:index-emptied");
        self.delete_imports(tenant).await?;
        self.delete_people(tenant, progress).await?;
        fail_point("purge:people-deleted");
        loop {
            let units = self
                .data()
                .fetch_all(rows::UNITS_OF_TENANT, args![tenant, CHUNK])
                .await?;
            if units.is_empty() {
                break;
            }
            for row in &units {
                let unit = Unit::read(row)?;
                self.delete_unit(unit, progress).await?;
            }
        }
        fail_point("purge:units-deleted");
        let mut tx = self.data().begin().await?;
        tx.execute(rows::DELETE_TENANT_OUTBOX, args![tenant])
            .await?;
        for statement in [
            rows::DELETE_GATES,
            rows::DELETE_INDEX_REACHED,
            rows::DELETE_REQUEST_EVENTS,
            rows::DELETE_REQUEST_PAUSES,
            rows::DELETE_CONTROLLER,
            rows::DELETE_RECIPIENTS,
            rows::DELETE_PURPOSES,
            rows::DELETE_RETENTION_RULES,
        ] {
            tx.execute(statement, args![tenant]).await?;
        }
        tx.execute(
            rows::EMPTY_TENANT,
            args!["erased", Vec::<u8>::new(), self.catalog.clock.now(), tenant],
        )
        .await?;
        Ok(tx.commit().await?)
    }

    async fn delete_units(
        &self,
        entry: &LedgerEntry,
        keys: &[KeyRef],
        progress: ErasureId,
    ) -> Result<(), EraseError> {
        let tenant = entry.tenant;
        if let Some(contact) = entry.subject.map(ContactId) {
            // By id first: in restored data the profile may be under a key from before a rehousing.
            let there = args![tenant, contact];
            let there = self.data().fetch_optional(rows::READ_CONTACT, there);
            if there.await?.is_some() {
                self.delete_contact(tenant, contact, progress).await?;
            }
        }
        for key in keys {
            let arguments = args![tenant, key.block as i64, i64::from(key.leaf)];
            let Some(row) = self
                .data()
                .fetch_optional(rows::UNIT_OF_KEY, arguments)
                .await?
            else {
                continue; // Deleted already, or never in this data.
            };
            let unit = Unit::read(&row)?;
            match unit.contact {
                Some(contact) if unit.kind == unit_kind::CONTACT => {
                    let rehoused = entry.kind == Kind::Rehousing.word();
                    match rehoused && self.delete_old_profile(tenant, contact, unit.id).await? {
                        true => self.delete_unit(unit, progress).await?,
                        false => self.delete_contact(tenant, contact, progress).await?,
                    }
                }
                _ => {
                    self.catalog
                        .remove_unit_from_index(tenant, unit.id, unit.case)
                        .await?;
                    self.delete_unit(unit, progress).await?;
                }
            }
        }
        Ok(())
    }

    /// Deletes a contact with all its units: its parts first, its profile last, so that a contact
    /// that still has a row is one that is not finished.
    pub(super) async fn delete_contact(
        &self,
        tenant: TenantId,
        contact: ContactId,
        progress: ErasureId,
    ) -> Result<(), EraseError> {
        let held = self.take_contact(contact).await?;
        self.catalog.remove_from_index(tenant, contact).await?;
        let arguments = args![tenant, contact];
        let units = self
            .data()
            .fetch_all(rows::UNITS_OF_CONTACT, arguments)
            .await?;
        let mut units: Vec<Unit> = units.iter().map(Unit::read).collect::<Result<_, _>>()?;
        // Another process may do the same: in one order, so that neither waits for the other in turn.
        units.sort_unstable_by_key(|unit| unit.id);
        let (profiles, parts): (Vec<Unit>, Vec<Unit>) = units
            .into_iter()
            .partition(|unit| unit.kind == unit_kind::CONTACT);
        for part in &parts {
            self.thin_out(part, progress).await?;
        }
        let mut tx = self.data().begin().await?;
        let mut counts = Counts::default();
        for (at, part) in parts.into_iter().enumerate() {
            if at > 0 && at % TOGETHER == 0 {
                self.count(tx, progress, &counts).await?;
                (tx, counts) = (self.data().begin().await?, Counts::default());
            }
            delete_unit_in(&mut tx, part, &mut counts).await?;
        }
        tx.execute(rows::DELETE_OUTBOX, args![tenant, contact])
            .await?;
        if let (1, Some(held)) = (
            tx.execute(rows::DELETE_CONTACT, args![contact]).await?,
            held,
        ) {
            counts.people = 1;
            counts.store("data", 1);
            for (at, category) in PROFILE.into_iter().enumerate() {
                counts.category(category, held.u64(at)?);
            }
        }
        for profile in profiles {
            counts.units += tx.execute(rows::DELETE_UNIT, args![profile.id]).await?;
        }
        self.count(tx, progress, &counts).await
    }

    /// What a contact holds, closed to writers: by its erasure, or here when it is restored data.
    async fn take_contact(&self, contact: ContactId) -> Result<Option<Row>, EraseError> {
        let closed = self
            .data()
            .fetch_optional(rows::CLOSED_CONTACT, args![contact])
            .await?;
        if closed.is_some() {
            return Ok(closed);
        }
        let mut tx = self.data().begin().await?;
        let now = self.catalog.clock.now();
        let taken = tx
            .fetch_optional(rows::TAKE_CONTACT, args![now, contact])
            .await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// What is known of a tenant's uploads goes first: whoever adds a piece takes the upload's row.
    async fn delete_imports(&self, tenant: TenantId) -> Result<(), EraseError> {
        let mut tx = self.data().begin().await?;
        tx.execute(rows::DELETE_REJECTS, args![tenant]).await?;
        tx.execute(rows::DELETE_IMPORTS, args![tenant]).await?;
        Ok(tx.commit().await?)
    }

    /// Adds to the progress in the transaction that deleted, and commits.
    async fn count(
        &self,
        mut tx: Tx,
        progress: ErasureId,
        counts: &Counts,
    ) -> Result<(), EraseError> {
        if let Some(row) = tx
            .fetch_optional(rows::TAKE_PROGRESS, args![progress])
            .await?
        {
            let mut all: Counts =
                serde_json::from_str(&row.text(0)?).map_err(EraseError::Stored)?;
            all.add(counts);
            let text = serde_json::to_string(&all).map_err(EraseError::Stored)?;
            tx.execute(rows::SET_PROGRESS, args![text, progress])
                .await?;
        }
        tx.commit().await?;
        fail_point("apply:batch-deleted");
        Ok(())
    }

    async fn counts(&self, progress: ErasureId) -> Result<Counts, EraseError> {
        match self
            .data()
            .fetch_optional(rows::READ_PROGRESS, args![progress])
            .await?
        {
            Some(row) => serde_json::from_str(&row.text(0)?).map_err(EraseError::Stored),
            None => Ok(Counts::default()),
        }
    }
}

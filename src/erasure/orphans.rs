//! Keys that no row names: given out after a backup that was then restored, or leased and never used.
//!
//! ```text
//! backup 0 · a message is written under key k · backup 1 · backup 0 is restored: no row names k
//! its writer is erased: k is not among the keys that are destroyed, and backup 1 can still be read
//! ```
//!
//! Until such keys are destroyed every receipt of a person says that this copy is open. Destroying
//! them makes what only newer backups hold unreadable for good, so it is done when somebody says so.
//!
//! **When may a receipt say that none are left?** When the key tree was looked through, nothing was
//! left alone, and every mirror has followed: a mirror that has not would bring them back if it were
//! promoted. Finding some is enough to say that some are there, however the data came to be so:
//! data that was put back with other tools says nothing of itself. A process that ends leaves unused
//! keys too, which nothing tells from those; so looking may say "open" where there is no newer
//! backup, and never "complete" where there is one.

use std::collections::BTreeSet;

use serde::Serialize;

use super::facts::Facts;
use super::{EraseError, Eraser, rows};
use crate::audit::Action;
use crate::keyring::{
    Destroyed, Destruction, KeptBy, KeyRef, KeyringError, QuietPoint, TreeTenant,
};
use crate::receipts::body::{Kind, Reference, Tenant};
use crate::store::{StoreError, args};
use crate::vocabulary::{ErasureId, HoldId, TenantId};

/// What is to be done with the orphans that are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// They are counted, and nothing is changed.
    Count,
    /// Receipts say from now on that a newer backup is an open copy.
    Note,
    /// They are destroyed; what cannot be is noted.
    Destroy,
}

/// What looking for orphans found.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Orphans {
    /// Keys that no row names.
    pub found: u64,
    /// Clients that no row names; their keys are among those found.
    pub clients: u64,
    /// How many of the keys were destroyed.
    pub destroyed: u64,
    /// Keys that a running process may have leased; they are left alone.
    pub perhaps_leased: u64,
    /// Keys that a hold keeps, of those found.
    pub held: Vec<Held>,
    /// Mirrors that still have destroyed keys: until they have followed, receipts stay open.
    pub late_mirrors: Vec<String>,
    /// The receipts of their destruction.
    pub receipts: Vec<ErasureId>,
}

/// A client whose keys a hold keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Whose keys they are; its id where no row names it.
    pub client: String,
    /// The hold.
    pub hold: HoldId,
    /// How many keys.
    pub keys: u64,
}

impl Eraser {
    /// Finds keys that no row names. A hold keeps the keys of its client and nobody else's: what may be
    /// done is done, and the report says what was not.
    pub async fn orphans(&self, handling: Handling) -> Result<Orphans, EraseError> {
        let mut report = Orphans::default();
        let keyring = &self.catalog.keyring;
        // Before the rows: a key, or a client, that is used meanwhile is not looked at.
        let quiet = keyring.quiet_point().await?;
        let in_tree = keyring.tenants(quiet).await?;
        let known = self.data().fetch_all(rows::TENANTS, args![]).await?;
        let known: Result<BTreeSet<TenantId>, StoreError> =
            known.iter().map(|row| row.id(0)).collect();
        let known = known?;
        for tenant in in_tree {
            if known.contains(&tenant.id) {
                self.orphans_of(tenant.id, handling, &mut report).await?;
            } else {
                self.unknown_client(tenant, quiet, handling, &mut report)
                    .await?;
            }
        }
        if report.destroyed > 0 {
            self.carry_out_ledger().await?;
            self.issue_receipts().await?;
        }
        if handling == Handling::Destroy && report.perhaps_leased == 0 && report.held.is_empty() {
            self.say_none_left(&mut report).await?;
        }
        Ok(report)
    }

    /// Unless a mirror still has them. The epoch is that of now: what an earlier call destroyed, and
    /// that call may have left to be said, is over in every mirror that has followed to here.
    async fn say_none_left(&self, report: &mut Orphans) -> Result<(), EraseError> {
        let keyring = &self.catalog.keyring;
        let epoch = keyring.head().await?.epoch;
        (_, report.late_mirrors) = keyring.late_mirrors(epoch).await?;
        if report.late_mirrors.is_empty() {
            self.data().execute(rows::SET_ORPHANS, args![false]).await?;
        }
        Ok(())
    }

    async fn note_some(&self, handling: Handling) -> Result<(), EraseError> {
        if handling != Handling::Count {
            self.data().execute(rows::SET_ORPHANS, args![true]).await?;
        }
        Ok(())
    }

    async fn orphans_of(
        &self,
        tenant: TenantId,
        handling: Handling,
        report: &mut Orphans,
    ) -> Result<(), EraseError> {
        // Before the rows: a key that is used meanwhile is not looked at.
        let quiet = self.catalog.keyring.quiet_point().await?;
        let used = self.used_keys(tenant).await?;
        let orphans = self
            .catalog
            .keyring
            .orphans(tenant, quiet, used.into_iter())
            .await?;
        let count = orphans.keys.len() as u64;
        report.found += count;
        report.perhaps_leased += orphans.perhaps_leased;
        if count == 0 {
            return Ok(());
        }
        self.note_some(handling).await?;
        let facts = self.facts(tenant, Kind::Orphans, None, instruction()?);
        let what = Destroyed::Units(orphans.keys);
        self.unless_held(facts.await?, what, count, handling, report)
            .await
    }

    /// A client that came after the backup that was restored: all of its keys go at once, with those
    /// of its index.
    async fn unknown_client(
        &self,
        tenant: TreeTenant,
        quiet: QuietPoint,
        handling: Handling,
        report: &mut Orphans,
    ) -> Result<(), EraseError> {
        let keyring = &self.catalog.keyring;
        let none_used = std::iter::empty();
        let keys = keyring.orphans(tenant.id, quiet, none_used).await?;
        let count = keys.keys.len() as u64 + keys.perhaps_leased;
        if tenant.perhaps_new {
            report.perhaps_leased += count.max(1);
            return Ok(());
        }
        report.clients += 1;
        report.found += count;
        self.note_some(handling).await?;
        let (client, kind) = (unknown(tenant.id), Kind::Orphans);
        let facts = self.facts_about(client, kind, None, instruction()?);
        let facts = Facts {
            unnamed_keys: Some(count),
            ..facts.await?
        };
        self.unless_held(facts, Destroyed::Tenant, count, handling, report)
            .await
    }

    /// Destroys keys where that is to be done, unless a hold stands in the way: also one that is placed in
    /// between, which the vault refuses.
    async fn unless_held(
        &self,
        facts: Facts,
        what: Destroyed,
        keys: u64,
        handling: Handling,
        report: &mut Orphans,
    ) -> Result<(), EraseError> {
        let (id, client) = (facts.tenant.id, facts.tenant.slug.clone());
        // Nobody can tell whose such keys are: a hold on anybody of the client keeps them.
        let hold = match self.hold_on_anybody(id).await? {
            Some(hold) => hold,
            None if handling != Handling::Destroy => return Ok(()),
            None => match self.destroy_orphans(facts, what).await {
                Ok(erasure) => {
                    report.receipts.push(erasure);
                    report.destroyed += keys;
                    return Ok(());
                }
                Err(EraseError::Keyring(KeyringError::Held(hold))) => hold,
                Err(error) => return Err(error),
            },
        };
        report.held.push(Held { client, hold, keys });
        Ok(())
    }

    async fn used_keys(&self, tenant: TenantId) -> Result<Vec<KeyRef>, EraseError> {
        let mut used: Vec<KeyRef> = Vec::new();
        loop {
            let page = self.keys_after(tenant, used.last().copied()).await?;
            if page.is_empty() {
                return Ok(used);
            }
            used.extend(page);
        }
    }

    async fn destroy_orphans(
        &self,
        mut facts: Facts,
        what: Destroyed,
    ) -> Result<ErasureId, EraseError> {
        facts.copies.clear(); // They are what the keys would have opened.
        let erasure = ErasureId::generate(self.catalog.random.as_ref());
        let tenant = facts.tenant.id;
        let keys = match &what {
            Destroyed::Units(keys) => keys.len() as u64,
            Destroyed::Tenant => facts.unnamed_keys.unwrap_or(0),
        };
        let entry = self.catalog.entry(Action::OrphansDestroyed).of(tenant);
        let entry = entry.to(&erasure.0).count("keys", keys);
        let destruction = Destruction {
            kept_by: KeptBy::Anybody,
            erasure,
            kind: facts.kind.word().to_owned(),
            tenant,
            subject: None,
            what,
            suppressed: None,
            new_index_keys: None,
            facts: serde_json::to_string(&facts).map_err(EraseError::Stored)?,
        };
        self.catalog.keyring.destroy(destruction).await?;
        self.note_act(&entry).await?;
        Ok(erasure)
    }
}

fn instruction() -> Result<Reference, EraseError> {
    Ok(Reference::new(
        "keys that no record names, after a restore",
    )?)
}

/// A client of which only the key tree knows: its name is in newer backups, its id stands for it.
fn unknown(id: TenantId) -> Tenant {
    Tenant {
        id,
        slug: id.to_string(),
        name: id.to_string(),
        org_no: "-".to_owned(),
    }
}

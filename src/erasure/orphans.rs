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

use serde::Serialize;

use super::facts::Facts;
use super::{EraseError, Eraser, rows};
use crate::audit::Action;
use crate::keyring::{Destroyed, Destruction, KeyRef};
use crate::receipts::body::{Kind, Reference};
use crate::store::args;
use crate::vocabulary::{ErasureId, TenantId};

/// What looking for orphans found.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Orphans {
    /// Keys that no row names.
    pub found: u64,
    /// How many of them were destroyed.
    pub destroyed: u64,
    /// Keys that a running process may have leased; they are left alone.
    pub perhaps_leased: u64,
    /// Mirrors that still have destroyed keys: until they have followed, receipts stay open.
    pub late_mirrors: Vec<String>,
    /// The receipts of their destruction.
    pub receipts: Vec<ErasureId>,
}

impl Eraser {
    /// Counts keys that no row names and, when `destroy` says so, destroys them.
    pub async fn orphans(&self, destroy: bool) -> Result<Orphans, EraseError> {
        let mut report = Orphans::default();
        for row in self.data().fetch_all(rows::TENANTS, args![]).await? {
            let tenant = row.id::<TenantId>(0)?;
            if self.catalog.keyring.purge_of(tenant).await?.is_none() {
                self.orphans_of(tenant, destroy, &mut report).await?;
            }
        }
        if report.destroyed > 0 {
            self.carry_out_ledger().await?;
            self.issue_receipts().await?;
        }
        if destroy && report.perhaps_leased == 0 {
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

    async fn orphans_of(
        &self,
        tenant: TenantId,
        destroy: bool,
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
        if count > 0 {
            self.data().execute(rows::SET_ORPHANS, args![true]).await?;
        }
        if destroy && count > 0 {
            report
                .receipts
                .push(self.destroy_keys(tenant, orphans.keys).await?);
            report.destroyed += count;
        }
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

    async fn destroy_keys(
        &self,
        tenant: TenantId,
        keys: Vec<KeyRef>,
    ) -> Result<ErasureId, EraseError> {
        let instruction = Reference::new("keys that no record names, after a restore")?;
        let facts = Facts {
            copies: Vec::new(), // They are what the keys would have opened.
            ..self.facts(tenant, Kind::Orphans, None, instruction).await?
        };
        let erasure = ErasureId::generate(self.catalog.random.as_ref());
        let entry = self.catalog.entry(Action::OrphansDestroyed).of(tenant);
        let entry = entry.to(&erasure.0).count("keys", keys.len() as u64);
        let destruction = Destruction {
            erasure,
            kind: facts.kind.word().to_owned(),
            tenant,
            subject: None,
            what: Destroyed::Units(keys),
            suppressed: None,
            new_index_keys: None,
            facts: serde_json::to_string(&facts).map_err(EraseError::Stored)?,
        };
        self.catalog.keyring.destroy(destruction).await?;
        self.note_act(&entry).await?;
        Ok(erasure)
    }
}

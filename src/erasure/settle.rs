//! Bringing data in line with the vault: after a crash, after a restore, and whenever somebody asks.
//! Data whose erasures lag behind was restored; data that is ahead means that the vault was put
//! back, which is refused.

use super::accept::Accepted;
use super::lost::Lost;
use super::rehouse::RehousedUnit;
use super::{EraseError, Eraser, Outcome, rows};
use crate::audit::{self, Action};
use crate::keyring::KeyringError;
use crate::keyring::mirror::LostBlocks;
use crate::receipts::ReceiptError;
use crate::receipts::body::Kind;
use crate::store::args;
use crate::vocabulary::{TenantId, VaultId};

/// Where the data stands against the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing to do.
    Settled,
    /// Erasures are ordered or in the ledger and not carried out here yet.
    Behind,
    /// The data was restored: it serves nothing until it is reconciled.
    Restored,
}

/// What settling did.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Whether the data had been restored.
    pub restored: bool,
    /// Ledger entries carried out.
    pub carried_out: u64,
    /// Erasures whose rows were there again and are deleted again.
    pub erased_again: u64,
    /// Receipts issued.
    pub receipts: u64,
    /// Units that were rehoused after the backup that was restored: what was kept of them is only in
    /// newer backups.
    pub rehoused: Vec<RehousedUnit>,
    /// What nobody can read any more, because its keys were lost with an earlier vault, and what was
    /// deleted for that.
    pub lost: Lost,
    /// Erasures whose receipt waits: for a mirror, or for the signing key.
    pub pending: u64,
    /// Erasures that were ordered and could not be finished, with the reason.
    pub unfinished: Vec<String>,
    /// Tenants whose index was rebuilt.
    pub indexes_rebuilt: u64,
    /// Units whose key was checked (`--full`).
    pub units_checked: u64,
    /// Units whose key is neither there nor in the ledger (`--full`).
    pub keys_missing: u64,
}

/// What the data says of itself.
pub(super) struct Meta {
    pub(super) applied: i64,
    pub(super) restoration: Option<[u8; 16]>,
    vault_version: i64,
    orphans: bool,
}

impl Eraser {
    /// Binds new, empty data to its vault.
    pub async fn adopt(&self) -> Result<(), EraseError> {
        if self
            .data()
            .fetch_optional(rows::READ_META, args![])
            .await?
            .is_some()
        {
            return Ok(());
        }
        let head = self.catalog.keyring.head().await?;
        if head.ledger_seq > 0 || self.catalog.keyring.has_tenants().await? {
            return Err(EraseError::DataLost);
        }
        self.data()
            .execute(rows::INSERT_META, args![head.vault, 0, 0])
            .await?;
        Ok(())
    }

    pub(super) async fn meta(&self) -> Result<Meta, EraseError> {
        let row = self.data().fetch_optional(rows::READ_META, args![]).await?;
        let row = row.ok_or(EraseError::DataLost)?;
        if row.id::<VaultId>(0)? != self.catalog.keyring.vault_id() {
            return Err(EraseError::ForeignData);
        }
        Ok(Meta {
            applied: row.i64(1)?,
            restoration: row.opt_blob(2)?.and_then(|id| id.try_into().ok()),
            vault_version: row.i64(3)?,
            orphans: row.opt_bool(4)?.unwrap_or(false),
        })
    }

    /// Where the data stands. Refuses data, and signed receipts, that are ahead of the vault.
    pub async fn standing(&self) -> Result<Standing, EraseError> {
        let restored = self.is_restored().await?;
        let meta = self.meta().await?;
        let head = self.catalog.keyring.head().await?;
        if meta.applied > head.ledger_seq {
            let what = format!("erasure {} against {}", meta.applied, head.ledger_seq);
            return Err(EraseError::VaultBehindData(what));
        }
        if meta.vault_version > head.version {
            let what = format!("version {} against {}", meta.vault_version, head.version);
            return Err(EraseError::VaultBehindData(what));
        }
        if !self.catalog.keyring.ledger_is_whole().await? {
            let what = "the newest entries of its ledger are missing".to_owned();
            return Err(EraseError::VaultBehindData(what));
        }
        if self.accepted_loss(&meta).await?.is_none() {
            self.check_blocks().await?;
        }
        self.check_signed().await?;
        if restored {
            return Ok(Standing::Restored);
        }
        let open = self
            .data()
            .fetch_optional(rows::OPEN_ERASURES, args![false])
            .await?;
        // The data is marked first: a crash before the vault's mark leaves entries to state again.
        let after = meta.applied.min(head.rows_deleted);
        let to_carry_out = self.catalog.keyring.ledger_after(after, 1).await?;
        let settled = to_carry_out.is_empty()
            && open.is_none()
            && self.orders().await?.is_empty()
            && self.without_receipt().await?.is_empty();
        Ok(if settled {
            Standing::Settled
        } else {
            Standing::Behind
        })
    }

    /// Whether the data lags behind deletions that the vault has noted, or was just put in place.
    /// Cheap: a server asks this each second.
    pub async fn is_restored(&self) -> Result<bool, EraseError> {
        // The head before the data: another process may be concluding an erasure between the two.
        let head = self.catalog.keyring.head().await?;
        let meta = self.meta().await?;
        Ok(meta.applied < head.rows_deleted || meta.restoration.is_some())
    }

    /// Which blocks this data lost, if it was put in its place with a loss that a person accepted.
    pub(super) async fn accepted_loss(
        &self,
        meta: &Meta,
    ) -> Result<Option<LostBlocks>, EraseError> {
        match meta.restoration {
            Some(mark) => Ok(self.catalog.keyring.accepted_loss(mark).await?),
            None => Ok(None),
        }
    }

    /// Restored data is reconciled before anything is written about anybody in it.
    pub(super) async fn settle_if_restored(&self) -> Result<(), EraseError> {
        if self.is_restored().await? {
            self.settle().await?;
        }
        Ok(())
    }

    /// Whether keys are left that were given out after the restored backup was made and that no row
    /// here names: newer backups still hold rows that they open.
    pub async fn has_orphans(&self) -> Result<bool, EraseError> {
        Ok(self.meta().await?.orphans)
    }

    /// How many erasures wait to be carried out, and how many receipts to be issued.
    pub async fn unfinished(&self) -> Result<(u64, u64), EraseError> {
        let open = self.data().fetch_all(rows::OPEN_ERASURES, args![false]);
        let receipts = self.without_receipt().await?.len();
        Ok((open.await?.len() as u64, receipts as u64))
    }

    /// Every block that data uses must be one the vault has given out.
    async fn check_blocks(&self) -> Result<(), EraseError> {
        for row in self.data().fetch_all(rows::TENANTS, args![]).await? {
            let tenant = row.id::<TenantId>(0)?;
            let highest = self
                .data()
                .fetch_one(rows::HIGHEST_BLOCK, args![tenant])
                .await?;
            let Some(highest) = highest.opt_i64(0)? else {
                continue;
            };
            if !self
                .catalog
                .keyring
                .knows_block(tenant, highest.unsigned_abs())
                .await?
            {
                return Err(EraseError::VaultBehindData(format!("key block {highest}")));
            }
        }
        Ok(())
    }

    /// Finishes everything that is unfinished. Restored data is reconciled first: its rows of erased
    /// units are deleted before anything of it may be served. An order that cannot be finished (a
    /// hold) is reported and keeps nothing else back.
    pub async fn settle(&self) -> Result<Report, EraseError> {
        let restored = self.standing().await? == Standing::Restored;
        let mut report = Report {
            restored,
            ..Report::default()
        };
        let carried = self.carry_out_ledger().await?;
        (report.carried_out, report.erased_again) = (carried.entries, carried.again);
        report.rehoused = carried.lost;
        report.lost = self.clean_lost().await?;
        if report.restored {
            report.indexes_rebuilt = self.rebuild_indexes().await?;
        }
        (report.receipts, report.pending) = self.issue_receipts().await?;
        if report.restored && report.pending > 0 && !self.log.can_sign() {
            // Restored data is served only after what was erased again has its receipt.
            return Err(ReceiptError::NoKey.into());
        }
        if report.restored {
            self.say_reconciled(&report).await?;
        }
        self.finish_orders(&mut report).await?;
        // Only now: what a promoted mirror had not heard of is in the ledger again.
        let further = self.further_suppressing(&report).await?;
        self.catalog.look_for_forgotten(further).await?;
        self.catalog.forget_salts().await?;
        Ok(report)
    }

    /// From here on restored data may be served.
    async fn say_reconciled(&self, report: &Report) -> Result<(), EraseError> {
        let mark = self.meta().await?.restoration;
        let mut tx = self.data().begin().await?;
        tx.execute(rows::CLEAR_RESTORED, args![true]).await?;
        let entry = self.catalog.entry(Action::Reconciled);
        let entry = entry.count("erased-again", report.erased_again);
        let entry = entry.count("lost-units", report.lost.units);
        let (clock, random) = (self.catalog.clock.as_ref(), self.catalog.random.as_ref());
        audit::record_in(&mut tx, &entry, clock, random).await?;
        tx.commit().await?;
        if let Some(mark) = mark {
            self.catalog.keyring.loss_is_cleaned(mark).await?;
        }
        Ok(())
    }

    /// Finishes what was ordered: what data has accepted, and what a restore made it forget.
    async fn finish_orders(&self, report: &mut Report) -> Result<(), EraseError> {
        for mut order in self.orders().await? {
            let known = self
                .data()
                .fetch_optional(rows::READ_ERASURE, args![order.id])
                .await?;
            if order.facts.kind == Kind::Rehousing {
                if self.withdraw(&order).await? {
                    report.unfinished.push(format!(
                        "{}: this correction, redaction or move was interrupted, and nothing was \
                         changed: order it again",
                        order.id
                    ));
                }
            } else if known.is_none() {
                match self.accept(&mut order).await {
                    Ok(true) => {}
                    Ok(false) => report
                        .unfinished
                        .push(format!("{}: nobody is there to erase", order.id)),
                    Err(error @ EraseError::Changed { .. }) => {
                        report.unfinished.push(format!("{}: {error}", order.id));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        for row in self
            .data()
            .fetch_all(rows::OPEN_ERASURES, args![false])
            .await?
        {
            let accepted = Accepted::read(&row)?;
            match self.finish(&accepted).await {
                Ok(Outcome { pending: None, .. }) => report.receipts += 1,
                Ok(_) => report.pending += 1,
                Err(error) => report.unfinished.push(format!("{}: {error}", accepted.id)),
            }
        }
        Ok(())
    }

    /// Settles, then [`Eraser::check_fully`].
    pub async fn settle_fully(&self) -> Result<Report, EraseError> {
        let report = self.settle().await?;
        self.check_fully(report).await
    }

    /// After settling: makes every index anew, unless that did, and looks at every unit: its key must be there, or one
    /// erasure must name it. For data that somebody put back with tools of their own: when nobody
    /// was erased since, nothing else tells it from data that was always there.
    pub async fn check_fully(&self, mut report: Report) -> Result<Report, EraseError> {
        if !report.restored {
            report.indexes_rebuilt = self.rebuild_indexes().await?;
        }
        for row in self.data().fetch_all(rows::TENANTS, args![]).await? {
            self.check_units(row.id(0)?, &mut report).await?;
        }
        Ok(report)
    }

    async fn check_units(&self, tenant: TenantId, report: &mut Report) -> Result<(), EraseError> {
        let mut after = None;
        loop {
            let page = self.keys_after(tenant, after).await?;
            for key in &page {
                report.units_checked += 1;
                match self.catalog.keyring.data_key(tenant, *key).await {
                    Ok(_) | Err(KeyringError::Erased(_)) => {}
                    Err(KeyringError::VaultBehindData) => report.keys_missing += 1,
                    Err(error) => return Err(error.into()),
                }
            }
            match page.last() {
                Some(last) => after = Some(*last),
                None => return Ok(()),
            }
        }
    }

    async fn rebuild_indexes(&self) -> Result<u64, EraseError> {
        let mut rebuilt = 0;
        for row in self.data().fetch_all(rows::TENANTS, args![]).await? {
            rebuilt += u64::from(self.catalog.rebuild_index_of(row.id(0)?).await?);
        }
        Ok(rebuilt)
    }
}

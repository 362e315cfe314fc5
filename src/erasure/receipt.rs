//! Step 7: receipts are composed from what the ledger holds, signed, and appended to the log.

use super::facts::{self, Circumstances, Facts, Results};
use super::{EraseError, Eraser, rows};
use crate::keyring::LedgerEntry;
use crate::keyring::assurance::Level;
use crate::keyring::mirror::ForgottenMirror;
use crate::receipts::body::{
    Again, AgainReason, Assurance, Copy, CopyState, Kind, Mirrors, Reference, Root,
};
use crate::store::{Tx, args};
use crate::vocabulary::{ErasureId, fail_point};
use crate::webhooks::{self, Event};

/// Receipts appended in one transaction at most: it holds the vault's head.
const TOGETHER: usize = 32;

/// One receipt that is due.
struct Due {
    entry: LedgerEntry,
    results: Results,
    again: Option<ErasureId>,
}

/// The living copies of the vault, as one receipt is to name them.
struct Copies {
    mirrors: Mirrors,
    /// Directories that still hold the keys.
    open: Vec<Copy>,
}

impl Copies {
    /// Every registered mirror has followed; of those that were forgotten, the ones that had not
    /// heard of this erasure hold its keys until their directories are destroyed.
    fn of(due: &Due, followed: u64, forgotten: &[ForgottenMirror]) -> Result<Self, EraseError> {
        let holds_the_keys = |mirror: &&ForgottenMirror| mirror.epoch < due.entry.epoch;
        let open = forgotten.iter().filter(holds_the_keys).map(open_copy);
        let open: Vec<Copy> = open.collect::<Result<_, EraseError>>()?;
        let mirrors = Mirrors {
            known: followed + open.len() as u64,
            acknowledged: followed,
        };
        Ok(Self { mirrors, open })
    }
}

fn open_copy(mirror: &ForgottenMirror) -> Result<Copy, EraseError> {
    let called = |name: &str| {
        Reference::new(format!(
            "the directory of the forgotten mirror {name} (gallra mirror list)"
        ))
    };
    // A name that may not stand in a receipt keeps no receipt back.
    let place = called(&mirror.name).or_else(|_| called(&mirror.id.to_string()))?;
    Ok(Copy {
        place,
        state: CopyState::NotConfirmed,
        evidence: None,
    })
}

impl Eraser {
    /// Issues every receipt that is due. Answers how many, and how many wait: for a mirror, which
    /// still holds the old keys as long as it has not followed, so nothing is certified before; or
    /// for the signing key.
    pub(super) async fn issue_receipts(&self) -> Result<(u64, u64), EraseError> {
        let newest = self.due().await?.iter().map(|due| due.entry.epoch).max();
        let Some(newest) = newest else {
            return Ok((0, 0));
        };
        if !self.log.can_sign() {
            return Ok((0, self.due().await?.len() as u64));
        }
        // Before the turn: whoever has it must not make the others wait for a late mirror in a row.
        self.wait_for_mirrors(newest).await?;
        let _turn = self.turn.take().await;
        let due = self.due().await?;
        let mut issued = 0;
        for some in due.chunks(TOGETHER) {
            issued += match self.issue(some).await {
                Err(_) if some.len() > 1 => self.issue_each(some).await?,
                issued => issued?,
            };
        }
        Ok((issued, due.len() as u64 - issued))
    }

    /// Issues them one by one, after it failed together: a bad one keeps no earlier one back.
    async fn issue_each(&self, due: &[Due]) -> Result<u64, EraseError> {
        let mut issued = 0;
        for one in due.chunks(1) {
            issued += self.issue(one).await?;
        }
        Ok(issued)
    }

    /// Receipts that are not issued, of erasures and of erasing again.
    async fn due(&self) -> Result<Vec<Due>, EraseError> {
        let mut due = Vec::new();
        for erasure in self.without_receipt().await? {
            if let Some(entry) = self.catalog.keyring.ledger_entry(erasure).await? {
                let results = entry.results.as_deref().unwrap_or_default();
                let results = serde_json::from_str(results).map_err(EraseError::Stored)?;
                due.push(Due {
                    entry,
                    results,
                    again: None,
                });
            }
        }
        for row in self
            .data()
            .fetch_all(rows::OPEN_AGAIN, args![true, false])
            .await?
        {
            let results = serde_json::from_str(&row.text(2)?).map_err(EraseError::Stored)?;
            if let Some(entry) = self.catalog.keyring.ledger_entry(row.id(1)?).await? {
                due.push(Due {
                    entry,
                    results,
                    again: Some(row.id(0)?),
                });
            }
        }
        Ok(due)
    }

    /// Entries whose rows are deleted and whose receipt is not in the log.
    pub(super) async fn without_receipt(&self) -> Result<Vec<ErasureId>, EraseError> {
        let mut tx = self.catalog.keyring.snapshot_vault().await?;
        let rows = tx.fetch_all(rows::vault::WITHOUT_RECEIPT, args![]).await?;
        tx.rollback().await?;
        Ok(rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?)
    }

    /// Issues these receipts but those that must wait for a mirror; answers how many.
    async fn issue(&self, due: &[Due]) -> Result<u64, EraseError> {
        let mut ready = Vec::with_capacity(due.len());
        for one in due {
            let epoch = one.entry.epoch;
            let (known, late) = self.catalog.keyring.late_mirrors(epoch).await?;
            if late.is_empty() {
                ready.push((one, known));
            }
        }
        if ready.is_empty() {
            return Ok(0);
        }
        // Before the receipts: what is told twice is told once, what is never told is missed.
        self.announce(&ready).await?;
        fail_point("receipt:before-append");
        let mut tx = self.catalog.keyring.begin_vault().await?;
        let version = self.catalog.keyring.take_head(&mut tx).await?;
        let forgotten = ForgottenMirror::all(&mut tx).await?;
        for (one, followed) in &ready {
            let mirrors = Copies::of(one, *followed, &forgotten)?;
            self.append(&mut tx, one, mirrors, version).await?;
        }
        tx.commit().await?;
        fail_point("receipt:appended");
        self.note_vault_version().await?;
        for again in ready.iter().filter_map(|(one, _)| one.again) {
            self.data()
                .execute(rows::MARK_RECEIPTED, args![true, again])
                .await?;
        }
        Ok(ready.len() as u64)
    }

    /// Tells who wants to know.
    async fn announce(&self, ready: &[(&Due, u64)]) -> Result<(), EraseError> {
        let (clock, random) = (self.catalog.clock.as_ref(), self.catalog.random.as_ref());
        let mut tx = self.data().begin().await?;
        for (one, _) in ready {
            let purge = one.entry.kind == Kind::TenantPurge.word() && one.again.is_none();
            let purge = purge.then_some(webhooks::Kind::TenantPurged);
            let receipt = Some(webhooks::Kind::ReceiptIssued);
            for kind in receipt.into_iter().chain(purge) {
                let event = Event {
                    kind,
                    tenant: one.entry.tenant,
                    object: one.again.unwrap_or(one.entry.erasure).0,
                };
                webhooks::announce(&mut tx, event, clock, random).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Composes one receipt, appends it, and marks its entry.
    async fn append(
        &self,
        tx: &mut Tx,
        due: &Due,
        mirrors: Copies,
        version: i64,
    ) -> Result<(), EraseError> {
        let facts: Facts = serde_json::from_str(&due.entry.facts).map_err(EraseError::Stored)?;
        // Snapshots and roots set aside may have come between: what counts is the least.
        let mut root = self.root();
        root.assurance = root.assurance.min(facts.assurance.unwrap_or(Assurance::C));
        let circumstances = Circumstances {
            root,
            mirrors: mirrors.mirrors,
            copies: mirrors.open,
        };
        let again = due.again.map(|id| {
            let of = due.entry.erasure;
            let reason = AgainReason::RestoredBackup;
            (id, Again { of, reason })
        });
        let now = self.catalog.clock.now();
        let (entry, results) = (&due.entry, due.results.clone());
        let compose = |seq| facts::body(&facts, entry, results, circumstances, again, (seq, now));
        self.log.append(tx, compose).await?;
        if due.again.is_none() {
            let arguments = args![now, version, due.entry.erasure];
            tx.execute(rows::vault::MARK_RECEIPTED, arguments).await?;
        }
        Ok(())
    }

    /// What this machine's root makes true now.
    pub fn root(&self) -> Root {
        let assurance = match self.catalog.keyring.assurance().level {
            Level::C => Assurance::C,
            Level::B => Assurance::B,
            Level::A => Assurance::A,
        };
        Root {
            provider: "file".to_owned(),
            assurance,
        }
    }

    /// Gives the mirrors time to follow; whether they did is seen afterwards.
    async fn wait_for_mirrors(&self, epoch: u64) -> Result<(), EraseError> {
        let until = self.catalog.clock.uptime() + self.mirror_patience;
        loop {
            let (_, late) = self.catalog.keyring.late_mirrors(epoch).await?;
            if late.is_empty() || self.catalog.clock.uptime() >= until {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

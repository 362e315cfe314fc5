//! Step 7: receipts are composed from what the ledger holds, signed, and appended to the log.

use super::facts::{self, Circumstances, Facts, Results};
use super::{EraseError, Eraser, rows};
use crate::keyring::LedgerEntry;
use crate::receipts::body::{Again, AgainReason, Mirrors};
use crate::store::args;
use crate::vocabulary::{ErasureId, fail_point};

/// One receipt that is due.
struct Due {
    entry: LedgerEntry,
    results: Results,
    again: Option<ErasureId>,
}

impl Eraser {
    /// Issues every receipt that is due. Answers how many, and how many wait for a mirror: a mirror
    /// that has not followed still holds the old keys, so nothing is certified before.
    pub(super) async fn issue_receipts(&self) -> Result<(u64, u64), EraseError> {
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
        let (mut issued, mut pending) = (0, 0);
        for due in due {
            match self.issue(due).await? {
                true => issued += 1,
                false => pending += 1,
            }
        }
        Ok((issued, pending))
    }

    /// Entries whose rows are deleted and whose receipt is not in the log.
    pub(super) async fn without_receipt(&self) -> Result<Vec<ErasureId>, EraseError> {
        let mut tx = self.catalog.keyring.snapshot_vault().await?;
        let rows = tx.fetch_all(rows::vault::WITHOUT_RECEIPT, args![]).await?;
        tx.rollback().await?;
        Ok(rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?)
    }

    /// Issues one receipt; `false` when it must wait for a mirror.
    async fn issue(&self, due: Due) -> Result<bool, EraseError> {
        let (known, late) = self.wait_for_mirrors(due.entry.epoch).await?;
        if !late.is_empty() {
            return Ok(false);
        }
        let facts: Facts = serde_json::from_str(&due.entry.facts).map_err(EraseError::Stored)?;
        let circumstances = Circumstances {
            root: self.root.clone(),
            mirrors: Mirrors {
                known,
                acknowledged: known,
            },
        };
        let again = due.again.map(|id| {
            (
                id,
                Again {
                    of: due.entry.erasure,
                    reason: AgainReason::RestoredBackup,
                },
            )
        });
        let now = self.catalog.clock.now();
        fail_point("receipt:before-append");
        let mut tx = self.catalog.keyring.begin_vault().await?;
        let version = self.catalog.keyring.take_head(&mut tx).await?;
        let (entry, results) = (&due.entry, due.results.clone());
        let compose = |seq| {
            facts::body(
                &facts,
                entry,
                results,
                circumstances,
                again.clone(),
                (seq, now),
            )
        };
        self.log.append(&mut tx, compose).await?;
        if due.again.is_none() {
            let arguments = args![now, version, due.entry.erasure];
            tx.execute(rows::vault::MARK_RECEIPTED, arguments).await?;
        }
        tx.commit().await?;
        fail_point("receipt:appended");
        self.note_vault_version().await?;
        if let Some(again) = due.again {
            self.data()
                .execute(rows::MARK_RECEIPTED, args![true, again])
                .await?;
        }
        Ok(true)
    }

    async fn wait_for_mirrors(&self, epoch: u64) -> Result<(u64, Vec<String>), EraseError> {
        let until = self.catalog.clock.uptime() + self.mirror_patience;
        loop {
            let (known, late) = self.catalog.keyring.late_mirrors(epoch).await?;
            if late.is_empty() || self.catalog.clock.uptime() >= until {
                return Ok((known, late));
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

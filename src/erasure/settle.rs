//! Bringing data in line with the vault's ledger: after every erasure, after a crash, after a
//! restore. Data whose erasures lag behind was restored; data that is ahead means that the vault was
//! put back, which is refused.

use sha2::{Digest, Sha256};

use super::accept::Accepted;
use super::facts::Results;
use super::{EraseError, Eraser, rows};
use crate::keyring::{Destroyed, KeyRef, KeyringError, LedgerEntry};
use crate::receipts::body::{Verification, VerificationMethod};
use crate::store::args;
use crate::vocabulary::{ErasureId, TenantId, VaultId, fail_point};

/// Ledger entries carried out between two checkpoints at most.
const BATCH: i64 = 256;
/// Keys of one erasure that are tried after it, at most: opening one must fail.
const TRIED_KEYS: usize = 64;

/// Where the data stands against the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing to do.
    Settled,
    /// Erasures are accepted or in the ledger and not carried out here yet.
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
    /// Erasures whose receipt waits for a mirror.
    pub pending: u64,
    /// Tenants whose index was rebuilt.
    pub indexes_rebuilt: u64,
    /// Units whose key was checked (`--full`).
    pub units_checked: u64,
    /// Units whose key is neither there nor in the ledger (`--full`): never zero silently.
    pub keys_missing: u64,
}

/// What the data says of itself.
struct Meta {
    applied: i64,
    restoration: Option<[u8; 16]>,
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
        if head.ledger_seq > 0 || head.version > 1 {
            return Err(EraseError::DataLost);
        }
        self.data()
            .execute(rows::INSERT_META, args![head.vault, 0, 0])
            .await?;
        Ok(())
    }

    async fn meta(&self) -> Result<Meta, EraseError> {
        let row = self.data().fetch_optional(rows::READ_META, args![]).await?;
        let row = row.ok_or(EraseError::DataLost)?;
        if row.id::<VaultId>(0)? != self.catalog.keyring.vault_id() {
            return Err(EraseError::ForeignData);
        }
        let restoration = row.opt_blob(2)?.and_then(|id| id.try_into().ok());
        Ok(Meta {
            applied: row.i64(1)?,
            restoration,
        })
    }

    /// Where the data stands. Refuses data that is ahead of the vault.
    pub async fn standing(&self) -> Result<Standing, EraseError> {
        // The head before the data and after it: another process may be concluding an erasure.
        let before = self.catalog.keyring.head().await?;
        let meta = self.meta().await?;
        let head = self.catalog.keyring.head().await?;
        if meta.applied > head.ledger_seq {
            let what = format!("erasure {} against {}", meta.applied, head.ledger_seq);
            return Err(EraseError::VaultBehindData(what));
        }
        self.check_blocks().await?;
        if meta.applied < before.rows_deleted || meta.restoration.is_some() {
            return Ok(Standing::Restored);
        }
        let open = self
            .data()
            .fetch_optional(rows::OPEN_ERASURES, args![false])
            .await?;
        let unissued = self.without_receipt().await?;
        match meta.applied < head.ledger_seq || open.is_some() || !unissued.is_empty() {
            true => Ok(Standing::Behind),
            false => Ok(Standing::Settled),
        }
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
    /// units are deleted before anything of it may be served.
    pub async fn settle(&self) -> Result<Report, EraseError> {
        let mut report = Report {
            restored: self.standing().await? == Standing::Restored,
            ..Report::default()
        };
        if report.restored {
            let id = self.restoration_id();
            self.data().execute(rows::MARK_RESTORED, args![id]).await?;
        }
        (report.carried_out, report.erased_again) = self.carry_out_ledger().await?;
        for row in self
            .data()
            .fetch_all(rows::OPEN_ERASURES, args![false])
            .await?
        {
            self.finish(&Accepted::read(&row)?).await?;
        }
        if report.restored {
            report.indexes_rebuilt = self.rebuild_indexes().await?;
        }
        (report.receipts, report.pending) = self.issue_receipts().await?;
        if report.restored {
            self.data().execute(rows::CLEAR_RESTORED, args![]).await?;
        }
        Ok(report)
    }

    /// Settles, then looks at every unit: its key must be there, or one erasure must name it.
    pub async fn settle_fully(&self) -> Result<Report, EraseError> {
        let mut report = self.settle().await?;
        for row in self.data().fetch_all(rows::TENANTS, args![]).await? {
            self.check_units(row.id(0)?, &mut report).await?;
        }
        Ok(report)
    }

    async fn check_units(&self, tenant: TenantId, report: &mut Report) -> Result<(), EraseError> {
        let mut after = (-1, -1);
        loop {
            let arguments = args![tenant, after.0, after.0, after.1, 1000];
            let page = self.data().fetch_all(rows::UNITS_AFTER, arguments).await?;
            for row in &page {
                after = (row.i64(0)?, row.i64(1)?);
                let leaf = u16::try_from(after.1).unwrap_or(u16::MAX);
                let key = KeyRef {
                    block: after.0.unsigned_abs(),
                    leaf,
                };
                report.units_checked += 1;
                match self.catalog.keyring.data_key(tenant, key).await {
                    Ok(_) | Err(KeyringError::Erased(_)) => {}
                    Err(KeyringError::VaultBehindData) => report.keys_missing += 1,
                    Err(error) => return Err(error.into()),
                }
            }
            if page.is_empty() {
                return Ok(());
            }
        }
    }

    fn restoration_id(&self) -> Vec<u8> {
        let mut id = vec![0; 16];
        self.catalog.random.fill(&mut id);
        id
    }

    async fn rebuild_indexes(&self) -> Result<u64, EraseError> {
        let mut rebuilt = 0;
        for row in self.data().fetch_all(rows::TENANTS, args![]).await? {
            rebuilt += u64::from(self.catalog.rebuild_index_of(row.id(0)?).await?);
        }
        Ok(rebuilt)
    }

    /// Carries the ledger out on this data, in order: deletes rows, checks, states the results.
    /// Answers how many entries, and how many of them were there again.
    pub(super) async fn carry_out_ledger(&self) -> Result<(u64, u64), EraseError> {
        let (mut all, mut again) = (0, 0);
        loop {
            let meta = self.meta().await?;
            let head = self.catalog.keyring.head().await?;
            let after = meta.applied.min(head.rows_deleted);
            let entries = self.catalog.keyring.ledger_after(after, BATCH).await?;
            if entries.is_empty() {
                return Ok((all, again));
            }
            let mut counted = Vec::with_capacity(entries.len());
            for entry in &entries {
                let deleted = self.delete_entry(entry, meta.restoration).await?;
                again += u64::from(deleted.1);
                counted.push((entry, deleted.0));
            }
            fail_point("apply:rows-deleted");
            let checkpoint = self.checkpoint().await?;
            fail_point("apply:checkpointed");
            for (entry, results) in counted {
                self.conclude(entry, results, checkpoint.clone()).await?;
            }
            all += entries.len() as u64;
        }
    }

    /// Deletes the rows of one entry and checks that they are gone; says whether they had been gone
    /// before and were there again.
    async fn delete_entry(
        &self,
        entry: &LedgerEntry,
        restoration: Option<[u8; 16]>,
    ) -> Result<(Results, bool), EraseError> {
        let again = match restoration {
            Some(restoration) if entry.rows_deleted_at.is_some() => {
                let found = self.left(entry).await?.1 > 0;
                found.then(|| again_id(&restoration, entry.erasure))
            }
            _ => None,
        };
        let progress = again.unwrap_or(entry.erasure);
        let arguments = args![
            progress,
            entry.erasure,
            entry.seq,
            again.is_some(),
            EMPTY,
            false
        ];
        self.data().execute(rows::BEGIN_PROGRESS, arguments).await?;
        let counts = self.delete_rows(entry, progress).await?;
        let (checked, left) = self.left(entry).await?;
        if left > 0 {
            return Err(EraseError::NotEmpty {
                erasure: entry.erasure.to_string(),
                left,
            });
        }
        let rescan = Verification {
            method: VerificationMethod::RescanToZero,
            checked,
            passed: true,
        };
        let (keys, tried) = self.try_keys(entry, counts.units).await?;
        let verification = vec![tried, rescan];
        Ok((
            Results {
                counts,
                keys,
                verification,
            },
            again.is_some(),
        ))
    }

    /// Tries to get destroyed keys: each must be refused as erased.
    async fn try_keys(
        &self,
        entry: &LedgerEntry,
        units: u64,
    ) -> Result<(u64, Verification), EraseError> {
        let (count, keys) = match self.catalog.keyring.destroyed_by(entry.erasure).await? {
            Destroyed::Tenant => (units, vec![KeyRef { block: 0, leaf: 0 }]),
            Destroyed::Units(keys) => (keys.len() as u64, keys),
        };
        let (mut checked, mut passed) = (0, true);
        for key in keys.into_iter().take(TRIED_KEYS) {
            checked += 1;
            match self.catalog.keyring.data_key(entry.tenant, key).await {
                Err(KeyringError::Erased(_)) => {}
                Ok(_) => passed = false,
                Err(error) => return Err(error.into()),
            }
        }
        let method = VerificationMethod::NegativeDecrypt;
        Ok((
            count,
            Verification {
                method,
                checked,
                passed,
            },
        ))
    }

    /// Gets deleted rows out of the engines' own copies.
    async fn checkpoint(&self) -> Result<Verification, EraseError> {
        let data = self.data().checkpoint(self.checkpoint_patience).await?;
        let index = self
            .catalog
            .index
            .checkpoint(self.checkpoint_patience)
            .await?;
        let passed = data.is_complete() && index.is_complete();
        if !passed {
            tracing::warn!(%data, %index, "deleted rows are still in an engine's own copies");
        }
        Ok(Verification {
            method: VerificationMethod::StoreCheckpoint,
            checked: 2,
            passed,
        })
    }

    /// Marks an entry as carried out: in the data first, then in the vault, so that the vault never
    /// claims more than the data did.
    async fn conclude(
        &self,
        entry: &LedgerEntry,
        mut results: Results,
        checkpoint: Verification,
    ) -> Result<(), EraseError> {
        self.data()
            .execute(rows::RAISE_APPLIED, args![entry.seq, entry.seq])
            .await?;
        fail_point("apply:raised");
        results.verification.push(checkpoint);
        let results = serde_json::to_string(&results).map_err(EraseError::Stored)?;
        let mut tx = self.catalog.keyring.begin_vault().await?;
        self.catalog
            .keyring
            .state_results(&mut tx, entry, &results)
            .await?;
        tx.commit().await?;
        fail_point("apply:stated");
        Ok(())
    }
}

const EMPTY: &str = r#"{"people":0,"units":0,"categories":{},"stores":{}}"#;

/// The id of erasing again after one restore: the same however often that is resumed.
fn again_id(restoration: &[u8; 16], erasure: ErasureId) -> ErasureId {
    let digest = Sha256::new()
        .chain_update(b"gallra erased again")
        .chain_update(restoration)
        .chain_update(erasure.as_bytes())
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    ErasureId(id)
}

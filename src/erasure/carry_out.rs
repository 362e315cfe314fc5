//! Carrying the vault's ledger out on this data, in order: steps 4 to 6 of the erase protocol, after
//! an erasure as after a restore.

use sha2::{Digest, Sha256};

use super::facts::{Counts, Facts, Results};
use super::rehouse::RehousedUnit;
use super::{EraseError, Eraser, rows};
use crate::audit::{self, Action, Entry};
use crate::keyring::{Destroyed, KeyRef, KeyringError, LedgerEntry};
use crate::receipts::body::{Kind, Verification, VerificationMethod};
use crate::store::args;
use crate::vocabulary::{ErasureId, fail_point};

/// Ledger entries carried out between two checkpoints at most.
const BATCH: i64 = 256;
/// Keys of one erasure that are tried after it, at most: opening one must fail.
const TRIED_KEYS: usize = 64;

/// One entry whose rows are deleted here.
struct Deleted {
    results: Results,
    /// The erasing again that this was, if the rows had been gone before.
    again: Option<ErasureId>,
    /// What was kept of a rehoused unit and is not in this data.
    lost: Option<RehousedUnit>,
}

/// What carrying out the ledger did.
#[derive(Debug, Default)]
pub(super) struct Carried {
    /// How many entries.
    pub(super) entries: u64,
    /// How many of them had been carried out before and were there again.
    pub(super) again: u64,
    /// What was kept of rehoused units and is not in this data.
    pub(super) lost: Vec<RehousedUnit>,
}

impl Eraser {
    /// Carries out what the ledger holds and this data has not seen.
    ///
    /// First the newest epoch of the batch is finished for everybody: whoever destroyed those keys
    /// may have died before overwriting the old root, or stand still, and no row may be deleted and
    /// nothing certified while an older key can still be used.
    pub(super) async fn carry_out_ledger(&self) -> Result<Carried, EraseError> {
        let _turn = self.turn.take().await;
        let mut carried = Carried::default();
        loop {
            let head = self.catalog.keyring.head().await?;
            let mut meta = self.meta().await?;
            if meta.applied < head.rows_deleted && meta.restoration.is_none() {
                let id = self.restoration_id();
                self.data()
                    .execute(rows::MARK_RESTORED, args![id, true])
                    .await?;
                meta = self.meta().await?;
            }
            let after = meta.applied.min(head.rows_deleted);
            let entries = self.catalog.keyring.ledger_after(after, BATCH).await?;
            let Some(newest) = entries.iter().map(|entry| entry.epoch).max() else {
                return Ok(carried);
            };
            self.catalog.keyring.finish_epoch(newest).await?;
            fail_point("erase:barrier-passed");
            let begun = self.begin_progress(&entries, meta.restoration).await?;
            let mut deleted = Vec::with_capacity(entries.len());
            for (entry, again) in entries.iter().zip(begun) {
                let one = self.delete_entry(entry, again).await?;
                carried.again += u64::from(one.again.is_some());
                carried.lost.extend(one.lost);
                deleted.push((entry, one));
            }
            fail_point("apply:rows-deleted");
            if let Some(last) = entries.last() {
                self.catalog.index_let_go(last.seq).await?;
            }
            let checkpoint = self.checkpoint().await?;
            fail_point("apply:checkpointed");
            self.conclude(deleted, checkpoint).await?;
            carried.entries += entries.len() as u64;
        }
    }

    fn restoration_id(&self) -> Vec<u8> {
        let mut id = vec![0; 16];
        self.catalog.random.fill(&mut id);
        id
    }

    /// Makes sure that there is a count to raise for each entry; answers which of them are carried
    /// out again, and under which id.
    async fn begin_progress(
        &self,
        entries: &[LedgerEntry],
        restoration: Option<[u8; 16]>,
    ) -> Result<Vec<Option<ErasureId>>, EraseError> {
        let mut begun = Vec::with_capacity(entries.len());
        for entry in entries {
            begun.push(self.again(entry, restoration).await?);
        }
        let none = serde_json::to_string(&Counts::default()).map_err(EraseError::Stored)?;
        let mut tx = self.data().begin().await?;
        for (entry, again) in entries.iter().zip(&begun) {
            let arguments = args![
                again.unwrap_or(entry.erasure),
                entry.erasure,
                entry.seq,
                again.is_some(),
                none.as_str(),
                false
            ];
            tx.execute(rows::BEGIN_PROGRESS, arguments).await?;
        }
        tx.commit().await?;
        Ok(begun)
    }

    /// The id of erasing again, when the rows of an entry had been gone before.
    async fn again(
        &self,
        entry: &LedgerEntry,
        restoration: Option<[u8; 16]>,
    ) -> Result<Option<ErasureId>, EraseError> {
        let Some(restoration) = restoration.filter(|_| entry.rows_deleted_at.is_some()) else {
            return Ok(None);
        };
        let id = again_id(&restoration, entry.erasure);
        let begun = self
            .data()
            .fetch_optional(rows::READ_PROGRESS, args![id])
            .await?;
        Ok((begun.is_some() || self.left(entry).await?.1 > 0).then_some(id))
    }

    /// Deletes the rows of one entry and checks that they are gone.
    async fn delete_entry(
        &self,
        entry: &LedgerEntry,
        again: Option<ErasureId>,
    ) -> Result<Deleted, EraseError> {
        let progress = again.unwrap_or(entry.erasure);
        let counts = self.delete_rows(entry, progress).await?;
        let (checked, left) = self.left(entry).await?;
        if left > 0 {
            return Err(EraseError::NotEmpty {
                erasure: entry.erasure.to_string(),
                left,
            });
        }
        let method = VerificationMethod::RescanToZero;
        let rescan = Verification {
            method,
            checked,
            passed: true,
        };
        let (keys, tried) = self.try_keys(entry, counts.units).await?;
        // Erasing again destroys no key: they were gone.
        let keys = if again.is_some() { 0 } else { keys };
        let lost = match entry.kind == Kind::Rehousing.word() {
            true => {
                self.lost_in_restore(entry.erasure, &entry.facts, counts.units)
                    .await?
            }
            false => None,
        };
        Ok(Deleted {
            lost,
            results: Results {
                counts,
                keys,
                verification: vec![tried, rescan],
            },
            again,
        })
    }

    /// Tries to get destroyed keys: each must be refused as erased. One that opens is no result to write
    /// on a receipt: nothing is concluded and none is issued.
    async fn try_keys(
        &self,
        entry: &LedgerEntry,
        units: u64,
    ) -> Result<(u64, Verification), EraseError> {
        let (count, keys) = match self.catalog.keyring.destroyed_by(entry.erasure).await? {
            Destroyed::Tenant => {
                let facts: Facts =
                    serde_json::from_str(&entry.facts).map_err(EraseError::Stored)?;
                let destroyed = facts.unnamed_keys.unwrap_or(units);
                (destroyed, vec![KeyRef { block: 0, leaf: 0 }])
            }
            Destroyed::Units(keys) => (keys.len() as u64, keys),
        };
        let mut checked = 0;
        for key in keys.into_iter().take(TRIED_KEYS) {
            checked += 1;
            match self.catalog.keyring.data_key(entry.tenant, key).await {
                Err(KeyringError::Erased(_)) => {}
                Ok(_) => return Err(EraseError::KeyStillOpens(entry.erasure)),
                Err(error) => return Err(error.into()),
            }
        }
        let method = VerificationMethod::NegativeDecrypt;
        Ok((
            count,
            Verification {
                method,
                checked,
                passed: true,
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

    /// Marks entries as carried out: in the data first, then in the vault, so that the vault never
    /// claims more than the data did.
    async fn conclude(
        &self,
        batch: Vec<(&LedgerEntry, Deleted)>,
        checkpoint: Verification,
    ) -> Result<(), EraseError> {
        let mut concluded = Vec::with_capacity(batch.len());
        let mut tx = self.data().begin().await?;
        for (entry, deleted) in batch {
            let mut results = deleted.results;
            results.verification.push(checkpoint.clone());
            let results = serde_json::to_string(&results).map_err(EraseError::Stored)?;
            if let Some(again) = deleted.again {
                tx.execute(rows::SET_AGAIN_RESULTS, args![results.as_str(), again])
                    .await?;
            }
            tx.execute(rows::MARK_DESTROYED, args![true, entry.erasure, false])
                .await?;
            concluded.push((entry, results));
        }
        if let Some((newest, _)) = concluded.last() {
            tx.execute(rows::RAISE_APPLIED, args![newest.seq, newest.seq])
                .await?;
        }
        tx.commit().await?;
        fail_point("apply:raised");
        let mut tx = self.catalog.keyring.begin_vault().await?;
        for (entry, results) in &concluded {
            self.catalog
                .keyring
                .state_results(&mut tx, entry, results)
                .await?;
        }
        tx.commit().await?;
        fail_point("apply:stated");
        self.note_vault_version().await
    }

    /// Notes in the data how far the vault has come, so that a vault that is put back is noticed
    /// also when nobody was erased since.
    pub async fn note_vault_version(&self) -> Result<(), EraseError> {
        let version = self.catalog.keyring.head().await?.version;
        self.data()
            .execute(rows::RAISE_VAULT_VERSION, args![version, version])
            .await?;
        Ok(())
    }

    /// The same after an act in the vault, with the act's row in one transaction of the data: the two
    /// stores have none in common. The vault itself says who placed or released a hold.
    pub(super) async fn note_act(&self, entry: &Entry) -> Result<(), EraseError> {
        let version = self.catalog.keyring.head().await?.version;
        let mut tx = self.data().begin().await?;
        tx.execute(rows::RAISE_VAULT_VERSION, args![version, version])
            .await?;
        let (clock, random) = (self.catalog.clock.as_ref(), self.catalog.random.as_ref());
        audit::record_in(&mut tx, entry, clock, random).await?;
        Ok(tx.commit().await?)
    }

    /// Replaces the epoch key, as every erasure does, without erasing anything; answers the epoch.
    pub async fn rotate_root(&self) -> Result<u64, EraseError> {
        let epoch = self.catalog.keyring.rotate_root().await?;
        let entry = self.catalog.entry(Action::RootRotated);
        self.note_act(&entry.count("epoch", epoch)).await?;
        Ok(epoch)
    }
}

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

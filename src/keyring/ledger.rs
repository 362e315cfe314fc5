//! The erasure ledger: which keys are destroyed, by which erasure, and what became of the rows.
//!
//! A row is written in the transaction that destroys the keys and never removed: a backup may be of
//! any age. It holds ids, counts and references, and no personal data.

use super::rows;
use super::{KeyRef, Keyring, KeyringError};
use crate::store::{Row, StoreError, Tx, args};
use crate::vocabulary::{ErasureId, TenantId, Timestamp};

/// One erasure or purge, as the vault remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its place in the order of erasures, from 1.
    pub seq: i64,
    /// The erasure, and its receipt.
    pub erasure: ErasureId,
    /// The receipt kind: `contact`, `case-batch`, `retention`, `tenant-purge`.
    pub kind: String,
    /// Whose data it was.
    pub tenant: TenantId,
    /// The contact or case that is gone, when there was one.
    pub subject: Option<[u8; 16]>,
    /// The epoch this erasure began.
    pub epoch: u64,
    /// JSON: what was known before the keys were destroyed.
    pub facts: String,
    /// When the vault let go of the keys: the point of no return.
    pub destroyed_at: Timestamp,
    /// JSON: what became of the rows; `None` until they are deleted.
    pub results: Option<String>,
    /// When the rows were deleted.
    pub rows_deleted_at: Option<Timestamp>,
}

/// What an erasure destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destroyed {
    /// The data keys of single units.
    Units(Vec<KeyRef>),
    /// Everything of the tenant.
    Tenant,
}

impl Keyring {
    /// Ledger entries after `seq`, in order, at most `limit`.
    pub async fn ledger_after(
        &self,
        seq: i64,
        limit: i64,
    ) -> Result<Vec<LedgerEntry>, KeyringError> {
        let rows = self
            .0
            .means
            .vault
            .fetch_all(rows::LEDGER_AFTER, args![seq, limit])
            .await?;
        Ok(rows.iter().map(entry).collect::<Result<_, _>>()?)
    }

    /// One ledger entry.
    pub async fn ledger_entry(
        &self,
        erasure: ErasureId,
    ) -> Result<Option<LedgerEntry>, KeyringError> {
        let row = self
            .0
            .means
            .vault
            .fetch_optional(rows::READ_LEDGER, args![erasure])
            .await?;
        Ok(row.as_ref().map(entry).transpose()?)
    }

    /// How many erasures there were. Their numbers do not tell: a promotion begins with higher ones.
    pub async fn erasures(&self) -> Result<u64, KeyringError> {
        let vault = &self.0.means.vault;
        Ok(vault.fetch_one(rows::COUNT_LEDGER, args![]).await?.u64(0)?)
    }

    /// The newest erasure of a contact or case, by the id it had.
    pub async fn erasure_of(
        &self,
        tenant: TenantId,
        subject: &[u8; 16],
    ) -> Result<Option<LedgerEntry>, KeyringError> {
        let arguments = args![tenant, subject.to_vec()];
        let row = self
            .0
            .means
            .vault
            .fetch_optional(rows::READ_LEDGER_OF_SUBJECT, arguments)
            .await?;
        Ok(row.as_ref().map(entry).transpose()?)
    }

    /// The keys that one erasure destroyed.
    pub async fn destroyed_by(&self, erasure: ErasureId) -> Result<Destroyed, KeyringError> {
        let rows = self
            .0
            .means
            .vault
            .fetch_all(rows::READ_ERASED_BY, args![erasure])
            .await?;
        let mut units = Vec::with_capacity(rows.len());
        for row in &rows {
            match key_ref(row.i64(0)?, row.i64(1)?) {
                Some(unit) => units.push(unit),
                None => return Ok(Destroyed::Tenant),
            }
        }
        Ok(Destroyed::Units(units))
    }

    /// States what became of the rows of one erasure and raises the head's mark, in the vault
    /// transaction `tx`, which must go on to append the receipt. Says nothing twice: the first
    /// results stand, and the answer is whether these were the first.
    pub async fn state_results(
        &self,
        tx: &mut Tx,
        entry: &LedgerEntry,
        results: &str,
    ) -> Result<bool, KeyringError> {
        let head = super::head::take(tx).await?;
        let now = self.0.means.clock.now();
        let arguments = args![results, now, head.version, entry.erasure];
        let first = tx.execute(rows::SET_RESULTS, arguments).await? == 1;
        tx.execute(rows::RAISE_ROWS_DELETED, args![entry.seq, entry.seq])
            .await?;
        let erased = tx
            .fetch_all(rows::READ_ERASED_BY, args![entry.erasure])
            .await?;
        if first && erased.iter().any(|row| matches!(row.i64(0), Ok(-1))) {
            tx.execute(rows::DELETE_TENANT_PAGES, args![entry.tenant])
                .await?;
        }
        Ok(first)
    }

    /// The erasures of these kinds that were carried out in a tenant after a time.
    pub async fn erased_in(
        &self,
        tenant: TenantId,
        kinds: [&str; 3],
        since: Timestamp,
    ) -> Result<Vec<ErasureId>, KeyringError> {
        let [one, two, three] = kinds;
        let arguments = args![tenant, one, two, three, since];
        let vault = &self.0.means.vault;
        let erased = vault.fetch_all(rows::LEDGER_OF_KINDS, arguments).await?;
        let erased = erased.iter().map(|row| row.id(0));
        Ok(erased.collect::<Result<_, StoreError>>()?)
    }

    /// The erasures of these kinds after `seq` that were carried out after a time, with their tenants.
    pub async fn erased_after(
        &self,
        seq: i64,
        kinds: [&str; 3],
        since: Timestamp,
    ) -> Result<Vec<(TenantId, ErasureId)>, KeyringError> {
        let [one, two, three] = kinds;
        let arguments = args![seq, one, two, three, since];
        let vault = &self.0.means.vault;
        let erased = vault
            .fetch_all(rows::LEDGER_OF_KINDS_AFTER, arguments)
            .await?;
        let erased = erased.iter().map(|row| Ok((row.id(0)?, row.id(1)?)));
        Ok(erased.collect::<Result<_, StoreError>>()?)
    }

    /// Takes the head in the vault transaction `tx`, as whoever writes there does first, and answers
    /// the version that what is written is to bear.
    pub async fn take_head(&self, tx: &mut Tx) -> Result<i64, KeyringError> {
        Ok(self.0.means.take_head(tx).await?.version)
    }

    /// Whether any tenant ever got a place in this tree.
    pub async fn has_tenants(&self) -> Result<bool, KeyringError> {
        let row = self
            .0
            .means
            .vault
            .fetch_one(rows::COUNT_TENANTS, args![])
            .await?;
        Ok(row.i64(0)? > 0)
    }

    /// Begins to read the vault, for whoever keeps something of its own there.
    pub async fn snapshot_vault(&self) -> Result<Tx, KeyringError> {
        Ok(self.0.means.vault.snapshot().await?)
    }

    /// Begins a transaction on the vault, for whoever keeps something of its own there.
    pub async fn begin_vault(&self) -> Result<Tx, KeyringError> {
        self.0.means.begin().await
    }
}

fn key_ref(block: i64, leaf: i64) -> Option<KeyRef> {
    Some(KeyRef {
        block: u64::try_from(block).ok()?,
        leaf: u16::try_from(leaf).ok()?,
    })
}

pub(super) fn entry(row: &Row) -> Result<LedgerEntry, StoreError> {
    Ok(LedgerEntry {
        seq: row.i64(0)?,
        erasure: row.id(1)?,
        kind: row.text(2)?,
        tenant: row.id(3)?,
        subject: row.opt_blob(4)?.and_then(|bytes| bytes.try_into().ok()),
        epoch: row.i64(5)?.unsigned_abs(),
        facts: row.text(6)?,
        destroyed_at: row.timestamp(7)?,
        results: row.opt_text(8)?,
        rows_deleted_at: row.opt_i64(9)?.map(Timestamp),
    })
}

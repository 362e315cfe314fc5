//! The head of the vault: one row that says which root is live. Updating it is the lock under which
//! the tree is written.

use super::{KeyringError, rows};
use crate::store::{Db, Row, StoreError, Tx, args};
use crate::vocabulary::{RootId, VaultId};

/// The head row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Which vault this is, for its whole life.
    pub vault: VaultId,
    /// Counts every write of the tree.
    pub version: i64,
    /// Counts the values of the epoch key.
    pub epoch: u64,
    /// Which value of the epoch key opens the root page.
    pub root: RootId,
    /// The newest ledger entry.
    pub ledger_seq: i64,
    /// The newest ledger entry whose rows are deleted from data.
    pub rows_deleted: i64,
}

fn head(row: &Row) -> Result<Head, StoreError> {
    Ok(Head {
        vault: row.id(0)?,
        version: row.i64(1)?,
        epoch: row.u64(2)?,
        root: row.id(3)?,
        ledger_seq: row.i64(4)?,
        rows_deleted: row.i64(5)?,
    })
}

/// Reads the head without a lock.
pub(super) async fn read(vault: &Db) -> Result<Head, KeyringError> {
    let row = vault.fetch_optional(rows::READ_HEAD, args![]).await?;
    row.as_ref()
        .map(head)
        .transpose()?
        .ok_or(KeyringError::NoVault)
}

/// Reads the head as a transaction sees it.
pub(super) async fn read_in(tx: &mut Tx) -> Result<Head, KeyringError> {
    let row = tx.fetch_optional(rows::READ_HEAD, args![]).await?;
    row.as_ref()
        .map(head)
        .transpose()?
        .ok_or(KeyringError::NoVault)
}

/// Takes the head: whoever else writes the tree waits until this transaction ends. This must be the
/// transaction's first statement; the version returned is already the next one.
pub(super) async fn take(tx: &mut Tx) -> Result<Head, KeyringError> {
    let row = tx.fetch_optional(rows::TAKE_HEAD, args![]).await?;
    row.as_ref()
        .map(head)
        .transpose()?
        .ok_or(KeyringError::NoVault)
}

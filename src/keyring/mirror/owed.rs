//! What a promotion owes the data: the promoted vault may have lost erasures that the data knows of,
//! and nobody may work with the two before the data was asked. The debt stands in the vault from the
//! transaction that made it one, so no crash in between is forgotten; a restore of data in between
//! neither pays it nor may come before it.

use super::super::{Keyring, KeyringError, rows as tree_rows};
use super::copy::Line;
use super::rows;
use crate::store::{StoreError, Tx, args};

/// Whether a vault was promoted and its data was not told.
pub(super) async fn is_owed(vault: &mut Tx) -> Result<bool, StoreError> {
    let row = vault.fetch_optional(rows::NOTE_OWED, args![]).await?;
    row.map_or(Ok(false), |row| row.bool(0))
}

impl Keyring {
    /// Whether this vault was promoted and the data was not told of it yet.
    pub async fn owes_note(&self) -> Result<bool, KeyringError> {
        let mut tx = self.0.means.vault.snapshot().await?;
        let owed = is_owed(&mut tx).await?;
        tx.rollback().await?;
        Ok(owed)
    }

    /// What data is marked with that is told of the promotion which began this line.
    pub async fn mark_of_line(&self) -> Result<[u8; 16], KeyringError> {
        let mut tx = self.0.means.vault.snapshot().await?;
        let line = Line::read(&mut tx).await?;
        tx.rollback().await?;
        Ok(line.line)
    }

    /// The data was told.
    pub async fn note_paid(&self) -> Result<(), KeyringError> {
        let vault = &self.0.means.vault;
        vault.execute(rows::SET_NOTE_OWED, args![false]).await?;
        Ok(())
    }

    /// Whether the ledger's newest entry is the one that the head names. Only a promotion may pass
    /// numbers over, and it says so; whatever else lost entries lost erasures.
    pub async fn ledger_is_whole(&self) -> Result<bool, KeyringError> {
        let mut tx = self.0.means.vault.snapshot().await?;
        let head = super::super::head::read_in(&mut tx).await?;
        let line = Line::read(&mut tx).await?;
        let newest = tx.fetch_one(tree_rows::NEWEST_ENTRY, args![]).await?;
        let newest = newest.opt_i64(0)?.unwrap_or(0);
        tx.rollback().await?;
        Ok(newest.max(line.passed_over) >= head.ledger_seq)
    }
}

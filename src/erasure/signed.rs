//! What was signed against what is known: the leaves beside the signing key are a memory that no copy of
//! data, vault and root has.
//!
//! ```text
//! data, vault and root are copied · Bo is erased, his receipt signed as leaf 0 · all three are put back
//! they agree with one another: Bo is held again, and served, while leaf 0 says that he is gone
//! ```
//!
//! A leaf beyond the log's end whose erasure is in the ledger was cut off by a crash, and the next append
//! takes it up. One whose erasure is ordered, or accepted in the data, is carried out again. One of before
//! a mirror became the vault is what that mirror had not heard of: nothing holds it any more, so a person
//! is told ([`Eraser::forgotten_by_promotion`]). Any other is of a vault that was newer than this one.
//!
//! **Why not by time?** A receipt says when it was issued, and the vault when its mirror was promoted; but by
//! two machines' clocks. With the second behind the first, a promotion was refused for what it had lost, and
//! the remedy it was given was to promote. So which leaves are of before stands beside them (`journal`).
//!
//! Where `sign/` is elsewhere or lost nobody can tell; a machine that has no part of it sees nothing.

use super::{EraseError, Eraser, rows};
use crate::receipts::log::Unlogged;
use crate::store::args;
use crate::vocabulary::ErasureId;

impl Eraser {
    /// Refuses a vault that was put back. Cheap where nothing was: one row and the names of the leaves.
    pub async fn check_signed(&self) -> Result<(), EraseError> {
        let (_, newer) = self.unknown_receipts().await?;
        match newer.first() {
            None => Ok(()),
            Some(first) => Err(EraseError::VaultBehindReceipts {
                seq: first.seq,
                erasure: first.erasure,
                count: newer.len(),
            }),
        }
    }

    /// Receipts that were signed for the vault that was lost, of erasures that the mirror which became this
    /// one had not heard of and that nothing here knows.
    pub async fn forgotten_by_promotion(&self) -> Result<Vec<Unlogged>, EraseError> {
        Ok(self.unknown_receipts().await?.0)
    }

    /// Signed receipts of erasures that nothing here knows: of before this line of history began, and since.
    async fn unknown_receipts(&self) -> Result<(Vec<Unlogged>, Vec<Unlogged>), EraseError> {
        let mut unknown = Vec::new();
        for receipt in self.log.unlogged().await? {
            if !self.is_known(receipt.erasure).await? {
                unknown.push(receipt);
            }
        }
        Ok(unknown.into_iter().partition(|it| !it.since_promotion))
    }

    /// Whether an erasure is done, or something here will see to it.
    async fn is_known(&self, erasure: ErasureId) -> Result<bool, EraseError> {
        // What is ordered goes from the orders into the ledger, never back: so in this order.
        if self.orders().await?.iter().any(|it| it.id == erasure) {
            return Ok(true);
        }
        if self.catalog.keyring.ledger_entry(erasure).await?.is_some() {
            return Ok(true);
        }
        let accepted = self
            .data()
            .fetch_optional(rows::READ_ERASURE, args![erasure]);
        Ok(accepted.await?.is_some())
    }
}

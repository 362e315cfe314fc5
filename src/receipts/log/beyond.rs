//! Receipts that were signed and are not in the log: what lies beside the signing key beyond its end.
//!
//! A crash between signing and the vault's commit leaves the last few so, and whoever appends next takes
//! them up. Otherwise the vault forgot them: a mirror that had not seen them became the vault, or the
//! vault was put back from a copy. Which of these it is only the ledger tells (`erasure/signed.rs`).

use super::super::note::Signed;
use super::super::verify;
use super::{Body, Log, ReceiptError, line_of, rows};
use crate::store::args;
use crate::vocabulary::ErasureId;

/// A receipt that was signed and is not in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlogged {
    /// Its place.
    pub seq: u64,
    /// The erasure that destroyed the keys: for a re-erasure, the one that was carried out again.
    pub erasure: ErasureId,
    /// Whose data it was.
    pub tenant: String,
    /// The controller's instruction.
    pub instruction: String,
    /// Whether it was signed for this line of history or a later one, so that a vault which does not know
    /// it was put back. Otherwise it is of before a mirror became the vault.
    pub since_promotion: bool,
}

impl Log {
    /// Every receipt that was signed here for a place that the log does not have, in order. None where the
    /// log was opened without its key: then nobody knows.
    pub async fn unlogged(&self) -> Result<Vec<Unlogged>, ReceiptError> {
        let journal = self.key.as_deref().and_then(|key| key.journal());
        let Some(journal) = journal else {
            return Ok(Vec::new());
        };
        let (size, _) = self.head().await?;
        let line = self.vault.fetch_optional(rows::READ_LINE, args![]).await?;
        let begins = journal.line_begins(line_of(line)?.as_ref())?;
        let mut unlogged = Vec::new();
        for seq in journal.from(size)? {
            let Some(note) = journal.read(seq)? else {
                continue; // An old one, forgotten since.
            };
            match self.signed_leaf(&note) {
                Ok(leaf) => unlogged.push(Unlogged {
                    since_promotion: begins.is_some_and(|begins| seq >= begins),
                    ..leaf
                }),
                // Nothing that this key did not sign keeps a house closed.
                Err(error) => tracing::warn!(seq, what = error.what(), "a leaf is not one"),
            }
        }
        Ok(unlogged)
    }

    fn signed_leaf(&self, note: &str) -> Result<Unlogged, ReceiptError> {
        let (note, _, content) = verify::read_receipt(note)?;
        if note.verify(&self.verifier)? != Signed::Text {
            return Err(ReceiptError::Signature);
        }
        let body = Body::from_canonical_json(&content)?;
        Ok(Unlogged {
            seq: body.seq,
            erasure: body.again.as_ref().map_or(body.id, |again| again.of),
            tenant: body.tenant.slug,
            instruction: body.instruction.as_str().to_owned(),
            since_promotion: true,
        })
    }
}

//! Reading the log.
//!
//! No transaction is needed: what lies below the size of a checkpoint never changes, and a tile that
//! grew meanwhile still begins with the same hashes.

use super::super::merkle::{TILE_WIDTH, Tiles};
use super::super::proof::Proof;
use super::super::tiles::{self, TileKind, TilePath};
use super::{Log, Receipt, ReceiptError, rows, signed_number, unsigned};
use crate::store::args;
use crate::vocabulary::{ErasureId, TenantId};

impl Log {
    /// The receipt of an erasure. The id of an erasure and that of a re-erasure differ, so there is
    /// one.
    pub async fn find(&self, id: ErasureId) -> Result<Receipt, ReceiptError> {
        match self.vault.fetch_optional(rows::FIND, args![id]).await? {
            Some(row) => Receipt::from_row(&row),
            None => Err(ReceiptError::Unknown(id.to_string())),
        }
    }

    /// Receipts in the order of their numbers, beginning with `from`; of one tenant or of all. The
    /// next page begins after the last one's number.
    pub async fn list(
        &self,
        tenant: Option<TenantId>,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Receipt>, ReceiptError> {
        let from = signed_number(from)?;
        let found = match tenant {
            Some(tenant) => {
                self.vault
                    .fetch_all(rows::LIST_TENANT, args![tenant, from, limit])
                    .await?
            }
            None => self.vault.fetch_all(rows::LIST, args![from, limit]).await?,
        };
        found.iter().map(Receipt::from_row).collect()
    }

    /// The newest checkpoint: a signed note, as `/log/checkpoint` serves it.
    pub async fn checkpoint(&self) -> Result<String, ReceiptError> {
        Ok(self.head().await?.1)
    }

    /// How many receipts there are, and the checkpoint that says so.
    pub(super) async fn head(&self) -> Result<(u64, String), ReceiptError> {
        let head = self.vault.fetch_optional(rows::READ_HEAD, args![]).await?;
        let head = head.ok_or(ReceiptError::NotInitialised)?;
        Ok((unsigned(head.i64(1)?)?, head.text(2)?))
    }

    /// The file that is handed out: the receipt, an empty line, the proof that it is in the log.
    pub async fn receipt_file(&self, id: ErasureId) -> Result<String, ReceiptError> {
        let receipt = self.find(id).await?;
        let (size, checkpoint) = self.head().await?;
        let mut stored = Tiles::default();
        for (level, number) in Tiles::needed(receipt.seq, size) {
            let tile = args![level, signed_number(number)?];
            if let Some(row) = self.vault.fetch_optional(rows::READ_TILE, tile).await? {
                let hashes = tiles::hashes_of(&row.blob(0)?);
                stored.0.insert((level, number), hashes.unwrap_or_default());
            }
        }
        let hashes = stored
            .inclusion(receipt.seq, size)
            .ok_or(ReceiptError::Damaged("a tile is missing or cut"))?;
        let extra = Some(self.verifier.to_string().into_bytes());
        let proof = Proof {
            extra,
            index: receipt.seq,
            hashes,
            checkpoint,
        };
        Ok(format!("{}\n{proof}", receipt.note))
    }

    /// The bytes of a tile or of a bundle of entries, as `/log/tile/…` serves them.
    pub async fn tile(&self, path: TilePath) -> Result<Vec<u8>, ReceiptError> {
        match path.kind {
            TileKind::Hashes(level) => self.hash_tile(level, path).await,
            TileKind::Entries => self.entries_tile(path).await,
        }
    }

    async fn hash_tile(&self, level: u8, path: TilePath) -> Result<Vec<u8>, ReceiptError> {
        let tile = args![
            level,
            signed_number(path.number).map_err(|_| ReceiptError::NoSuchTile)?
        ];
        let row = self.vault.fetch_optional(rows::READ_TILE, tile).await?;
        let mut hashes = row.ok_or(ReceiptError::NoSuchTile)?.blob(0)?;
        let wanted = usize::from(path.width) * 32;
        if hashes.len() < wanted {
            return Err(ReceiptError::NoSuchTile);
        }
        hashes.truncate(wanted);
        Ok(hashes)
    }

    async fn entries_tile(&self, path: TilePath) -> Result<Vec<u8>, ReceiptError> {
        let from = path
            .number
            .checked_mul(TILE_WIDTH)
            .ok_or(ReceiptError::NoSuchTile)?;
        if i64::try_from(from).is_err() {
            return Err(ReceiptError::NoSuchTile);
        }
        let receipts = self.list(None, from, u32::from(path.width)).await?;
        if receipts.len() != usize::from(path.width) {
            return Err(ReceiptError::NoSuchTile);
        }
        let mut bundle = Vec::new();
        for receipt in receipts {
            tiles::push_entry(&mut bundle, receipt.note.as_bytes())?;
        }
        Ok(bundle)
    }
}

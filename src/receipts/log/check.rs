//! Checking the whole log: `gallra verify --all`.

use serde::Serialize;

use super::super::checkpoint::Checkpoint;
use super::super::merkle::{Edge, TILE_WIDTH, Tile, leaf_hash};
use super::super::note::{Note, Signed};
use super::super::{Body, tiles, verify};
use super::{Log, Receipt, ReceiptError, rows, signed_number};
use crate::store::args;

/// What came of checking the whole log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LogReport {
    /// How many receipts the checkpoint speaks of.
    pub size: u64,
    /// How many were read and checked.
    pub checked: u64,
    /// What is wrong; empty when all is well.
    pub problems: Vec<Problem>,
}

/// Something wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which receipt, if it is about one.
    pub seq: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl LogReport {
    /// Whether nothing is wrong.
    pub fn passed(&self) -> bool {
        self.problems.is_empty()
    }

    fn problem(&mut self, seq: impl Into<Option<u64>>, what: impl Into<String>) {
        self.problems.push(Problem {
            seq: seq.into(),
            what: what.into(),
        });
    }
}

impl Log {
    /// Reads every receipt again: its signature, its content, its place; builds the tree anew and
    /// compares every stored tile and the signed root. Only an error of the store ends it early.
    pub async fn verify_all(&self) -> Result<LogReport, ReceiptError> {
        let (size, checkpoint) = self.head().await?;
        let mut report = LogReport {
            size,
            ..LogReport::default()
        };
        let mut edge = Edge::default();
        while edge.size() < size {
            let page = (size - edge.size()).min(TILE_WIDTH) as u32;
            let receipts = self.list(None, edge.size(), page).await?;
            if receipts.is_empty() {
                report.problem(edge.size(), "this receipt and all after it are missing");
                break;
            }
            for receipt in receipts {
                self.check_receipt(&receipt, edge.size(), &mut report);
                for tile in edge.push(leaf_hash(receipt.note.as_bytes())) {
                    if tile.hashes.len() as u64 == TILE_WIDTH {
                        self.check_tile(&tile, &mut report).await?;
                    }
                }
            }
        }
        for tile in edge.unfinished() {
            self.check_tile(&tile, &mut report).await?;
        }
        self.check_checkpoint(&checkpoint, &edge, &mut report);
        Ok(report)
    }

    fn check_receipt(&self, receipt: &Receipt, place: u64, report: &mut LogReport) {
        report.checked += 1;
        if receipt.seq != place {
            report.problem(
                place,
                format!("number {} stands in this place", receipt.seq),
            );
        }
        let read = verify::read_receipt(&receipt.note).and_then(|(note, origin, content)| {
            Ok((note.verify(&self.verifier)?, origin, content))
        });
        let (signed, origin, content) = match read {
            Ok(read) => read,
            Err(error) => return report.problem(place, error.what()),
        };
        if signed != Signed::Text || origin != self.origin() {
            report.problem(place, "it is not signed by this log");
        }
        match Body::from_canonical_json(&content) {
            Ok(body) if !is_listed_as(receipt, &body) => {
                report.problem(place, "its row says something else than the receipt");
            }
            Ok(_) => {}
            Err(error) => report.problem(place, error.what()),
        }
    }

    async fn check_tile(&self, tile: &Tile, report: &mut LogReport) -> Result<(), ReceiptError> {
        let place = args![tile.level, signed_number(tile.number)?];
        let stored = self.vault.fetch_optional(rows::READ_TILE, place).await?;
        let stored = stored.map(|row| row.blob(0)).transpose()?;
        let wanted = tiles::hash_bytes(&tile.hashes);
        // It may have grown since the checkpoint was read.
        if !stored.is_some_and(|stored| stored.starts_with(&wanted)) {
            report.problem(
                None,
                format!("tile {} of level {} is wrong", tile.number, tile.level),
            );
        }
        Ok(())
    }

    fn check_checkpoint(&self, signed: &str, edge: &Edge, report: &mut LogReport) {
        let signed_text =
            Note::parse(signed).and_then(|note| Ok((note.verify(&self.verifier)?, note.text)));
        let rebuilt = Checkpoint {
            origin: self.origin().to_owned(),
            size: edge.size(),
            root: edge.root(),
        };
        match signed_text {
            Ok((Signed::Text, text)) if text == rebuilt.to_string() => {}
            Ok((Signed::Text, _)) => {
                report.problem(
                    None,
                    "the checkpoint speaks of another tree than these receipts",
                );
            }
            Ok(_) => report.problem(None, "the checkpoint is not signed by this log"),
            Err(error) => report.problem(None, format!("the checkpoint: {}", error.what())),
        }
    }
}

/// Whether the columns beside a receipt agree with it.
fn is_listed_as(receipt: &Receipt, body: &Body) -> bool {
    (
        body.seq,
        body.id,
        body.kind.word(),
        body.tenant.id,
        body.issued_at,
    ) == (
        receipt.seq,
        receipt.id,
        &*receipt.kind,
        receipt.tenant,
        receipt.issued_at,
    )
}

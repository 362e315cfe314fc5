//! The log in the vault: appending receipts, and reading them back.
//!
//! An append runs in the caller's transaction, so a receipt is in the log exactly when the rest of
//! that transaction is. Its first statement takes the one row `log_head`; that makes the sequence
//! dense and lets only one checkpoint follow another. The body is composed after that, when its
//! number is known, and once: a second append for the same erasure and kind gets the first one's
//! bytes.
//!
//! Before a new checkpoint is signed, the root is computed again from the stored tiles and compared
//! with the one signed last. A log that signs two histories is worth nothing, so it rather stops.
//!
//! Each leaf is durable beside the signing key before it is in the vault (`journal`). A vault that has
//! fewer leaves, because a mirror that had not seen the last ones became the vault, takes them up again.

mod beyond;
mod check;
mod export;
mod read;

use std::sync::Arc;

use super::checkpoint::Checkpoint;
use super::journal::Line;
use super::key::{PACKAGE_SUFFIX, RECEIPT_SUFFIX, SigningKey};
use super::merkle::{Edge, Hash, Tiles, leaf_hash, root_of};
use super::note::VerifierKey;
use super::{Body, Kind, ReceiptError, rows, tiles, verify};
use crate::store::{Db, Row, Tx, args};
use crate::vocabulary::{ErasureId, TenantId, Timestamp};

pub use beyond::Unlogged;
pub use check::{LogReport, Problem};

/// The longest entry that c2sp.org/tlog-tiles can hold.
const LONGEST_ENTRY: usize = u16::MAX as usize;

/// The receipt log. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    vault: Db,
    verifier: VerifierKey,
    key: Option<Arc<SigningKey>>,
}

/// A receipt in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its place.
    pub seq: u64,
    /// The erasure it proves.
    pub id: ErasureId,
    /// The kind, as the receipt writes it.
    pub kind: String,
    /// Whose data were erased.
    pub tenant: TenantId,
    /// When it was composed.
    pub issued_at: Timestamp,
    /// The signed note, byte for byte.
    pub note: String,
}

impl Receipt {
    /// What it says.
    pub fn body(&self) -> Result<Body, ReceiptError> {
        let (_, _, content) = verify::read_receipt(&self.note)?;
        Body::from_canonical_json(&content)
    }

    fn from_row(row: &Row) -> Result<Self, ReceiptError> {
        Ok(Self {
            seq: unsigned(row.i64(0)?)?,
            id: row.id(1)?,
            kind: row.text(2)?,
            tenant: row.id(3)?,
            issued_at: row.timestamp(4)?,
            note: row.text(5)?,
        })
    }
}

impl Log {
    /// Begins a log under this key unless there is one. Idempotent; a log of another key is refused.
    pub async fn init(vault: &Db, key: &SigningKey) -> Result<(), ReceiptError> {
        let root = root_of(&[]);
        let empty = Checkpoint {
            origin: key.origin().to_owned(),
            size: 0,
            root,
        };
        let checkpoint = key.sign(empty.to_string()).to_string();
        let verifier = key.verifier().to_string();
        vault
            .execute(rows::INSERT_HEAD, args![verifier, root, checkpoint])
            .await?;
        Self::open(vault.clone(), key.clone()).await.map(drop)
    }

    /// Opens the log to append. The key must be the log's own.
    pub async fn open(vault: Db, key: SigningKey) -> Result<Self, ReceiptError> {
        let mut log = Self::open_to_read(vault).await?;
        check_key(&log.verifier.to_string(), &key)?;
        log.key = Some(Arc::new(key));
        Ok(log)
    }

    /// Whether receipts can be signed: the log was opened with its key.
    pub fn can_sign(&self) -> bool {
        self.key.is_some()
    }

    /// Opens the log to read; the signing key is not needed for that.
    pub async fn open_to_read(vault: Db) -> Result<Self, ReceiptError> {
        let head = vault.fetch_optional(rows::READ_HEAD, args![]).await?;
        let verifier = head.ok_or(ReceiptError::NotInitialised)?.text(0)?.parse()?;
        Ok(Self {
            vault,
            verifier,
            key: None,
        })
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.verifier.name()
    }

    /// The key that others check with.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs the list of a package's files, `SHA-256  NAME` on each line, under a first line that neither
    /// a receipt nor a checkpoint has. `None` where the log was opened without its key.
    pub fn sign_package(&self, lines: &str) -> Option<String> {
        let key = self.key.as_deref()?;
        let text = format!("{}{PACKAGE_SUFFIX}\n{lines}", key.origin());
        Some(key.sign(text).to_string())
    }

    /// Appends a receipt in this transaction of the vault, or returns the one that is there already.
    ///
    /// `compose` is given the receipt's number and must write it into [`Body::seq`]. Whoever calls
    /// this again after an error, in another process, or at the same time gets the same bytes.
    pub async fn append(
        &self,
        tx: &mut Tx,
        compose: impl FnOnce(u64) -> Body,
    ) -> Result<Receipt, ReceiptError> {
        let key = self.key.as_deref().ok_or(ReceiptError::NoKey)?;
        let head = tx.fetch_optional(rows::LOCK_HEAD, args![]).await?;
        let head = head.ok_or(ReceiptError::NotInitialised)?;
        check_key(&head.text(0)?, key)?;
        let (mut seq, mut root) = (unsigned(head.i64(1)?)?, head.bytes(2)?);
        while let Some(signed) = signed_before(key, seq)? {
            root = enter(tx, key, root, &signed).await?;
            seq += 1;
        }
        let body = compose(seq);
        let found = args![body.id, body.kind.word()];
        if let Some(row) = tx.fetch_optional(rows::FIND_KIND, found).await? {
            return Receipt::from_row(&row);
        }
        let receipt = sign(key, seq, &body)?;
        if let Some(journal) = key.journal() {
            let line = tx.fetch_optional(rows::READ_LINE, args![]).await?;
            journal.write(line_of(line)?.as_ref(), seq, &receipt.note)?;
        }
        enter(tx, key, root, &receipt).await?;
        Ok(receipt)
    }
}

/// The leaf that was signed for a place the vault does not have (any more).
fn signed_before(key: &SigningKey, seq: u64) -> Result<Option<Receipt>, ReceiptError> {
    let note = key.journal().map(|journal| journal.read(seq)).transpose()?;
    let Some(note) = note.flatten() else {
        return Ok(None);
    };
    let (_, _, content) = verify::read_receipt(&note)?;
    let body = Body::from_canonical_json(&content)?;
    let receipt = sign(key, seq, &body)?;
    if receipt.note != note {
        return Err(ReceiptError::Damaged(
            "a leaf beside the signing key is not what it signed",
        ));
    }
    Ok(Some(receipt))
}

/// The line of history that a promotion began; `None` before the first.
fn line_of(row: Option<Row>) -> Result<Option<Line>, ReceiptError> {
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(Some(Line {
        number: unsigned(row.i64(0)?)?,
        id: hex::encode(row.blob(1)?),
    }))
}

/// Enters a leaf and signs the checkpoint after it; answers the new root.
async fn enter(
    tx: &mut Tx,
    key: &SigningKey,
    root: Hash,
    receipt: &Receipt,
) -> Result<Hash, ReceiptError> {
    write(tx, receipt).await?;
    let edge = grow(tx, receipt.seq, root, leaf_hash(receipt.note.as_bytes())).await?;
    let checkpoint = Checkpoint {
        origin: key.origin().to_owned(),
        size: edge.size(),
        root: edge.root(),
    };
    let signed = key.sign(checkpoint.to_string()).to_string();
    let head = args![signed_number(edge.size())?, checkpoint.root, signed];
    tx.execute(rows::SET_HEAD, head).await?;
    Ok(checkpoint.root)
}

fn check_key(log: &str, key: &SigningKey) -> Result<(), ReceiptError> {
    let key = key.verifier().to_string();
    if log == key {
        Ok(())
    } else {
        Err(ReceiptError::ForeignKey {
            log: log.to_owned(),
            key,
        })
    }
}

/// Composes the signed note of a receipt.
fn sign(key: &SigningKey, seq: u64, body: &Body) -> Result<Receipt, ReceiptError> {
    if body.seq != seq {
        return Err(ReceiptError::Body(format!(
            "it calls itself {} but is {seq}",
            body.seq
        )));
    }
    if (body.kind == Kind::ReErasure) != body.again.is_some() {
        return Err(ReceiptError::Body(
            "a re-erasure, and only that, says of what and why".into(),
        ));
    }
    let text = format!(
        "{}{RECEIPT_SUFFIX}\n{}\n",
        key.origin(),
        body.to_canonical_json()?
    );
    let note = key.sign(text).to_string();
    if note.len() > LONGEST_ENTRY {
        return Err(ReceiptError::TooLarge(note.len()));
    }
    Ok(Receipt {
        seq,
        id: body.id,
        kind: body.kind.word().to_owned(),
        tenant: body.tenant.id,
        issued_at: body.issued_at,
        note,
    })
}

async fn write(tx: &mut Tx, receipt: &Receipt) -> Result<(), ReceiptError> {
    let Receipt {
        seq,
        id,
        kind,
        tenant,
        issued_at,
        note,
    } = receipt;
    let leaf = args![signed_number(*seq)?, id, kind, tenant, *issued_at, note];
    tx.execute(rows::INSERT_LEAF, leaf).await?;
    Ok(())
}

/// Adds a leaf to the stored tiles, after making sure that they still have the root last signed.
async fn grow(tx: &mut Tx, size: u64, root: Hash, leaf: Hash) -> Result<Edge, ReceiptError> {
    let mut stored = Tiles::default();
    for (level, number, _) in Edge::tiles(size) {
        let tile = args![level, signed_number(number)?];
        if let Some(row) = tx.fetch_optional(rows::READ_TILE, tile).await? {
            let hashes = tiles::hashes_of(&row.blob(0)?);
            stored.0.insert((level, number), hashes.unwrap_or_default());
        }
    }
    let mut edge =
        Edge::load(size, &stored).ok_or(ReceiptError::Damaged("a tile is missing or cut"))?;
    if edge.root() != root {
        return Err(ReceiptError::Damaged(
            "the tiles have another root than was signed last",
        ));
    }
    for tile in edge.push(leaf) {
        let hashes = tiles::hash_bytes(&tile.hashes);
        let row = args![tile.level, signed_number(tile.number)?, hashes];
        tx.execute(rows::WRITE_TILE, row).await?;
    }
    Ok(edge)
}

/// A number from the database, where all are signed.
fn unsigned(number: i64) -> Result<u64, ReceiptError> {
    u64::try_from(number).map_err(|_| ReceiptError::Damaged("a number is negative"))
}

fn signed_number(number: u64) -> Result<i64, ReceiptError> {
    i64::try_from(number).map_err(|_| ReceiptError::Damaged("a number is too large"))
}

//! One change of epoch: everything it writes to the vault, as one value that can be written to the
//! redo record, applied, and applied once more after a crash.

use zeroize::Zeroizing;

use super::draft::{self, SealedPage};
use super::head::Head;
use super::open::Means;
use super::page::{self, PageId, PageKey, PageKind};
use super::root::Slot;
use super::wire::{Reader, Truncated, Writer};
use super::{KeyRef, KeyringError, rows};
use crate::store::{Tx, Value, args};
use crate::vocabulary::{ErasureId, Random, RootId, TenantId, Timestamp, fail_point};

/// One erasure inside a change, as the ledger will hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) seq: i64,
    pub(super) erasure: ErasureId,
    pub(super) kind: String,
    pub(super) tenant: TenantId,
    pub(super) subject: Option<[u8; 16]>,
    pub(super) facts: String,
    pub(super) destroyed_at: Timestamp,
    /// `None` stands for the whole tenant.
    pub(super) units: Option<Vec<KeyRef>>,
}

/// From one root to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) old_root: RootId,
    pub(super) new_root: RootId,
    /// The epoch that begins.
    pub(super) epoch: u64,
    pub(super) ledger_seq: i64,
    pub(super) pages: Vec<SealedPage>,
    pub(super) entries: Vec<Entry>,
}

impl Change {
    /// Steps 2 to 4 of the erase protocol: from the live root to the candidate. `tx` holds the head;
    /// the caller holds the root lock. A mirror changes its own root by the same steps.
    pub(super) async fn carry_out(
        &self,
        means: &Means,
        mut tx: Tx,
        head: &Head,
        live: &Slot,
        candidate: &Slot,
    ) -> Result<(), KeyringError> {
        if let Err(error) = self.write_root(means, live, candidate) {
            tx.rollback().await?;
            let _ = means.root.wipe_except(live);
            return Err(error);
        }
        fail_point("destroy:candidate-written");
        self.apply(&mut tx, head).await?;
        fail_point("destroy:before-commit");
        tx.commit().await?;
        fail_point("destroy:committed");
        means.root.wipe_except(candidate)?;
        fail_point("destroy:old-root-destroyed");
        Ok(())
    }

    /// Step 2. Short blocking writes of a few kilobytes; they end before anyone else may write.
    fn write_root(&self, means: &Means, live: &Slot, candidate: &Slot) -> Result<(), KeyringError> {
        let key = means.root.effective_key(candidate)?;
        let redo = self.seal(&key, means.random.as_ref());
        means.root.write_redo(self.epoch, &redo)?;
        fail_point("destroy:redo-written");
        Ok(means.root.write_candidate(candidate, &live.id)?)
    }

    /// Writes the change into a vault transaction that holds the head.
    pub(super) async fn apply(&self, tx: &mut Tx, head: &Head) -> Result<(), KeyringError> {
        draft::store(tx, head.version, &self.pages).await?;
        for entry in &self.entries {
            self.record(tx, head.version, entry).await?;
        }
        let arguments = args![
            self.new_root,
            self.epoch as i64,
            self.ledger_seq,
            self.old_root
        ];
        match tx.execute(rows::NAME_ROOT, arguments).await? {
            1 => Ok(()),
            _ => Err(KeyringError::EpochChanged),
        }
    }

    async fn record(&self, tx: &mut Tx, version: i64, entry: &Entry) -> Result<(), KeyringError> {
        let arguments = args![
            entry.seq,
            entry.erasure,
            entry.kind.as_str(),
            entry.tenant,
            entry.subject.map(|id| id.to_vec()),
            self.epoch as i64,
            entry.facts.as_str(),
            entry.destroyed_at,
            version
        ];
        tx.execute(rows::INSERT_LEDGER, arguments).await?;
        let erased = match &entry.units {
            None => vec![erased(entry, -1, -1)],
            Some(units) => units
                .iter()
                .map(|unit| erased(entry, unit.block as i64, i64::from(unit.leaf)))
                .collect(),
        };
        tx.execute_many(&rows::INSERT_ERASED, args![], erased)
            .await?;
        tx.execute(rows::DELETE_ORDER, args![entry.erasure]).await?;
        Ok(())
    }

    /// The redo record: sealed under the very root whose beginning it describes.
    pub(super) fn seal(&self, key: &PageKey, random: &dyn Random) -> Vec<u8> {
        page::seal(
            key,
            &associated_data(&self.new_root),
            &self.encode(),
            random,
        )
    }

    /// Opens the redo record of a root; `None` when it belongs to another or is damaged.
    pub(super) fn open(root: &RootId, key: &PageKey, sealed: &[u8]) -> Option<Self> {
        let bytes = page::open(key, &associated_data(root), sealed).ok()?;
        Self::decode(&bytes)
            .ok()
            .filter(|change| change.new_root == *root)
    }

    /// What these bytes say of a change, written again.
    pub(super) fn again(bytes: &[u8]) -> Option<Vec<u8>> {
        Some(Self::decode(bytes).ok()?.encode().to_vec())
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let size: usize = self.pages.iter().map(|page| page.body.len() + 64).sum();
        let mut to = Writer::with_capacity(size + self.entries.len() * 1024 + 64)
            .raw(self.old_root.as_bytes())
            .raw(self.new_root.as_bytes())
            .u64(self.epoch)
            .u64(self.ledger_seq as u64)
            .u32(self.pages.len() as u32);
        for page in &self.pages {
            let PageId {
                kind,
                tenant,
                number,
            } = page.id;
            to = to.u32(kind as u32).raw(tenant.as_bytes()).u64(number);
            to = to.u64(page.replaces as u64).bytes(&page.body);
        }
        to = to.u32(self.entries.len() as u32);
        for entry in &self.entries {
            to = entry.encode(to);
        }
        to.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Truncated> {
        let mut from = Reader::new(bytes);
        let old_root = RootId(from.array()?);
        let new_root = RootId(from.array()?);
        let (epoch, ledger_seq) = (from.u64()?, from.u64()? as i64);
        let count = from.u32()?;
        let pages = (0..count)
            .map(|_| decode_page(&mut from))
            .collect::<Result<_, _>>()?;
        let count = from.u32()?;
        let entries = (0..count)
            .map(|_| Entry::decode(&mut from))
            .collect::<Result<_, _>>()?;
        from.end()?;
        Ok(Self {
            old_root,
            new_root,
            epoch,
            ledger_seq,
            pages,
            entries,
        })
    }
}

impl Entry {
    fn encode(&self, to: Writer) -> Writer {
        let to = to
            .u64(self.seq as u64)
            .raw(self.erasure.as_bytes())
            .bytes(self.kind.as_bytes())
            .raw(self.tenant.as_bytes())
            .bytes(self.subject.as_ref().map_or(&[], |id| id.as_slice()))
            .bytes(self.facts.as_bytes())
            .u64(self.destroyed_at.0 as u64)
            .u32(u32::from(self.units.is_none()));
        let units = self.units.as_deref().unwrap_or_default();
        let to = to.u32(units.len() as u32);
        units
            .iter()
            .fold(to, |to, unit| to.u64(unit.block).u32(u32::from(unit.leaf)))
    }

    fn decode(from: &mut Reader<'_>) -> Result<Self, Truncated> {
        let seq = from.u64()? as i64;
        let erasure = ErasureId(from.array()?);
        let kind = text(from)?;
        let tenant = TenantId(from.array()?);
        let subject = from.bytes()?.try_into().ok();
        let facts = text(from)?;
        let destroyed_at = Timestamp(from.u64()? as i64);
        let whole_tenant = from.u32()? == 1;
        let count = from.u32()?;
        let units = (0..count).map(|_| {
            let block = from.u64()?;
            let leaf = u16::try_from(from.u32()?).map_err(|_| Truncated)?;
            Ok(KeyRef { block, leaf })
        });
        let units = units.collect::<Result<Vec<_>, Truncated>>()?;
        let units = if whole_tenant { None } else { Some(units) };
        Ok(Self {
            seq,
            erasure,
            kind,
            tenant,
            subject,
            facts,
            destroyed_at,
            units,
        })
    }
}

fn erased(entry: &Entry, block: i64, leaf: i64) -> Vec<Value> {
    args![entry.tenant, block, leaf, entry.erasure]
}

fn associated_data(root: &RootId) -> Vec<u8> {
    [b"GALLRA-REDO1".as_slice(), root.as_bytes()].concat()
}

fn text(from: &mut Reader<'_>) -> Result<String, Truncated> {
    String::from_utf8(from.bytes()?.to_vec()).map_err(|_| Truncated)
}

fn decode_page(from: &mut Reader<'_>) -> Result<SealedPage, Truncated> {
    let kind = PageKind::from_code(i64::from(from.u32()?)).ok_or(Truncated)?;
    let tenant = TenantId(from.array()?);
    let id = PageId {
        kind,
        tenant,
        number: from.u64()?,
    };
    Ok(SealedPage {
        id,
        replaces: from.u64()? as i64,
        body: from.bytes()?.to_vec(),
    })
}

//! What data needs of a vault that the vault does not have, because it went on from a mirror that was
//! late: counted before anything is changed, and refused until that very count is accepted.
//!
//! ```text
//! line 0   1 2 3 4 5 6 7           the vault that is lost; the mirror had followed to 4
//! line 1           └ 10¹² …        the mirror is promoted; data, or a backup of it, is of line 0 at 7
//! ```
//!
//! A promotion begins its line with numbers that no number of an earlier line can reach ([`LINE`]), of
//! versions as of ledger entries. So data that is ahead in numbers says one thing only, that a vault
//! was put back; and nothing new is taken for something lost. Blocks of keys cannot be numbered so: how
//! many there were when a line began stands in the vault, and what data of an earlier line has beyond
//! that is lost, whatever bears the number now.
//!
//! An erasure is undone when the ledger does not know it and a key it destroyed is there again. One
//! whose keys are lost altogether is not: nobody can come back from it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::page::{FAN_OUT, Page, PageId, PageKind, TenantPage};
use super::super::view::View;
use super::super::{IndexKeys, KeyRef, Keyring, KeyringError, draft::Draft, rows as tree_rows};
use super::rows;
use crate::store::{Tx, args};
use crate::vocabulary::{ErasureId, Random, TenantId, Timestamp, VaultId};

/// How many versions and ledger entries one line has numbers for: more than a vault can write, few
/// enough that JSON holds the numbers of some thousand promotions.
pub(super) const LINE: i64 = 1_000_000_000_000;

/// The number of the line that a version is of.
pub(super) fn line_of(version: i64) -> i64 {
    version / LINE
}

/// What data, or a backup of it, knows of the vault it last worked with.
#[derive(Debug, Clone, Default)]
pub struct DataKnows {
    /// Which vault that was; `None` for a data store that was never used.
    pub vault: Option<VaultId>,
    /// The highest version of the vault that was noted.
    pub version: i64,
    /// The highest ledger entry whose rows are deleted.
    pub applied: i64,
    /// The blocks of keys that units name.
    pub blocks: BTreeSet<(TenantId, u64)>,
    /// The erasures whose keys are destroyed, as far as it knows.
    pub erasures: Vec<KnownErasure>,
}

/// An erasure that data knows to be done.
#[derive(Debug, Clone)]
pub struct KnownErasure {
    /// Its id.
    pub id: ErasureId,
    /// Whose data it was.
    pub tenant: TenantId,
    /// The person, where it was one as a whole.
    pub subject: Option<[u8; 16]>,
    /// The keys it destroyed, where that is noted: not of a whole client.
    pub keys: Vec<KeyRef>,
}

/// How far data is ahead of a vault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loss {
    /// Blocks of keys that data uses and nobody has.
    pub blocks: BTreeSet<(TenantId, u64)>,
    /// Erasures whose keys are there again, with those of their keys.
    pub undone: Vec<(ErasureId, Vec<KeyRef>)>,
    /// How many erasures that are, with those of which only the number is known.
    pub erasures: u64,
    /// The line of history that the data is of.
    pub line: i64,
}

impl Loss {
    /// Whether this very loss was accepted: the number is that of blocks and erasures together. Where
    /// nothing is lost there is nothing to accept.
    pub fn is_accepted(&self, accepted: Option<u64>) -> bool {
        let lost = self.blocks.len() as u64 + self.erasures;
        lost == 0 || accepted == Some(lost)
    }

    /// For each client that lost blocks, the highest number among them.
    fn highest(&self) -> BTreeMap<TenantId, u64> {
        self.blocks.iter().copied().collect() // In order: the last of a client stays.
    }
}

impl Keyring {
    /// What data needs and this vault does not have.
    pub async fn measure_loss(&self, data: &DataKnows) -> Result<Loss, KeyringError> {
        measure(&mut View::open(&self.0.means).await?, data).await
    }

    /// In the vault transaction `tx`, takes the head and notes that the data which will be marked with
    /// `restoration` is put in place with this loss: no lost block's number is given out again.
    pub async fn accept_loss(
        &self,
        tx: &mut Tx,
        loss: &Loss,
        restoration: [u8; 16],
    ) -> Result<i64, KeyringError> {
        let random = self.0.means.random.as_ref();
        let mut draft = self.draft(tx).await?;
        pass_over(tx, &mut draft, loss, random).await?;
        super::super::draft::store(tx, draft.version, &draft.seal()).await?;
        tx.execute(rows::ACCEPT_LOSS, args![restoration, loss.line])
            .await?;
        Ok(draft.version)
    }

    /// The blocks that data with this mark lost, if a person accepted that.
    pub async fn accepted_loss(
        &self,
        restoration: [u8; 16],
    ) -> Result<Option<LostBlocks>, KeyringError> {
        let mut view = View::open(&self.0.means).await?;
        let row = view
            .tx
            .fetch_optional(rows::ACCEPTED_LOSS, args![restoration])
            .await?;
        match row {
            Some(row) => Ok(Some(LostBlocks::read(&mut view.tx, row.i64(0)?).await?)),
            None => Ok(None),
        }
    }

    /// What was accepted is cleaned away.
    pub async fn loss_is_cleaned(&self, restoration: [u8; 16]) -> Result<(), KeyringError> {
        let vault = &self.0.means.vault;
        vault.execute(rows::FORGET_LOSS, args![restoration]).await?;
        Ok(())
    }
}

/// Which blocks of data of one line are lost by their number alone.
#[derive(Debug)]
pub struct LostBlocks {
    /// How many lines began since, as far as that is noted.
    lines: usize,
    /// For each client, in how many of them it was, and the least of its blocks there.
    shared: HashMap<TenantId, (usize, u64)>,
}

impl LostBlocks {
    async fn read(tx: &mut Tx, line: i64) -> Result<Self, KeyringError> {
        let (mut lines, mut shared) = (BTreeSet::new(), HashMap::new());
        for row in tx.fetch_all(rows::LINES_AFTER, args![line]).await? {
            lines.insert(row.i64(0)?);
            let of_tenant = shared.entry(row.id(1)?).or_insert((0, u64::MAX));
            *of_tenant = (of_tenant.0 + 1, of_tenant.1.min(row.u64(2)?));
        }
        let lines = lines.len();
        Ok(Self { lines, shared })
    }

    /// Whether a line that began later had no such block, so that one of this number is another.
    pub fn contains(&self, tenant: TenantId, block: u64) -> bool {
        match self.shared.get(&tenant) {
            _ if self.lines == 0 => false,
            Some((lines, blocks)) => *lines < self.lines || block >= *blocks,
            None => true,
        }
    }
}

/// Counts what data needs and the viewed vault does not have.
pub(super) async fn measure(view: &mut View<'_>, data: &DataKnows) -> Result<Loss, KeyringError> {
    let line = line_of(data.version);
    let lost = LostBlocks::read(&mut view.tx, line).await?;
    let mut loss = Loss {
        line,
        ..Loss::default()
    };
    for (tenant, block) in &data.blocks {
        let there = !lost.contains(*tenant, *block) && view.has_block(*tenant, *block).await?;
        if !there && !is_purged(view, *tenant).await? {
            loss.blocks.insert((*tenant, *block));
        }
    }
    let mut accounted = 0;
    for known in &data.erasures {
        let entry = view
            .tx
            .fetch_optional(tree_rows::READ_LEDGER, args![known.id]);
        match entry.await? {
            Some(entry) => accounted += u64::from(entry.i64(0)? > data.applied), // Done again.
            None => match undone(view, known, &lost).await? {
                Some(undone) => loss.undone.push(undone),
                None => accounted += 1,
            },
        }
    }
    let missing = missing_entries(view, data.applied).await?;
    let by_number = missing.saturating_sub(accounted);
    loss.erasures = by_number.max(loss.undone.len() as u64);
    Ok(loss)
}

/// How many of the ledger entries up to a number are not there: the newest of the number's line.
async fn missing_entries(view: &mut View<'_>, applied: i64) -> Result<u64, KeyringError> {
    let newest = view
        .tx
        .fetch_one(tree_rows::NEWEST_ENTRY_UP_TO, args![applied])
        .await?;
    let began = line_of(applied) * LINE;
    let known = newest.opt_i64(0)?.unwrap_or(0).max(began);
    Ok(u64::try_from(applied - known).unwrap_or(0))
}

/// An erasure that the ledger does not know, with those of its keys that are there again. `None` where
/// nothing is: they went with another erasure, or are lost.
async fn undone(
    view: &mut View<'_>,
    known: &KnownErasure,
    lost: &LostBlocks,
) -> Result<Option<(ErasureId, Vec<KeyRef>)>, KeyringError> {
    let tenant = known.tenant;
    if is_purged(view, tenant).await? {
        return Ok(None);
    }
    let mut there = Vec::new();
    for key in &known.keys {
        if !lost.contains(tenant, key.block) && view.present(tenant, key.block).await?.contains(key)
        {
            there.push(*key);
        }
    }
    let is_undone = match (known.keys.is_empty(), known.subject) {
        (false, _) => !there.is_empty(),
        (true, None) => view.blocks(tenant).await?.is_some(),
        (true, Some(subject)) => {
            let arguments = args![tenant, subject];
            let entry = view
                .tx
                .fetch_optional(tree_rows::READ_LEDGER_OF_SUBJECT, arguments);
            entry.await?.is_none()
        }
    };
    Ok(is_undone.then_some((known.id, there)))
}

async fn is_purged(view: &mut View<'_>, tenant: TenantId) -> Result<bool, KeyringError> {
    // Block -1 stands for the whole tenant and matches whatever key is asked for.
    let arguments = args![tenant, -1, -1];
    let row = view
        .tx
        .fetch_optional(tree_rows::READ_ERASED, arguments)
        .await?;
    Ok(row.is_some())
}

/// Counts clients' blocks on to where data was, so that no lost number is given out again. A client
/// that the tree does not know gets its place: its people are lost, it is not.
pub(super) async fn pass_over(
    tx: &mut Tx,
    draft: &mut Draft<'_>,
    loss: &Loss,
    random: &dyn Random,
) -> Result<(), KeyringError> {
    for (tenant, highest) in loss.highest() {
        pass_over_one(tx, draft, (tenant, highest), random).await?;
    }
    Ok(())
}

async fn pass_over_one(
    tx: &mut Tx,
    draft: &mut Draft<'_>,
    (tenant, highest): (TenantId, u64),
    random: &dyn Random,
) -> Result<(), KeyringError> {
    let id = PageId::tenant(tenant);
    if !draft.load(tx, id).await? {
        let slot = PageId::slot_of(tenant);
        if !draft.load(tx, slot).await? {
            draft.add(slot, Page::empty(PageKind::Slot))?;
        }
        let page = TenantPage {
            index: IndexKeys::generate(1, random),
            index_since: Timestamp(0), // Long ago: they are replaced with the next that are due.
            next_block: 0,
            groups: Vec::new(),
        };
        draft.add(id, Page::Tenant(page))?;
    }
    let Page::Tenant(page) = draft.edit(&id)? else {
        return Err(KeyringError::corrupt(&id));
    };
    let known = page.groups.len() as u64;
    page.next_block = page.next_block.max(highest + 1);
    for group in known..page.next_block.div_ceil(FAN_OUT as u64) {
        let page = Page::empty(PageKind::Group);
        draft.add(PageId::group(tenant, group), page)?;
    }
    Ok(())
}

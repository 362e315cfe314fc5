//! Promotion: the main root or vault is lost, and a mirror's copy becomes the main vault.
//!
//! The new root is drawn, never copied; the pages come from the mirror as they are, all but the root
//! page. The vault keeps its id and begins a new *line*, so that other mirrors copy everything anew.
//! The mirror stays a mirror, of the new main vault.
//!
//! **What may be missing.** The mirror has what it acknowledged, and perhaps a little more. Of what
//! came after:
//! - blocks of keys leased since are unknown: rows sealed with them cannot be read by anyone;
//! - an erasure since is undone as far as keys go. It has no receipt, because receipts wait for
//!   mirrors; but its rows may be deleted from data already, and then only data tells that it was.
//!
//! Both are counted from what data knows ([`DataKnows`]) and refused until the count is accepted.
//! Then block numbers and ledger numbers that data has seen are passed over, so that nothing new is
//! ever taken for something lost. The erasure room then destroys anew, under its old id, every
//! erasure that data knows and the ledger does not.
//!
//! Data that is lost with the vault forgets even that: what is then left is the time since when
//! erasures may be undone, [`Promoted::followed_at`], which the operator is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::draft::{self, Draft};
use super::super::page::{FAN_OUT, Page, PageId, PageKind, TenantPage};
use super::super::view::View;
use super::super::{FileRoot, Head, IndexKeys, KeyringError, rows as tree_rows};
use super::super::{head, lock};
use super::aside::{remains, set_aside};
use super::copy::{self, Following, Line};
use super::home::{self, Home};
use super::owed::is_owed;
use super::{MirrorError, rows};
use crate::store::{Db, Tx, args};
use crate::vocabulary::{Clock, ErasureId, Random, TenantId, Timestamp, VaultId, fail_point};

/// What the data store knows of the vault it last worked with.
#[derive(Debug, Clone, Default)]
pub struct DataKnows {
    /// Which vault that was; `None` for a data store that was never used.
    pub vault: Option<VaultId>,
    /// The highest version of the vault that was noted.
    pub version: i64,
    /// The highest ledger entry whose rows are deleted.
    pub applied: i64,
    /// For each tenant that has any, the highest block number that a unit names.
    pub highest_blocks: Vec<(TenantId, u64)>,
}

/// What to promote, and where to.
pub struct Promotion<'a> {
    /// The mirror's directory.
    pub mirror: &'a Path,
    /// The vault's database to be: migrated and empty. Set an old one aside first.
    pub vault: Db,
    /// The root to be. What lies in its directory is set aside.
    pub root: FileRoot,
    /// What data knows.
    pub data: DataKnows,
    /// The number of blocks and erasures whose loss is accepted, as the refusal gave it.
    pub accept_loss: Option<u64>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
}

/// What a promotion did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promoted {
    /// The vault: the same as before.
    pub vault: VaultId,
    /// The epoch that begins.
    pub epoch: u64,
    /// The version the vault is at.
    pub version: i64,
    /// The epoch of the lost vault that the mirror had followed to.
    pub followed_epoch: u64,
    /// The version of the lost vault that the mirror had followed to.
    pub followed_version: i64,
    /// When the mirror was last known to have everything. What was erased after this and has no
    /// receipt must be looked through and erased again.
    pub followed_at: Timestamp,
    /// Pages of keys, every one opened before anything was written.
    pub pages: u64,
    /// Blocks of keys that data uses and nobody has.
    pub lost_blocks: u64,
    /// Erasures whose rows are deleted from data and whose keys are back.
    pub undone_erasures: u64,
    /// Where the old root directory was set aside. It may still hold a key that opens the lost vault:
    /// destroy it with [`super::destroy_remains`] once that vault is not wanted any more.
    pub remains: Option<PathBuf>,
}

/// How far data is ahead of the mirror.
struct Loss {
    blocks: u64,
    erasures: u64,
    /// The tenants concerned, and their highest block numbers.
    tenants: Vec<(TenantId, u64)>,
}

/// Refuses a directory that is no mirror's: before anything else is made or looked at.
pub fn check(directory: &Path) -> Result<(), MirrorError> {
    home::expect(directory).map(drop)
}

/// Makes the mirror's copy the main vault, under a fresh root. Refuses before it writes anything.
///
/// Killed half way, it can be repeated: the vault is written in one transaction, and with it stands
/// that the data is to be told of it ([`Keyring::owes_note`](super::super::Keyring::owes_note)).
/// Repeated while that is so, it answers what the first promotion did.
pub async fn promote(promotion: Promotion<'_>) -> Result<Promoted, MirrorError> {
    let (clock, random) = (Arc::clone(&promotion.clock), Arc::clone(&promotion.random));
    let home = Home::open(promotion.mirror, &promotion.root, clock, random).await?;
    let mut view = View::open(&home.means).await?;
    let following = Following::read(&mut view.tx).await?;
    let following = following.filter(|following| following.version > 0);
    let following = following.ok_or(MirrorError::NothingFollowed)?;
    let other = |vault| vault != view.head.vault;
    if promotion.data.vault.is_some_and(other) {
        return Err(MirrorError::OtherVault);
    }
    let loss = measure(&mut view, &promotion.data).await?;
    let pages = view.walk().await?;
    let mut tx = promotion.vault.begin().await?;
    let (head, remains) = match done_before(&mut tx, &view.head).await? {
        Some(head) => (head, remains(&promotion.root)?.pop()),
        None => {
            accept(&loss, promotion.accept_loss)?;
            let remains = make_way(&promotion.root)?;
            let head = promotion.new_head(&view.head, &following);
            promotion.write(view, tx, &head, &loss).await?;
            (head, remains)
        }
    };
    Ok(Promoted {
        vault: head.vault,
        epoch: head.epoch,
        version: head.version,
        followed_epoch: following.epoch,
        followed_version: following.version,
        followed_at: Timestamp(following.followed_at),
        pages,
        lost_blocks: loss.blocks,
        undone_erasures: loss.erasures,
        remains,
    })
}

impl Promotion<'_> {
    /// The head to be: past everything that the mirror or data ever saw. Its root is still the
    /// mirror's.
    fn new_head(&self, copied: &Head, following: &Following) -> Head {
        Head {
            version: following.version.max(copied.version).max(self.data.version) + 1,
            epoch: copied.epoch.max(following.epoch) + 1,
            ledger_seq: copied.ledger_seq.max(self.data.applied),
            ..*copied
        }
    }

    /// Root first, then the vault in one transaction: as when a vault is made.
    async fn write(
        &self,
        mut view: View<'_>,
        mut tx: Tx,
        head: &Head,
        loss: &Loss,
    ) -> Result<(), MirrorError> {
        let random = self.random.as_ref();
        self.root.create()?;
        fail_point("promote:root-made");
        let slot = self.root.draw(head.vault, head.epoch, random);
        let key = self.root.effective_key(&slot)?;
        self.root.write_candidate(&slot, &slot.id)?;
        fail_point("promote:root-written");

        copy::copy(&mut view, &mut tx, 0, &key, random).await?;
        let mut draft = Draft::new(head.version, key, random);
        for (tenant, highest) in &loss.tenants {
            pass_over(&mut tx, &mut draft, *tenant, *highest, random).await?;
        }
        draft::store(&mut tx, head.version, &draft.seal()).await?;
        let now = self.clock.now();
        let passed_over = (head.ledger_seq > view.head.ledger_seq).then_some(head.ledger_seq);
        next_line(&mut view, &mut tx, random, (now, passed_over)).await?;
        tx.execute(rows::SET_NOTE_OWED, args![true]).await?;
        view.tx.rollback().await?;
        tx.execute(rows::NOTHING_ACKNOWLEDGED, args![]).await?;
        let arguments = args![
            head.vault,
            head.version,
            head.epoch as i64,
            slot.id,
            head.ledger_seq,
            head.rows_deleted,
            now
        ];
        tx.execute(tree_rows::INSERT_HEAD, arguments).await?;
        fail_point("promote:before-commit");
        tx.commit().await?;
        fail_point("promote:committed");
        Ok(())
    }
}

/// The head of the vault that this mirror was made before, while the data was not told of it. Any
/// other vault stands in the way.
async fn done_before(tx: &mut Tx, mirror: &Head) -> Result<Option<Head>, MirrorError> {
    match head::read_in(tx).await {
        Err(KeyringError::NoVault) => Ok(None),
        Ok(head) if head.vault == mirror.vault && is_owed(tx).await? => Ok(Some(head)),
        Ok(_) => Err(MirrorError::VaultInTheWay),
        Err(error) => Err(error.into()),
    }
}

async fn measure(view: &mut View<'_>, data: &DataKnows) -> Result<Loss, KeyringError> {
    let mut loss = Loss {
        blocks: 0,
        erasures: u64::try_from(data.applied - view.head.ledger_seq).unwrap_or(0),
        tenants: Vec::new(),
    };
    for (tenant, highest) in &data.highest_blocks {
        if is_purged(view, *tenant).await? {
            continue;
        }
        let known = view.blocks(*tenant).await?.unwrap_or(0);
        if *highest >= known {
            loss.blocks += highest + 1 - known;
            loss.tenants.push((*tenant, *highest));
        }
    }
    Ok(loss)
}

async fn is_purged(view: &mut View<'_>, tenant: TenantId) -> Result<bool, KeyringError> {
    // Block -1 stands for the whole tenant and matches whatever key is asked for.
    let arguments = args![tenant, -1, -1];
    let row = view
        .tx
        .fetch_optional(tree_rows::READ_ERASED, arguments)
        .await?;
    let erasure: Option<ErasureId> = row.map(|row| row.id(0)).transpose()?;
    Ok(erasure.is_some())
}

fn accept(loss: &Loss, accepted: Option<u64>) -> Result<(), MirrorError> {
    let (blocks, erasures) = (loss.blocks, loss.erasures);
    if accepted.unwrap_or(0) == blocks + erasures {
        Ok(())
    } else {
        Err(MirrorError::DataAhead { blocks, erasures })
    }
}

/// Counts a tenant's blocks on to where data was, so that no lost number is given out again.
async fn pass_over(
    tx: &mut Tx,
    draft: &mut Draft<'_>,
    tenant: TenantId,
    highest: u64,
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
    page.next_block = highest + 1;
    for group in known..page.next_block.div_ceil(FAN_OUT as u64) {
        let page = Page::empty(PageKind::Group);
        draft.add(PageId::group(tenant, group), page)?;
    }
    Ok(())
}

async fn next_line(
    view: &mut View<'_>,
    tx: &mut Tx,
    random: &dyn Random,
    (now, passed_over): (Timestamp, Option<i64>),
) -> Result<(), MirrorError> {
    let mut line = Line::read(&mut view.tx).await?;
    line.passed_over = passed_over.unwrap_or(line.passed_over);
    line.number += 1;
    random.fill(&mut line.line);
    line.began_at = now.0;
    Ok(line.store(tx).await?)
}

fn make_way(root: &FileRoot) -> Result<Option<PathBuf>, MirrorError> {
    if lock::is_in_use(root)? {
        return Err(MirrorError::RootInUse(root.directory().to_owned()));
    }
    set_aside(root.directory())
}

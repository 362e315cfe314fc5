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
//! Both are counted from what data knows ([`DataKnows`]) and refused until the count is accepted
//! (`loss.rs`). Then block numbers and ledger numbers that data has seen are passed over, so that
//! nothing new is ever taken for something lost. The erasure room then destroys anew, under its old id,
//! every erasure that data knows and the ledger does not, and deletes what nobody can read any more.
//!
//! Data that is lost with the vault forgets even that, until a backup of it is restored: it is counted
//! and accepted then. What the backup does not know either is told by the time since when erasures may
//! be undone, [`Promoted::followed_at`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::draft::{self, Draft};
use super::super::page::PageId;
use super::super::view::View;
use super::super::{FileRoot, Head, KeyringError, rows as tree_rows};
use super::super::{head, lock};
use super::aside::{remains, set_aside};
use super::copy::{self, Following, Line};
use super::home::{self, Home};
use super::loss::{self, DataKnows, LINE, Loss};
use super::owed::is_owed;
use super::{MirrorError, rows};
use crate::store::{CHUNK, Db, Tx, args};
use crate::vocabulary::{Clock, Random, TenantId, Timestamp, VaultId, fail_point};

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
    let loss = loss::measure(&mut view, &promotion.data).await?;
    let pages = view.walk().await?;
    let mut tx = promotion.vault.begin().await?;
    let (head, remains) = match done_before(&mut tx, &view.head).await? {
        Some(head) => (head, remains(&promotion.root)?.pop()),
        None => {
            accept(&loss, promotion.accept_loss)?;
            let remains = make_way(&promotion.root)?;
            let line = Line::read(&mut view.tx).await?;
            let line = promotion.next_line(line);
            let head = promotion.new_head(&view.head, &following, &line);
            promotion.write(view, tx, (&head, &line), &loss).await?;
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
        lost_blocks: loss.blocks.len() as u64,
        undone_erasures: loss.erasures,
        remains,
    })
}

impl Promotion<'_> {
    /// The line to be: after that of the mirror and that of data.
    fn next_line(&self, before: Line) -> Line {
        let mut line = before;
        line.number = before.number.max(loss::line_of(self.data.version)) + 1;
        self.random.fill(&mut line.line);
        line.began_at = self.clock.now().0;
        // From where the numbers of entries go on: none is missed up to here.
        line.passed_over = line.number * LINE;
        line
    }

    /// The head to be: with numbers past all that the mirror, data or any backup ever saw. Its root is
    /// still the mirror's.
    fn new_head(&self, copied: &Head, following: &Following, line: &Line) -> Head {
        Head {
            version: line.number * LINE,
            epoch: copied.epoch.max(following.epoch) + 1,
            ledger_seq: line.passed_over,
            ..*copied
        }
    }

    /// Root first, then the vault in one transaction: as when a vault is made.
    async fn write(
        &self,
        mut view: View<'_>,
        mut tx: Tx,
        (head, line): (&Head, &Line),
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
        loss::pass_over(&mut tx, &mut draft, loss, random).await?;
        draft::store(&mut tx, head.version, &draft.seal()).await?;
        begin(&mut view, &mut tx, (line, head.version)).await?;
        if !loss.blocks.is_empty() {
            tx.execute(rows::ACCEPT_LOSS, args![line.line, loss.line])
                .await?;
        }
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
            self.clock.now()
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

fn accept(loss: &Loss, accepted: Option<u64>) -> Result<(), MirrorError> {
    match loss.is_accepted(accepted) {
        true => Ok(()),
        false => Err(MirrorError::DataAhead {
            blocks: loss.blocks.len() as u64,
            erasures: loss.erasures,
        }),
    }
}

/// Begins the line, and notes how many blocks each client has.
async fn begin(
    view: &mut View<'_>,
    tx: &mut Tx,
    (line, version): (&Line, i64),
) -> Result<(), MirrorError> {
    line.store(tx).await?;
    let of_none = TenantId([0; 16]); // So that a line that begins without any client is noted.
    let mut begins = vec![args![line.number, of_none, 0, version]];
    for tenant in view.tenants().await? {
        let blocks = view.blocks(tenant).await?.unwrap_or(0);
        begins.push(args![line.number, tenant, blocks as i64, version]);
        view.forget(&PageId::tenant(tenant));
    }
    for some in begins.chunks(CHUNK) {
        tx.execute_many(&rows::COPY_LINE_BEGINS, args![], some.to_vec())
            .await?;
    }
    Ok(())
}

fn make_way(root: &FileRoot) -> Result<Option<PathBuf>, MirrorError> {
    if lock::is_in_use(root)? {
        return Err(MirrorError::RootInUse(root.directory().to_owned()));
    }
    set_aside(root.directory())
}

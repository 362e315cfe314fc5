//! Finishing what a crash left behind: what is on the root directory is brought in line with what
//! the vault's head names, and only the head decides.
//!
//! The head is *held* while this decides. Without that, on PostgreSQL, a killed process's commit may
//! still be on its way: recovery would read the old head, drop the candidate, and then the server
//! would finish the commit that names it. Holding the head waits for that transaction's end.

use super::KeyringError;
use super::change::Change;
use super::head::Head;
use super::lock::RootLock;
use super::open::Means;
use super::root::{FileRoot, Slot};
use super::tree::live_slot;
use crate::vocabulary::fail_point;

/// Recovers the root directory under its lock.
///
/// | Root directory | Done |
/// |---|---|
/// | the live root alone, on both copies | nothing |
/// | the live root on one copy only | the other is mended |
/// | the live root and another | the other is wiped: an old root (step 4), or a candidate the vault never named |
/// | only a candidate, made from the root the head names | rolled forward from its redo record |
/// | anything else | refused, with what it looks like |
pub(super) async fn recover(means: &Means, _lock: &RootLock) -> Result<(), KeyringError> {
    let mut tx = means.begin().await?;
    let head = means.take_head(&mut tx).await?;
    match live_slot(&means.root, &head) {
        Ok(live) => {
            // A killed process's commit may stand whole in SQLite's write-ahead log without
            // being visible yet; a power cut would bring it back, naming the candidate that is
            // wiped here. Our own commit takes its place in the log, durably, before that.
            if !means.root.is_tidy(&live)? {
                tx.commit().await?;
                fail_point("recover:before-wipe");
                means.root.wipe_except(&live)?;
            } else {
                tx.rollback().await?;
            }
        }
        Err(refusal) => {
            let Some((candidate, change)) = redo_from(&means.root, &head) else {
                return Err(refusal);
            };
            match change.apply(&mut tx, &head).await {
                // Pages of another moment: this vault lost more than its last commit.
                Err(KeyringError::CorruptPage(_)) => return Err(refusal),
                applied => applied?,
            }
            tracing::warn!(
                epoch = change.epoch,
                "the vault lost its last commit: redoing it"
            );
            tx.commit().await?;
            fail_point("recover:redone");
            means.root.wipe_except(&candidate)?;
        }
    }
    Ok(())
}

/// The one candidate that was made from the root this head names, with its redo record.
fn redo_from(root: &FileRoot, head: &Head) -> Option<(Slot, Change)> {
    let slots = root.slots().ok()?;
    // The next epoch, or for a mirror that fell behind a later one; the redo record decides.
    let candidate = slots.into_iter().find(|slot| slot.epoch > head.epoch)?;
    if candidate.vault != head.vault {
        return None;
    }
    let key = root.effective_key(&candidate).ok()?;
    let sealed = root.read_redo(candidate.epoch).ok()??;
    let change = Change::open(&candidate.id, &key, &sealed)?;
    (change.old_root == head.root).then_some((candidate, change))
}

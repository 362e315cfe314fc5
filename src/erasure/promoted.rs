//! Data after a mirror became the vault: it may know of erasures that the mirror had not heard of.
//!
//! ```text
//! main: destroys the keys of erasure n, rows are deleted here          mirror: has not followed n
//! main is lost, the mirror is promoted: its tree still holds those keys, its ledger ends at n - 1
//! an old backup of the data and this vault could read the person again
//! ```
//!
//! So no receipt is issued before every mirror has followed, and the data keeps with each erasure
//! which keys it was to destroy: after a promotion they are destroyed again, under the same id. Keys
//! that no row names are not: which those are is another question to the other tree. They are looked
//! for anew when a person says so, and until then no receipt says that nothing is left.
//!
//! They are also ordered anew, in the vault: data that is restored to before such an erasure has
//! forgotten it.
//!
//! That the data is to be told stands in the promoted vault until it was, so whoever opens the house
//! tells it first, and so does who restores other data.

use super::accept::{Accepted, keep_order};
use super::{EraseError, Eraser, rows};
use crate::audit::{self, Action, Actor, Entry};
use crate::keyring::Keyring;
use crate::receipts::body::Kind;
use crate::store::{Db, args};
use crate::vocabulary::{Clock, Random, VaultId, fail_point};

impl Eraser {
    /// Tells the data of a promotion that it was not told of.
    pub async fn note_promotion(&self) -> Result<(), EraseError> {
        let (clock, random) = (self.catalog.clock.as_ref(), self.catalog.random.as_ref());
        note_if_owed(&self.catalog.keyring, self.data(), clock, random).await
    }
}

/// Brings data down to what a promoted vault knows, unless that was done. It counts as restored then:
/// the next to open it carries out the ledger, rebuilds the index (its keys may be others), and
/// destroys again what the mirror had not heard of.
pub async fn note_if_owed(
    keyring: &Keyring,
    data: &Db,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<(), EraseError> {
    if !keyring.owes_note().await? {
        return Ok(());
    }
    match data.fetch_optional(rows::READ_META, args![]).await? {
        None => return Ok(()), // Nothing here could know more; a backup that is put back may.
        Some(row) if row.id::<VaultId>(0)? != keyring.vault_id() => {
            return Err(EraseError::ForeignData);
        }
        Some(_) => note(keyring, data, clock, random).await?,
    }
    fail_point("promote:noted");
    Ok(keyring.note_paid().await?)
}

/// Each step may be done twice: the debt is paid after the last.
async fn note(
    keyring: &Keyring,
    data: &Db,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<(), EraseError> {
    let head = keyring.head().await?;
    let mut id = vec![0; 16];
    random.fill(&mut id);
    let seq = head.ledger_seq;
    let arguments = args![seq, seq, head.version, id, true];
    let mut tx = data.begin().await?;
    tx.execute(rows::MARK_PROMOTED, arguments).await?;
    let entry = Entry::new(Actor::CommandLine, Action::MirrorPromoted).count("epoch", head.epoch);
    audit::record_in(&mut tx, &entry, clock, random).await?;
    tx.commit().await?;
    let destroyed = rows::DESTROYED_ERASURES;
    for row in data.fetch_all(destroyed, args![true]).await? {
        let accepted = Accepted::read(&row)?;
        if keyring.ledger_entry(accepted.id).await?.is_some() {
            continue;
        }
        // What was kept of a rehoused unit lies in this data alone: it is finished here or nowhere.
        if accepted.facts.kind != Kind::Rehousing {
            order_again(keyring, &accepted).await?;
        }
        let open = args![false, accepted.id, true];
        data.execute(rows::MARK_DESTROYED, open).await?;
    }
    Ok(())
}

async fn order_again(keyring: &Keyring, accepted: &Accepted) -> Result<(), EraseError> {
    let mut tx = keyring.begin_vault().await?;
    let version = keyring.take_head(&mut tx).await?;
    let order = args![accepted.id];
    tx.execute(rows::vault::DELETE_ORDER, order).await?;
    keep_order(&mut tx, accepted, version).await?;
    Ok(tx.commit().await?)
}

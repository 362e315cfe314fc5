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

use super::accept::Accepted;
use super::{EraseError, Eraser, Report, loss, rows};
use crate::audit::{self, Action, Actor, Entry};
use crate::catalog::index::lost::SUPPRESSING;
use crate::keyring::Keyring;
use crate::store::{Db, args};
use crate::vocabulary::{Clock, ErasureId, Random, TenantId, VaultId, fail_point};

impl Eraser {
    /// Erasures whose people an index must know although no ledger tells of them: where data was restored,
    /// those that it noted, and those that are ordered again and cannot be finished yet.
    pub(super) async fn further_suppressing(
        &self,
        report: &Report,
    ) -> Result<Vec<(TenantId, ErasureId)>, EraseError> {
        if !report.restored {
            return Ok(Vec::new());
        }
        let done = self.data().fetch_all(rows::DESTROYED_ERASURES, args![true]);
        let done: Vec<Accepted> = done
            .await?
            .iter()
            .map(Accepted::read)
            .collect::<Result<_, _>>()?;
        let mut ordered = self.orders().await?;
        ordered.retain(|it| it.person().is_some() && !it.facts.keys.is_empty());
        let oldest = self.catalog.horizon();
        let all = done.into_iter().chain(ordered);
        let suppressing = all.filter(|it| SUPPRESSING.contains(&it.facts.kind));
        let lately = suppressing.filter(|it| it.facts.requested_at > oldest);
        Ok(lately.map(|it| (it.tenant, it.id)).collect())
    }

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
    let (knows, done) = loss::of_data(data).await?;
    let undone = keyring.measure_loss(&knows).await?.undone;
    let seq = head.ledger_seq;
    let mark = mark(keyring, data).await?;
    let arguments = args![seq, seq, head.version, mark, true];
    let mut tx = data.begin().await?;
    tx.execute(rows::MARK_PROMOTED, arguments).await?;
    let entry = Entry::new(Actor::CommandLine, Action::MirrorPromoted).count("epoch", head.epoch);
    audit::record_in(&mut tx, &entry, clock, random).await?;
    tx.commit().await?;
    for again in loss::again(done, &undone) {
        let mut tx = keyring.begin_vault().await?;
        let version = keyring.take_head(&mut tx).await?;
        again.order(&mut tx, version).await?;
        tx.commit().await?;
        let (reopen, arguments) = again.reopened()?;
        data.execute(reopen, arguments).await?;
    }
    Ok(())
}

/// The mark says whether a loss of keys was accepted: at the promotion, for the data of then, or
/// afterwards, for a backup that was restored.
async fn mark(keyring: &Keyring, data: &Db) -> Result<[u8; 16], EraseError> {
    let row = data.fetch_optional(rows::READ_META, args![]).await?;
    let marked = row.map(|row| row.opt_blob(2)).transpose()?.flatten();
    let marked: Option<[u8; 16]> = marked.and_then(|mark| mark.try_into().ok());
    match marked {
        Some(mark) if keyring.accepted_loss(mark).await?.is_some() => Ok(mark),
        _ => Ok(keyring.mark_of_line().await?),
    }
}

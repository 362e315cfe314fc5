//! Data after a mirror became the vault: it may know of erasures that the mirror had not heard of.
//!
//! ```text
//! main: destroys the keys of erasure n, rows are deleted here          mirror: has not followed n
//! main is lost, the mirror is promoted: its tree still holds those keys, its ledger ends at n - 1
//! an old backup of the data and this vault could read the person again
//! ```
//!
//! So no receipt is issued before every mirror has followed, and the data keeps with each erasure
//! which keys it was to destroy: after a promotion they are destroyed again, under the same id.

use super::{EraseError, rows};
use crate::audit::{self, Action, Actor, Entry};
use crate::keyring::Keyring;
use crate::store::{Db, args};
use crate::vocabulary::{Clock, ErasureId, Random};

/// Brings data down to what the promoted vault knows. It counts as restored then: the next to open
/// it carries out the ledger, rebuilds the index (its keys may be others), and destroys again what
/// the mirror had not heard of. Answers how many erasures those are.
pub async fn note(
    keyring: &Keyring,
    data: &Db,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<u64, EraseError> {
    let head = keyring.head().await?;
    let mut id = vec![0; 16];
    random.fill(&mut id);
    let arguments = args![head.ledger_seq, head.ledger_seq, head.version, id];
    let mut tx = data.begin().await?;
    tx.execute(rows::MARK_PROMOTED, arguments).await?;
    let entry = Entry::new(Actor::CommandLine, Action::MirrorPromoted).count("epoch", head.epoch);
    audit::record_in(&mut tx, &entry, clock, random).await?;
    tx.commit().await?;
    let mut forgotten = 0;
    for row in data
        .fetch_all(rows::DESTROYED_ERASURES, args![true])
        .await?
    {
        let erasure = row.id::<ErasureId>(0)?;
        if keyring.ledger_entry(erasure).await?.is_none() {
            forgotten += data
                .execute(rows::MARK_DESTROYED, args![false, erasure, true])
                .await?;
        }
    }
    Ok(forgotten)
}

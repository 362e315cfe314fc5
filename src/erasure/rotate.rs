//! Index keys are replaced when they are thirty days old, so that a copy of the index that leaks with
//! the keys of its day answers "was this address here?" for a month at most.
//!
//! The way is that of a strict erasure, without erasing anybody: suppressions are carried over, the
//! keys replaced and destroyed, the index rebuilt. Until it is whole under the new keys nobody looks
//! anything up: a reader waits for it or is told to come again, and is never told "nothing". A process
//! that dies in between leaves an index under keys that are gone; whoever needs it next rebuilds it.
//!
//! Commands do this when they begin, so looking costs one query: the pages of living tenants were read
//! a moment before, when the data was held against the vault. And nobody waits here for whoever holds the root lock.

use super::{EraseError, Eraser, rows};
use crate::keyring::{IndexKeys, KeyringError, Suppressed};
use crate::store::args;
use crate::vocabulary::{TenantId, Timestamp, fail_point};

/// How old index keys become, in microseconds.
const OLDEST: i64 = 30 * 24 * 60 * 60 * 1_000_000;
/// How often somebody may be erased between carrying over and replacing.
const TRIES: usize = 5;

impl Eraser {
    /// Replaces the index keys of every tenant whose keys are thirty days old. Answers for how many,
    /// and when the next are due. While a clock that was set back catches up, nothing is due.
    pub async fn rotate_old_index_keys(&self) -> Result<(u64, Timestamp), EraseError> {
        let now = self.catalog.clock.now();
        let (mut rotated, mut next) = (0, Timestamp(now.0.saturating_add(OLDEST)));
        let tenants = self.data().fetch_all(rows::LIVING_TENANTS, args![]);
        for row in tenants.await? {
            let tenant = row.id::<TenantId>(0)?;
            let since = match self.catalog.keyring.index_keys_since(tenant).await {
                Ok((_, since)) => since,
                Err(KeyringError::Erased(_)) => continue, // Purged since we looked.
                Err(error) => return Err(error.into()),
            };
            let age = now.0.saturating_sub(since.0);
            if age < OLDEST {
                next = next.min(Timestamp(since.0.saturating_add(OLDEST)));
            } else if self.rotate_index_keys(tenant).await? {
                rotated += 1;
            } else {
                next = now; // In somebody's way, or somebody else did it: look again.
            }
        }
        Ok((rotated, next))
    }

    /// Replaces one tenant's index keys and rebuilds its index. `false` when it is gone, another
    /// process did it, or somebody holds the root lock.
    async fn rotate_index_keys(&self, tenant: TenantId) -> Result<bool, EraseError> {
        let keyring = &self.catalog.keyring;
        if !keyring.is_root_free()? {
            return Ok(false); // Before anything is carried over in vain.
        }
        let first = keyring.index_keys(tenant).await?.generation;
        for _ in 0..TRIES {
            let ledger_seq = keyring.head().await?.ledger_seq;
            let old = keyring.index_keys(tenant).await?;
            if old.generation != first {
                return Ok(false);
            }
            let new = self.next_index_keys(&old, tenant).await?;
            fail_point("rotate:carried-over");
            let carried_over = Suppressed {
                generation: old.generation,
                ledger_seq,
            };
            match keyring.replace_index_keys(tenant, &new, carried_over).await {
                Ok(epoch) => {
                    fail_point("rotate:replaced");
                    keyring.finish_epoch(epoch).await?;
                    fail_point("rotate:barrier-passed");
                    return Ok(self.catalog.rebuild_index_of(tenant).await?);
                }
                Err(KeyringError::IndexKeysChanged) => {}
                Err(
                    KeyringError::Erased(_)
                    | KeyringError::RootBusy(_)
                    | KeyringError::VaultBusy(_),
                ) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyringError::IndexKeysChanged.into())
    }

    /// Draws the next index keys and carries the suppression tokens of people erased before over to
    /// them, while the old keys can still be used. Should the keys never come into force, what was
    /// carried over bears the id of keys that never were; a later rebuild sweeps it away.
    pub(super) async fn next_index_keys(
        &self,
        old: &IndexKeys,
        tenant: TenantId,
    ) -> Result<IndexKeys, EraseError> {
        let new = IndexKeys::generate(old.generation + 1, self.catalog.random.as_ref());
        self.catalog.carry_over(tenant, old, &new).await?;
        Ok(new)
    }
}

//! Leases of running processes, and the barrier that waits for them.
//!
//! A process may decrypt while its lease is valid: five seconds from just before it last told the
//! vault which epoch it works in, on a clock that counts suspension. Renewing reads the epoch first
//! and drops older keys, so whoever says "epoch n" has nothing from before. A stopped or sleeping
//! process finds its lease over when it wakes, and must renew before it opens anything.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::lock::{InstanceLock, explain};
use super::open::Means;
use super::{Keyring, KeyringError, rows};
use crate::store::args;
use crate::vocabulary::{InstanceId, fail_point};

/// How long a process may go on decrypting after it last renewed.
pub const LEASE: Duration = Duration::from_secs(5);
/// How often it renews.
const RENEW: Duration = Duration::from_secs(1);
/// How often it looks whether the epoch changed, so that an erasure need not wait for a renewal.
const LOOK: Duration = Duration::from_millis(100);
/// How often the barrier looks.
const BARRIER_LOOK: Duration = Duration::from_millis(5);
/// A process whose beat stood still this long holds no valid lease, whatever its own clock says.
const EXPIRED: Duration = Duration::from_millis(5_500);

/// A process the barrier waits for.
struct Waiting {
    id: InstanceId,
    beat: i64,
    since: Duration,
}

impl Keyring {
    /// Renews the lease: reads the epoch, drops older keys, tells the vault, and looks again. A barrier
    /// may have found nothing of this process between the first look and the telling, so only an
    /// epoch that is still the newest afterwards counts. A process that others do not see any more gives
    /// its lease up instead.
    pub(super) async fn renew(&self) -> Result<(), KeyringError> {
        if let Err(overlooked) = self.0.instance_lock.is_seen() {
            self.0.lease_until.store(0, Ordering::SeqCst);
            return Err(overlooked);
        }
        loop {
            let before = self.0.means.clock.uptime();
            self.refresh().await?;
            let told = self.tell().await?;
            if self.refresh().await?.epoch == told {
                self.0.told.store(told, Ordering::SeqCst);
                let until = (before + LEASE).as_micros() as u64;
                self.0.lease_until.fetch_max(until, Ordering::SeqCst);
                return Ok(());
            }
        }
    }

    /// Tells the vault which epoch this process works in.
    async fn tell(&self) -> Result<u64, KeyringError> {
        let epoch = self.0.epoch.lock().number;
        let number = epoch as i64;
        let arguments = args![number, self.0.instance];
        let Means { vault, root, .. } = &self.0.means;
        let told = vault.execute(rows::BEAT, arguments).await;
        if told.map_err(|error| explain(root, error))? == 0 {
            fail_point("lease:untold");
            let arguments = args![self.0.instance, number, self.0.means.clock.now()];
            self.0
                .means
                .vault
                .execute(rows::INSERT_INSTANCE, arguments)
                .await?;
        }
        Ok(epoch)
    }

    /// The epoch this process works in, with a valid lease. Take it before reading, and give it to
    /// [`Keyring::confirm`] before the first byte of the answer leaves.
    pub async fn begin_read(&self) -> Result<u64, KeyringError> {
        if !self.lease_is_valid() {
            self.renew().await?;
        }
        Ok(self.0.epoch.lock().number)
    }

    /// Whether what was read since [`Keyring::begin_read`] may still be shown.
    /// [`KeyringError::EpochChanged`]: something was erased meanwhile, read again.
    pub async fn confirm(&self, epoch: u64) -> Result<(), KeyringError> {
        let head = self.refresh().await?;
        if !self.lease_is_valid() {
            self.renew().await?;
        }
        if head.epoch == epoch && self.0.epoch.lock().number == epoch {
            Ok(())
        } else {
            Err(KeyringError::EpochChanged)
        }
    }

    fn lease_is_valid(&self) -> bool {
        let now = self.0.means.clock.uptime().as_micros() as u64;
        now < self.0.lease_until.load(Ordering::SeqCst)
    }

    /// Waits until no running process can use a key from before `epoch` (step 5).
    ///
    /// The dead are known by their free lock. The living say so themselves within a tenth of a
    /// second. One that does neither is stopped or hanging: its lease ends by itself.
    pub async fn barrier(&self, epoch: u64) -> Result<(), KeyringError> {
        self.renew().await?;
        let mut waiting: Vec<Waiting> = Vec::new();
        loop {
            let now = self.0.means.clock.uptime();
            waiting = self.behind(epoch, now, waiting).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(BARRIER_LOOK).await;
        }
    }

    /// Who is still behind; the dead and the expired are forgotten on the way.
    async fn behind(
        &self,
        epoch: u64,
        now: Duration,
        before: Vec<Waiting>,
    ) -> Result<Vec<Waiting>, KeyringError> {
        let mut behind = Vec::new();
        for row in self
            .0
            .means
            .vault
            .fetch_all(rows::INSTANCES, args![])
            .await?
        {
            let (id, seen, beat) = (row.id::<InstanceId>(0)?, row.u64(1)?, row.i64(2)?);
            if seen >= epoch || id == self.0.instance {
                continue;
            }
            let known = before
                .iter()
                .find(|known| known.id == id && known.beat == beat);
            let since = known.map_or(now, |known| known.since);
            let dead = InstanceLock::is_dead(&self.0.means.root, id);
            if dead || now.saturating_sub(since) >= EXPIRED {
                self.0
                    .means
                    .vault
                    .execute(rows::DELETE_INSTANCE, args![id])
                    .await?;
            } else {
                behind.push(Waiting { id, beat, since });
            }
        }
        Ok(behind)
    }

    /// Gives the lease back. A process that ends without this is recognised as dead by its lock.
    pub async fn close(&self) -> Result<(), KeyringError> {
        self.0.closed.store(true, Ordering::SeqCst);
        self.give_back().await
    }

    async fn give_back(&self) -> Result<(), KeyringError> {
        self.0.lease_until.store(0, Ordering::SeqCst);
        let (vault, this) = (&self.0.means.vault, args![self.0.instance]);
        vault.execute(rows::DELETE_INSTANCE, this).await?;
        Ok(())
    }

    /// Closes the vault's connections, for whoever must know that nobody writes there any more.
    pub async fn close_vault(&self) {
        self.0.means.vault.close().await;
    }

    /// Renews for as long as anyone holds this keyring.
    pub(super) fn keep_renewing(&self) {
        let weak = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            let mut since = Duration::ZERO;
            loop {
                tokio::time::sleep(LOOK).await;
                since += LOOK;
                let Some(inner) = weak.upgrade() else { return };
                let keyring = Keyring(inner);
                let looked = keyring.look(&mut since).await;
                if keyring.is_closed() {
                    return; // And whatever failed, failed because of that.
                }
                if let Err(error) = looked {
                    tracing::warn!(%error, "the lease was not renewed");
                }
            }
        });
    }

    fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    async fn look(&self, since: &mut Duration) -> Result<(), KeyringError> {
        let head = super::head::read(&self.0.means.vault).await?;
        let told = self.0.told.load(Ordering::SeqCst);
        if !self.is_closed() && (head.epoch != told || *since >= RENEW) {
            *since = Duration::ZERO;
            self.renew().await?;
            if self.is_closed() {
                self.give_back().await?; // Closed while it was renewed.
            }
        }
        Ok(())
    }
}

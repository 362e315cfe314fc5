//! Mirrors as the main vault knows them, and waiting for them.
//!
//! A receipt says that nobody can read what was erased. A mirror that has not heard of the erasure
//! still can, so a late mirror delays receipts; it never delays an erasure.

use std::fmt;
use std::time::Duration;

use super::super::{Head, Keyring, KeyringError};
use super::rows;
use crate::store::{Row, StoreError, args};
use crate::vocabulary::{MirrorId, Timestamp};

/// How often [`Keyring::wait_for_mirrors`] looks.
const LOOK: Duration = Duration::from_millis(10);
/// A mirror that runs says so every ten seconds: one that was silent for so long does not run.
const SILENT: Duration = Duration::from_secs(60);
/// How long whoever wants to know which mirrors lag gives those that run to follow what was written
/// just before.
const CATCH_UP: Duration = Duration::from_millis(500);

/// One mirror, as the main vault knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorState {
    /// The mirror's id, for its whole life.
    pub id: MirrorId,
    /// What it is called.
    pub name: String,
    /// The newest epoch it acknowledged: of everything erased up to then it holds no key. 0: none yet.
    pub epoch: u64,
    /// The newest version of the vault that it holds. 0: none yet.
    pub version: i64,
    /// When it last said so.
    pub acknowledged_at: Timestamp,
    /// How often its directory was opened.
    pub opened: u64,
}

/// How far a mirror is behind the vault it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Epochs it has not heard of: keys erased since are still in it.
    pub epochs: u64,
    /// Changes of the vault that it does not hold: keys given out since would be lost with the vault.
    pub versions: u64,
    /// How long ago it was last heard of.
    pub silence: Duration,
}

impl Lag {
    /// Whether losing the vault now would lose something, or soon would.
    pub fn is_late(&self) -> bool {
        self.epochs > 0 || self.versions > 0 || self.silence > SILENT
    }
}

impl fmt::Display for Lag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lag {
            epochs, versions, ..
        } = *self;
        let minutes = self.silence.as_secs() / 60;
        let many = |number| if number == 1 { "" } else { "s" };
        let mut parts = Vec::new();
        match (epochs, versions) {
            (0, 0) => {}
            (0, _) => parts.push(format!("late by {versions} change{}", many(versions))),
            _ => parts.push(format!(
                "late by {epochs} epoch{} and {versions} change{}",
                many(epochs),
                many(versions)
            )),
        }
        if self.silence > SILENT {
            parts.push(format!("silent for {minutes} minute{}", many(minutes)));
        }
        match parts.is_empty() {
            true => f.write_str("up to date"),
            false => f.write_str(&parts.join(", ")),
        }
    }
}

impl MirrorState {
    fn lag(&self, head: &Head, now: Timestamp) -> Lag {
        let silence = now.0.saturating_sub(self.acknowledged_at.0);
        Lag {
            epochs: head.epoch.saturating_sub(self.epoch),
            versions: u64::try_from(head.version - self.version).unwrap_or(0),
            silence: Duration::from_micros(u64::try_from(silence).unwrap_or(0)),
        }
    }
}

pub(super) fn state(row: &Row) -> Result<MirrorState, StoreError> {
    Ok(MirrorState {
        id: row.id(0)?,
        name: row.text(1)?,
        epoch: row.u64(2)?,
        version: row.i64(3)?,
        acknowledged_at: row.timestamp(4)?,
        opened: row.u64(5)?,
    })
}

impl Keyring {
    /// Every registered mirror, by name. None, or none with an epoch: a disk failure loses all data.
    pub async fn mirrors(&self) -> Result<Vec<MirrorState>, KeyringError> {
        let vault = &self.0.means.vault;
        let rows = vault.fetch_all(rows::MIRRORS, args![]).await?;
        Ok(rows.iter().map(state).collect::<Result<_, _>>()?)
    }

    /// Every registered mirror with how far it is behind. One that runs is given a moment to follow
    /// what was written just before.
    pub async fn mirror_lags(&self) -> Result<Vec<(MirrorState, Lag)>, KeyringError> {
        let head = self.head().await?;
        match self.wait_for_mirrors_to_hold(head.version, CATCH_UP).await {
            Ok(_) | Err(KeyringError::MirrorsLate(_)) => {}
            Err(error) => return Err(error),
        }
        let now = self.0.means.clock.now();
        let lag = |mirror: MirrorState| {
            let lag = mirror.lag(&head, now);
            (mirror, lag)
        };
        Ok(self.mirrors().await?.into_iter().map(lag).collect())
    }

    /// How many mirrors there are, and the names of those that have not followed to `epoch`. Only
    /// when none is late are the old keys gone from all copies of the vault.
    pub async fn late_mirrors(&self, epoch: u64) -> Result<(u64, Vec<String>), KeyringError> {
        let mirrors = self.mirrors().await?;
        let count = mirrors.len() as u64;
        let late = mirrors.into_iter().filter(|mirror| mirror.epoch < epoch);
        Ok((count, late.map(|mirror| mirror.name).collect()))
    }

    /// Waits until every mirror has acknowledged `epoch`, and answers them all as the receipt lists
    /// them. [`KeyringError::MirrorsLate`] names those that have not when `patience` is over: the
    /// erasure stands, its receipt is pending.
    pub async fn wait_for_mirrors(
        &self,
        epoch: u64,
        patience: Duration,
    ) -> Result<Vec<MirrorState>, KeyringError> {
        self.wait_until_all(patience, |mirror| mirror.epoch >= epoch)
            .await
    }

    /// Waits until every mirror holds `version` of the vault. What leaves the house and must never be
    /// taken back, such as a receipt with its place in the log, is handed out only after this: a
    /// promoted mirror that had not seen it would give the place to another.
    pub async fn wait_for_mirrors_to_hold(
        &self,
        version: i64,
        patience: Duration,
    ) -> Result<Vec<MirrorState>, KeyringError> {
        self.wait_until_all(patience, |mirror| mirror.version >= version)
            .await
    }

    async fn wait_until_all(
        &self,
        patience: Duration,
        ready: impl Fn(&MirrorState) -> bool,
    ) -> Result<Vec<MirrorState>, KeyringError> {
        let clock = &self.0.means.clock;
        let until = clock.uptime() + patience;
        loop {
            let mirrors = self.mirrors().await?;
            if mirrors.iter().all(&ready) {
                return Ok(mirrors);
            }
            if clock.uptime() >= until {
                let late = mirrors.iter().filter(|mirror| !ready(mirror));
                let late: Vec<&str> = late.map(|mirror| mirror.name.as_str()).collect();
                return Err(KeyringError::MirrorsLate(late.join(", ")));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

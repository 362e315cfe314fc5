//! Mirrors as the main vault knows them, and waiting for them.
//!
//! A receipt says that nobody can read what was erased. A mirror that has not heard of the erasure
//! still can, so a late mirror delays receipts; it never delays an erasure.

use std::time::Duration;

use super::super::{Keyring, KeyringError};
use super::rows;
use crate::store::{Row, StoreError, args};
use crate::vocabulary::{MirrorId, Timestamp};

/// How often [`Keyring::wait_for_mirrors`] looks.
const LOOK: Duration = Duration::from_millis(10);

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
}

pub(super) fn state(row: &Row) -> Result<MirrorState, StoreError> {
    Ok(MirrorState {
        id: row.id(0)?,
        name: row.text(1)?,
        epoch: row.u64(2)?,
        version: row.i64(3)?,
        acknowledged_at: row.timestamp(4)?,
    })
}

impl Keyring {
    /// Every registered mirror, by name. None, or none with an epoch: a disk failure loses all data.
    pub async fn mirrors(&self) -> Result<Vec<MirrorState>, KeyringError> {
        let vault = &self.0.means.vault;
        let rows = vault.fetch_all(rows::MIRRORS, args![]).await?;
        Ok(rows.iter().map(state).collect::<Result<_, _>>()?)
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

    /// Forgets a mirror that is gone for good, so that receipts wait for it no longer; answers what
    /// it had. Its directory still holds the keys of that epoch: whoever forgets it must destroy it.
    pub async fn forget_mirror(&self, name: &str) -> Result<Option<MirrorState>, KeyringError> {
        let known = self.mirrors().await?;
        let vault = &self.0.means.vault;
        vault.execute(rows::FORGET_MIRROR, args![name]).await?;
        Ok(known.into_iter().find(|mirror| mirror.name == name))
    }
}

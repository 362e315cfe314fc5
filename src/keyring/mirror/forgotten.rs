//! Mirrors that were forgotten: receipts wait for them no longer, and say so instead.
//!
//! A forgotten mirror never hears of another erasure, so its directory opens everything that is erased
//! from then on. Until somebody says that it is destroyed, every receipt of such an erasure names it
//! as a copy that is open. What followed up to an epoch holds no key of what was erased until then.

use super::super::{Keyring, KeyringError};
use super::registry::{MirrorState, state};
use super::rows;
use crate::store::{Row, StoreError, Tx, args};
use crate::vocabulary::{MirrorId, Timestamp};

/// Who "destroyed" the keys of a mirror that is followed again: it replaced its own root.
const ITSELF: &str = "followed again";

/// A mirror that was forgotten and whose directory nobody says is destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgottenMirror {
    /// The mirror's id.
    pub id: MirrorId,
    /// What it was called.
    pub name: String,
    /// The newest epoch it acknowledged: of what was erased later it may hold the keys.
    pub epoch: u64,
    /// When it was forgotten.
    pub forgotten_at: Timestamp,
}

impl ForgottenMirror {
    /// Those that stand in the vault as this transaction sees it.
    pub async fn all(vault: &mut Tx) -> Result<Vec<Self>, StoreError> {
        let rows = vault.fetch_all(rows::FORGOTTEN_MIRRORS, args![]).await?;
        rows.iter().map(Self::read).collect()
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id(0)?,
            name: row.text(1)?,
            epoch: row.u64(2)?,
            forgotten_at: row.timestamp(3)?,
        })
    }
}

impl Keyring {
    /// Every mirror that was forgotten and whose directory nobody says is destroyed.
    pub async fn forgotten_mirrors(&self) -> Result<Vec<ForgottenMirror>, KeyringError> {
        let mut tx = self.snapshot_vault().await?;
        let forgotten = ForgottenMirror::all(&mut tx).await?;
        tx.rollback().await?;
        Ok(forgotten)
    }

    /// Forgets a mirror that is gone for good, so that receipts wait for it no longer; answers what
    /// it had. From here on they name it, until its directory is destroyed and that is said.
    pub async fn forget_mirror(&self, name: &str) -> Result<Option<MirrorState>, KeyringError> {
        let mut tx = self.begin_vault().await?;
        let version = self.take_head(&mut tx).await?;
        let row = tx.fetch_optional(rows::MIRROR_NAMED, args![name]).await?;
        let Some(known) = row.as_ref().map(state).transpose()? else {
            tx.rollback().await?;
            return Ok(None);
        };
        tx.execute(rows::FORGET_MIRROR, args![name]).await?;
        let now = self.0.means.clock.now();
        let arguments = args![known.id, name, known.epoch as i64, now, version];
        tx.execute(rows::REMEMBER_FORGOTTEN, arguments).await?;
        tx.commit().await?;
        Ok(Some(known))
    }

    /// Somebody says that the directories of the forgotten mirrors of this name are destroyed.
    /// Answers how many those are.
    pub async fn mirror_destroyed(&self, name: &str, by: &str) -> Result<u64, KeyringError> {
        let mut tx = self.begin_vault().await?;
        let version = self.take_head(&mut tx).await?;
        let now = self.0.means.clock.now();
        let arguments = args![now, by, version, name];
        let found = tx.execute(rows::DESTROYED_FORGOTTEN, arguments).await?;
        match found {
            0 => tx.rollback().await?,
            _ => tx.commit().await?,
        }
        Ok(found)
    }

    /// A mirror that was forgotten registers anew: receipts wait for it again, and it acknowledges
    /// only after it has copied everything anew and replaced its own root.
    pub(super) async fn register_again(
        &self,
        id: MirrorId,
        name: &str,
        opened: i64,
    ) -> Result<(), KeyringError> {
        let mut tx = self.begin_vault().await?;
        let version = self.take_head(&mut tx).await?;
        let now = self.0.means.clock.now();
        let arguments = args![id, name, now, opened];
        tx.execute(rows::REGISTER, arguments).await?;
        let arguments = args![now, ITSELF, version, id];
        tx.execute(rows::FOLLOWED_AGAIN, arguments).await?;
        Ok(tx.commit().await?)
    }
}

//! Following the vault with a mirror, and going on from one.

use std::path::Path;

use super::{AppError, Purpose, existing, made, means, needed, root, rows};
use crate::config::Settings;
use crate::erasure::promoted::note;
use crate::keyring::mirror::{self, DataKnows, Mirror, Promoted, Promotion};
use crate::keyring::{BlockSize, Keyring, Means};
use crate::store::{Db, Role, StoreError, args};

/// The vault and its keys without the rest of the house, for work that must go on when the data
/// does not.
pub struct Keys {
    /// The way to every key.
    pub keyring: Keyring,
    /// What it was opened with.
    pub means: Means,
}

impl Keys {
    /// Opens the key tree and takes a lease.
    pub async fn open(settings: &Settings) -> Result<Self, AppError> {
        let vault = needed(&settings.vault_url, Role::Vault, Purpose::Command).await?;
        let means = means(vault, root(settings), BlockSize::Command);
        Ok(Self {
            keyring: Keyring::open(means.clone()).await?,
            means,
        })
    }

    /// Gives the lease back.
    pub async fn close(&self) -> Result<(), AppError> {
        self.keyring.close().await?;
        self.means.vault.close().await;
        Ok(())
    }

    /// Opens the mirror in a directory, or makes one there.
    pub async fn mirror(&self, directory: &Path, name: Option<&str>) -> Result<Mirror, AppError> {
        let (clock, random) = (self.means.clock.clone(), self.means.random.clone());
        Ok(Mirror::open_or_create(directory, name, &self.keyring, clock, random).await?)
    }
}

/// Makes a mirror the main vault, under a new root. What is lost with the old one is counted from
/// the data, where there is any, and refused unless it is accepted.
pub async fn promote(
    settings: &Settings,
    directory: &Path,
    accept_loss: Option<u64>,
) -> Result<Promoted, AppError> {
    let data = match existing(&settings.database_url, Role::Data, Purpose::Command).await {
        Ok(data) => data_knows(data).await?,
        Err(StoreError::Missing { .. }) => DataKnows::default(),
        Err(error) => return Err(error.into()),
    };
    let vault = made(&settings.vault_url, Role::Vault).await?;
    let means = means(vault.clone(), root(settings), BlockSize::Command);
    let promoted = mirror::promote(Promotion {
        mirror: directory,
        vault: vault.clone(),
        root: means.root,
        data,
        accept_loss,
        clock: means.clock,
        random: means.random,
    })
    .await;
    vault.close().await;
    let promoted = promoted?;
    tell_data(settings).await?;
    Ok(promoted)
}

/// Brings the data, where there is any, down to what the new vault knows.
async fn tell_data(settings: &Settings) -> Result<(), AppError> {
    let data = match existing(&settings.database_url, Role::Data, Purpose::Command).await {
        Ok(data) => data,
        Err(StoreError::Missing { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let keys = Keys::open(settings).await?;
    note(&keys.keyring, &data, keys.means.random.as_ref()).await?;
    data.close().await;
    keys.close().await
}

async fn data_knows(data: Db) -> Result<DataKnows, StoreError> {
    let mut knows = DataKnows::default();
    if let Some(row) = data.fetch_optional(rows::READ_META, args![]).await? {
        knows.vault = Some(row.id(0)?);
        knows.applied = row.i64(1)?;
        knows.version = row.i64(2)?;
    }
    for row in data.fetch_all(rows::HIGHEST_BLOCKS, args![]).await? {
        knows.highest_blocks.push((row.id(0)?, row.u64(1)?));
    }
    data.close().await;
    Ok(knows)
}

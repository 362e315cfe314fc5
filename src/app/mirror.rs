//! Following the vault with a mirror, and going on from one.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{App, AppError, PATIENCE, Purpose, existing, made, means, places, root, rows};
use crate::audit::{self, Action, Actor, Entry};
use crate::config::Settings;
use crate::erasure::loss;
use crate::erasure::promoted::note_if_owed;
use crate::keyring::mirror::{
    self, DataKnows, Mirror, MirrorError, MirrorState, Promoted, Promotion,
};
use crate::keyring::{BlockSize, Keyring, Means};
use crate::store::{Db, Role, StoreError, args};

/// The vault and its keys without the rest of the house, for work that must go on when the data
/// does not.
pub struct Keys {
    /// The way to every key.
    pub keyring: Keyring,
    /// What it was opened with.
    pub means: Means,
    /// The house's own directories, where no mirror may be.
    house: Vec<PathBuf>,
}

impl Keys {
    /// Opens the key tree and takes a lease.
    pub async fn open(settings: &Settings) -> Result<Self, AppError> {
        let vault = vault(settings, Purpose::Command).await?;
        let means = means(vault, root(settings), BlockSize::Command);
        Ok(Self {
            keyring: Keyring::open(means.clone()).await?,
            means,
            house: places::of_house(settings),
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
        if let Some(inside) = places::inside(&self.house, directory) {
            let directory = directory.to_owned();
            return Err(MirrorError::InsideTheHouse { directory, inside }.into());
        }
        Ok(Mirror::open_or_create(directory, name, &self.keyring, clock, random).await?)
    }
}

impl App {
    /// What to say while nothing stands in for a lost disk, or not all that should.
    pub async fn mirror_warning(&self) -> Result<Option<String>, AppError> {
        let mirrors = self.keyring.mirror_lags().await?;
        let late: Vec<_> = mirrors.iter().filter(|(_, lag)| lag.is_late()).collect();
        let what = late
            .iter()
            .map(|(mirror, lag)| match mirror.epoch {
                0 => format!("{} holds nothing yet", mirror.name),
                _ => format!("{} is {lag}", mirror.name),
            })
            .collect::<Vec<_>>()
            .join("; ");
        let remedy = "start it with `gallra mirror DIR` and keep it running; if it is gone for \
                      good, `gallra mirror forget NAME`";
        Ok(match (mirrors.len(), late.len()) {
            (0, _) => Some(
                "no mirror follows this vault: a disk failure loses all data; run `gallra mirror \
                 DIR` with a directory on another disk"
                    .to_owned(),
            ),
            (_, 0) => None,
            (all, some) if all == some => Some(format!(
                "no mirror follows this vault now: a disk failure loses what came since; {what}: \
                 {remedy}"
            )),
            _ => Some(format!("{what}: {remedy}")),
        })
    }
}

impl Keys {
    /// Whether a mirror's directory is on the same file system as the root or the vault: then one
    /// disk failure takes both.
    pub fn shares_a_disk(&self, directory: &Path) -> bool {
        let device = |path: &Path| std::fs::metadata(path).ok().map(|found| found.dev());
        let own = device(directory);
        let [root, vault, ..] = &self.house[..] else {
            return false;
        };
        own.is_some() && [root, vault].into_iter().any(|it| device(it) == own)
    }
}

/// Makes a mirror the main vault, under a new root. What is lost with the old one is counted from
/// the data, where there is any, and refused unless it is accepted.
pub async fn promote(
    settings: &Settings,
    directory: &Path,
    accept_loss: Option<u64>,
) -> Result<Promoted, AppError> {
    mirror::check(directory)?;
    let gate = Keyring::keep_restores_out(&root(settings), PATIENCE).await?;
    let data = match existing(&settings.database_url, Role::Data, Purpose::Command).await {
        Ok(data) => {
            let (knows, _) = loss::of_data(&data).await?;
            data.close().await;
            knows
        }
        Err(error) if error.is_absence() => DataKnows::default(),
        Err(error) => return Err(error.into()),
    };
    drop(gate);
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
    let keys = Keys::open(settings).await?;
    let told = tell_data(settings, &keys).await;
    keys.close().await?;
    told.map(|()| promoted)
}

/// Brings the data, where there is any, down to what a promoted vault knows. Where nothing is owed the
/// data is not even opened: a restore may be wanted because it is damaged.
pub(super) async fn tell_data(settings: &Settings, keys: &Keys) -> Result<(), AppError> {
    if !keys.keyring.owes_note().await? {
        return Ok(());
    }
    match existing(&settings.database_url, Role::Data, Purpose::Command).await {
        Ok(data) => {
            let (clock, random) = (keys.means.clock.as_ref(), keys.means.random.as_ref());
            let told = note_if_owed(&keys.keyring, &data, clock, random).await;
            data.close().await;
            Ok(told?)
        }
        Err(error) if error.is_absence() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Waits no longer for a mirror that is gone, and writes that down in the data, where there is any.
pub async fn forget(
    settings: &Settings,
    keys: &Keys,
    name: &str,
) -> Result<Option<MirrorState>, AppError> {
    let Some(known) = keys.keyring.forget_mirror(name).await? else {
        return Ok(None);
    };
    match existing(&settings.database_url, Role::Data, Purpose::Command).await {
        Ok(data) => {
            let entry = Entry::new(Actor::CommandLine, Action::MirrorForgotten);
            let entry = entry.to(known.id.as_bytes()).count("epoch", known.epoch);
            let mut tx = data.begin().await?;
            let (clock, random) = (keys.means.clock.as_ref(), keys.means.random.as_ref());
            audit::record_in(&mut tx, &entry, clock, random).await?;
            tx.commit().await?;
            data.close().await;
        }
        Err(error) if error.is_absence() => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Some(known))
}

/// The vault, which is never made anew where a root or data are left of an installation.
pub(super) async fn vault(settings: &Settings, purpose: Purpose) -> Result<Db, AppError> {
    let url = &settings.vault_url;
    let (lost, is_there) = match existing(url, Role::Vault, purpose).await {
        Err(StoreError::Missing { store }) => (store, false),
        Err(error) => return Err(error.into()),
        Ok(vault) if Keyring::exists(&vault).await? => return Ok(vault),
        Ok(vault) => (vault.place().to_owned(), true),
    };
    let data = existing(&settings.database_url, Role::Data, purpose).await;
    let begun = match &data {
        Ok(data) => data
            .fetch_optional(rows::READ_META, args![])
            .await?
            .is_some(),
        Err(_) => false,
    };
    // What `init` makes last is the root, and what binds the data to it.
    Err(match root(settings).exists() || begun {
        true => AppError::VaultLost(lost),
        false if is_there || data.is_ok() => AppError::InitUnfinished(lost),
        false => AppError::VaultMissing(lost),
    })
}

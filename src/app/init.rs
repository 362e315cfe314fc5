//! Making a new installation: `gallra init`.

use std::path::Path;

use super::{App, AppError, Purpose, made, means, root, rows};
use crate::config::Settings;
use crate::keyring::{BlockSize, Keyring, KeyringError, RootError};
use crate::receipts::{Log, Policy, ReceiptError, SigningKey};
use crate::store::{Role, args, directory_of};
use crate::vocabulary::{Random, VaultId};

/// What [`App::init`] made.
#[derive(Debug)]
pub struct Made {
    /// The new vault.
    pub vault: VaultId,
    /// The log's name.
    pub origin: String,
    /// Where data lies.
    pub data: String,
    /// Where the vault lies.
    pub vault_store: String,
    /// Where the index lies.
    pub index: String,
}

impl App {
    /// Makes a new installation. Refuses when any part of one is there: nothing is made anew.
    ///
    /// The vault's first root is written last, so a crash before that leaves nothing that a second
    /// try would refuse; `doctor` and whoever opens it say that it did not end.
    pub async fn init(settings: &Settings) -> Result<Made, AppError> {
        let root = root(settings);
        if root.exists() {
            return Err(RootError::Exists(settings.root.clone()).into());
        }
        try_places(settings)?;
        let vault = made(&settings.vault_url, Role::Vault).await?;
        if Keyring::exists(&vault).await? {
            return Err(KeyringError::VaultExists.into());
        }
        let data = made(&settings.database_url, Role::Data).await?;
        if data
            .fetch_optional(rows::READ_META, args![])
            .await?
            .is_some()
        {
            return Err(AppError::DataExists(data.place().to_owned()));
        }
        let index = made(&settings.index_url, Role::Index).await?;
        settings.keep()?;
        let means = means(vault.clone(), root, BlockSize::Command);
        let key = signing_key(settings, means.random.as_ref())?;
        Log::init(&vault, &key).await?;
        let made = Made {
            vault: Keyring::create(&means).await?,
            origin: key.origin().to_owned(),
            data: data.place().to_owned(),
            vault_store: vault.place().to_owned(),
            index: index.place().to_owned(),
        };
        for store in [data, vault, index] {
            store.close().await;
        }
        // Binds the data to its vault, and shows that all of it opens.
        Self::open(settings.clone(), Purpose::Command)
            .await?
            .close()
            .await?;
        Ok(made)
    }
}

/// Looks whether every place can be written in before anything is made in one of them: what cannot be
/// ended is not begun. Nothing is left behind.
fn try_places(settings: &Settings) -> Result<(), AppError> {
    let stores = [
        &settings.database_url,
        &settings.vault_url,
        &settings.index_url,
    ];
    let stores = stores.into_iter().filter_map(|url| directory_of(url));
    let own = [&settings.data_dir, &settings.root, &settings.sign_dir];
    for place in own.into_iter().cloned().chain(stores) {
        // The nearest directory that is there: the others are made in it.
        let there = place.ancestors().find(|it| it.exists());
        let there = match there {
            Some(it) if !it.as_os_str().is_empty() => it,
            _ => Path::new("."),
        };
        let tried = there.join(format!(".gallra-init-{}", std::process::id()));
        let made = std::fs::create_dir(&tried).and_then(|()| std::fs::remove_dir(&tried));
        made.map_err(|source| AppError::NotWritable {
            path: place.clone(),
            source,
        })?;
    }
    Ok(())
}

/// Makes the log's key, or takes the one that a first try left, and writes down how others are to
/// check with it.
fn signing_key(settings: &Settings, random: &dyn Random) -> Result<SigningKey, AppError> {
    let path = settings.signing_key();
    let key = match SigningKey::create(&path, &origin(settings, random), random) {
        Err(ReceiptError::KeyExists(_)) => SigningKey::open(&path)?,
        made => made?,
    };
    let policy = settings.sign_dir.join("log.policy");
    std::fs::write(&policy, Policy::of_log(key.verifier()).to_string()).map_err(|source| {
        ReceiptError::Io {
            path: policy,
            source,
        }
    })?;
    Ok(key)
}

/// The log's name: the public address, and eight digits that tell it from a log that was there
/// before. Two logs of one name would look like one that tells two stories.
fn origin(settings: &Settings, random: &dyn Random) -> String {
    let host = settings.public_url.as_deref().and_then(|url| {
        let (_, after) = url.split_once("://")?;
        after
            .split(['/', '@'])
            .next()
            .filter(|host| !host.is_empty())
    });
    let mut digits = [0; 4];
    random.fill(&mut digits);
    format!(
        "{}/gallra/{}",
        host.unwrap_or("gallra.invalid"),
        hex::encode(digits)
    )
}

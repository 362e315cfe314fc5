//! Backups: a copy of the data, and of the receipts with their log. Never of vault, index or root.
//!
//! ```text
//! DIR/manifest.json     what this is, and the SHA-256 of each file
//! DIR/data.db           SQLite's copy, or data.dump, PostgreSQL's
//! DIR/receipts/         the log as C2SP tiles, its checkpoint, and each receipt
//! ```
//!
//! A backup may be kept anywhere, however long: what is erased after it was made cannot be read in
//! it, and is erased from it again when it is restored.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{EraseError, Eraser};
use crate::audit::{self, Action};
use crate::store::archive;
use crate::vocabulary::{Timestamp, VaultId};

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format, 1.
    pub format: u32,
    /// When it was made.
    pub made_at: Timestamp,
    /// The vault that the data belongs to.
    pub vault: VaultId,
    /// The newest erasure that was in the ledger when it was made.
    pub ledger_seq: i64,
    /// SHA-256 of each file of the data.
    pub files: BTreeMap<String, String>,
}

impl Eraser {
    /// Backs the data up into a directory that is new or empty, while everybody goes on working.
    pub async fn backup(&self, data_url: &str, directory: &Path) -> Result<Manifest, EraseError> {
        make_empty(directory)?;
        let head = self.catalog.keyring.head().await?;
        let saved = archive::save(self.data(), data_url, directory).await?;
        let digest = hash(&saved).map_err(|error| refused(&saved, error))?;
        let name = archive::file_name(self.data().engine()).to_owned();
        self.log.export(&directory.join("receipts")).await?;
        let manifest = Manifest {
            format: 1,
            made_at: self.catalog.clock.now(),
            vault: head.vault,
            ledger_seq: head.ledger_seq,
            files: BTreeMap::from([(name, digest)]),
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(EraseError::Stored)?;
        let path = directory.join("manifest.json");
        fs::write(&path, text)
            .and_then(|()| File::open(&path)?.sync_all())
            .map_err(|error| refused(&path, error))?;
        let mut tx = self.data().begin().await?;
        let entry = self.catalog.entry(Action::BackedUp);
        let (clock, random) = (self.catalog.clock.as_ref(), self.catalog.random.as_ref());
        audit::record_in(&mut tx, &entry, clock, random).await?;
        tx.commit().await?;
        Ok(manifest)
    }
}

/// Reads a backup's manifest and checks its files.
pub(super) fn check(directory: &Path) -> Result<Manifest, EraseError> {
    let path = directory.join("manifest.json");
    let text = fs::read(&path).map_err(|error| refused(&path, error))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| refused(&path, error))?;
    if manifest.format != 1 {
        return Err(refused(
            &path,
            "a newer Gallra made it: update, then restore",
        ));
    }
    for (name, expected) in &manifest.files {
        let file = directory.join(name);
        if hash(&file).map_err(|error| refused(&file, error))? != *expected {
            return Err(refused(
                &file,
                "it is not the file that was saved: take another backup",
            ));
        }
    }
    Ok(manifest)
}

fn make_empty(directory: &Path) -> Result<(), EraseError> {
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    made.map_err(|error| refused(directory, error))?;
    match fs::read_dir(directory).map(|mut entries| entries.next().is_some()) {
        Ok(false) => Ok(()),
        Ok(true) => Err(refused(
            directory,
            "the directory is not empty: name a new one",
        )),
        Err(error) => Err(refused(directory, error)),
    }
}

fn hash(path: &Path) -> io::Result<String> {
    let (mut file, mut digest) = (File::open(path)?, Sha256::new());
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}

pub(super) fn refused(path: &Path, reason: impl ToString) -> EraseError {
    EraseError::Backup {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}

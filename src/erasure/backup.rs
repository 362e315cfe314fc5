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
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{EraseError, Eraser};
use crate::audit::{self, Action};
use crate::store::{Engine, archive, make_directory};
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
    /// The schema that a copy from PostgreSQL was taken of, and goes back into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
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
        let receipts = directory.join("receipts");
        self.log.export(&receipts).await?;
        keep_private(&receipts).map_err(|error| refused(&receipts, error))?;
        let manifest = Manifest {
            format: 1,
            made_at: self.catalog.clock.now(),
            vault: head.vault,
            ledger_seq: head.ledger_seq,
            schema: archive::schema(data_url)?,
            files: BTreeMap::from([(name, digest)]),
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(EraseError::Stored)?;
        let path = directory.join("manifest.json");
        write_last(&path, &text).map_err(|error| refused(&path, error))?;
        let mut tx = self.data().begin().await?;
        let entry = self.catalog.entry(Action::BackedUp);
        let (clock, random) = (self.catalog.clock.as_ref(), self.catalog.random.as_ref());
        audit::record_in(&mut tx, &entry, clock, random).await?;
        tx.commit().await?;
        Ok(manifest)
    }
}

/// What to do about a manifest that is no JSON of ours.
fn unreadable(error: &serde_json::Error) -> String {
    format!("it was changed or cut short ({error}): name another backup, or copy this one anew")
}

/// Reads a backup's manifest and checks its files.
pub(super) fn check(directory: &Path) -> Result<Manifest, EraseError> {
    let path = directory.join("manifest.json");
    let text = fs::read(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => refused(
            directory,
            "it is no backup, or an unfinished one: name the directory that `gallra backup` wrote, \
             with manifest.json in it",
        ),
        _ => refused(&path, error),
    })?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| refused(&path, unreadable(&error)))?;
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

/// Refuses a backup that does not fit the place it is to be put back in.
pub(super) fn check_fits(
    manifest: &Manifest,
    data_url: &str,
    directory: &Path,
) -> Result<(), EraseError> {
    let engine = archive::engine_of(data_url);
    if !manifest.files.contains_key(archive::file_name(engine)) {
        let reason = match engine {
            Engine::Sqlite => "it is of data on PostgreSQL: set DATABASE_URL to postgres://…",
            Engine::Postgres => "it is of data on SQLite: set DATABASE_URL to sqlite:PATH",
        };
        return Err(refused(directory, reason));
    }
    match (&manifest.schema, archive::schema(data_url)?) {
        (Some(theirs), Some(ours)) if *theirs != ours => {
            let reason = format!(
                "this backup is of schema {theirs}, and DATABASE_URL names schema {ours}: restore it \
                 with ?options=-c%20search_path%3D{theirs} in DATABASE_URL"
            );
            Err(refused(directory, reason))
        }
        _ => Ok(()),
    }
}

/// The manifest comes last: whoever finds it finds all it speaks of, also after a power cut.
fn write_last(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text)?;
    file.sync_all()?;
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

/// Makes what was written below a directory its owner's alone, and syncs every directory's names.
fn keep_private(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            keep_private(&entry.path())?;
        } else {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o600))?;
        }
    }
    File::open(directory)?.sync_all()
}

fn make_empty(directory: &Path) -> Result<(), EraseError> {
    make_directory(directory).map_err(|error| refused(directory, error))?;
    match fs::read_dir(directory).map(|mut entries| entries.next().is_some()) {
        Ok(false) => {
            let private = fs::Permissions::from_mode(0o700);
            fs::set_permissions(directory, private).map_err(|error| refused(directory, error))
        }
        Ok(true) => Err(refused(
            directory,
            "the directory is not empty: name a new one; what a backup that was cut off left may be removed",
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

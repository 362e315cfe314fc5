//! The directory of a mirror: its vault, its root, and the marker that says it is a mirror's.
//!
//! ```text
//! DIR/
//!   mirror           the marker: this mirror's id and how often it was opened; written first
//!   vault/vault.db   the copy of the vault
//!   root/            a root of its own
//! ```
//!
//! Without the marker a mirror touches nothing: DIR may be the main data directory, named by mistake.
//! So a mirror begins in an empty directory only, outside those of the house it follows.
//!
//! **Why count?** A directory that was copied is the same mirror twice: each would acknowledge what
//! the other holds. Every opening counts one on, here and in the main vault, and whoever is behind
//! that is a copy.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::super::lock::RootLock;
use super::super::open::Means;
use super::super::recover::recover;
use super::super::{BlockSize, FileRoot, KeyringError, head, rows as tree_rows};
use super::{MirrorError, rows};
use crate::store::{Db, Role, args};
use crate::vocabulary::{Clock, MirrorId, Random, VaultId};

const MARKER: &str = "mirror";
/// What a marker is written as before it is one.
const FRESH_MARKER: &str = "mirror.new";

/// What the marker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker {
    pub(super) id: MirrorId,
    /// How often this directory was opened to follow.
    pub(super) opened: u64,
}

impl Marker {
    /// The marker of a directory; `None` where no mirror was begun.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>, MirrorError> {
        let path = directory.join(MARKER);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(source) => return Err(io_error(&path, source)),
        };
        let mut words = text.split_whitespace();
        let id = words.next().unwrap_or_default().parse();
        let opened = words.next().unwrap_or("0").parse(); // Markers of before the count: only an id.
        match (id, opened) {
            (Ok(id), Ok(opened)) => Ok(Some(Self { id, opened })),
            _ => {
                let error = io::Error::new(io::ErrorKind::InvalidData, "it is no mirror's marker");
                Err(io_error(&path, error))
            }
        }
    }

    /// Writes it, durably and at once or not at all.
    pub(super) fn write(&self, directory: &Path) -> Result<(), MirrorError> {
        let write = || {
            let fresh = directory.join(FRESH_MARKER);
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            let mut file = options.open(&fresh)?;
            writeln!(file, "{} {}", self.id, self.opened)?;
            file.sync_all()?;
            fs::rename(fresh, directory.join(MARKER))?;
            File::open(directory)?.sync_all()
        };
        write().map_err(|source| io_error(directory, source))
    }
}

/// An open mirror directory. While it is open no other process can open it.
pub(super) struct Home {
    pub(super) marker: Marker,
    pub(super) directory: PathBuf,
    pub(super) means: Means,
    _lock: RootLock,
}

impl Home {
    /// Opens the directory of a mirror of `main`, whose static factor it shares, and makes what is missing of a mirror that was begun here.
    pub(super) async fn open_or_create(
        directory: &Path,
        main: (VaultId, &FileRoot),
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, MirrorError> {
        let (vault, main_root) = main;
        let marker = match Marker::read(directory)? {
            Some(marker) => marker,
            None => begin(directory, random.as_ref())?,
        };
        let root = main_root.at(directory.join("root"));
        if !root.exists() {
            root.create()?;
        }
        let lock = RootLock::try_take(&root)?.ok_or(MirrorError::Busy)?;
        let db = Db::open(&vault_url(directory), Role::Vault).await?;
        db.migrate().await?;
        let home = Self {
            marker,
            directory: directory.to_owned(),
            means: means(db, root, clock, random),
            _lock: lock,
        };
        match head::read(&home.means.vault).await {
            Err(KeyringError::NoVault) => home.make(vault).await?,
            Err(other) => return Err(other.into()),
            Ok(head) if head.vault != vault => return Err(MirrorError::OtherVault),
            Ok(_) => home.recover().await?,
        }
        Ok(home)
    }

    /// Opens the directory of a mirror whose main vault may be gone, and makes nothing.
    pub(super) async fn open(
        directory: &Path,
        main_root: &FileRoot,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, MirrorError> {
        let marker = expect(directory)?;
        let root = main_root.at(directory.join("root"));
        if !root.exists() {
            return Err(MirrorError::Unmatched(KeyringError::RootLost));
        }
        let lock = RootLock::try_take(&root)?.ok_or(MirrorError::Busy)?;
        let db = Db::open_existing(&vault_url(directory), Role::Vault).await?;
        db.migrate().await?;
        let home = Self {
            marker,
            directory: directory.to_owned(),
            means: means(db, root, clock, random),
            _lock: lock,
        };
        home.recover().await?;
        Ok(home)
    }

    /// A vault that followed nothing yet, and the root it will first be copied under.
    async fn make(&self, vault: VaultId) -> Result<(), MirrorError> {
        let Means {
            root,
            clock,
            random,
            vault: db,
            ..
        } = &self.means;
        let mut tx = db.begin().await?;
        let slot = root.draw(vault, 0, random.as_ref());
        root.write_candidate(&slot, &slot.id)?;
        root.wipe_except(&slot)?;
        let now = clock.now();
        let head = args![vault, 1, 0, slot.id, 0, 0, now];
        tx.execute(tree_rows::INSERT_HEAD, head).await?;
        tx.execute(rows::INSERT_FOLLOWING, args![now]).await?;
        Ok(tx.commit().await?)
    }

    /// Finishes what a crash left behind, as the main vault does.
    pub(super) async fn recover(&self) -> Result<(), MirrorError> {
        match recover(&self.means, &self._lock).await {
            Err(
                refusal @ (KeyringError::RootLost
                | KeyringError::ForeignRoot
                | KeyringError::VaultRolledBack { .. }
                | KeyringError::RootRolledBack { .. }),
            ) => Err(MirrorError::Unmatched(refusal)),
            other => Ok(other?),
        }
    }
}

fn means(vault: Db, root: FileRoot, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Means {
    Means {
        vault,
        root,
        clock,
        random,
        block_size: BlockSize::Command,
        patience: Duration::ZERO,
    }
}

fn vault_url(directory: &Path) -> String {
    let path = directory.join("vault").join("vault.db");
    let path = path.to_string_lossy().replace('%', "%25");
    format!("sqlite:{}", path.replace('?', "%3F"))
}

/// The marker of a directory that must be a mirror's.
pub(super) fn expect(directory: &Path) -> Result<Marker, MirrorError> {
    Marker::read(directory)?.ok_or_else(|| MirrorError::NoMirror(directory.to_owned()))
}

/// Writes the marker into a directory that is empty, or made here.
fn begin(directory: &Path, random: &dyn Random) -> Result<Marker, MirrorError> {
    check_empty(directory)?;
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    made.map_err(|source| io_error(directory, source))?;
    let marker = Marker {
        id: MirrorId::generate(random),
        opened: 0,
    };
    marker.write(directory)?;
    Ok(marker)
}

/// Nothing may be there but a marker that a crash kept from becoming one.
fn check_empty(directory: &Path) -> Result<(), MirrorError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(io_error(directory, source)),
    };
    for entry in entries {
        let entry = entry.map_err(|source| io_error(directory, source))?;
        if entry.file_name() != FRESH_MARKER {
            return Err(MirrorError::NotAMirror(directory.to_owned()));
        }
    }
    Ok(())
}

pub(super) fn io_error(path: &Path, source: io::Error) -> MirrorError {
    MirrorError::Directory {
        path: PathBuf::from(path),
        source,
    }
}

//! The directory of a mirror: its vault, its root, and the marker that says it is a mirror's.
//!
//! ```text
//! DIR/
//!   mirror           the marker: this mirror's id; written before anything else
//!   vault/vault.db   the copy of the vault
//!   root/            a root of its own
//! ```
//!
//! Without the marker a mirror touches nothing: DIR may be the main data directory, named by mistake.

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

/// An open mirror directory. While it is open no other process can open it.
pub(super) struct Home {
    pub(super) id: MirrorId,
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
        let id = match read_marker(directory)? {
            Some(id) => id,
            None => begin(directory, random.as_ref())?,
        };
        let (vault, main_root) = main;
        let root = main_root.at(directory.join("root"));
        if !root.exists() {
            root.create()?;
        }
        let lock = RootLock::try_take(&root)?.ok_or(MirrorError::Busy)?;
        let db = Db::open(&vault_url(directory), Role::Vault).await?;
        db.migrate().await?;
        let home = Self {
            id,
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
        let marker = read_marker(directory)?;
        let id = marker.ok_or_else(|| MirrorError::NotAMirror(directory.to_owned()))?;
        let root = main_root.at(directory.join("root"));
        if !root.exists() {
            return Err(MirrorError::Unmatched(KeyringError::RootLost));
        }
        let lock = RootLock::try_take(&root)?.ok_or(MirrorError::Busy)?;
        let db = Db::open_existing(&vault_url(directory), Role::Vault).await?;
        db.migrate().await?;
        let home = Self {
            id,
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

/// Writes the marker into a directory that holds neither a vault nor a root.
fn begin(directory: &Path, random: &dyn Random) -> Result<MirrorId, MirrorError> {
    let taken = ["vault", "root"].map(|name| directory.join(name).exists());
    if taken.contains(&true) {
        return Err(MirrorError::NotAMirror(directory.to_owned()));
    }
    let id = MirrorId::generate(random);
    let write = || {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let fresh = directory.join("mirror.new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&fresh)?;
        writeln!(file, "{id}")?;
        file.sync_all()?;
        fs::rename(fresh, directory.join(MARKER))?;
        File::open(directory)?.sync_all()
    };
    write().map_err(|source| io_error(directory, source))?;
    Ok(id)
}

fn read_marker(directory: &Path) -> Result<Option<MirrorId>, MirrorError> {
    let path = directory.join(MARKER);
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|error| {
            let error = io::Error::new(io::ErrorKind::InvalidData, error);
            io_error(&path, error)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io_error(&path, source)),
    }
}

pub(super) fn io_error(path: &Path, source: io::Error) -> MirrorError {
    MirrorError::Directory {
        path: PathBuf::from(path),
        source,
    }
}

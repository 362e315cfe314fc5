//! The operating system's locks on the root directory: one held while the root changes, one shut while
//! a restore exchanges the data, and one per running process. Death releases them, time never does, so
//! a stopped process keeps what it holds and whoever waits can say for whom.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::KeyringError;
use super::root::FileRoot;
use crate::store::{Holder, StoreError};
use crate::vocabulary::{InstanceId, Process};

/// Held while the root changes.
const LOCK: &str = "lock";
/// Shut while the data is exchanged.
const GATE: &str = "gate";
/// How often a waiter looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// After how long a waiter tells for whom it waits, and again each time this has passed.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Whoever comes in holds the gate until its instance file stands and is locked; a restore shuts it,
/// looks who is inside, and exchanges the data while nobody can come in. So nobody has the old data
/// open when the new stands in its place.
#[derive(Debug)]
pub struct Gate {
    _file: File,
}

impl Gate {
    /// Goes in beside others; waits up to `patience` while a restore keeps the gate shut.
    pub(super) async fn enter(root: &FileRoot, patience: Duration) -> Result<Self, KeyringError> {
        let gate = Self::take(root, FlockOperation::NonBlockingLockShared, patience).await?;
        // Whoever signed it has ended, also where it was killed.
        let signed = gate._file.metadata().is_ok_and(|it| it.len() > 0);
        if signed {
            let _ = gate._file.set_len(0);
        }
        Ok(gate)
    }

    /// Shuts the gate; waits up to `patience` for those who are just coming in.
    ///
    /// The programs that a restore starts inherit it: when the restore is killed, the gate stays shut
    /// until they have ended too.
    pub(super) async fn shut(root: &FileRoot, patience: Duration) -> Result<Self, KeyringError> {
        let mut gate = Self::take(root, FlockOperation::NonBlockingLockExclusive, patience).await?;
        sign(&mut gate._file);
        let inherited = rustix::io::fcntl_setfd(&gate._file, rustix::io::FdFlags::empty());
        inherited.map_err(|error| KeyringError::Lock(error.into()))?;
        Ok(gate)
    }

    async fn take(
        root: &FileRoot,
        how: FlockOperation,
        patience: Duration,
    ) -> Result<Self, KeyringError> {
        let file = open(root, GATE)?;
        let mut waited = Duration::ZERO;
        loop {
            match flock(&file, how) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(rustix::io::Errno::WOULDBLOCK) => {}
                Err(error) => return Err(KeyringError::Lock(error.into())),
            }
            if waited >= patience {
                return Err(KeyringError::Restoring(signature(root, GATE)));
            }
            tell(waited, GATE, || match signature(root, GATE) {
                Some(restore) => restore.to_string(),
                None => "a command that is just starting".to_owned(),
            });
            tokio::time::sleep(LOOK_AGAIN).await;
            waited += LOOK_AGAIN;
        }
    }
}

/// The exclusive right to change the root. Dropping it releases it.
#[derive(Debug)]
pub(super) struct RootLock {
    _file: File,
}

impl RootLock {
    /// Takes the lock if nobody holds it.
    pub(super) fn try_take(root: &FileRoot) -> Result<Option<Self>, KeyringError> {
        let mut file = open(root, LOCK)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if is_in_place(&file, root) => {
                sign(&mut file);
                Ok(Some(Self { _file: file }))
            }
            Ok(()) => Ok(None), // Somebody replaced the file: this lock excludes nobody.
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(KeyringError::Lock(error.into())),
        }
    }

    /// Whether anybody holds the lock, this process too. It is asked for an instant, and not signed.
    fn is_held(root: &FileRoot) -> Result<bool, KeyringError> {
        match flock(&open(root, LOCK)?, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(false),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
            Err(error) => Err(KeyringError::Lock(error.into())),
        }
    }

    /// Takes the lock, waiting up to `patience` for whoever holds it.
    pub(super) async fn take(root: &FileRoot, patience: Duration) -> Result<Self, KeyringError> {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(lock) = Self::try_take(root)? {
                return Ok(lock);
            }
            if waited >= patience {
                return Err(KeyringError::RootBusy(holder(root)));
            }
            tell(waited, LOCK, || holder(root));
            tokio::time::sleep(LOOK_AGAIN).await;
            waited += LOOK_AGAIN;
        }
    }
}

/// Who may hold the vault where the store cannot tell: whoever changes the root, else everybody who
/// works here; never this process, which may hold the root's lock itself while it waits.
fn vault_holder(root: &FileRoot) -> Option<String> {
    let is_held = matches!(RootLock::is_held(root), Ok(true));
    let of_root = signature(root, LOCK).filter(|it| is_held && !it.is_own());
    if let Some(holder) = of_root {
        return Some(holder.to_string());
    }
    let others = inside(root).unwrap_or_default();
    let mut others: Vec<Process> = others.into_iter().map(|it| it.process).collect();
    others.retain(|it| !it.is_own());
    if others.iter().any(Process::is_stopped) {
        others.retain(Process::is_stopped);
    }
    let names: Vec<String> = others.iter().map(Process::to_string).collect();
    (!names.is_empty()).then(|| names.join(", or "))
}

fn tell(waited: Duration, name: &str, holder: impl FnOnce() -> String) {
    if !waited.is_zero() && waited.as_millis().is_multiple_of(TELL_EVERY.as_millis()) {
        tracing::warn!(holder = %holder(), "waiting for the root's {name}");
    }
}

fn open(root: &FileRoot, name: &str) -> Result<File, KeyringError> {
    let path = root.directory().join(name);
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => KeyringError::RootLost,
        _ => KeyringError::Lock(error),
    })
}

fn is_in_place(file: &File, root: &FileRoot) -> bool {
    let place = fs::metadata(root.directory().join(LOCK));
    let (Ok(held), Ok(place)) = (file.metadata(), place) else {
        return false;
    };
    (held.dev(), held.ino()) == (place.dev(), place.ino())
}

/// Says who holds the vault when it is busy.
pub(super) fn explain(root: &FileRoot, error: StoreError) -> KeyringError {
    match error {
        StoreError::Busy { holder, .. } => KeyringError::VaultBusy(match holder {
            Some(Holder::Other(holder)) => Some(holder),
            Some(Holder::Own) => None,
            None => vault_holder(root),
        }),
        error => error.into(),
    }
}

/// Writes who holds the lock into it: for the waiter's message, nothing depends on it.
fn sign(file: &mut File) {
    let _ = file.set_len(0);
    let _ = file.rewind();
    let _ = write!(file, "{}", Process::own().signature());
}

/// Who signed it last; `None` where nobody did.
fn signature(root: &FileRoot, name: &str) -> Option<Process> {
    let text = fs::read_to_string(root.directory().join(name)).ok()?;
    (!text.is_empty()).then(|| Process::read(&text))
}

fn holder(root: &FileRoot) -> String {
    match signature(root, LOCK) {
        Some(process) => process.to_string(),
        None => "a process that could not sign it".to_owned(),
    }
}

/// A running process's own locked file. The dead are known by their lock being free.
#[derive(Debug)]
pub(super) struct InstanceLock {
    path: PathBuf,
    _file: File,
}

impl InstanceLock {
    /// Makes and locks this process's file, and writes into it at which version of the head the
    /// process starts, as every block it will ever lease is newer, and who it is.
    pub(super) fn take(
        root: &FileRoot,
        id: InstanceId,
        version: i64,
    ) -> Result<Self, KeyringError> {
        let path = root.instances().join(id.to_string());
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let mut file = file.map_err(KeyringError::Lock)?;
        // Waiting, because whoever looks for the living may hold it for an instant.
        flock(&file, FlockOperation::LockExclusive)
            .map_err(|error| KeyringError::Lock(error.into()))?;
        // On a full disk it says nothing, which is read as "since ever".
        let _ = write!(file, "{version} {}", Process::own().signature());
        Ok(Self { path, _file: file })
    }

    /// Whether others still see this process. Without its file it is dead to them: a restore and an erasure go on
    /// as if it had ended.
    pub(super) fn is_seen(&self) -> Result<(), KeyringError> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(KeyringError::Overlooked(self.path.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Whether the process with this id is dead: its file is gone or its lock is free.
    pub(super) fn is_dead(root: &FileRoot, id: InstanceId) -> bool {
        let path = root.instances().join(id.to_string());
        match OpenOptions::new().write(true).open(&path) {
            Ok(file) if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() => {
                let _ = fs::remove_file(&path);
                true
            }
            Ok(_) => false,
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }
}

impl Drop for InstanceLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A living process of this root.
struct Inside {
    /// Its file's name: its id.
    file: OsString,
    /// The head's version at which it started; 0 where its file does not say.
    since: i64,
    process: Process,
}

/// Every living process of this root, as a person may look for it.
pub fn who_is_inside(root: &FileRoot) -> Result<Vec<String>, KeyringError> {
    let inside = inside(root)?;
    Ok(inside.iter().map(|it| it.process.to_string()).collect())
}

/// Every living process of this root but the one with this id. What else of its process is inside counts
/// as one.
pub(super) fn others_inside(root: &FileRoot, id: InstanceId) -> Result<Vec<Process>, KeyringError> {
    let own = id.to_string();
    let others = inside(root)?.into_iter().filter(|it| it.file != *own);
    Ok(others.map(|it| it.process).collect())
}

/// The head's version at which each living process of this root started; 0 where its file does not
/// say. One that is stopped, even one whose lease was taken away for that, still holds its file. One
/// that is just starting may be missing: what it leases is newer than whatever the caller looks at.
pub(super) fn running_since(root: &FileRoot) -> Result<Vec<i64>, KeyringError> {
    Ok(inside(root)?.iter().map(|it| it.since).collect())
}

fn inside(root: &FileRoot) -> Result<Vec<Inside>, KeyringError> {
    let entries = match fs::read_dir(root.instances()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(KeyringError::Lock(error)),
    };
    let mut running = Vec::new();
    for entry in entries {
        let entry = entry.map_err(KeyringError::Lock)?;
        let Ok(mut file) = File::open(entry.path()) else {
            continue; // It ended just now and took its file along.
        };
        if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
            continue;
        }
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        let (since, by) = text.split_once(' ').unwrap_or((&text, ""));
        running.push(Inside {
            file: entry.file_name(),
            since: since.parse().unwrap_or(0),
            process: Process::read(by),
        });
    }
    Ok(running)
}

/// Whether any process uses this root now.
pub(super) fn is_in_use(root: &FileRoot) -> Result<bool, KeyringError> {
    if !root.exists() {
        return Ok(false);
    }
    Ok(RootLock::try_take(root)?.is_none() || !running_since(root)?.is_empty())
}

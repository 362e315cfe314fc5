//! The root on files: the one tiny secret that every old key copy needs, replaced at every erasure.
//!
//! ```text
//! root/
//!   copy-1, copy-2   two slots each, overwritten in place; one slot holds the live epoch key R
//!   redo-0, redo-1   what the last two epoch changes wrote to the vault, each under the R it made
//!   lock             taken through flock while the root changes; released by death, never by time
//!   instances/       one locked file per running process, so that the dead are known at once
//!   CACHEDIR.TAG     asks backup programs to leave the directory alone
//! ```
//!
//! A slot is written and read back on both copies before the vault names it, and overwritten on both
//! before anyone calls the old epoch destroyed. A slot that is neither live nor empty is remains of
//! a crash: [`FileRoot::wipe_except`] destroys it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::page::PageKey;
use super::wire::{Reader, Truncated, Writer};
use crate::store::make_directory;
use crate::vocabulary::{Random, RootId, Secret, VaultId};

const MAGIC: &[u8; 8] = b"GALLROOT";
const SLOT_SIZE: usize = 8 + 16 + 16 + 8 + 32 + 8 + 32;
/// Slots lie on different pages of the disk, so that overwriting one cannot tear the other.
const SLOT_STRIDE: u64 = 4096;
const SLOTS: usize = 2;
const COPIES: [&str; 2] = ["copy-1", "copy-2"];

/// What can be wrong with the root directory.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The directory or one of its files cannot be read or written.
    #[error("the root directory {path}: {source}: {}", remedy(source))]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An old root could not be overwritten.
    #[error(
        "an old root in {path} is not overwritten ({source}): the new one is in force, but until \
         this is done no receipt is issued; mend the disk or the mount and run `gallra reconcile`"
    )]
    NotWiped {
        /// The copy.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A candidate did not read back as it was written.
    #[error(
        "the root directory {0} does not give back what was written: the disk is failing; nothing \
         was erased; move the root with `gallra mirror promote`"
    )]
    ReadBack(PathBuf),
    /// `init` found something already there.
    #[error(
        "{0} already holds a root: nothing is initialised anew; use another data directory, or \
         remove the old house yourself if it is really to be thrown away"
    )]
    Exists(PathBuf),
    /// The static factor is missing or another than when the root was made.
    #[error(
        "the root needs its static factor: give the one it was made with in GALLRA_ROOT_FACTOR or \
         as the systemd credential gallra-root-factor"
    )]
    Factor,
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "check GALLRA_ROOT and --data-dir, or run `gallra init`",
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge => {
            "free space on its disk and repeat; nothing was erased"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "give the user that runs gallra write access and repeat; nothing was erased"
        }
        _ => "mend the disk or the mount, or promote a mirror with `gallra mirror promote`",
    }
}

/// One value of the epoch key, as it lies in a slot.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) id: RootId,
    pub(super) vault: VaultId,
    pub(super) epoch: u64,
    key: Secret<32>,
    /// First bytes of a hash of the effective key: tells a wrong static factor from damage.
    check: [u8; 8],
}

/// The root directory of one machine.
#[derive(Debug, Clone)]
pub struct FileRoot {
    directory: PathBuf,
    factor: Option<Secret<32>>,
}

impl FileRoot {
    /// Names a root directory; nothing is read yet.
    ///
    /// `factor` is an optional second secret (a systemd credential, an environment variable) that
    /// must be given at every start. It never changes, so it adds to the root and replaces nothing.
    pub fn new(directory: impl Into<PathBuf>, factor: Option<&[u8]>) -> Self {
        let factor = factor.and_then(|bytes| Secret::from_slice(&Sha256::digest(bytes)));
        Self {
            directory: directory.into(),
            factor,
        }
    }

    /// Another root directory, with the same static factor.
    pub fn at(&self, directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            factor: self.factor.clone(),
        }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes the directory with two empty copies; refuses when a root is already there.
    pub fn create(&self) -> Result<(), RootError> {
        if self.exists() {
            return Err(RootError::Exists(self.directory.clone()));
        }
        for directory in [self.directory.clone(), self.instances()] {
            let made = make_directory(&directory);
            made.map_err(|source| RootError::Io {
                path: directory,
                source,
            })?;
        }
        let tag =
            "Signature: 8a477f597d28d172789f06886806bc55\n# Gallra's root: never back this up.\n";
        // Either may be there already, from a start that a crash cut short.
        for (name, bytes) in [("CACHEDIR.TAG", tag.as_bytes()), ("lock", b"")] {
            if !self.directory.join(name).exists() {
                self.write_new(name, bytes)?;
            }
        }
        for copy in COPIES {
            self.write_new(copy, &vec![0; SLOT_STRIDE as usize * SLOTS])?;
        }
        self.sync_directory()
    }

    /// Whether a root was made here.
    pub fn exists(&self) -> bool {
        COPIES.iter().any(|copy| self.directory.join(copy).exists())
    }

    /// A new value of the epoch key, in memory only.
    pub(super) fn draw(&self, vault: VaultId, epoch: u64, random: &dyn Random) -> Slot {
        let mut slot = Slot {
            id: RootId::generate(random),
            vault,
            epoch,
            key: Secret::generate(random),
            check: [0; 8],
        };
        slot.check = check(&self.mix(&slot));
        slot
    }

    /// The key the root page is sealed under: the slot's key, mixed with the static factor.
    pub(super) fn effective_key(&self, slot: &Slot) -> Result<PageKey, RootError> {
        let key = self.mix(slot);
        if check(&key) == slot.check {
            Ok(key)
        } else {
            Err(RootError::Factor)
        }
    }

    fn mix(&self, slot: &Slot) -> PageKey {
        let factor = self.factor.as_ref().map_or(&[0; 32], Secret::expose);
        let mut key = Zeroizing::new([0; 32]);
        // Expanding 32 bytes cannot fail: HKDF-SHA-256 gives up to 8160.
        let _ = Hkdf::<Sha256>::new(Some(factor), slot.key.expose())
            .expand_multi_info(&[b"gallra root", slot.id.as_bytes()], key.as_mut());
        PageKey::from_slice(key.as_ref()).unwrap_or_else(|| slot.key.clone())
    }

    /// Every intact slot on either copy, each once.
    pub(super) fn slots(&self) -> Result<Vec<Slot>, RootError> {
        let mut found: Vec<Slot> = Vec::new();
        for copy in COPIES {
            let Some(file) = self.open_copy(copy, false)? else {
                continue;
            };
            for number in 0..SLOTS {
                let slot = read_slot(&file, number)
                    .ok()
                    .and_then(|bytes| decode(&bytes).ok());
                match slot {
                    Some(slot) if !found.iter().any(|other| other.id == slot.id) => {
                        found.push(slot)
                    }
                    _ => {}
                }
            }
        }
        Ok(found)
    }

    /// Writes a candidate beside the live slot on both copies, and reads it back.
    pub(super) fn write_candidate(&self, candidate: &Slot, live: &RootId) -> Result<(), RootError> {
        let bytes = encode(candidate);
        for copy in COPIES {
            let file = self.need_copy(copy)?;
            let number = free_slot(&file, live);
            self.io(copy, file.write_all_at(&bytes, offset(number)))?;
            self.io(copy, file.sync_all())?;
            if self.io(copy, read_slot(&file, number))?.as_slice() != bytes.as_slice() {
                return Err(RootError::ReadBack(self.directory.join(copy)));
            }
        }
        Ok(())
    }

    /// Overwrites every slot but the live one, on both copies, and mends a copy that lost the live
    /// one. Destroys by naming what stays: the live root cannot be destroyed by a mistaken name.
    ///
    /// An error on one copy does not keep the other from being wiped.
    pub(super) fn wipe_except(&self, live: &Slot) -> Result<(), RootError> {
        let [one, two] = COPIES.map(|copy| self.wipe_copy(copy, live));
        one.and(two)
    }

    fn wipe_copy(&self, copy: &str, live: &Slot) -> Result<(), RootError> {
        let not_wiped = |source| RootError::NotWiped {
            path: self.directory.join(copy),
            source,
        };
        let file = self.need_copy(copy)?;
        let bytes = encode(live);
        let mut kept = false;
        for number in 0..SLOTS {
            let stored = read_slot(&file, number).map_err(not_wiped)?;
            if stored.as_slice() == bytes.as_slice() && !kept {
                kept = true;
            } else if stored.iter().any(|byte| *byte != 0) {
                file.write_all_at(&[0; SLOT_SIZE], offset(number))
                    .map_err(not_wiped)?;
            }
        }
        if !kept {
            file.write_all_at(&bytes, offset(0)).map_err(not_wiped)?;
        }
        file.sync_all().map_err(not_wiped)
    }

    /// Whether a copy holds anything but the live root: what a crash left.
    pub(super) fn has_remains(&self, live: &Slot) -> Result<bool, RootError> {
        let bytes = encode(live);
        for copy in COPIES {
            let file = self.need_copy(copy)?;
            for number in 0..SLOTS {
                let stored = self.io(copy, read_slot(&file, number))?;
                if stored.as_slice() != bytes.as_slice() && stored.iter().any(|byte| *byte != 0) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Overwrites every slot: for the remains of a root that nothing names any more.
    pub(super) fn wipe_all(&self) -> Result<(), RootError> {
        for copy in COPIES {
            if let Some(file) = self.open_copy(copy, true)? {
                let zeros = vec![0; SLOT_STRIDE as usize * SLOTS];
                self.io(copy, file.write_all_at(&zeros, 0))?;
                self.io(copy, file.sync_all())?;
            }
        }
        Ok(())
    }

    /// Stores the redo record of the epoch that is about to begin, whole or not at all. The record
    /// of the live epoch stays beside it until this epoch, too, is over.
    pub(super) fn write_redo(&self, epoch: u64, sealed: &[u8]) -> Result<(), RootError> {
        let fresh = self.directory.join("redo.new");
        let _ = fs::remove_file(&fresh);
        self.write_new("redo.new", sealed)?;
        self.io("redo.new", fs::rename(&fresh, self.redo(epoch)))?;
        self.sync_directory()
    }

    /// The redo record of an epoch; `None` when there is none in its place.
    pub(super) fn read_redo(&self, epoch: u64) -> Result<Option<Vec<u8>>, RootError> {
        let path = self.redo(epoch);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(RootError::Io { path, source }),
        }
    }

    fn redo(&self, epoch: u64) -> PathBuf {
        self.directory.join(format!("redo-{}", epoch % 2))
    }

    /// Where running processes keep their locked files.
    pub(super) fn instances(&self) -> PathBuf {
        self.directory.join("instances")
    }

    fn write_new(&self, name: &str, bytes: &[u8]) -> Result<(), RootError> {
        let path = self.directory.join(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let file = self.io(name, file)?;
        self.io(name, file.write_all_at(bytes, 0))?;
        self.io(name, file.sync_all())
    }

    fn open_copy(&self, copy: &str, write: bool) -> Result<Option<File>, RootError> {
        match OpenOptions::new()
            .read(true)
            .write(write)
            .open(self.directory.join(copy))
        {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(RootError::Io {
                path: self.directory.join(copy),
                source,
            }),
        }
    }

    /// Opens a copy for writing; a copy that was lost is made anew, empty.
    fn need_copy(&self, copy: &str) -> Result<File, RootError> {
        if let Some(file) = self.open_copy(copy, true)? {
            let whole = SLOT_STRIDE * SLOTS as u64;
            if self.io(copy, file.metadata())?.len() < whole {
                self.io(copy, file.set_len(whole))?; // Cut short: the other copy mends it.
            }
            return Ok(file);
        }
        self.write_new(copy, &vec![0; SLOT_STRIDE as usize * SLOTS])?;
        self.sync_directory()?;
        let again = self.open_copy(copy, true)?;
        again.ok_or_else(|| RootError::ReadBack(self.directory.join(copy)))
    }

    fn sync_directory(&self) -> Result<(), RootError> {
        let directory = self.io("", File::open(&self.directory))?;
        self.io("", directory.sync_all())
    }

    fn io<T>(&self, name: &str, result: io::Result<T>) -> Result<T, RootError> {
        result.map_err(|source| RootError::Io {
            path: self.directory.join(name),
            source,
        })
    }
}

fn offset(number: usize) -> u64 {
    number as u64 * SLOT_STRIDE
}

fn read_slot(file: &File, number: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; SLOT_SIZE]);
    file.read_exact_at(&mut bytes, offset(number))?;
    Ok(bytes)
}

/// The first slot that does not hold the live root.
fn free_slot(file: &File, live: &RootId) -> usize {
    let holds_live = |number: &usize| {
        let slot = read_slot(file, *number)
            .ok()
            .and_then(|bytes| decode(&bytes).ok());
        slot.is_some_and(|slot| slot.id == *live)
    };
    (0..SLOTS).find(|number| !holds_live(number)).unwrap_or(0)
}

fn encode(slot: &Slot) -> Zeroizing<Vec<u8>> {
    let body = Writer::with_capacity(SLOT_SIZE)
        .raw(MAGIC)
        .raw(slot.vault.as_bytes())
        .raw(slot.id.as_bytes())
        .u64(slot.epoch)
        .raw(slot.key.expose())
        .raw(&slot.check)
        .finish();
    let mut bytes = Zeroizing::new(Vec::with_capacity(SLOT_SIZE));
    bytes.extend_from_slice(&body);
    bytes.extend_from_slice(&Sha256::digest(&body));
    bytes
}

fn decode(bytes: &[u8]) -> Result<Slot, Truncated> {
    let (body, checksum) = bytes.split_at_checked(SLOT_SIZE - 32).ok_or(Truncated)?;
    let mut from = Reader::new(body);
    if from.raw(8)? != MAGIC || Sha256::digest(body).as_slice() != checksum {
        return Err(Truncated);
    }
    Ok(Slot {
        vault: VaultId(from.array()?),
        id: RootId(from.array()?),
        epoch: from.u64()?,
        key: Secret::from_slice(from.raw(32)?).ok_or(Truncated)?,
        check: from.array()?,
    })
}

/// Eight bytes that tell whether a key is the right one and help nobody to find it.
fn check(key: &PageKey) -> [u8; 8] {
    let digest = Sha256::new()
        .chain_update(b"gallra root check")
        .chain_update(key.expose())
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    first
}

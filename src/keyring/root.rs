//! The root on files: the one tiny secret that every old key copy needs, replaced at every erasure.
//!
//! ```text
//! root/
//!   copy-1, copy-2   two slots each, overwritten in place; one slot holds the live epoch key R
//!   redo-0, redo-1   what the last two epoch changes wrote to the vault, each under the R it made
//!   lock             taken through flock while the root changes; released by death, never by time
//!   gate             shut through flock while a restore exchanges the data
//!   instances/       one locked file per running process, so that the dead are known at once
//!   CACHEDIR.TAG     asks backup programs to leave the directory alone
//! ```
//!
//! A slot is written and read back on both copies before the vault names it, and overwritten on both
//! before anyone calls the old epoch destroyed. A slot that is neither live nor empty is remains of
//! a crash: [`FileRoot::wipe_except`] destroys it.

mod error;
mod slot;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use error::RootError;
pub(super) use slot::{Slot, again as slot_again};

use self::slot::{
    COPY_SIZE, SLOT_SIZE, SLOTS, check, decode, encode, free_slot, offset, read_slot,
};
use super::page::PageKey;
use crate::store::make_directory;
use crate::vocabulary::{Random, RootId, Secret, VaultId, fail_point};

const COPIES: [&str; 2] = ["copy-1", "copy-2"];

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
            self.write_new(copy, &vec![0; COPY_SIZE])?;
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
            if copy == COPIES[0] {
                fail_point("destroy:candidate-on-one");
            }
        }
        Ok(())
    }

    /// Overwrites every slot but the live one, on both copies, and mends a copy that lost the live
    /// one. Destroys by naming what stays: the live root cannot be destroyed by a mistaken name.
    ///
    /// An error on one copy does not keep the other from being wiped.
    pub(super) fn wipe_except(&self, live: &Slot) -> Result<(), RootError> {
        let one = self.wipe_copy(COPIES[0], live);
        fail_point("destroy:wiped-on-one");
        let two = self.wipe_copy(COPIES[1], live);
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

    /// Whether each copy holds the live root, once, and nothing else: not what a crash left, and not
    /// less, as a copy that was lost and made anew.
    pub(super) fn is_tidy(&self, live: &Slot) -> Result<bool, RootError> {
        let bytes = encode(live);
        for copy in COPIES {
            let file = self.need_copy(copy)?;
            let mut kept = false;
            for number in 0..SLOTS {
                let stored = self.io(copy, read_slot(&file, number))?;
                if stored.as_slice() == bytes.as_slice() && !kept {
                    kept = true;
                } else if stored.iter().any(|byte| *byte != 0) {
                    return Ok(false);
                }
            }
            if !kept {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Overwrites every slot: for the remains of a root that nothing names any more.
    pub(super) fn wipe_all(&self) -> Result<(), RootError> {
        for copy in COPIES {
            if let Some(file) = self.open_copy(copy, true)? {
                let zeros = vec![0; COPY_SIZE];
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

    /// What of it others than its owner have rights on: the directory, or a file that holds a key.
    pub fn open_to_others(&self) -> io::Result<Vec<PathBuf>> {
        let redo = [self.redo(0), self.redo(1)];
        let copies = COPIES.map(|copy| self.directory.join(copy));
        let mut open = Vec::new();
        for path in [&self.directory].into_iter().chain(&copies).chain(&redo) {
            match fs::metadata(path) {
                Ok(found) if found.permissions().mode() & 0o077 != 0 => open.push(path.clone()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(open)
    }

    /// Refuses where the directory of running processes is missing. It holds nothing that anybody needs; but
    /// a process that was running when it was taken away would be overlooked, by a restore and by every
    /// erasure, if it were simply made anew.
    pub(super) fn require_instances(&self) -> Result<(), RootError> {
        let path = self.instances();
        match path.exists() {
            true => Ok(()),
            false => Err(RootError::NoInstances { path }),
        }
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
            let whole = COPY_SIZE as u64;
            if self.io(copy, file.metadata())?.len() < whole {
                self.io(copy, file.set_len(whole))?; // Cut short: the other copy mends it.
            }
            return Ok(file);
        }
        self.write_new(copy, &vec![0; COPY_SIZE])?;
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

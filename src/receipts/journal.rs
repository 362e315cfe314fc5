//! Leaves as they were signed, kept beside the signing key until long after every mirror has them.
//!
//! ```text
//! a receipt is signed as leaf 7 and handed out · the vault is lost · the mirror that becomes the
//! vault had not seen leaf 7 · the same erasure gets another receipt as leaf 7
//! ```
//!
//! Two leaves in one place contradict each other under one signature: the log would be worth nothing,
//! and an honest operator would look like a forger. So each leaf is durable here before the vault has
//! it, and a log that is shorter than what was signed takes the signed leaves up again, byte for byte.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::ReceiptError;
use crate::store::make_directory;

/// How many leaves are kept. A mirror that is further behind keeps receipts from being issued.
const KEPT: u64 = 4096;

/// The directory of signed leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journal(PathBuf);

impl Journal {
    /// The journal of the key in this file.
    pub(super) fn beside(key: &Path) -> Self {
        Self(key.with_file_name("leaves"))
    }

    /// The leaf that was signed for this place, if one was.
    pub(super) fn read(&self, seq: u64) -> Result<Option<String>, ReceiptError> {
        match fs::read_to_string(self.path(seq)) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// The places from this one on for which a leaf was signed. Reads names only, and normally finds none.
    pub(super) fn from(&self, seq: u64) -> Result<Vec<u64>, ReceiptError> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| self.failed(error))?,
        };
        let mut places = Vec::new();
        for entry in entries {
            let name = entry.map_err(|error| self.failed(error))?.file_name();
            let place = name.to_str().and_then(|name| name.parse::<u64>().ok());
            places.extend(place.filter(|place| *place >= seq));
        }
        places.sort_unstable();
        Ok(places)
    }

    /// Keeps a leaf, whole and durable, before anybody else has it; forgets one that is old.
    pub(super) fn write(&self, seq: u64, note: &str) -> Result<(), ReceiptError> {
        self.store(seq, note).map_err(|error| self.failed(error))?;
        if let Some(old) = seq.checked_sub(KEPT) {
            let _ = fs::remove_file(self.path(old)); // It is in the vault and every mirror.
        }
        Ok(())
    }

    fn store(&self, seq: u64, note: &str) -> io::Result<()> {
        make_directory(&self.0)?;
        let unfinished = self.0.join("unfinished");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, self.path(seq))?;
        File::open(&self.0)?.sync_all()
    }

    fn path(&self, seq: u64) -> PathBuf {
        self.0.join(seq.to_string())
    }

    fn failed(&self, source: io::Error) -> ReceiptError {
        ReceiptError::Io {
            path: self.0.clone(),
            source,
        }
    }
}

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
//!
//! Beside them stands, for each line of history, with which leaf it began to be signed: `line-2-ID` holds 7.
//! So it is told which leaves are of before a promotion, whatever the clocks of two machines say.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::ReceiptError;
use crate::store::make_directory;

/// How many leaves are kept. A mirror that is further behind keeps receipts from being issued.
const KEPT: u64 = 4096;
/// How the name of a file begins that says where a line of history does.
const LINE: &str = "line-";

/// A line of history that a promotion began. Two mirrors that follow one vault and are promoted one after
/// the other, with nothing left to tell the second of the first, begin lines of one number: so each has an
/// id as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub number: u64,
    /// In hexadecimal.
    pub id: String,
}

impl Line {
    fn name(&self) -> String {
        format!("{LINE}{}-{}", self.number, self.id)
    }

    fn of_name(name: &str) -> Option<Self> {
        let (number, id) = name.strip_prefix(LINE)?.split_once('-')?;
        let number = number.parse().ok()?;
        let id = id.to_owned();
        Some(Self { number, id })
    }
}

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

    /// From which place on leaves were signed for this line of history or a later one; `None` before the
    /// first of them. The first line, which no promotion began, began with the first leaf.
    pub(super) fn line_begins(&self, line: Option<&Line>) -> Result<Option<u64>, ReceiptError> {
        let Some(line) = line else {
            return Ok(Some(0));
        };
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries.map_err(|error| self.failed(error))?,
        };
        let mut first: Option<u64> = None;
        for entry in entries {
            let entry = entry.map_err(|error| self.failed(error))?;
            let name = entry.file_name();
            let begun = name.to_str().and_then(Line::of_name);
            if begun.is_some_and(|begun| begun == *line || begun.number > line.number) {
                let text = fs::read_to_string(entry.path());
                let text = text.map_err(|error| self.failed(error))?;
                let seq = text.trim().parse().map_err(io::Error::other);
                let seq: u64 = seq.map_err(|error| self.failed(error))?;
                first = Some(first.map_or(seq, |first| first.min(seq)));
            }
        }
        Ok(first)
    }

    /// Keeps a leaf of a line of history, whole and durable, before anybody else has it; forgets one that
    /// is old.
    pub(super) fn write(
        &self,
        line: Option<&Line>,
        seq: u64,
        note: &str,
    ) -> Result<(), ReceiptError> {
        let begun = line.map(Line::name);
        if let Some(begun) = begun.filter(|name| !self.0.join(name).exists()) {
            self.store(&begun, &seq.to_string())
                .map_err(|error| self.failed(error))?;
        }
        self.store(&seq.to_string(), note)
            .map_err(|error| self.failed(error))?;
        if let Some(old) = seq.checked_sub(KEPT) {
            let _ = fs::remove_file(self.path(old)); // It is in the vault and every mirror.
        }
        Ok(())
    }

    fn store(&self, name: &str, text: &str) -> io::Result<()> {
        make_directory(&self.0)?;
        let unfinished = self.0.join("unfinished");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, self.0.join(name))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lines_of_one_number_are_told_apart() {
        let place = tempfile::tempdir().unwrap();
        let journal = Journal(place.path().to_owned());
        let line = |number, id: &str| Line {
            number,
            id: id.to_owned(),
        };
        let (one, other, later) = (line(1, "aa"), line(1, "bb"), line(2, "cc"));
        journal.write(None, 0, "of the first line").unwrap();
        journal
            .write(Some(&one), 1, "of a promoted mirror")
            .unwrap();
        let begins = |line: &Line| journal.line_begins(Some(line)).unwrap();
        assert_eq!(journal.line_begins(None).unwrap(), Some(0));
        assert_eq!((begins(&one), begins(&other)), (Some(1), None));
        journal.write(Some(&other), 1, "of another mirror").unwrap();
        journal.write(Some(&later), 5, "of the next line").unwrap();
        assert_eq!((begins(&other), begins(&later)), (Some(1), Some(5)));
        assert_eq!(journal.from(0).unwrap(), [0, 1, 5], "leaves alone");
    }
}

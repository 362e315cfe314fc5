//! What became of an import's records.

use std::collections::BTreeMap;

use crate::catalog::types::Direction;
use crate::catalog::write::{Change, Outcome};

/// Counts of one kind of record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// New rows.
    pub created: u64,
    /// Rows with other content now.
    pub changed: u64,
    /// Already there.
    pub unchanged: u64,
}

/// How many records of each kind could be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Kinds {
    /// Contacts.
    pub contacts: u64,
    /// Cases.
    pub cases: u64,
    /// Messages from a contact.
    pub messages_in: u64,
    /// Messages to a contact.
    pub messages_out: u64,
    /// Notes of staff.
    pub notes: u64,
    /// Forwardings.
    pub forwardings: u64,
    /// Files sent along with messages.
    pub attachments: u64,
}

/// How a table was read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TableReport {
    /// How bytes are letters.
    pub encoding: &'static str,
    /// Between fields.
    pub delimiter: char,
    /// What each column is taken as.
    pub columns: Vec<Column>,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Column {
    /// Its name in the header.
    pub header: String,
    /// What it is taken as; nothing when it is left out.
    pub field: Option<String>,
}

/// How many files of a directory are told apart, besides those of which there is something to say.
const NAMED_FILES: usize = 100;

/// One file of a directory: what it was taken as, and what of it could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileRead {
    /// Its path within the directory.
    pub file: String,
    /// Its format; empty when none was recognised.
    pub format: String,
    /// Records that could be read.
    pub records: u64,
    /// How it was read, when it is a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TableReport>,
    /// Why nothing of it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// The first lines that could not be read, by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<&'static str, Vec<u64>>,
    /// What the report counted before it.
    #[serde(skip)]
    before: u64,
}

impl FileRead {
    fn has_news(&self) -> bool {
        self.table.is_some() || self.refused.is_some() || !self.unread.is_empty()
    }
}

/// What became of an import's records. Holds no personal data but names of files.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Which format the source has.
    pub format: String,
    /// Whether it was only read, not written.
    pub dry_run: bool,
    /// Lines read, empty ones too; of JSON and mail, records.
    pub lines: u64,
    /// Records that could be read.
    pub records: u64,
    /// Of which kinds these are.
    pub read: Kinds,
    /// How a table was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TableReport>,
    /// Contacts, those too that only a case or message named.
    pub contacts: Counts,
    /// Cases, those too that only a message named.
    pub cases: Counts,
    /// Messages.
    pub messages: Counts,
    /// Forwardings.
    pub forwardings: Counts,
    /// Records of erased people dated before their erasure, messages that were taken out, and lines
    /// that could not be read and were discarded: dropped.
    pub suppressed: u64,
    /// Records of people whose erasure took longer than the import would wait: not taken in.
    pub being_erased: u64,
    /// Forwardings of cases that are not here: dropped.
    pub unknown_case: u64,
    /// Contacts without external id, e-mail or phone: dropped.
    pub no_identifier: u64,
    /// Contacts with more addresses, numbers or ids than one person has: dropped.
    pub too_many_identifiers: u64,
    /// What was left out on purpose, by kind: secrets above all.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Files of a directory whose format is not known.
    pub skipped: u64,
    /// What is worth knowing of what was taken in.
    pub remarks: BTreeMap<&'static str, u64>,
    /// Records that could not be read, by reason.
    pub quarantined: BTreeMap<&'static str, u64>,
    /// The first lines of each reason.
    pub quarantined_lines: BTreeMap<&'static str, Vec<u64>>,
    /// Which file of a directory did what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<FileRead>,
    /// Files of a directory that were read without anything to say of them, and are not named.
    #[serde(skip_serializing_if = "is_zero")]
    pub unnamed_files: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Report {
    /// Whether every record is in or was in.
    pub fn is_clean(&self) -> bool {
        self.being_erased + self.unknown_case + self.no_identifier + self.too_many_identifiers == 0
            && self.quarantined.is_empty()
    }

    /// How many records could not be read.
    pub fn quarantined_total(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// Notes which file of a directory is read now.
    pub(super) fn begin_file(&mut self, file: String) {
        self.end_file();
        self.within.push(FileRead {
            file,
            before: self.records,
            ..FileRead::default()
        });
    }

    /// Counts the records of the last file. Of many without anything to say only the number stays.
    pub(super) fn end_file(&mut self) {
        let (records, many) = (self.records, self.within.len() > NAMED_FILES);
        let Some(last) = self.within.last_mut() else {
            return;
        };
        last.records = records - last.before;
        if many && !last.has_news() {
            self.within.pop();
            self.unnamed_files += 1;
        }
    }

    /// The file of a directory that is read now.
    pub(super) fn this_file(&mut self) -> Option<&mut FileRead> {
        self.within.last_mut()
    }

    /// Counts a record that could be read.
    pub(super) fn read(&mut self, change: &Change) {
        let read = &mut self.read;
        match change {
            Change::Rejected(_) => return,
            Change::Contact(_) => read.contacts += 1,
            Change::Case(_) => read.cases += 1,
            Change::Forwarding(_) => read.forwardings += 1,
            Change::Message(it) => {
                read.attachments += it.attachments.len() as u64;
                match it.direction {
                    Direction::In => read.messages_in += 1,
                    Direction::Out => read.messages_out += 1,
                    Direction::Note => read.notes += 1,
                }
            }
        }
        self.records += 1;
    }

    /// Counts what was left out and what is worth knowing.
    pub(super) fn note(
        &mut self,
        dropped: &BTreeMap<&'static str, u64>,
        remarks: &BTreeMap<&'static str, u64>,
    ) {
        for (into, from) in [(&mut self.dropped, dropped), (&mut self.remarks, remarks)] {
            for (what, count) in from {
                *into.entry(what).or_default() += count;
            }
        }
    }

    /// Counts one record's end. One that is tried again is counted when it ends.
    pub(super) fn count(&mut self, change: &Change, outcome: &Outcome, named: usize) {
        use crate::catalog::write::Refusal;
        if let Some(made) = outcome.ids() {
            self.contacts.created += u64::from(made.made_contact);
            self.cases.created += u64::from(made.made_case);
        }
        let counts = match change {
            _ if matches!(outcome, Outcome::Suppressed) => return self.suppressed += 1,
            Change::Contact(_) => &mut self.contacts,
            Change::Case(_) => &mut self.cases,
            Change::Message(_) => &mut self.messages,
            Change::Forwarding(_) => &mut self.forwardings,
            Change::Rejected(rejected) => {
                return self.quarantine(rejected.reason, rejected.line, named);
            }
        };
        match outcome {
            Outcome::Created(_) => counts.created += 1,
            Outcome::Changed(_) => counts.changed += 1,
            Outcome::Unchanged(_) => counts.unchanged += 1,
            Outcome::Suppressed => self.suppressed += 1,
            Outcome::BeingErased => self.being_erased += 1,
            Outcome::Refused(Refusal::UnknownCase) => self.unknown_case += 1,
            Outcome::Refused(Refusal::NoIdentifier) => self.no_identifier += 1,
            Outcome::Refused(Refusal::TooManyIdentifiers) => self.too_many_identifiers += 1,
        }
    }

    /// Counts a record that could not be read.
    pub(super) fn quarantine(&mut self, reason: &'static str, line: u64, named: usize) {
        *self.quarantined.entry(reason).or_default() += 1;
        let lines = self.quarantined_lines.entry(reason).or_default();
        if lines.len() < named {
            lines.push(line);
        }
    }
}

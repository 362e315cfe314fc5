//! Taking in what other systems exported.
//!
//! A source is read as a stream, record by record, in batches of at most five hundred records or four
//! megabytes, so memory stays the same however long the file is. Every record ends in one of these,
//! and the [`Report`] counts each:
//!
//! | Record | Ends as |
//! |---|---|
//! | new, or other than before | written, sealed before the first write |
//! | the same as before | left alone: an import may be run again, also after a crash |
//! | about an erased person and dated before the erasure, or discarded before | dropped, counted |
//! | of a contact or case that is being erased | tried again for a while, then counted |
//! | a forwarding of a case that is not here, a contact without any identifier | dropped, counted |
//! | unreadable: see [`Reason`] | quarantined: sealed as it came, with line number and reason |
//!
//! A bad line never ends an import. Only what is wrong with everything does: a store that is full, a
//! tenant that is being purged, a file that is no text.
//!
//! ```text
//! source/    bytes → records: lines, table rows, JSON elements, mails; each within its limit
//! format/    record → changes: one file for each system, and how it is recognised
//! intake     changes → batches → catalog; waiting, quarantine, counting
//! upload/    files that are sent in over the network, until a job takes them in
//! ```
//!
//! **To add one more format**: `format/mod.rs` says how; it is one file and one line.

pub mod format;
mod gallra;
mod intake;
mod reason;
mod report;
mod source;
mod times;
pub mod upload;

pub use format::{FORMATS, Format, Session, Settings};
pub use gallra::import_gallra;
pub use intake::{Intake, Options};
pub use reason::Reason;
pub use report::{Column, Counts, FileRead, Kinds, Report, TableReport};
pub use source::{Encoding, LONGEST_RECORD, Line, Lines};

use crate::catalog::CatalogError;

/// What ends an import.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The source cannot be read on.
    #[error(
        "the source could not be read after line {line}: run the import again when it can; what was \
         taken in stays and is not taken in twice"
    )]
    Source {
        /// The last line that was read.
        line: u64,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The catalog cannot take more.
    #[error("the import stopped: {0}; run it again afterwards, nothing is taken in twice")]
    Catalog(#[from] CatalogError),
    /// Archives are not unpacked, however small they look.
    #[error("the file is an archive: unpack it and import the files in it")]
    Archive,
    /// A text of two bytes a letter.
    #[error("the file is in UTF-16: save it as UTF-8 and import it again")]
    Utf16,
    /// A pipe without anything in it: the command in front of it failed.
    #[error(
        "standard input was empty: look at the command that was to write to it; a file that is empty \
         may be imported by its name"
    )]
    NoInput,
    /// No format fits.
    #[error("which format the file has cannot be seen: name it with --format")]
    Unrecognised,
    /// No column of a table is known.
    #[error(
        "no column of the first row is known, or none says who a row is about: name the columns with \
         --map HEADER=FIELD"
    )]
    NoColumns,
    /// A column was named that the table does not have, or a field that there is not.
    #[error("--map {header}={field} names {what}: see docs/FORMATS.md")]
    Map {
        /// The header that was named.
        header: String,
        /// The field that was named.
        field: String,
        /// What is wrong.
        what: &'static str,
    },
}

impl IngestError {
    /// Whether another file of the same import may be read all the same.
    pub fn is_of_one_file(&self) -> bool {
        matches!(
            self,
            IngestError::Archive
                | IngestError::Utf16
                | IngestError::NoInput
                | IngestError::Unrecognised
                | IngestError::NoColumns
        )
    }
}

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
//! | about an erased person and dated before the erasure | dropped, counted |
//! | of a contact or case that is being erased | tried again for a while, then counted |
//! | a forwarding of a case that is not here, a contact without any identifier | dropped, counted |
//! | unreadable: see [`Reason`] | quarantined: sealed as it came, with line number and reason |
//!
//! A bad line never ends an import. Only what is wrong with everything does: a store that is full, a
//! tenant that is being purged.
//!
//! **To add one more format**, write a reader that turns its records into
//! [`Change`](crate::catalog::write::Change)s, as `gallra` does, and give it to [`Intake`]: batches,
//! waiting, quarantine and counting are done there.

mod gallra;
mod intake;
mod lines;
mod report;

pub use gallra::{Reason, import_gallra};
pub use intake::{Intake, Options};
pub use lines::{LONGEST_RECORD, Line, Lines};
pub use report::{Counts, Report};

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
}

//! What goes wrong with a notice.

use crate::catalog::CatalogError;

/// Anything that stands in the way of a notice.
#[derive(Debug, thiserror::Error)]
pub enum DisclosureError {
    /// The clauses of this release are not in order; a test reads them, so this never ships.
    #[error("the clauses of the notice cannot be read: install another release of gallra")]
    Clauses(#[source] serde_json::Error),
    /// A clause names a value that nobody fills in; likewise.
    #[error("clause {clause} names {name:?}, which is no value: install another release of gallra")]
    Placeholder {
        /// Which clause.
        clause: String,
        /// What it names.
        name: String,
    },
    /// The page could not be written.
    #[error("the notice cannot be written as a page: install another release of gallra")]
    Page(#[source] askama::Error),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

//! What goes wrong with a notice.

use crate::catalog::CatalogError;
use crate::receipts::ReceiptError;
use crate::store::StoreError;

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
    /// A version as it is stored, or as it would be.
    #[error("the version of the notice cannot be written or read: restore a backup if it stays so")]
    Version(#[source] serde_json::Error),
    /// No such version.
    #[error("there is no version {0}: `gallra notice versions SLUG` lists them")]
    NoVersion(u64),
    /// It was replaced, or a newer draft took its place.
    #[error("version {0} is over: draft a new one")]
    VersionEnded(u64),
    /// The client has not approved it.
    #[error("the client has not approved version {0}: have that recorded first")]
    NotApproved(u64),
    /// The law asks for more.
    #[error(
        "the law asks for what is missing in the notice ({0}): set it, draft again, or give a reason \
         to publish in spite of it"
    )]
    Incomplete(String),
    /// A text that may not be kept.
    #[error(transparent)]
    Reference(#[from] ReceiptError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalog.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

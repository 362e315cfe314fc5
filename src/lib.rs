//! Gallra keeps the personal data that an outsourced support desk holds for its clients, and makes
//! it gone for good. This file is the map of the house.
//!
//! Imports go down only; within a floor a room may import only those to its left
//! (`tests/architecture.rs` holds us to it).
//!
//! | Floor | Rooms |
//! |---|---|
//! | 4 faces | [`web`], [`cli`] over [`app`], which wires the rest, and [`config`] |
//! | 3 jobs | [`jobs`]: what queued work does |
//! | 2 domain | [`receipts`] → [`catalog`] → [`ingest`] → [`disclosure`] → [`erasure`] → [`requests`] → [`offboarding`] |
//! | 1 machinery | [`store`] → [`keyring`] → [`queue`] → [`audit`] → [`staff`] → [`webhooks`] |
//! | 0 vocabulary | [`vocabulary`] |

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod app;
pub mod audit;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod disclosure;
pub mod erasure;
pub mod ingest;
pub mod jobs;
pub mod keyring;
pub mod offboarding;
pub mod queue;
pub mod receipts;
pub mod requests;
pub mod staff;
pub mod store;
pub mod vocabulary;
pub mod web;
pub mod webhooks;

/// Every statement of every `rows.rs`: a new file adds its line here, and a test prepares each one
/// on both engines.
pub fn every_statement() -> Vec<store::Statement> {
    let files: &[&[store::Statement]] = &[
        app::rows::STATEMENTS,
        keyring::rows::STATEMENTS,
        keyring::mirror::rows::STATEMENTS,
        queue::rows::STATEMENTS,
        webhooks::rows::STATEMENTS,
        receipts::rows::STATEMENTS,
        ingest::upload::rows::STATEMENTS,
        audit::rows::STATEMENTS,
        staff::rows::STATEMENTS,
        requests::rows::STATEMENTS,
        staff::rows::data::STATEMENTS,
        catalog::rows::STATEMENTS,
        catalog::index::rows::STATEMENTS,
        catalog::inventory::rows::STATEMENTS,
        catalog::processing::rows::STATEMENTS,
        catalog::rehouse::rows::STATEMENTS,
        disclosure::rows::STATEMENTS,
        erasure::rows::STATEMENTS,
        erasure::rows::vault::STATEMENTS,
        offboarding::rows::STATEMENTS,
        offboarding::rows::vault::STATEMENTS,
        offboarding::hooks::rows::STATEMENTS,
        offboarding::hooks::rows::vault::STATEMENTS,
    ];
    files.concat()
}

/// Every statement over many rows, likewise.
pub fn every_bulk() -> Vec<store::Bulk> {
    let files: &[&[store::Bulk]] = &[
        keyring::rows::BULKS,
        keyring::mirror::rows::BULKS,
        audit::rows::BULKS,
        catalog::rows::BULKS,
        catalog::index::rows::BULKS,
        catalog::processing::rows::BULKS,
        catalog::rehouse::rows::BULKS,
        erasure::rows::BULKS,
        ingest::upload::rows::BULKS,
    ];
    files.concat()
}

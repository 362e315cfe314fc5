//! Stories: what a user of the catalog lives through, on both engines.

#[path = "../support/mod.rs"]
mod support;

mod catalog;
mod identifiers;
mod import;
mod index;
mod notices;
mod requests;
mod together;
mod world;

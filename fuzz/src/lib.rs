//! What every target runs: see [`entries`], which the usual tests share.

mod entries;

pub use entries::entry;

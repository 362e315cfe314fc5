//! The tools of the proofs: power cuts, other processes, full disks, and searches.

#![allow(dead_code)] // Each test binary uses its own part of this.

pub mod canary;
pub mod chance;
pub mod killing;
pub mod limits;
pub mod lostwrites;
pub mod process;
#[path = "server.rs"]
pub mod serving;

/// Whether the long counts were asked for (`./test --long`).
pub fn long() -> bool {
    std::env::var("GALLRA_LONG").is_ok_and(|value| value == "1")
}

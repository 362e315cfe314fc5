//! Proofs that need another process, another disk or another fate: power cuts, kills, full disks,
//! and the search for what must not be there.

// An optimising build looks deeper into nested futures.
#![recursion_limit = "256"]

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/proofs.rs"]
mod tools;

mod bad_state;
mod canary;
#[cfg(feature = "fail-points")]
mod crash;
mod desk;
mod invariants;
mod key_tree;
mod kill;
mod killed;
mod limits;
mod lost_writes;
#[cfg(feature = "fail-points")]
mod model;
mod overheard;
mod power;
mod power_beyond;
mod process;
mod races;
#[cfg(feature = "fail-points")]
mod rehousing;
#[cfg(feature = "fail-points")]
mod renewal;
#[cfg(feature = "fail-points")]
mod restoring;
mod saver;
mod secrecy;
#[cfg(feature = "fail-points")]
mod sequences;
mod story;
mod waiting;
mod worker;
#[cfg(feature = "fail-points")]
mod zombie;
#[cfg(feature = "fail-points")]
mod zombie_purge;

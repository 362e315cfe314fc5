//! Importing from other systems: every format with a fixture of our own, bad input, any bytes at all,
//! and public samples where they are at hand.

#[path = "../support/fixtures.rs"]
#[allow(dead_code)]
mod fixture_files;
#[path = "../support/mod.rs"]
mod support;
#[allow(dead_code)]
#[path = "../stories/world.rs"]
mod world;

mod bad;
mod bytes;
mod fixtures;
mod samples;
mod tools;

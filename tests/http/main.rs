//! The API as another program meets it: the real server on loopback, on both engines.

#[path = "../support/bad_files.rs"]
mod bad_files;
#[path = "../support/chance.rs"]
#[allow(dead_code)]
mod chance;
#[path = "../cli/desk.rs"]
#[allow(dead_code)]
mod desk;
#[path = "../support/limits.rs"]
#[allow(dead_code)]
mod disks;
#[path = "../support/fixtures.rs"]
mod fixture_files;
#[path = "../support/process.rs"]
#[allow(dead_code)]
mod process;
#[path = "../support/server.rs"]
#[allow(dead_code)]
mod serving;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/zips.rs"]
#[allow(dead_code)]
mod zips;

mod bad_input;
mod client;
mod describing;
mod erasing;
mod full_disk;
mod imports;
mod limits;
mod offboarding;
mod once;
mod packages;
mod people;
mod properties;
mod rectifying;
mod redacting;
mod refusals;
mod regrouping;
mod requests;
mod returns;
mod strangers;
mod webhooks;

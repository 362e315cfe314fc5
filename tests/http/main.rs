//! The API as another program meets it: the real server on loopback, on both engines.

#[path = "../cli/desk.rs"]
#[allow(dead_code)]
mod desk;
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

mod client;
mod describing;
mod erasing;
mod imports;
mod limits;
mod offboarding;
mod once;
mod packages;
mod people;
mod properties;
mod rectifying;
mod refusals;
mod regrouping;
mod requests;
mod strangers;
mod webhooks;

//! The program as a person or a script meets it: the real binary, on both engines. What it answers,
//! with which exit code, on which stream.

#[path = "../support/bad_files.rs"]
mod bad_files;
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

mod answers;
mod audit;
mod bad_input;
mod demo;
mod describing;
mod desk;
mod forgotten_mirrors;
mod formats;
mod interrupted;
mod late_mirrors;
mod lost_index;
mod mirror_safety;
mod mirrors;
mod offboarding;
mod packages;
mod pages;
mod people;
mod promotions;
mod put_back_index;
mod quarantine;
mod recipients;
mod rectifying;
mod refusals;
mod regrouping;
mod repair;
mod requests;
mod rolled_back;
mod server;
mod settings;
mod tokens;

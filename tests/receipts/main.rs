//! Receipts: what they say, the file that is handed out, the log behind it, and other people's tools.

#[path = "../support/mod.rs"]
mod support;

mod body;
mod file;
mod journal;
mod log;
mod outside;
mod render;
mod sample;
mod witnesses;

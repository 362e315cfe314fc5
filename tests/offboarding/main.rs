//! The end of a contract, told as stories on both engines. Faces have their own: `tests/cli`, `tests/http`.

#[path = "../support/mod.rs"]
mod support;

mod endings;
mod export;
mod hooks;
mod world;

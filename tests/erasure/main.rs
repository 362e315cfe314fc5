//! Erasing people and tenants, and restoring old backups: nobody comes back, nobody else is lost.

#[path = "../support/mod.rs"]
mod support;

mod erase;
mod meanwhile;
mod restore;

//! Erasing people and tenants, and restoring old backups: nobody comes back, nobody else is lost.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/canary.rs"]
mod canary;

mod attachments;
mod erase;
mod identifiers;
mod meanwhile;
mod mirrored;
mod orphans;
mod quarantine;
mod rehouse;
mod rehouse_restore;
mod restore;
mod rotate;

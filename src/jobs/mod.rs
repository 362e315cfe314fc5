//! What queued work does. A job's file calls the domain, as a handler of the web does; nothing below
//! knows of it.
//!
//! [`Worker`] takes due work from the queue, one piece at a time, keeps its lease while the work goes on,
//! and writes down how it ended. `gallra serve` runs one until it ends; `gallra jobs run` runs one until
//! nothing is due.
//!
//! **To add work**: a kind in [`crate::queue::Kind`], a file here, and its line in [`Work::carry_out`].

mod import;
mod webhook;
mod worker;

pub use worker::{Does, Failure, Progress, Ran, Worker};

use crate::erasure::Eraser;
use crate::queue::{Kind, Lease};
use crate::webhooks::Webhooks;

/// What this house's work is done with.
#[derive(Clone)]
pub struct Work {
    /// Erasing, and the catalog it erases from.
    pub eraser: Eraser,
    /// Telling other systems.
    pub webhooks: Webhooks,
}

impl Does for Work {
    // Each way is boxed: they lead through the whole domain, and the compiler counts depth.
    async fn carry_out(&self, lease: &Lease, progress: &Progress) -> Result<(), Failure> {
        match lease.kind {
            Kind::Import => Box::pin(import::take_in(&self.eraser.catalog, lease, progress)).await,
            Kind::Deliver => Box::pin(webhook::deliver(&self.webhooks, lease)).await,
            Kind::ClearImport => Box::pin(import::clear(&self.eraser, lease)).await,
        }
    }
}

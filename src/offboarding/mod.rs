//! The end of a contract: what becomes of a client's data, decided by the client, carried out by two
//! people, and proved afterwards (Art. 28(3)(g)).
//!
//! ```text
//! begin.rs     the client's choice is recorded: delete, or return and then delete       ─┐
//! hooks/       a contract or billing system announces the end: scheduled, never purged  ─┤
//! tasks.rs     copies elsewhere become tasks, from the channels and recipients in use    │ any order,
//! export/      the return: one archive, encrypted to the client's key, streamed          │ any day
//! approve.rs   two people approve, each on the counts they were shown                    │
//! change.rs    a hold stops it, its release lets it go on, a cancellation ends it       ─┘
//! execute.rs   every rule of rules.rs is looked at once more, and the erasure room purges
//! ```
//!
//! **A record, not a switch.** What was decided stands in one [`Record`] per offboarding, in the vault:
//! restoring old data must forget no choice, approval or open task, and bring no cancelled end back.
//! How far it has come ([`rules::State`]) and what stands in the way ([`rules::Obstacle`]) are worked out
//! from the record, the clock, the holds and the counts each time, so nothing can be out of date. That
//! a client is purged stands in the erasure ledger alone.
//!
//! **Counts.** An approval names what the approver was shown. It stands for as long as exactly that is
//! there; whatever is added afterwards asks for a new look. The last comparison is made behind the
//! closed gates, where nobody adds anything any more (`erasure::Approved`).
//!
//! **To add an obstacle**: a variant of [`rules::Obstacle`] with its remedy, and its line in
//! [`rules::obstacles`]; `purge`, the status and the API follow. **To add a place where copies are**: a line
//! in `tasks.rs`, and its Swedish name in `receipts::render`.

mod approve;
mod begin;
mod change;
mod error;
mod execute;
pub mod export;
pub mod hooks;
mod record;
pub(crate) mod rows;
pub mod rules;
mod status;
mod store;
mod tasks;

pub use approve::Person;
pub use begin::Begin;
pub use error::OffboardingError;
pub use record::{Approval, Confirmation, Export, Record, Task};
pub use status::Status;

use crate::audit::{Action, Entry};
use crate::erasure::Eraser;
use crate::vocabulary::{OffboardingId, TenantId};
use crate::webhooks;

/// The slug of the operator's own data.
pub const OWN: &str = crate::catalog::OWN_SLUG;

/// Ends contracts. Cheap to clone.
#[derive(Clone)]
pub struct Offboarder {
    /// What purges, and the catalog behind it.
    pub eraser: Eraser,
    /// How many people must approve a purge: two, or one where there is only one.
    pub approvals: usize,
}

/// A client as its end sees it, also when it is purged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id.
    pub id: TenantId,
    /// Its short name.
    pub slug: String,
    /// The company's name.
    pub name: String,
    /// IANA time zone: a contract's last day ends at its midnight.
    pub timezone: String,
    /// ISO 3166 code.
    pub country: String,
    /// Whether its purge has begun or is done.
    pub purging: bool,
}

impl Offboarder {
    /// Writes down an act. The act itself is done by then, in another store.
    async fn note(
        &self,
        action: Action,
        client: TenantId,
        object: &[u8; 16],
    ) -> Result<(), OffboardingError> {
        let catalog = &self.eraser.catalog;
        let entry = Entry::new(catalog.actor, action).of(client).to(object);
        let written = catalog.recorder.record(&entry).await;
        written.map_err(OffboardingError::Audit)
    }

    /// Tells other systems, in a transaction of its own: what happened stands in another store. What was
    /// told before is left alone.
    async fn announce(
        &self,
        kind: webhooks::Kind,
        client: TenantId,
        id: OffboardingId,
    ) -> Result<(), OffboardingError> {
        let catalog = &self.eraser.catalog;
        let event = webhooks::Event {
            kind,
            tenant: client,
            object: id.0,
        };
        let mut tx = catalog.data.begin().await?;
        webhooks::announce(
            &mut tx,
            event,
            catalog.clock.as_ref(),
            catalog.random.as_ref(),
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// The same, after the vault was written to.
    async fn noted(
        &self,
        action: Action,
        client: TenantId,
        id: OffboardingId,
    ) -> Result<(), OffboardingError> {
        self.eraser.note_vault_version().await?;
        self.note(action, client, id.as_bytes()).await
    }
}

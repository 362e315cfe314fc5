//! Making one person, or one tenant, gone for good: the erase protocol of DESIGN section 3.
//!
//! ```text
//! orders.rs      what is ordered stands in the vault until it is carried out
//! accept.rs   1  data: the subject is closed to writers, the erasure and its facts are stored
//!                index: suppression tokens, the receipt's salt (while identifiers can be read)
//! discard.rs   the same for records that an import could not read
//! finish.rs   2–4 the keys are destroyed (keyring)                    ── point of no return
//! carry_out.rs 5 no running process holds an older key (keyring)
//! delete.rs   6  rows deleted from index and data, counted, checkpointed
//! receipt.rs  7  the receipt is composed, signed, appended
//! ```
//!
//! Every step may be run again, by this process or another, after a crash or beside one: a step that
//! was done does nothing. So there is one way to go on, [`Eraser::settle`], and it is what start-up,
//! `reconcile` and a second call for the same person all use.
//!
//! **Restored data** is data whose erasures lag behind the vault's ledger. Carrying the ledger out on
//! it is the same step 6; what was there again gets a receipt of the kind re-erasure.
//!
//! **A vault that was put back together with its data** is known by the receipts that were signed since
//! (`signed.rs`), and refused.
//!
//! **Data that is ahead of a promoted mirror** is measured ([`loss`]) before it is put in place; where the
//! loss is accepted, what the vault forgot is erased again and what nobody can read is deleted (`lost.rs`).
//!
//! **A unit of which something is to stay** is rehoused ([`rehouse`]): what stays is sealed under a new
//! unit first, and steps 2 to 7 are then carried out on the old one.
//!
//! **To erase one more kind of thing**: seal it under a unit, delete its rows in `delete.rs`, count
//! them there, and let a use case like `accept.rs` close it to writers and name its keys.

mod accept;
pub mod backup;
mod carry_out;
mod delete;
pub mod discard;
mod error;
pub mod facts;
mod finish;
mod grounds;
pub mod hold;
mod keys;
mod left;
pub mod loss;
mod lost;
mod orders;
pub mod orphans;
mod preview;
pub mod promoted;
mod receipt;
mod recipients;
pub mod rectify;
pub mod redact;
pub mod rehouse;
mod request;
pub mod restore;
mod rotate;
pub(crate) mod rows;
mod settle;
mod signed;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

pub use error::EraseError;
pub use lost::Lost;
pub use preview::Preview;
pub use request::{Approved, EraseRequest, PurgeRequest};
pub use settle::{Report, Standing};

use crate::catalog::Catalog;
use crate::receipts::Log;
use crate::receipts::body::Party;
use crate::store::Db;
use crate::vocabulary::{ErasureId, Secret};

/// What erasing needs. Cheap to clone.
#[derive(Clone)]
pub struct Eraser {
    /// The catalog whose rows are deleted.
    pub catalog: Catalog,
    /// Where receipts go.
    pub log: Log,
    /// Who runs the service, as receipts name it.
    pub operator: Party,
    /// How long a checkpoint waits for readers.
    pub checkpoint_patience: Duration,
    /// How long a receipt waits for mirrors before it is left pending.
    pub mirror_patience: Duration,
    /// Whose turn it is to finish erasures in this process.
    pub turn: Turn,
}

/// Erasures of one process finish one another: whoever has the turn carries out what the ledger holds
/// by then, for everybody who waits, with one barrier and one checkpoint. Without it a hundred
/// erasures at once would each delete the rows of all hundred. Other processes may do the same
/// beside it; that is slower and never wrong.
#[derive(Clone, Default)]
pub struct Turn(Arc<Mutex<()>>);

impl Turn {
    async fn take(&self) -> MutexGuard<'_, ()> {
        self.0.lock().await
    }
}

/// How far an erasure came.
#[derive(Debug)]
pub struct Outcome {
    /// The erasure, and the receipt's id.
    pub erasure: ErasureId,
    /// Why the receipt is not issued yet; `None` when it is.
    pub pending: Option<String>,
    /// Opens the receipt's subject commitment. Handed over, and not kept longer than a day.
    pub salt: Option<Secret<32>>,
}

impl Eraser {
    pub(super) fn data(&self) -> &Db {
        &self.catalog.data
    }
}

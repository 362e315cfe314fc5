//! Data subjects' requests: from the first word to the answer, for access and erasure.
//!
//! The operator is a processor: it registers, finds, proposes and carries out; the client decides. A
//! step that only the client may take carries its instruction, and nothing is handed out or erased
//! before there is one ([`rules`]).
//!
//! | File | Does |
//! |---|---|
//! | [`rules`] | which step may follow which: one table |
//! | [`deadlines`] | when an answer is due |
//! | `register` | a request comes in: its clock starts, its data is held |
//! | `step` | everything that changes no data of the person |
//! | `fulfil` | handing out and erasing |
//! | [`regroup`] | two contacts who are one person, and one who is two |
//! | [`package`] | what is handed out: the zip of Art. 15 |
//! | `show` | reading |
//! | `announce` | what other systems are told |
//!
//! Who asked and what was written is sealed in a unit of the request's own. While an answer is made of
//! the data, a hold in the vault keeps them; so erasure knows holds and never requests.
//!
//! **To add a step**: a variant of [`types::Act`] and [`Step`], its line in [`rules::TRANSITIONS`], what
//! it changes in `step.rs`.

mod announce;
pub mod deadlines;
mod error;
mod fulfil;
pub mod package;
mod register;
pub mod regroup;
pub(crate) mod rows;
pub mod rules;
mod show;
mod step;
mod stored;
pub mod types;

pub use error::RequestError;
pub use fulfil::Delivered;
pub use types::{Identifiers, NewRequest, Request, RequestInFull, Right, State, Step};

use crate::catalog::Catalog;
use crate::erasure::Eraser;

/// Requests of all clients. Cheap to clone.
#[derive(Clone)]
pub struct Requests {
    /// Who erases, and with it the catalog, on somebody's behalf.
    pub eraser: Eraser,
}

impl Requests {
    fn catalog(&self) -> &Catalog {
        &self.eraser.catalog
    }
}

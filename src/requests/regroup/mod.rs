//! Merging two contacts who are one person, and splitting one who is two.
//!
//! ```text
//! merge   every case of the one goes to the other, and every address, number and id · the one's profile
//!         is emptied, so that nobody finds it any more · it is erased
//! split   chosen cases go to another contact, and the identifiers that are the other's
//! ```
//!
//! Each step is a rehousing with a receipt of its own, so nothing of the one person is readable under a
//! key of the other, and an old backup does not bring the mixture back. It is shown first and carried out
//! as it was shown: [`Preview::version`] covers both profiles and every part that moves. Interrupted, it is
//! shown and carried out again; what is done by then is not there any more.
//!
//! **Why here, and not with the erasure?** A hold or an open request of either person is in the way and
//! named, and the erasure knows holds and never requests.
//!
//! **Why is the profile emptied before the contact is erased?** What is erased is suppressed: an address
//! that both had would keep older history of the person who stays from being taken in.

mod carry_out;
mod preview;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalog::TenantRef;
use crate::catalog::types::Category;
use crate::vocabulary::{CaseId, ContactId, ErasureId, Personal};

/// What is to become of whom.
#[derive(Debug, Clone)]
pub struct Regrouping {
    /// In whose data.
    pub tenant: TenantRef,
    /// Whose cases go to another contact.
    pub from: ContactId,
    /// To whom.
    pub into: ContactId,
    /// Which of them, and what else.
    pub how: How,
}

/// One person or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// They are one: everything goes, and so does the contact.
    Merge,
    /// They are two.
    Split {
        /// The other's cases.
        cases: BTreeSet<CaseId>,
        /// Kinds of which everything is the other's.
        remove: BTreeSet<Category>,
        /// Single addresses, numbers and ids that are the other's.
        identifiers: Vec<Personal>,
    },
}

/// What would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Preview {
    /// Whose cases go to another contact.
    pub from: ContactId,
    /// To whom.
    pub into: ContactId,
    /// What it was made of: carrying out asks for it.
    pub version: String,
    /// How many cases go, or the contact's part of them.
    pub cases: u64,
    /// How many messages go with them.
    pub messages: u64,
    /// How many forwardings.
    pub forwardings: u64,
    /// How many cases stay.
    pub cases_that_stay: u64,
    /// What the contact that the cases go to is given, by category.
    pub filled_in: Vec<Category>,
    /// What is gone for good, by category: neither of them has it afterwards.
    pub removed: Vec<Category>,
    /// Whether the contact they came from is erased.
    pub erases: bool,
    /// What stands in the way.
    pub in_the_way: Vec<Obstacle>,
}

/// Something that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Obstacle {
    /// `hold` or `request`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The hold's reason, or the request's number.
    pub what: String,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Regrouped {
    /// Whose cases went.
    pub from: ContactId,
    /// To whom.
    pub into: ContactId,
    /// How many.
    pub cases: u64,
    /// The receipts, one for each unit that was sealed anew or erased.
    pub receipts: Vec<ErasureId>,
    /// How many of them are not issued yet, though the keys are destroyed.
    pub pending: u64,
}

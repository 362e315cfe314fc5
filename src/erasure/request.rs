//! What is ordered: a person's erasure, or a client's purge.

use super::Preview;
use crate::receipts::body::{Approver, Copy, Ending};
use crate::vocabulary::{ContactId, Personal, TenantId};

/// An order to erase one person.
#[derive(Debug, Clone)]
pub struct EraseRequest {
    /// Whose data.
    pub tenant: TenantId,
    /// Who.
    pub contact: ContactId,
    /// The identifier that the order named the person by; the receipt commits to it.
    pub named_by: Personal,
    /// The tenant's instruction.
    pub instruction: String,
    /// Whether to replace the tenant's index keys too, so that not even an old index file with the
    /// present keys confirms that the person was known.
    pub strict: bool,
}

/// An order to purge a tenant.
#[derive(Debug, Clone)]
pub struct PurgeRequest {
    /// Which tenant.
    pub tenant: TenantId,
    /// The tenant's name, typed.
    pub confirm: String,
    /// The instruction: the contract's end, the recorded choice.
    pub instruction: String,
}

/// What stands behind a purge, for the receipt and against surprises.
#[derive(Debug, Clone, Default)]
pub struct Approved {
    /// Who approved it.
    pub approvers: Vec<Approver>,
    /// Copies with others, and how far each has come.
    pub copies: Vec<Copy>,
    /// How the contract ended.
    pub ending: Option<Ending>,
    /// What those who approved were shown: the purge is refused when something else is there.
    pub expected: Option<Preview>,
}

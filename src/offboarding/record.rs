//! What is recorded of an offboarding. Kept as JSON in the vault; it names staff, and no data subject.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::erasure::Preview;
use crate::receipts::body::{Choice, Returned};
use crate::vocabulary::{TaskId, Timestamp};

/// An offboarding as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What the client chose; a contract event alone chooses nothing.
    pub choice: Option<Choice>,
    /// The contract's last day.
    pub contract_ends: NaiveDate,
    /// How many days are waited after it.
    pub grace_days: u16,
    /// The client's instruction, as a reference.
    pub instruction: Option<String>,
    /// Who began it: an actor, or the source of a contract event.
    pub begun_by: String,
    /// Who approved the purge, on which counts.
    pub approvals: Vec<Approval>,
    /// What was handed over last.
    pub export: Option<Export>,
    /// What was made for handing over before that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exports_before: Vec<Export>,
    /// Copies elsewhere.
    pub tasks: Vec<Task>,
    /// Why it was cancelled.
    pub cancelled: Option<String>,
    /// Since when the purge is being carried out; nothing is changed or cancelled any more.
    pub executing: Option<Timestamp>,
}

/// Somebody's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Name or staff number.
    pub name: String,
    /// How that is known: named on the command line, or by a token and its role.
    pub known_by: String,
    /// On whose behalf the program acted.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// What was there to be purged.
    pub counts: Preview,
}

/// What was handed over to the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The file, as the receipt names it.
    #[serde(flatten)]
    pub returned: Returned,
    /// What was there when it began.
    pub counts: Preview,
    /// By whom.
    pub actor: String,
}

/// A copy elsewhere that somebody must see to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Where the copy is.
    pub place: String,
    /// Since when it is known.
    pub made_at: Timestamp,
    /// Who confirmed that it is gone; absent while it is open.
    pub confirmed: Option<Confirmation>,
}

/// Somebody's word that a copy elsewhere is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// When.
    pub at: Timestamp,
    /// Name or staff number.
    pub by: String,
    /// What shows it, as a reference.
    pub evidence: Option<String>,
}

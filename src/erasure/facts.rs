//! What a receipt will say: the facts known before keys are destroyed, kept in the vault's ledger,
//! and the results known after the rows are deleted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Preview;
use super::rehouse::RehousedUnit;
use crate::keyring::LedgerEntry;
use crate::receipts::body::{
    Again, Approver, Assurance, Backups, Body, CategoryCount, Commitment, Copy, Ending, Kept, Keys,
    Kind, Limit, Medium, Method, Mirrors, Party, Reference, Root, StoreCount, Technique, Tenant,
    Tool, Verification,
};
use crate::vocabulary::{ErasureId, Timestamp};

/// Known before: who asked for what, on which ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What kind of erasure.
    pub kind: Kind,
    /// Who runs the service.
    pub operator: Party,
    /// Whose data it was.
    pub tenant: Tenant,
    /// Binds the receipt to the person without naming anybody.
    pub subject: Option<Commitment>,
    /// The ground, such as `GDPR Art. 17`.
    pub legal_basis: Reference,
    /// The tenant's instruction.
    pub instruction: Reference,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When work on it began.
    pub started_at: Timestamp,
    /// Who approved, where approval is needed.
    pub approvers: Vec<Approver>,
    /// Copies with others.
    pub copies: Vec<Copy>,
    /// What is kept under which law.
    pub kept: Vec<Kept>,
    /// What destroying the root was worth when the work began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<Assurance>,
    /// For a purge: how the contract ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// For a purge: what those who approved it were shown. If something else is there when the gates
    /// close, nothing is purged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Preview>,
    /// Which keys, as block and leaf, where no subject says it: those of quarantined records, and of a
    /// person whose order is given again after a promotion. So the order is whole by itself, whatever
    /// data a restore puts beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<(u64, u16)>,
    /// For a client that no record names: how many keys it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unnamed_keys: Option<u64>,
    /// For a rehousing: which unit, and how much of it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehoused: Option<RehousedUnit>,
}

/// What the deletion of rows counted. Raised in the transactions that delete.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Contacts whose profile is gone.
    pub people: u64,
    /// Units whose rows are gone.
    pub units: u64,
    /// Values by category of personal data.
    pub categories: BTreeMap<String, u64>,
    /// Rows by store.
    pub stores: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts values of a category.
    pub fn category(&mut self, name: &str, count: u64) {
        if count > 0 {
            *self.categories.entry(name.to_owned()).or_default() += count;
        }
    }

    /// Counts rows of a store.
    pub fn store(&mut self, name: &str, count: u64) {
        if count > 0 {
            *self.stores.entry(name.to_owned()).or_default() += count;
        }
    }

    /// Adds what another transaction counted.
    pub fn add(&mut self, other: &Counts) {
        self.people += other.people;
        self.units += other.units;
        other
            .categories
            .iter()
            .for_each(|(name, count)| self.category(name, *count));
        other
            .stores
            .iter()
            .for_each(|(name, count)| self.store(name, *count));
    }
}

/// Known after: what was deleted and how that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// What was deleted.
    pub counts: Counts,
    /// How many keys were destroyed.
    pub keys: u64,
    /// How it was checked.
    pub verification: Vec<Verification>,
}

/// What the machine says of itself on each receipt.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// The root's provider and what that makes true.
    pub root: Root,
    /// How many mirrors there are and have followed.
    pub mirrors: Mirrors,
    /// Copies of the keys that are still there.
    pub copies: Vec<Copy>,
}

/// Composes a receipt's body, once everything is known.
pub(super) fn body(
    facts: &Facts,
    entry: &LedgerEntry,
    results: Results,
    circumstances: Circumstances,
    again: Option<(ErasureId, Again)>,
    (seq, issued_at): (u64, Timestamp),
) -> Body {
    let (id, kind, again) = match again {
        Some((id, again)) => (id, Kind::ReErasure, Some(again)),
        None => (entry.erasure, facts.kind, None),
    };
    Body {
        id,
        seq,
        kind,
        again,
        operator: facts.operator.clone(),
        tenant: facts.tenant.clone(),
        subject: facts.subject.clone(),
        legal_basis: facts.legal_basis.clone(),
        instruction: facts.instruction.clone(),
        requested_at: facts.requested_at,
        started_at: facts.started_at,
        destroyed_at: entry.destroyed_at,
        issued_at,
        people: results.counts.people,
        categories: list(results.counts.categories, category_count),
        stores: list(results.counts.stores, store_count),
        keys: Keys {
            destroyed: results.keys,
            epoch: entry.epoch,
        },
        method: method(),
        root: circumstances.root,
        mirrors: circumstances.mirrors,
        verification: results.verification,
        ending: facts.ending.clone(),
        copies: facts
            .copies
            .iter()
            .cloned()
            .chain(circumstances.copies)
            .collect(),
        kept: facts.kept.clone(),
        backups: Backups::UnreadableAndErasedAgainOnRestore,
        approvers: facts.approvers.clone(),
        tool: tool(),
        cannot_prove: vec![
            Limit::NoSecretCopy,
            Limit::NoDiskSnapshot,
            Limit::CipherHolds,
            Limit::StatementsOfOthers,
        ],
    }
}

fn method() -> Method {
    Method {
        technique: Technique::CryptographicEraseAndDeletion,
        cipher: "AES-256-GCM".to_owned(),
        medium: Medium::KeyOverwrittenMediumNotSanitised,
    }
}

fn tool() -> Tool {
    Tool {
        name: "gallra".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn category_count(category: String, records: u64) -> CategoryCount {
    CategoryCount { category, records }
}

fn store_count(store: String, records: u64) -> StoreCount {
    StoreCount { store, records }
}

fn list<T>(counts: BTreeMap<String, u64>, item: impl Fn(String, u64) -> T) -> Vec<T> {
    counts
        .into_iter()
        .map(|(name, count)| item(name, count))
        .collect()
}

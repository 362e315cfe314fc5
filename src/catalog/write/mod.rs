//! Writing: the one path on which contacts, cases, messages, forwardings and quarantined records
//! come in, one at a time or five hundred.
//!
//! | File | Does |
//! |---|---|
//! | [`change`] | what can be asked for, and what became of it |
//! | `plan` | which ids the changes claim |
//! | `reserve` | fixing those ids in the index |
//! | `load` | taking guards and reading what is stored |
//! | `decide` | what is new, what changes: pure |
//! | `seals` | leasing and opening keys |
//! | `insert` | sealing and writing rows |
//! | `store` | the transaction around the last four |
//! | `attach` | the same for files sent along |
//! | `together` | one batch of the changes that come one at a time |
//!
//! A change whose contact or case is being erased does not hold up the others: it comes back as
//! [`Outcome::BeingErased`] and nothing of it was written.

mod attach;
pub mod change;
mod check;
mod decide;
mod insert;
mod load;
mod merge;
mod plan;
mod reserve;
mod seals;
mod store;
mod together;

pub(crate) use load::pass_gate;
pub(super) use together::Lines;

pub use check::{Flaw, LONGEST_TEXT, What};

pub use change::{
    CaseChange, Change, ContactChange, ForwardingChange, Ids, MessageChange, NewAttachment,
    Outcome, Refusal, RejectedRecord,
};

use self::plan::Plan;
use super::index::settle::Pending;
use super::{Catalog, CatalogError, TenantRef};
use crate::audit::{Action, Actor};
use crate::keyring::{IndexKeys, KeyringError};

/// How many times a batch starts again when other writers came first.
pub(super) const ATTEMPTS: u32 = 30;

/// How a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Whether it is history from another system, where erased people may stand: suppressions apply.
    pub history: bool,
    /// What the audit row says.
    pub action: Action,
}

/// Who wrote, and what its audit row says. A batch has one author, or one for each of its changes.
#[derive(Debug, Clone, Copy)]
pub(in crate::catalog) struct Author {
    pub actor: Actor,
    pub action: Action,
}

/// [`Manner`] with its authors.
#[derive(Debug, Clone, Copy)]
struct How<'a> {
    history: bool,
    authors: &'a [Author],
}

/// A batch whose ids are fixed in the index and whose rows are not written yet.
pub struct Reserved {
    keys: IndexKeys,
    plan: Plan,
}

impl Catalog {
    /// Writes a batch; one outcome per change, in order. `pending` carries tokens from batch to batch:
    /// after the last one call [`Catalog::finish`].
    pub async fn write(
        &self,
        tenant: &TenantRef,
        changes: &[Change],
        manner: Manner,
        pending: &Pending,
    ) -> Result<Vec<Outcome>, CatalogError> {
        let author = [self.author(manner.action)];
        self.write_by(tenant, changes, manner.history, &author, pending)
            .await
    }

    /// The same on behalf of several: one author, or one for each change.
    async fn write_by(
        &self,
        tenant: &TenantRef,
        changes: &[Change],
        history: bool,
        authors: &[Author],
        pending: &Pending,
    ) -> Result<Vec<Outcome>, CatalogError> {
        for _ in 0..ATTEMPTS {
            let keys = self.ready_keys(tenant).await?;
            let batches = [changes];
            let planned = self.reserve(tenant, &keys, &batches, history, pending);
            let planned = unless_transient(planned.await)?.flatten();
            let Some(plan) = planned.and_then(|mut plans| plans.pop()) else {
                continue;
            };
            let how = How { history, authors };
            let stored = self.store(tenant, &keys, changes, &plan, how, pending);
            if let Some(outcomes) = unless_transient(stored.await)?.flatten() {
                return Ok(outcomes);
            }
        }
        Err(CatalogError::Contended)
    }

    pub(in crate::catalog) fn author(&self, action: Action) -> Author {
        Author {
            actor: self.actor,
            action,
        }
    }

    /// The first half of [`Catalog::write`] for several batches in one transaction of the index: an
    /// import does it while the second half of the batches before is under way. An answer for each
    /// batch, in order; `None` when other writers came first.
    ///
    /// Tokens lie anywhere in the index's trees, so a batch by itself writes nearly a page for each;
    /// several share pages.
    pub async fn write_ahead(
        &self,
        tenant: &TenantRef,
        batches: &[&[Change]],
        manner: Manner,
        pending: &Pending,
    ) -> Result<Vec<Option<Reserved>>, CatalogError> {
        let keys = self.ready_keys(tenant).await?;
        let planned = self.reserve(tenant, &keys, batches, manner.history, pending);
        let planned = planned.await;
        let reserved = |plan| {
            let keys = keys.clone();
            Some(Reserved { keys, plan })
        };
        Ok(match unless_transient(planned)?.flatten() {
            Some(plans) => plans.into_iter().map(reserved).collect(),
            None => batches.iter().map(|_| None).collect(),
        })
    }

    /// The second half. What was reserved may have been overtaken: then both halves are done again.
    pub async fn write_reserved(
        &self,
        tenant: &TenantRef,
        changes: &[Change],
        reserved: Option<Reserved>,
        manner: Manner,
        pending: &Pending,
    ) -> Result<Vec<Outcome>, CatalogError> {
        if let Some(Reserved { keys, plan }) = reserved {
            let authors = &[self.author(manner.action)];
            let history = manner.history;
            let how = How { history, authors };
            let stored = self.store(tenant, &keys, changes, &plan, how, pending);
            if let Some(outcomes) = unless_transient(stored.await)?.flatten() {
                return Ok(outcomes);
            }
        }
        self.write(tenant, changes, manner, pending).await
    }

    /// To be called while much is written: the engine learns how full the tables have become, so that
    /// it finds the rows of the next batches by their keys.
    pub async fn refresh_statistics(&self) -> Result<(), CatalogError> {
        self.index.refresh_statistics().await?;
        Ok(self.data.refresh_statistics().await?)
    }

    /// Writes what still waits after the last batch.
    pub async fn finish(&self, tenant: &TenantRef, pending: &Pending) -> Result<(), CatalogError> {
        self.settle(tenant, pending).await
    }
}

/// Two writers in each other's way is no error: the batch starts again. A store that is busy or away
/// for long is one.
fn unless_transient<T>(result: Result<T, CatalogError>) -> Result<Option<T>, CatalogError> {
    use crate::store::StoreError::Conflict;
    match result {
        Ok(value) => Ok(Some(value)),
        Err(
            CatalogError::Store(Conflict { .. })
            | CatalogError::Keyring(
                KeyringError::Store(Conflict { .. }) | KeyringError::EpochChanged,
            ),
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

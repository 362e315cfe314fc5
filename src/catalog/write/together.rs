//! Group commit for changes that come one at a time: those of one client that come while others are
//! being written are written next, as one batch, and share its flushes.
//!
//! There is no queue to fill and no timer: who finds nobody writing writes at once, alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use super::{Author, Change, Outcome};
use crate::catalog::index::settle::Pending;
use crate::catalog::{Catalog, CatalogError, TenantRef};
use crate::vocabulary::TenantId;

/// Changes in one batch at most: each may carry files.
const MOST: usize = 64;
/// How long notes of written tokens wait for a batch to take them along.
const IDLE: Duration = Duration::from_millis(50);

/// The changes that wait, client by client.
#[derive(Default)]
pub(in crate::catalog) struct Lines(Mutex<HashMap<TenantId, Arc<Line>>>);

/// The changes of one client.
#[derive(Default)]
struct Line {
    waiting: Mutex<Vec<Waiting>>,
    /// Whoever has it writes for all who wait; what the last batch left for the next.
    turn: Arc<Turn<Pending>>,
}

struct Waiting {
    change: Change,
    author: Author,
    answer: oneshot::Sender<Result<Outcome, Unwritten>>,
}

enum Unwritten {
    /// It failed by itself.
    Failed(CatalogError),
    /// It was in a batch that failed, perhaps for another's sake.
    InCompany(Change),
}

impl Lines {
    fn of(&self, tenant: TenantId) -> Arc<Line> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.entry(tenant).or_default().clone()
    }
}

impl Line {
    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch, without those whose callers have gone away.
    fn next(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        waiting.retain(|it| !it.answer.is_closed());
        let count = waiting.len().min(MOST);
        waiting.drain(..count).collect()
    }
}

impl Catalog {
    /// Writes one change of today, whose suppressions do not stand against it, with those of others
    /// who come at the same time. It can be searched for when this returns.
    pub(in crate::catalog) async fn write_together(
        &self,
        tenant: &TenantRef,
        change: Change,
        author: Author,
    ) -> Result<Outcome, CatalogError> {
        let line = self.lines.of(tenant.id);
        let (answer, mut answered) = oneshot::channel();
        line.waiting().push(Waiting {
            change,
            author,
            answer,
        });
        loop {
            let turn = line.turn.clone().lock_owned().await;
            match answered.try_recv() {
                Ok(Ok(outcome)) => return Ok(outcome),
                Ok(Err(Unwritten::Failed(error))) => return Err(error),
                Ok(Err(Unwritten::InCompany(change))) => {
                    drop(turn);
                    let pending = Pending::default();
                    return self.write_alone(tenant, change, author, &pending).await;
                }
                Err(TryRecvError::Empty) => {
                    let work = self
                        .clone()
                        .write_waiting(tenant.clone(), line.clone(), turn);
                    // A task of its own: should this caller go away, the others get their answers.
                    let _ = tokio::spawn(Box::pin(work)).await;
                }
                Err(TryRecvError::Closed) => return Err(CatalogError::Contended),
            }
        }
    }

    async fn write_alone(
        &self,
        tenant: &TenantRef,
        change: Change,
        author: Author,
        pending: &Pending,
    ) -> Result<Outcome, CatalogError> {
        let (changes, authors) = ([change], [author]);
        let written = self.write_by(tenant, &changes, false, &authors, pending);
        let outcome = written.await?.into_iter().next();
        self.settle(tenant, pending).await?;
        outcome.ok_or(CatalogError::Contended)
    }

    /// Writes the next batch and answers all who are in it.
    async fn write_waiting(
        self,
        tenant: TenantRef,
        line: Arc<Line>,
        pending: OwnedMutexGuard<Pending>,
    ) {
        let (mut changes, mut authors, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for it in line.next() {
            changes.push(it.change);
            authors.push(it.author);
            answers.push(it.answer);
        }
        let written = self.write_and_index(&tenant, &changes, &authors, &pending);
        match written.await {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    let _ = answer.send(Ok(outcome)); // A caller may have gone away.
                }
            }
            Err(error) => match answers.pop() {
                Some(only) if answers.is_empty() => {
                    let _ = only.send(Err(Unwritten::Failed(error)));
                }
                last => {
                    let all = answers.into_iter().chain(last);
                    for (answer, change) in all.zip(changes) {
                        let _ = answer.send(Err(Unwritten::InCompany(change)));
                    }
                }
            },
        }
        drop(pending);
        self.clear_notes_when_idle(tenant, line);
    }

    async fn write_and_index(
        &self,
        tenant: &TenantRef,
        changes: &[Change],
        authors: &[Author],
        pending: &Pending,
    ) -> Result<Vec<Outcome>, CatalogError> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let written = self.write_by(tenant, changes, false, authors, pending);
        let outcomes = written.await?;
        self.write_tokens(tenant, pending).await?;
        Ok(outcomes)
    }

    /// Notes of written tokens ride in the next batch's transaction; if none comes soon, in their own. A
    /// process that ends before that loses nothing: the next search finds the notes and writes the
    /// same tokens again.
    fn clear_notes_when_idle(self, tenant: TenantRef, line: Arc<Line>) {
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            let Ok(pending) = line.turn.try_lock() else {
                return; // A batch is being written: it takes them along.
            };
            if let Err(error) = self.clear_notes(&tenant, &pending).await {
                tracing::debug!(%error, "notes of written tokens stay until the next search");
            }
        });
    }
}

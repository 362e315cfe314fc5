//! Destroying keys: steps 0 and 2 to 4 of the erase protocol (DESIGN section 3).
//!
//! ```text
//! 0  take the root lock; finish what a crash left behind (recover.rs)
//! 2  hold the head; draft the re-keyed paths; write redo record and candidate root, read back
//! 3  one durable vault transaction: pages, ledger, head names the candidate  ── point of no return
//! 4  overwrite the old root on both copies; release the lock
//! ```
//!
//! The paths are drafted while the head is held, so no leased block can slip in between what the
//! redo record says and what the vault commits. Erasures that wait for the lock together share one
//! epoch: the first to get it takes along all that are queued.

use std::sync::atomic::Ordering;

use tokio::sync::oneshot::{self, error::TryRecvError};

use super::change::{Change, Entry};
use super::draft::Draft;
use super::head::Head;
use super::index_keys::{self, Rotation};
use super::ledger::Destroyed;
use super::lock::RootLock;
use super::page::{Page, PageId};
use super::recover::recover;
use super::root::Slot;
use super::tokens::IndexKeys;
use super::{KeyRef, Keyring, KeyringError, rows};
use crate::store::{Tx, args};
use crate::vocabulary::{ErasureId, TenantId, Timestamp, fail_point};

/// What to destroy, and what the ledger is to say of it.
#[derive(Debug, Clone)]
pub struct Destruction {
    /// The erasure's id; destroying twice under one id is destroying once.
    pub erasure: ErasureId,
    /// The receipt kind.
    pub kind: String,
    /// Whose data.
    pub tenant: TenantId,
    /// The contact or case that is then gone.
    pub subject: Option<[u8; 16]>,
    /// Which keys.
    pub what: Destroyed,
    /// Under which index keys the person's identifiers were suppressed, if they were: should the
    /// keys have changed since, the suppression must be written again before anything is destroyed.
    pub suppressed: Option<Suppressed>,
    /// Index keys to put in the place of the present ones (`--strict`): their generation must be
    /// the present one plus one. Every suppression must have been carried over to them, so this
    /// needs `suppressed`, and is refused when anyone else of the tenant was erased since.
    pub new_index_keys: Option<IndexKeys>,
    /// Which holds keep it.
    pub kept_by: KeptBy,
    /// JSON for the receipt, without personal data.
    pub facts: String,
}

/// Which holds keep what is to be destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptBy {
    /// One on the subject or on the whole tenant. All of a tenant is kept by one on anybody in it.
    Subject,
    /// One on anybody of the tenant: nobody can tell whose these keys are.
    Anybody,
    /// None: what is destroyed is a copy, and held elsewhere.
    Nothing,
}

/// When suppression tokens were written, as the tree sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppressed {
    /// The generation of the index keys.
    pub generation: u32,
    /// The newest ledger entry at that time.
    pub ledger_seq: i64,
}

/// An erasure waiting to share the next epoch.
pub(super) struct Queued {
    destruction: Destruction,
    done: oneshot::Sender<Result<u64, KeyringError>>,
}

impl Keyring {
    /// Destroys keys irrecoverably and answers the epoch from which nobody can read them. The
    /// caller then waits for [`Keyring::finish_epoch`] before it says that nobody does.
    pub async fn destroy(&self, destruction: Destruction) -> Result<u64, KeyringError> {
        let (done, mut answer) = oneshot::channel();
        self.queue().push(Queued {
            destruction: destruction.clone(),
            done,
        });
        let _turn = self.0.destroyer.lock().await;
        match answer.try_recv() {
            Ok(result) => return result, // Whoever had the turn before took this one along.
            Err(TryRecvError::Empty) => {}
            // Whoever took it along was cancelled; what it did stands in the ledger.
            Err(TryRecvError::Closed) => return self.destroy_together(&[&destruction]).await,
        }
        let batch: Vec<Queued> = std::mem::take(&mut *self.queue());
        let destructions: Vec<&Destruction> =
            batch.iter().map(|queued| &queued.destruction).collect();
        let result = self.destroy_together(&destructions).await;
        self.answer(batch, result).await;
        answer.try_recv().unwrap_or(Err(KeyringError::EpochChanged))
    }

    /// Destroys several at once, in one epoch, and answers that epoch.
    pub async fn destroy_all(&self, destructions: &[Destruction]) -> Result<u64, KeyringError> {
        let _turn = self.0.destroyer.lock().await;
        self.destroy_together(&destructions.iter().collect::<Vec<_>>())
            .await
    }

    /// Replaces R and destroys nothing else.
    pub async fn rotate_root(&self) -> Result<u64, KeyringError> {
        let _turn = self.0.destroyer.lock().await;
        let lock = RootLock::take(&self.0.means.root, self.0.means.patience).await?;
        recover(&self.0.means, &lock).await?;
        self.change_epoch(&[], None).await
    }

    /// Waits until no other task of this process changes the epoch.
    pub(super) async fn turn_to_destroy(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.destroyer.lock().await
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<Queued>> {
        self.0
            .queue
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Hands each its answer. When the batch failed, each is tried by itself, so that one bad plan
    /// does not fail the others and each gets its own error.
    async fn answer(&self, batch: Vec<Queued>, result: Result<u64, KeyringError>) {
        let error = match result {
            Ok(epoch) => {
                return batch
                    .into_iter()
                    .for_each(|queued| drop(queued.done.send(Ok(epoch))));
            }
            Err(error) => error,
        };
        if let [_] = batch.as_slice() {
            let mut error = Some(error);
            for queued in batch {
                let _ = queued.done.send(error.take().map_or(Ok(0), Err));
            }
            return;
        }
        for queued in batch {
            let alone = self.destroy_together(&[&queued.destruction]).await;
            let _ = queued.done.send(alone);
        }
    }

    /// Makes sure that `epoch` is over for everybody: the roots before it are overwritten (step 4),
    /// also when whoever began it died or stands still, and no running process holds an older key
    /// (step 5). Nobody may delete rows or issue a receipt of an erasure before this.
    pub async fn finish_epoch(&self, epoch: u64) -> Result<(), KeyringError> {
        if self.0.wiped.load(Ordering::SeqCst) < epoch {
            let lock = RootLock::take(&self.0.means.root, self.0.means.patience).await?;
            recover(&self.0.means, &lock).await?;
            self.0.wiped.fetch_max(epoch, Ordering::SeqCst);
        }
        if self.0.passed.load(Ordering::SeqCst) < epoch {
            self.barrier(epoch).await?;
            self.0.passed.fetch_max(epoch, Ordering::SeqCst);
        }
        Ok(())
    }

    async fn destroy_together(&self, batch: &[&Destruction]) -> Result<u64, KeyringError> {
        fail_point("destroy:before-lock");
        let lock = RootLock::take(&self.0.means.root, self.0.means.patience).await?;
        fail_point("destroy:locked");
        recover(&self.0.means, &lock).await?;
        let mut open = Vec::with_capacity(batch.len());
        let mut done = 0;
        for destruction in batch {
            match self.ledger_entry(destruction.erasure).await? {
                Some(entry) => done = done.max(entry.epoch),
                None => open.push(*destruction),
            }
        }
        if open.is_empty() {
            return Ok(done);
        }
        self.change_epoch(&open, None).await
    }

    /// Steps 2 to 4. The caller holds the root lock and has recovered.
    pub(super) async fn change_epoch(
        &self,
        batch: &[&Destruction],
        rotation: Option<&Rotation<'_>>,
    ) -> Result<u64, KeyringError> {
        let mut tx = self.0.means.begin().await?;
        let head = self.0.means.take_head(&mut tx).await?;
        let live = super::tree::live_slot(&self.0.means.root, &head)?;
        let candidate =
            self.0
                .means
                .root
                .draw(head.vault, head.epoch + 1, self.0.means.random.as_ref());
        let key = self.0.means.root.effective_key(&candidate)?;

        let live_key = self.0.means.root.effective_key(&live)?;
        let mut draft = Draft::new(head.version, live_key, self.0.means.random.as_ref());
        draft.load(&mut tx, PageId::ROOT).await?;
        for destruction in batch {
            check_holds(&mut tx, destruction).await?;
            let now = self.0.means.clock.now();
            remove(&mut tx, &mut draft, destruction, batch, now).await?;
        }
        if let Some(rotation) = rotation {
            self.rotate_in(&mut tx, &mut draft, rotation).await?;
        }
        draft.rekey(key.clone())?;
        let change = self.describe(&head, &candidate, &draft, batch);

        change
            .carry_out(&self.0.means, tx, &head, &live, &candidate)
            .await?;
        self.0.wiped.fetch_max(change.epoch, Ordering::SeqCst);
        self.0.epoch.begin(change.epoch, candidate.id, key);
        self.forget_shelves(batch).await;
        Ok(change.epoch)
    }

    fn describe(
        &self,
        head: &Head,
        candidate: &Slot,
        draft: &Draft<'_>,
        batch: &[&Destruction],
    ) -> Change {
        let destroyed_at = self.0.means.clock.now();
        let entries = batch
            .iter()
            .zip(head.ledger_seq + 1..)
            .map(|(destruction, seq)| Entry {
                seq,
                erasure: destruction.erasure,
                kind: destruction.kind.clone(),
                tenant: destruction.tenant,
                subject: destruction.subject,
                facts: destruction.facts.clone(),
                destroyed_at,
                units: match &destruction.what {
                    Destroyed::Units(units) => Some(units.clone()),
                    Destroyed::Tenant => None,
                },
            });
        Change {
            old_root: head.root,
            new_root: candidate.id,
            epoch: head.epoch + 1,
            ledger_seq: head.ledger_seq + batch.len() as i64,
            pages: draft.seal(),
            entries: entries.collect(),
        }
    }

    /// Leased keys of a purged tenant are of no use to anyone.
    async fn forget_shelves(&self, batch: &[&Destruction]) {
        let mut shelf = self.0.shelf.lock().await;
        for destruction in batch.iter().filter(|one| one.what == Destroyed::Tenant) {
            shelf.remove(&destruction.tenant);
        }
    }
}

/// Takes the keys of one destruction off the drafted pages.
async fn remove(
    tx: &mut Tx,
    draft: &mut Draft<'_>,
    destruction: &Destruction,
    batch: &[&Destruction],
    now: Timestamp,
) -> Result<(), KeyringError> {
    let tenant = destruction.tenant;
    if let Some(suppressed) = &destruction.suppressed {
        index_keys::check_generation(tx, draft, tenant, suppressed.generation).await?;
    }
    match &destruction.what {
        Destroyed::Tenant => {
            let slot = PageId::slot_of(tenant);
            need(draft.load(tx, slot).await?)?;
            draft.edit(&slot)?.remove_tenant(tenant);
        }
        Destroyed::Units(units) => {
            for unit in units {
                remove_unit(tx, draft, tenant, *unit).await?;
            }
        }
    }
    match &destruction.new_index_keys {
        Some(keys) => {
            let of_tenant = batch.iter().filter(|other| other.tenant == tenant).count();
            let noted = destruction
                .suppressed
                .map_or(0, |suppressed| suppressed.ledger_seq);
            let newer = tx.fetch_optional(rows::LEDGER_OF_TENANT_AFTER, args![tenant, noted]);
            if of_tenant > 1 || newer.await?.is_some() {
                return Err(KeyringError::IndexKeysChanged);
            }
            index_keys::replace(tx, draft, tenant, keys, now).await
        }
        None => Ok(()),
    }
}

async fn remove_unit(
    tx: &mut Tx,
    draft: &mut Draft<'_>,
    tenant: TenantId,
    unit: KeyRef,
) -> Result<(), KeyringError> {
    let block = PageId::block(tenant, unit.block);
    if !draft.load(tx, block).await? {
        return Err(erased_by(tx, tenant, unit).await?); // Gone with its tenant, or never known.
    }
    match draft.edit(&block)? {
        Page::Keys(keys) => match keys.get_mut(usize::from(unit.leaf)) {
            Some(place @ Some(_)) => {
                *place = None;
                Ok(())
            }
            Some(None) => Err(erased_by(tx, tenant, unit).await?),
            None => Err(KeyringError::corrupt(&block)),
        },
        _ => Err(KeyringError::corrupt(&block)),
    }
}

/// Why a key is not there: erased, or never known.
pub(super) async fn erased_by(
    tx: &mut Tx,
    tenant: TenantId,
    unit: KeyRef,
) -> Result<KeyringError, KeyringError> {
    let arguments = args![tenant, unit.block as i64, i64::from(unit.leaf)];
    let row = tx.fetch_optional(rows::READ_ERASED, arguments).await?;
    Ok(match row {
        Some(row) => KeyringError::Erased(row.id(0)?),
        None => KeyringError::VaultBehindData,
    })
}

/// Refuses what is held. Looked at while the head is held, as whoever places a hold holds it: a hold
/// that was reported as in force is in force.
async fn check_holds(tx: &mut Tx, destruction: &Destruction) -> Result<(), KeyringError> {
    let anybody = match destruction.kept_by {
        KeptBy::Subject => destruction.what == Destroyed::Tenant,
        KeptBy::Anybody => true,
        KeptBy::Nothing => return Ok(()),
    };
    let subject = destruction.subject.map(|id| id.to_vec());
    let arguments = args![destruction.tenant, anybody, subject];
    match tx.fetch_optional(rows::HOLD_IN_THE_WAY, arguments).await? {
        Some(row) => Err(KeyringError::Held(row.id(0)?)),
        None => Ok(()),
    }
}

fn need(loaded: bool) -> Result<(), KeyringError> {
    if loaded {
        Ok(())
    } else {
        Err(KeyringError::VaultBehindData)
    }
}

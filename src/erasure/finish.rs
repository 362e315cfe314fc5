//! From an accepted erasure to its receipt: steps 2 to 7, each of which may be run again.

use std::time::Duration;

use super::accept::Accepted;
use super::{EraseError, Eraser, Outcome, rows};
use crate::catalog::index::suppression::{HORIZON, Suppression};
use crate::keyring::{KeyringError, Suppressed};
use crate::receipts::ReceiptError;
use crate::receipts::body::Kind;
use crate::store::args;
use crate::vocabulary::{ErasureId, Timestamp, fail_point};

/// How often the index keys may be rotated by somebody else between planning and destroying.
const TRIES: usize = 5;

impl Eraser {
    /// Carries an accepted erasure out, from wherever it stands. When a purge or another erasure
    /// destroyed the same keys first, that one is the outcome.
    pub(super) async fn finish(&self, accepted: &Accepted) -> Result<Outcome, EraseError> {
        let erasure = self.destroy(accepted).await?;
        fail_point("erase:destroyed");
        if erasure != accepted.id {
            self.take_order_back(accepted.id).await?;
            let (catalog, tenant) = (&self.catalog, accepted.tenant);
            catalog.remember_with(tenant, accepted.id, erasure).await?;
        }
        self.carry_out_ledger().await?;
        // Marked by what carried it out, unless another erasure destroyed the same keys.
        self.data()
            .execute(rows::MARK_DESTROYED, args![true, accepted.id, false])
            .await?;
        fail_point("erase:rows-deleted");
        self.issue_receipts().await?;
        if accepted.strict {
            self.catalog.rebuild_index_of(accepted.tenant).await?;
        }
        self.outcome(erasure).await
    }

    /// Destroys the keys unless the ledger says that this was done, and answers by which erasure.
    async fn destroy(&self, accepted: &Accepted) -> Result<ErasureId, EraseError> {
        let keyring = &self.catalog.keyring;
        let mut spent = Vec::new();
        let named = !accepted.facts.keys.is_empty();
        for _ in 0..TRIES {
            if keyring.ledger_entry(accepted.id).await?.is_some() {
                return Ok(accepted.id);
            }
            if let Some(purge) = keyring.purge_of(accepted.tenant).await? {
                return Ok(purge);
            }
            let generation = keyring.index_keys(accepted.tenant).await?.generation;
            let ledger_seq = keyring.head().await?.ledger_seq;
            self.suppress(accepted).await?;
            let suppressed = Suppressed {
                generation,
                ledger_seq,
            };
            let destruction = self.destruction(accepted, suppressed, &spent).await?;
            let Some(destruction) = destruction else {
                return self.superseded(accepted).await;
            };
            match keyring.destroy(destruction).await {
                Ok(_) | Err(KeyringError::IndexKeysChanged) => {}
                // Some of the named keys went with another erasure; the others are still ours.
                Err(KeyringError::Erased(_)) if accepted.person().is_none() && named => {}
                // One of the person's units was rehoused meanwhile: the others are still theirs.
                Err(KeyringError::Erased(by)) if self.is_rehousing(accepted, by).await? => {
                    spent = self.spent_keys(accepted).await?;
                }
                Err(KeyringError::Erased(by)) => return Ok(by),
                Err(KeyringError::Held(hold)) => return Err(EraseError::Held(hold)),
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyringError::IndexKeysChanged.into())
    }

    /// Whether a person is to be erased, and it was a rehousing that destroyed one of their keys.
    async fn is_rehousing(&self, accepted: &Accepted, by: ErasureId) -> Result<bool, EraseError> {
        let entry = self.catalog.keyring.ledger_entry(by).await?;
        let rehoused = entry.is_some_and(|entry| entry.kind == Kind::Rehousing.word());
        Ok(rehoused && accepted.person().is_some())
    }

    /// Nothing of the subject is left to destroy: who destroyed it?
    async fn superseded(&self, accepted: &Accepted) -> Result<ErasureId, EraseError> {
        let Some(contact) = accepted.person() else {
            let (_, by) = self.named_keys(accepted).await?;
            return by.ok_or(EraseError::UnknownTenant);
        };
        let entry = self
            .catalog
            .keyring
            .erasure_of(accepted.tenant, &contact.0)
            .await?;
        Ok(entry.ok_or(EraseError::UnknownContact(contact))?.erasure)
    }

    /// Remembers by which identifiers an old export would bring back what is erased. This must come
    /// before the keys are destroyed: afterwards nobody knows the identifiers.
    async fn suppress(&self, accepted: &Accepted) -> Result<(), EraseError> {
        let horizon = i64::try_from(HORIZON.as_micros()).unwrap_or(i64::MAX);
        let cutoff = accepted.facts.requested_at;
        let suppression = Suppression {
            cutoff,
            expires_at: Timestamp(cutoff.0.saturating_add(horizon)),
            erasure: accepted.id,
        };
        if accepted.facts.kind == Kind::Rehousing {
            self.suppress_dropped(accepted, suppression).await?;
        } else if accepted.facts.kind == Kind::Quarantine {
            let (keys, _) = self.named_keys(accepted).await?;
            let suppressed = self
                .catalog
                .suppress_quarantined(accepted.tenant, &keys, suppression);
            suppressed.await?;
        } else if let Some(contact) = accepted.person() {
            self.catalog
                .suppress_contact(accepted.tenant, contact, suppression)
                .await?;
            fail_point("erase:suppressed");
        }
        Ok(())
    }

    /// How far an erasure came, for whoever asked.
    pub async fn outcome(&self, erasure: ErasureId) -> Result<Outcome, EraseError> {
        let pending = match self.log.find(erasure).await {
            Ok(_) => self.unheld(erasure).await?,
            Err(ReceiptError::Unknown(_)) => Some(self.why_pending(erasure).await?),
            Err(error) => return Err(error.into()),
        };
        Ok(Outcome {
            erasure,
            pending,
            salt: self.catalog.salt(erasure).await?,
        })
    }

    /// Why a receipt that is in the log may not be handed out yet: a promoted mirror that had not
    /// seen it would give its place in the log to another.
    async fn unheld(&self, erasure: ErasureId) -> Result<Option<String>, EraseError> {
        let mut tx = self.catalog.keyring.snapshot_vault().await?;
        let row = tx
            .fetch_optional(rows::vault::RECEIPTED_VERSION, args![erasure])
            .await?;
        tx.rollback().await?;
        let Some(row) = row else { return Ok(None) };
        let keyring = &self.catalog.keyring;
        match keyring
            .wait_for_mirrors_to_hold(row.i64(0)?, self.mirror_patience)
            .await
        {
            Ok(_) => Ok(None),
            Err(KeyringError::MirrorsLate(names)) => Ok(Some(format!(
                "erased; the receipt waits until mirror {names} holds it: start it"
            ))),
            Err(error) => Err(error.into()),
        }
    }

    /// Names the mirrors that a receipt waits for: one that is not issued yet because they have not
    /// followed, or one that is in the log and that they do not hold.
    pub async fn waits_for_mirrors(&self) -> Result<Option<String>, EraseError> {
        let keyring = &self.catalog.keyring;
        for erasure in self.without_receipt().await? {
            if let Some(entry) = keyring.ledger_entry(erasure).await? {
                let (_, late) = keyring.late_mirrors(entry.epoch).await?;
                if !late.is_empty() {
                    return Ok(Some(late.join(", ")));
                }
            }
        }
        let mut tx = keyring.snapshot_vault().await?;
        let newest = tx.fetch_one(rows::vault::NEWEST_RECEIPTED, args![]).await?;
        tx.rollback().await?;
        let Some(version) = newest.opt_i64(0)? else {
            return Ok(None);
        };
        match keyring
            .wait_for_mirrors_to_hold(version, Duration::ZERO)
            .await
        {
            Ok(_) => Ok(None),
            Err(KeyringError::MirrorsLate(names)) => Ok(Some(names)),
            Err(error) => Err(error.into()),
        }
    }

    async fn why_pending(&self, erasure: ErasureId) -> Result<String, EraseError> {
        let Some(entry) = self.catalog.keyring.ledger_entry(erasure).await? else {
            return Ok("the keys are not destroyed yet: run `gallra reconcile`".to_owned());
        };
        if !self.log.can_sign() {
            return Ok(
                "erased; the receipt waits for the signing key: put the backup of the directory \
                 sign/ back and run `gallra reconcile`"
                    .to_owned(),
            );
        }
        let (_, late) = self.catalog.keyring.late_mirrors(entry.epoch).await?;
        Ok(match late.is_empty() {
            true => "the receipt is not issued yet: run `gallra reconcile`".to_owned(),
            false => format!(
                "erased; the receipt waits for mirror {}: start it, or run `gallra mirror forget`",
                late.join(", ")
            ),
        })
    }
}

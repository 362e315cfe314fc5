//! Rehousing: what stays of a unit is sealed under a new one, and the old one is erased. The only way
//! plaintext changes units; corrections, redactions, merges, splits and moves are made of it.
//!
//! ```text
//! order     vault  holds looked at under the head; from here on no hold can come in between
//!           index  a new identity is reserved, as every writer does first
//! change    data   one transaction: survivors under new units, the old unit closed, the erasure
//!                  stored with its key and counts (catalog::rehouse)
//! 2–7              as any erasure: the old key is destroyed, what is left under it deleted, receipted
//! ```
//!
//! **Crashes.** Before the change the old unit is untouched, and whoever settles next takes the order
//! back: what was to be written instead was only in the memory of the process that died, for contents
//! never enter the vault. After the change the erasure stands in the data and is carried on. So the
//! plaintext is never lost, and never readable under both keys for longer than until the next start.
//! Should a process that only seemed dead make its change while its order is taken back: both write
//! the erasure's row, one of them first, and the other gives up.
//!
//! **When not to.** An ordinary change (`upsert`) seals the new value under the same key, and the old
//! value stays in old backups for as long as the person is held. That is right for a typing error or a
//! new address (Art. 16 asks for correct data, not for the unreadability of every copy). Rehousing is
//! for what must be gone for good: another person's address in the wrong profile, a message with what
//! should never have been written, and for data that must be erased with somebody else from now on.
//!
//! **Why a receipt?** Something was made irrecoverable on the controller's instruction, and Art. 5(2)
//! and 19 ask to show it; a key without a receipt would be a hole in the log. It says `rehousing`, counts
//! what was removed, and states as kept what was sealed anew.
//!
//! **What it costs.** A key cannot be destroyed for half of what it seals:
//!
//! ```text
//! backup 0 · a message is redacted: its neighbours move to a new key · backup 0 is restored
//! ```
//!
//! Backup 0 has the neighbours only under the destroyed key, so they are gone from it, as is the
//! redacted message. No other unit is touched: a contact whose profile was rehoused keeps its cases,
//! under a profile that is empty. Settling counts and names each such unit ([`Report::rehoused`]); what
//! was kept stands in every backup made after the rehousing. So: back up after rehousing.
//!
//! [`Report::rehoused`]: super::Report::rehoused

use serde::{Deserialize, Serialize};

use super::accept::Accepted;
use super::facts::{Counts, Facts};
use super::{EraseError, Eraser, Outcome, recipients, rows};
use crate::audit::{self, Action};
use crate::catalog::index::suppression::Suppression;
use crate::catalog::rehouse::{Choice, Rehoused};
use crate::catalog::{CatalogError, TenantRef};
use crate::keyring::KeyRef;
use crate::receipts::body::{Kept, Kind, Reference};
use crate::store::{StoreError, Tx, args};
use crate::vocabulary::{CaseId, ContactId, ErasureId, TenantId, UnitId, fail_point};

/// How often other writers or a rebuild of the index may come first.
const TRIES: usize = 30;
/// What stands in the place of an erasure whose order was taken back.
pub(super) const WITHDRAWN: &str = "withdrawn";

/// Why a unit is rehoused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Something was wrong.
    Correction,
    /// Something is not to be held any more, while its neighbours are.
    Redaction,
    /// It belongs to somebody else or to another case: merging, splitting, moving.
    Move,
}

impl Reason {
    fn legal_basis(self) -> &'static str {
        match self {
            Reason::Correction => "GDPR Art. 16",
            Reason::Redaction => "GDPR Art. 17",
            Reason::Move => "GDPR Art. 5(1)(d)",
        }
    }
}

/// An order to rehouse one unit.
#[derive(Debug, Clone)]
pub struct RehouseRequest {
    /// Whose data.
    pub tenant: TenantId,
    /// Which unit, and what becomes of what is in it.
    pub choice: Choice,
    /// Why.
    pub reason: Reason,
    /// The tenant's instruction.
    pub instruction: String,
}

/// A unit that was rehoused, by ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RehousedUnit {
    /// Whose it was.
    pub contact: ContactId,
    /// The case it was a part of; absent for a profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// How many values and messages were sealed anew.
    pub kept: u64,
}

impl Eraser {
    /// Rehouses a unit. When it fails before the change, nothing was changed.
    pub async fn rehouse(&self, request: RehouseRequest) -> Result<Outcome, EraseError> {
        self.settle_if_restored().await?;
        let tenant = self.catalog.tenant_by_id(request.tenant).await?;
        let tenant = tenant.ok_or(EraseError::UnknownTenant)?;
        let instruction = Reference::new(request.instruction.clone())?;
        let mut facts = self
            .facts(tenant.id, Kind::Rehousing, None, instruction)
            .await?;
        facts.legal_basis = Reference::new(request.reason.legal_basis())?;
        let mut accepted = Accepted {
            id: ErasureId::generate(self.catalog.random.as_ref()),
            tenant: tenant.id,
            subject: Some(request.choice.contact()),
            strict: false,
            facts,
        };
        self.order(&accepted).await?;
        fail_point("rehouse:ordered");
        let changed = self.change(&tenant, &mut accepted, &request.choice).await;
        if let Err(error) = changed {
            return match self.withdraw(&accepted).await? {
                // Somebody who settled took this process for dead and its order back.
                true if matches!(error, EraseError::Store(StoreError::Duplicate { .. })) => {
                    Err(CatalogError::Contended.into())
                }
                true => Err(error),
                false => self.finish(&accepted).await, // It was committed after all.
            };
        }
        fail_point("rehouse:changed");
        self.finish(&accepted).await
    }

    /// Reserves a new identity, then changes units in one transaction of the data.
    async fn change(
        &self,
        tenant: &TenantRef,
        accepted: &mut Accepted,
        choice: &Choice,
    ) -> Result<(), EraseError> {
        self.catalog.reserve_choice(tenant, choice).await?;
        fail_point("rehouse:reserved");
        for _ in 0..TRIES {
            match self.try_change(tenant, accepted, choice).await {
                Ok(true) => return Ok(()),
                Ok(false)
                | Err(EraseError::Store(StoreError::Conflict { .. }))
                | Err(EraseError::Catalog(CatalogError::Store(StoreError::Conflict { .. }))) => {}
                Err(error) => return Err(error),
            }
        }
        Err(CatalogError::Contended.into())
    }

    async fn try_change(
        &self,
        tenant: &TenantRef,
        accepted: &mut Accepted,
        choice: &Choice,
    ) -> Result<bool, EraseError> {
        let keys = self.catalog.ready_keys(tenant).await?;
        let _turn = self.catalog.turn().await;
        let Some(mut tx) = self.catalog.begin_rehousing(tenant, &keys).await? else {
            return Ok(false);
        };
        if let Some(case) = choice.case() {
            recipients::add_of_part(&mut tx, &mut accepted.facts, choice.contact(), case).await?;
        }
        let done = self.catalog.rehouse_in(&mut tx, tenant, choice).await?;
        let kept = format!("{} values, sealed anew under new keys", done.kept);
        accepted.facts.kept = vec![Kept {
            what: Reference::new(kept)?,
            law: accepted.facts.legal_basis.clone(),
            until: None,
        }];
        accepted.facts.keys = vec![(done.old.block, done.old.leaf)];
        accepted.facts.rehoused = Some(RehousedUnit {
            contact: choice.contact(),
            case: choice.case(),
            kept: done.kept,
        });
        self.store_change(&mut tx, accepted, &done).await?;
        fail_point("rehouse:before-change");
        tx.commit().await?;
        Ok(true)
    }

    /// The erasure, its key, what was removed already, and who did it, in the transaction of the change.
    async fn store_change(
        &self,
        tx: &mut Tx,
        accepted: &Accepted,
        done: &Rehoused,
    ) -> Result<(), EraseError> {
        self.insert_erasure(tx, accepted, accepted.facts.kind.word(), false)
            .await?;
        let mut counts = Counts::default();
        for (category, count) in &done.removed {
            counts.category(category, *count);
        }
        let counts = serde_json::to_string(&counts).map_err(EraseError::Stored)?;
        let progress = args![accepted.id, accepted.id, 0, false, counts, false];
        tx.execute(rows::BEGIN_PROGRESS, progress).await?;
        let entry = self.catalog.entry(Action::Rehoused).of(accepted.tenant);
        let entry = entry.to(&accepted.id.0);
        let (clock, random) = (self.catalog.clock.as_ref(), self.catalog.random.as_ref());
        Ok(audit::record_in(tx, &entry, clock, random).await?)
    }

    /// Takes an order back before its change; `false` when the change was made. Whoever seemed dead
    /// and goes on finds the erasure's row taken.
    pub(super) async fn withdraw(&self, order: &Accepted) -> Result<bool, EraseError> {
        let mut tx = self.data().begin().await?;
        let inserted = self.insert_erasure(&mut tx, order, WITHDRAWN, true).await;
        match inserted {
            Ok(()) => tx.commit().await?,
            Err(EraseError::Store(StoreError::Duplicate { .. })) => tx.rollback().await?,
            Err(error) => return Err(error),
        }
        let row = self
            .data()
            .fetch_one(rows::READ_ERASURE, args![order.id])
            .await?;
        if row.text(2)? != WITHDRAWN {
            return Ok(false);
        }
        if let (Some(tenant), Some(contact)) = (
            self.catalog.tenant_by_id(order.tenant).await?,
            order.subject,
        ) {
            self.catalog.follow_identity(&tenant, contact).await?;
        }
        self.take_order_back(order.id).await?;
        Ok(true)
    }

    /// Suppresses what was dropped, so that an old export does not bring it back.
    pub(super) async fn suppress_dropped(
        &self,
        accepted: &Accepted,
        suppression: Suppression,
    ) -> Result<(), EraseError> {
        let Some(tenant) = self.catalog.tenant_by_id(accepted.tenant).await? else {
            return Ok(());
        };
        for key in self.named_keys(accepted).await?.0 {
            if let Some(unit) = self.unit_of(accepted.tenant, key).await? {
                self.catalog
                    .suppress_messages(&tenant, unit, suppression)
                    .await?;
            }
        }
        Ok(())
    }

    /// Step 6 for a rehoused profile: nothing but its unit goes. Where the data was restored to before
    /// the change, the contact gets an empty profile. `false`: its tenant is gone, so it may go whole.
    pub(super) async fn delete_old_profile(
        &self,
        tenant: TenantId,
        contact: ContactId,
        unit: UnitId,
    ) -> Result<bool, EraseError> {
        use crate::keyring::KeyringError::Erased;
        let Some(tenant) = self.catalog.tenant_by_id(tenant).await? else {
            return Ok(false);
        };
        match self.catalog.empty_profile(&tenant, contact, unit).await {
            Err(CatalogError::Keyring(Erased(_))) => return Ok(false),
            done => done?,
        };
        if !self.is_restored().await? {
            self.catalog.follow_identity(&tenant, contact).await?;
        }
        Ok(true)
    }

    /// Whether data does not know of the change that the ledger speaks of, though it had the unit: it
    /// was restored to before, and what was kept is not in it.
    pub(super) async fn lost_in_restore(
        &self,
        erasure: ErasureId,
        facts: &str,
        units: u64,
    ) -> Result<Option<RehousedUnit>, EraseError> {
        let facts: Facts = serde_json::from_str(facts).map_err(EraseError::Stored)?;
        let Some(unit) = facts.rehoused.filter(|unit| unit.kept > 0 && units > 0) else {
            return Ok(None);
        };
        let known = self
            .data()
            .fetch_optional(rows::READ_ERASURE, args![erasure])
            .await?;
        Ok(known.is_none().then_some(unit))
    }

    /// The unit with this key.
    async fn unit_of(&self, tenant: TenantId, key: KeyRef) -> Result<Option<UnitId>, EraseError> {
        let arguments = args![tenant, key.block as i64, i64::from(key.leaf)];
        let row = self
            .data()
            .fetch_optional(rows::UNIT_OF_KEY, arguments)
            .await?;
        Ok(row.map(|row| row.id(0)).transpose()?)
    }
}

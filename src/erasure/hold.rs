//! Holds: reasons why something may not be erased yet. They stand in the vault, so restoring data
//! forgets none.

use serde::Serialize;

use super::{EraseError, Eraser, rows};
use crate::audit::Action;
use crate::receipts::body::{Kind, Reference};
use crate::store::{Row, StoreError, Tx, args};
use crate::vocabulary::{ContactId, HoldId, TenantId, Timestamp};

/// A hold in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// On whose data.
    pub tenant: TenantId,
    /// On whom; `None`: on everything of the tenant.
    pub contact: Option<ContactId>,
    /// Why, as a reference that names no person.
    pub reason: String,
    /// Who placed it.
    pub placed_by: String,
    /// When.
    pub placed_at: Timestamp,
}

impl Eraser {
    /// Places a hold.
    pub async fn add_hold(
        &self,
        tenant: TenantId,
        contact: Option<ContactId>,
        reason: &str,
    ) -> Result<HoldId, EraseError> {
        let reason = Reference::new(reason)?;
        let id = HoldId::generate(self.catalog.random.as_ref());
        let mut tx = self.catalog.keyring.begin_vault().await?;
        let version = self.catalog.keyring.take_head(&mut tx).await?;
        let rehousing = Kind::Rehousing.word();
        let too_late = args![tenant, rehousing, contact.is_none(), contact];
        if tx
            .fetch_optional(rows::vault::REHOUSING_OF, too_late)
            .await?
            .is_some()
        {
            return Err(EraseError::BeingRehoused);
        }
        let now = self.catalog.clock.now();
        let actor = self.catalog.actor.to_string();
        let arguments = args![id, tenant, contact, reason.as_str(), actor, now, version];
        tx.execute(rows::vault::INSERT_HOLD, arguments).await?;
        tx.commit().await?;
        let entry = self.catalog.entry(Action::HoldAdded).of(tenant);
        self.note_act(&entry.to(id.as_bytes())).await?;
        Ok(id)
    }

    /// Releases a hold; `false` when none with this id is in force.
    pub async fn release_hold(&self, id: HoldId) -> Result<bool, EraseError> {
        let mut tx = self.catalog.keyring.begin_vault().await?;
        let version = self.catalog.keyring.take_head(&mut tx).await?;
        let now = self.catalog.clock.now();
        let arguments = args![now, self.catalog.actor.to_string(), version, id];
        let released = tx.fetch_optional(rows::vault::RELEASE_HOLD, arguments);
        let released = released.await?;
        tx.commit().await?;
        let Some(released) = released else {
            return Ok(false);
        };
        let entry = self.catalog.entry(Action::HoldReleased);
        let entry = entry.of(released.id(0)?).to(id.as_bytes());
        self.note_act(&entry).await?;
        Ok(true)
    }

    /// Holds in force, of one tenant or of all.
    pub async fn holds(&self, tenant: Option<TenantId>) -> Result<Vec<Hold>, EraseError> {
        let mut tx = self.catalog.keyring.snapshot_vault().await?;
        let rows = match tenant {
            Some(tenant) => {
                tx.fetch_all(rows::vault::HOLDS_OF_TENANT, args![tenant])
                    .await?
            }
            None => tx.fetch_all(rows::vault::ALL_HOLDS, args![]).await?,
        };
        tx.rollback().await?;
        Ok(rows.iter().map(hold).collect::<Result<_, _>>()?)
    }

    /// Refuses when a hold is in force on the contact or on the whole tenant. A purge is refused by
    /// a hold on anyone.
    pub(super) async fn check_holds(
        &self,
        tenant: TenantId,
        contact: Option<ContactId>,
    ) -> Result<(), EraseError> {
        let holds = self.holds(Some(tenant)).await?;
        refuse(&holds, |on| is_for(contact, on))
    }

    /// The same in a transaction of the vault that is about to be committed.
    pub(super) async fn check_holds_in(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        contact: Option<ContactId>,
    ) -> Result<(), EraseError> {
        let holds = tx.fetch_all(rows::vault::HOLDS_OF_TENANT, args![tenant]);
        let holds: Vec<Hold> = holds.await?.iter().map(hold).collect::<Result<_, _>>()?;
        refuse(&holds, |on| is_for(contact, on))
    }

    /// A hold on everything of the tenant or on anybody in it.
    pub(super) async fn hold_on_anybody(
        &self,
        tenant: TenantId,
    ) -> Result<Option<HoldId>, EraseError> {
        let holds = self.holds(Some(tenant)).await?;
        Ok(holds.first().map(|hold| hold.id))
    }

    /// Refuses when a hold is in force on the whole tenant.
    pub(super) async fn check_holds_on_all(&self, tenant: TenantId) -> Result<(), EraseError> {
        refuse(&self.holds(Some(tenant)).await?, |on| on.is_none())
    }
}

/// Whether a hold on somebody, or on all, stands in the way of erasing somebody, or all.
fn is_for(erased: Option<ContactId>, held: Option<ContactId>) -> bool {
    erased.is_none() || held.is_none() || held == erased
}

fn refuse(
    holds: &[Hold],
    is_in_the_way: impl Fn(Option<ContactId>) -> bool,
) -> Result<(), EraseError> {
    match holds.iter().find(|hold| is_in_the_way(hold.contact)) {
        Some(hold) => Err(EraseError::Held(hold.id)),
        None => Ok(()),
    }
}

fn hold(row: &Row) -> Result<Hold, StoreError> {
    Ok(Hold {
        id: row.id(0)?,
        tenant: row.id(1)?,
        contact: row.opt_id(2)?,
        reason: row.text(3)?,
        placed_by: row.text(4)?,
        placed_at: row.timestamp(5)?,
    })
}

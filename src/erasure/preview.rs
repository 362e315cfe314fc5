//! What an erasure would delete: the dry run of everything destructive.

use serde::{Deserialize, Serialize};

use super::{EraseError, Eraser, rows};
use crate::receipts::body::Reference;
use crate::store::{Row, StoreError, Tx, Value, args};
use crate::vocabulary::{ContactId, TenantId};

/// What is there now and would be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Preview {
    /// Contacts.
    pub people: u64,
    /// Keys that would be destroyed: each unit has one of its own.
    #[serde(alias = "units")] // What orders written before this name hold.
    pub keys: u64,
    /// Cases they opened.
    pub cases: u64,
    /// Messages.
    pub messages: u64,
    /// Forwardings.
    pub forwardings: u64,
    /// Records that an import could not read. Whose they are nobody knows: only a purge reaches them.
    pub quarantined: u64,
}

impl Preview {
    /// Whether the same records are there. Keys do not count: a stored contract event has one too.
    pub fn same_records(&self, other: &Preview) -> bool {
        let records = |it: &Preview| Preview { keys: 0, ..*it };
        records(self) == records(other)
    }

    /// The counts in a line.
    pub fn summary(&self) -> String {
        format!(
            "{} people, {} cases, {} messages, {} forwardings, {} quarantined",
            self.people, self.cases, self.messages, self.forwardings, self.quarantined
        )
    }

    /// What is there, when that is something else than this. Behind closed gates it stays true.
    pub(super) async fn unless_there(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        contact: Option<ContactId>,
    ) -> Result<Option<Self>, StoreError> {
        let now = match contact {
            Some(contact) => {
                let counted = tx.fetch_one(rows::COUNT_CONTACT, of_contact(tenant, contact));
                Self::of_contact(&counted.await?)?
            }
            None => {
                let arguments = args![tenant, tenant, tenant, tenant, tenant, tenant];
                Self::of_tenant(&tx.fetch_one(rows::COUNT_TENANT, arguments).await?)?
            }
        };
        Ok((!now.same_records(self)).then_some(now))
    }

    /// Reads a row of `rows::COUNT_CONTACT`.
    fn of_contact(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            people: 1,
            keys: row.u64(0)?,
            messages: row.u64(1)?,
            forwardings: row.u64(2)?,
            cases: row.u64(3)?,
            quarantined: 0,
        })
    }

    /// Reads a row of `rows::COUNT_TENANT`.
    pub(super) fn of_tenant(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            keys: row.u64(0)?,
            messages: row.u64(1)?,
            forwardings: row.u64(2)?,
            cases: row.u64(3)?,
            people: row.u64(4)?,
            quarantined: row.u64(5)?,
        })
    }
}

/// What `rows::COUNT_CONTACT` takes.
fn of_contact(tenant: TenantId, contact: ContactId) -> Vec<Value> {
    args![
        tenant, contact, tenant, contact, tenant, contact, tenant, contact
    ]
}

impl Eraser {
    /// What erasing this contact on this instruction would delete. Refuses as the erasure itself would.
    pub async fn preview_contact(
        &self,
        tenant: TenantId,
        contact: ContactId,
        instruction: &str,
    ) -> Result<Preview, EraseError> {
        Reference::new(instruction)?;
        let arguments = args![tenant, contact];
        if self
            .data()
            .fetch_optional(rows::READ_CONTACT, arguments)
            .await?
            .is_none()
        {
            return Err(EraseError::UnknownContact(contact));
        }
        self.check_holds(tenant, Some(contact)).await?;
        let counted = self
            .data()
            .fetch_one(rows::COUNT_CONTACT, of_contact(tenant, contact));
        Ok(Preview::of_contact(&counted.await?)?)
    }

    /// What purging this tenant would delete. Refuses as the purge itself would.
    pub async fn preview_tenant(&self, tenant: TenantId) -> Result<Preview, EraseError> {
        if self
            .data()
            .fetch_optional(rows::READ_TENANT, args![tenant])
            .await?
            .is_none()
        {
            return Err(EraseError::UnknownTenant);
        }
        self.check_holds(tenant, None).await?;
        self.count_tenant(tenant).await
    }

    /// What is there of this tenant, also under a hold.
    pub async fn count_tenant(&self, tenant: TenantId) -> Result<Preview, EraseError> {
        let arguments = args![tenant, tenant, tenant, tenant, tenant, tenant];
        let row = self.data().fetch_one(rows::COUNT_TENANT, arguments).await?;
        Ok(Preview::of_tenant(&row)?)
    }
}

//! What an erasure would delete: the dry run of everything destructive.

use serde::Serialize;

use super::{EraseError, Eraser, rows};
use crate::receipts::body::Reference;
use crate::store::args;
use crate::vocabulary::{ContactId, TenantId};

/// What is there now and would be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// Contacts.
    pub people: u64,
    /// Units, each with a key of its own.
    pub units: u64,
    /// Cases they opened.
    pub cases: u64,
    /// Messages.
    pub messages: u64,
    /// Forwardings.
    pub forwardings: u64,
    /// Records that an import could not read. Whose they are nobody knows: only a purge reaches them.
    pub quarantined: u64,
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
        let arguments = args![
            tenant, contact, tenant, contact, tenant, contact, tenant, contact
        ];
        let row = self
            .data()
            .fetch_one(rows::COUNT_CONTACT, arguments)
            .await?;
        Ok(Preview {
            people: 1,
            units: row.u64(0)?,
            messages: row.u64(1)?,
            forwardings: row.u64(2)?,
            cases: row.u64(3)?,
            quarantined: 0,
        })
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
        let arguments = args![tenant, tenant, tenant, tenant, tenant, tenant];
        let row = self.data().fetch_one(rows::COUNT_TENANT, arguments).await?;
        Ok(Preview {
            units: row.u64(0)?,
            messages: row.u64(1)?,
            forwardings: row.u64(2)?,
            cases: row.u64(3)?,
            people: row.u64(4)?,
            quarantined: row.u64(5)?,
        })
    }
}

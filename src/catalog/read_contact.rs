//! Reading one contact's profile.

use super::opened::{ContactRow, UnitRow};
use super::types::Contact;
use super::{Catalog, CatalogError, TenantRef, rows};
use crate::audit::Action;
use crate::keyring::KeyringError;
use crate::store::args;
use crate::vocabulary::ContactId;

impl Catalog {
    /// A contact's profile.
    pub async fn read_contact(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
    ) -> Result<Contact, CatalogError> {
        let entry = self
            .entry(Action::ContactRead)
            .of(tenant.id)
            .to(contact.as_bytes());
        self.confirmed(&entry, || self.open_contact(tenant, contact))
            .await
    }

    /// A contact's profile for whoever has just created it: they learn nothing that they did not say, so
    /// there is no row of their reading beside that of their writing.
    pub async fn read_back(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
    ) -> Result<Contact, CatalogError> {
        self.unrecorded(|| self.open_contact(tenant, contact)).await
    }

    /// A contact's profile, for a call that audits and confirms by itself.
    pub async fn open_contact(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
    ) -> Result<Contact, CatalogError> {
        let row = self
            .data
            .fetch_optional(rows::CONTACT, args![tenant.id, contact]);
        let row = row.await?.ok_or(CatalogError::ContactUnknown(contact))?;
        let stored = ContactRow::read(&row)?;
        if stored.erased {
            return Err(CatalogError::ContactBeingErased(contact));
        }
        match self.sealer(&UnitRow::read(tenant.id, &row, 11)?).await {
            Ok(sealer) => stored.open(&sealer),
            Err(CatalogError::Keyring(KeyringError::Erased(_))) => {
                Err(CatalogError::ContactBeingErased(contact))
            }
            Err(error) => Err(error),
        }
    }
}

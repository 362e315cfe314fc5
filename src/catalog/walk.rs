//! A walk through all of a client's data, page by page in order of id: for whoever hands it over. It is
//! one act, and its one audit row is the walker's to write.

use zeroize::Zeroizing;

use super::list::Page;
use super::types::{Case, Contact, Forwarding, Message};
use super::{Catalog, CatalogError, TenantRef};
use crate::vocabulary::{AttachmentId, CaseId, ContactId, MessageId};

impl Catalog {
    /// Contacts after an id.
    pub(crate) async fn next_contacts(
        &self,
        tenant: &TenantRef,
        after: ContactId,
        limit: u16,
    ) -> Result<Page<Contact, ContactId>, CatalogError> {
        self.unrecorded(|| self.page_of_contacts(tenant, after, limit))
            .await
    }

    /// One contact; `None` once it is being erased.
    pub(crate) async fn one_contact(
        &self,
        tenant: &TenantRef,
        id: ContactId,
    ) -> Result<Option<Contact>, CatalogError> {
        match self.unrecorded(|| self.open_contact(tenant, id)).await {
            Ok(contact) => Ok(Some(contact)),
            Err(CatalogError::ContactUnknown(_) | CatalogError::ContactBeingErased(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Cases after an id.
    pub(crate) async fn next_cases(
        &self,
        tenant: &TenantRef,
        after: CaseId,
        limit: u16,
    ) -> Result<Page<Case, CaseId>, CatalogError> {
        self.unrecorded(|| self.page_of_cases(tenant, after, limit))
            .await
    }

    /// Messages of a case after an id, of everybody in it, each with whose it is.
    pub(crate) async fn next_messages(
        &self,
        tenant: &TenantRef,
        case: CaseId,
        after: MessageId,
        limit: u16,
    ) -> Result<Page<(ContactId, Message), MessageId>, CatalogError> {
        self.unrecorded(|| self.page_of_messages(tenant, case, after, limit))
            .await
    }

    /// Forwardings of a case, of everybody in it.
    pub(crate) async fn all_forwardings(
        &self,
        tenant: &TenantRef,
        case: CaseId,
    ) -> Result<Vec<Forwarding>, CatalogError> {
        self.unrecorded(|| self.forwardings_of(tenant, None, case))
            .await
    }

    /// What is in a file that was sent along; `None` once it is erased.
    pub(crate) async fn one_attachment(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        id: AttachmentId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, CatalogError> {
        self.unrecorded(|| self.open_attachment(tenant, contact, id))
            .await
    }
}

//! A walk through all of a client's data, page by page in order of id, or through one person's, in order
//! of time: for whoever hands it over. It is one act, and its one audit row is the walker's to write.

use zeroize::Zeroizing;

use super::access::message;
use super::list::{Page, last};
use super::opened::{CaseRow, UnitRow};
use super::types::{Case, Contact, Forwarding, Message};
use super::{Catalog, CatalogError, TenantRef, rows, unit_kind};
use crate::keyring::Sealer;
use crate::store::args;
use crate::vocabulary::{AttachmentId, CaseId, ContactId, MessageId, Timestamp};

/// After which row a walk in order of time goes on.
pub(crate) type After<I> = (Timestamp, I);

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

    /// Cases that a contact has a part of, in order of time. Somebody else's shows no subject.
    pub(crate) async fn next_cases_of(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        (at, id): After<CaseId>,
        limit: u16,
    ) -> Result<Page<Case, After<CaseId>>, CatalogError> {
        self.unrecorded(|| async move {
            let kind = unit_kind::PART;
            let page = args![tenant.id, contact, kind, at, id, i64::from(limit)];
            let found = self.data.fetch_all(rows::NEXT_CASES_OF_CONTACT, page);
            let found = found.await?;
            let mut items = Vec::with_capacity(found.len());
            for row in &found {
                let stored = CaseRow::read(row)?;
                let sealer = match stored.requester == contact {
                    true => Some(self.sealer(&UnitRow::read(tenant.id, row, 12)?).await?),
                    false => None,
                };
                items.push(stored.open(sealer.as_ref())?);
            }
            let next = last(&found, limit)
                .map(|row| Ok::<_, CatalogError>((row.timestamp(8)?, row.id(0)?)));
            Ok(Page {
                items,
                next: next.transpose()?,
            })
        })
        .await
    }

    /// Messages of a case in order of time; other people's show no more than when and which way.
    pub(crate) async fn next_messages_of(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        case: CaseId,
        (at, id): After<MessageId>,
        limit: u16,
    ) -> Result<Page<Message, After<MessageId>>, CatalogError> {
        self.unrecorded(|| async move {
            let page = args![tenant.id, case, at, id, i64::from(limit)];
            let found = self.data.fetch_all(rows::NEXT_MESSAGES_OF_CASE, page);
            let found = found.await?;
            let mut files = self.open_attachments(tenant, contact, case).await?;
            let mut items = Vec::with_capacity(found.len());
            let mut own: Option<Sealer> = None; // One part, one unit.
            for row in &found {
                let is_own = row.id::<ContactId>(1)? == contact;
                if is_own && own.is_none() {
                    own = Some(self.sealer(&UnitRow::read(tenant.id, row, 9)?).await?);
                }
                let mut one = message(row, own.as_ref().filter(|_| is_own))?;
                one.attachments = files.remove(&one.id).unwrap_or_default();
                items.push(one);
            }
            let next = last(&found, limit)
                .map(|row| Ok::<_, CatalogError>((row.timestamp(7)?, row.id(0)?)));
            Ok(Page {
                items,
                next: next.transpose()?,
            })
        })
        .await
    }

    /// What went to others of a contact's part of a case.
    pub(crate) async fn forwardings_of_part(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        case: CaseId,
    ) -> Result<Vec<Forwarding>, CatalogError> {
        self.unrecorded(|| self.forwardings_of(tenant, Some(contact), case))
            .await
    }
}

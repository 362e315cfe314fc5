//! Lists, page by page in order of id, for the client whose data it is.

use std::collections::BTreeSet;

use super::access::message;
use super::opened::{CaseRow, ContactRow, UnitRow};
use super::rehouse::Home;
use super::types::{Case, Contact, Message};
use super::{Catalog, CatalogError, TenantRef, rows};
use crate::audit::Action;
use crate::keyring::Sealer;
use crate::store::{Row, args};
use crate::vocabulary::{CaseId, ContactId, MessageId};

/// One page, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, I> {
    /// What is on it.
    pub items: Vec<T>,
    /// The last id looked at, when there may be more after it. Somebody who is being erased is not on
    /// a page, so a page may be short, and even empty, before the last.
    pub next: Option<I>,
}

impl Catalog {
    /// Contacts after an id.
    pub async fn list_contacts(
        &self,
        tenant: &TenantRef,
        after: ContactId,
        limit: u16,
    ) -> Result<Page<Contact, ContactId>, CatalogError> {
        let entry = self.entry(Action::ContactsListed).of(tenant.id);
        self.confirmed(&entry, || self.page_of_contacts(tenant, after, limit))
            .await
    }

    pub(super) async fn page_of_contacts(
        &self,
        tenant: &TenantRef,
        after: ContactId,
        limit: u16,
    ) -> Result<Page<Contact, ContactId>, CatalogError> {
        let page = args![tenant.id, after, i64::from(limit)];
        let found = self.data.fetch_all(rows::CONTACTS_AFTER, page).await?;
        let mut items = Vec::with_capacity(found.len());
        for row in &found {
            if let Some(sealer) = self.sealer_of(tenant, row, 11).await? {
                items.push(ContactRow::read(row)?.open(&sealer)?);
            }
        }
        let next = last(&found, limit).map(|row| row.id(0)).transpose()?;
        Ok(Page { items, next })
    }

    /// Cases after an id.
    pub async fn list_cases(
        &self,
        tenant: &TenantRef,
        after: CaseId,
        limit: u16,
    ) -> Result<Page<Case, CaseId>, CatalogError> {
        let entry = self.entry(Action::CasesListed).of(tenant.id);
        self.confirmed(&entry, || self.page_of_cases(tenant, after, limit))
            .await
    }

    pub(super) async fn page_of_cases(
        &self,
        tenant: &TenantRef,
        after: CaseId,
        limit: u16,
    ) -> Result<Page<Case, CaseId>, CatalogError> {
        let page = args![tenant.id, after, i64::from(limit)];
        let found = self.data.fetch_all(rows::CASES_AFTER, page).await?;
        let mut items = Vec::with_capacity(found.len());
        for row in &found {
            if let Some(sealer) = self.sealer_of(tenant, row, 12).await? {
                items.push(CaseRow::read(row)?.open(Some(&sealer))?);
            }
        }
        let next = last(&found, limit).map(|row| row.id(0)).transpose()?;
        Ok(Page { items, next })
    }

    /// One case.
    pub async fn read_case(&self, tenant: &TenantRef, case: CaseId) -> Result<Case, CatalogError> {
        let entry = self
            .entry(Action::CaseRead)
            .of(tenant.id)
            .to(case.as_bytes());
        self.confirmed(&entry, || async move {
            let row = self.data.fetch_optional(rows::CASE, args![tenant.id, case]);
            let row = row.await?.ok_or(CatalogError::CaseUnknown(case))?;
            let stored = CaseRow::read(&row)?;
            let sealer = self.sealer_of(tenant, &row, 12).await?;
            match sealer.filter(|_| !stored.erased) {
                Some(sealer) => stored.open(Some(&sealer)),
                None => Err(CatalogError::CaseBeingErased(case)),
            }
        })
        .await
    }

    /// Messages of a case after an id, of everybody in it.
    pub async fn list_messages(
        &self,
        tenant: &TenantRef,
        case: CaseId,
        after: MessageId,
        limit: u16,
    ) -> Result<Page<Message, MessageId>, CatalogError> {
        let entry = self
            .entry(Action::MessagesRead)
            .of(tenant.id)
            .to(case.as_bytes());
        self.confirmed(&entry, || async move {
            let known = self.data.fetch_optional(rows::CASE, args![tenant.id, case]);
            known.await?.ok_or(CatalogError::CaseUnknown(case))?;
            let page = self.page_of_messages(tenant, case, after, limit).await?;
            let items = page.items.into_iter().map(|(_, message)| message);
            Ok(Page {
                items: items.collect(),
                next: page.next,
            })
        })
        .await
    }

    /// Messages with whose they are.
    pub(super) async fn page_of_messages(
        &self,
        tenant: &TenantRef,
        case: CaseId,
        after: MessageId,
        limit: u16,
    ) -> Result<Page<(ContactId, Message), MessageId>, CatalogError> {
        let page = args![tenant.id, case, after, i64::from(limit)];
        let found = self.data.fetch_all(rows::MESSAGES_OF_CASE, page).await?;
        let mut items = Vec::with_capacity(found.len());
        let mut people = BTreeSet::new();
        for row in &found {
            if let Some(sealer) = self.sealer_of(tenant, row, 9).await? {
                let contact: ContactId = row.id(1)?;
                items.push((contact, message(row, Some(&sealer))?));
                people.insert(contact);
            }
        }
        for contact in people {
            let mut files = self.open_attachments(tenant, contact, case).await?;
            for (_, message) in &mut items {
                let files = files.remove(&message.id).unwrap_or_default();
                message.attachments.extend(files);
            }
        }
        let next = last(&found, limit).map(|row| row.id(0)).transpose()?;
        Ok(Page { items, next })
    }

    /// One message and where it is, for the program and nobody's eyes; `None` when it is not there, or
    /// erased.
    pub(crate) async fn stored_message(
        &self,
        tenant: &TenantRef,
        id: MessageId,
    ) -> Result<Option<(Home, Message)>, CatalogError> {
        let found = self
            .data
            .fetch_optional(rows::MESSAGE, args![tenant.id, id]);
        let Some(row) = found.await? else {
            return Ok(None);
        };
        let sealer = self.sealer_of(tenant, &row, 9).await?;
        let Some(sealer) = sealer else {
            return Ok(None);
        };
        let home = Home {
            case: row.id(14)?,
            contact: row.id(1)?,
        };
        Ok(Some((home, message(&row, Some(&sealer))?)))
    }

    /// Which case a message belongs to. Nothing sealed is opened.
    pub async fn case_of_message(
        &self,
        tenant: &TenantRef,
        message: MessageId,
    ) -> Result<Option<CaseId>, CatalogError> {
        let arguments = args![tenant.id, message];
        let row = self
            .data
            .fetch_optional(rows::CASE_OF_MESSAGE, arguments)
            .await?;
        Ok(row.map(|row| row.id(0)).transpose()?)
    }

    /// The sealer of the unit that stands in a row from this column on; `None` once it is erased.
    async fn sealer_of(
        &self,
        tenant: &TenantRef,
        row: &Row,
        from: usize,
    ) -> Result<Option<Sealer>, CatalogError> {
        self.sealer_unless_erased(&UnitRow::read(tenant.id, row, from)?)
            .await
    }
}

/// The last row of a page that is full.
pub(super) fn last(found: &[Row], limit: u16) -> Option<&Row> {
    found.last().filter(|_| found.len() >= usize::from(limit))
}

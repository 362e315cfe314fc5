//! Everything held about one contact (Art. 15), with other people masked.

use super::opened::{CaseRow, UnitRow, open};
use super::types::{AuthorKind, Case, Contact, Direction, Forwarding, Message};
use super::{Catalog, CatalogError, TenantRef, rows, unit_kind};
use crate::audit::Action;
use crate::keyring::{Sealer, columns};
use crate::store::{Row, args};
use crate::vocabulary::{CaseId, ContactId, MessageId, Timestamp};

/// How many messages are read at a time.
const PAGE: i64 = 500;

/// A contact's whole record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AccessRecord {
    /// In whose data, by slug.
    pub tenant: String,
    /// When it was read.
    pub read_at: Timestamp,
    /// The profile.
    pub profile: Contact,
    /// Every case the contact has a part in, in order of time.
    pub cases: Vec<CaseRecord>,
}

/// One case of a contact's record. Somebody else's case shows no subject, somebody else's message no
/// more than when and which way it went.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CaseRecord {
    /// The case.
    #[serde(flatten)]
    pub case: Case,
    /// Its messages in order of time.
    pub messages: Vec<Message>,
    /// Who was given what.
    pub forwardings: Vec<Forwarding>,
}

impl Catalog {
    /// Everything held about a contact.
    pub async fn access(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
    ) -> Result<AccessRecord, CatalogError> {
        let entry = self
            .entry(Action::AccessRead)
            .of(tenant.id)
            .to(contact.as_bytes());
        self.confirmed(&entry, || self.open_access(tenant, contact))
            .await
    }

    async fn open_access(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
    ) -> Result<AccessRecord, CatalogError> {
        let profile = self.open_contact(tenant, contact).await?;
        let parts = args![tenant.id, contact, unit_kind::PART];
        let mut cases = Vec::new();
        for row in &self.data.fetch_all(rows::CASES_OF_CONTACT, parts).await? {
            let stored = CaseRow::read(row)?;
            let sealer = match stored.requester == contact {
                true => Some(self.sealer(&UnitRow::read(tenant.id, row, 12)?).await?),
                false => None,
            };
            cases.push(CaseRecord {
                case: stored.open(sealer.as_ref())?,
                messages: self.open_messages(tenant, contact, stored.id).await?,
                forwardings: self.open_forwardings(tenant, contact, stored.id).await?,
            });
        }
        Ok(AccessRecord {
            tenant: tenant.slug.clone(),
            read_at: self.clock.now(),
            profile,
            cases,
        })
    }

    async fn open_messages(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        case: CaseId,
    ) -> Result<Vec<Message>, CatalogError> {
        let mut messages = Vec::new();
        let mut own: Option<(UnitRow, Sealer)> = None;
        let mut after = MessageId([0; 16]);
        loop {
            let page = args![tenant.id, case, after, PAGE];
            let page = self.data.fetch_all(rows::MESSAGES_OF_CASE, page).await?;
            for row in &page {
                after = row.id(0)?;
                if row.id::<ContactId>(1)? != contact {
                    messages.push(message(row, None)?);
                    continue;
                }
                let unit = UnitRow::read(tenant.id, row, 9)?;
                if own.as_ref().is_none_or(|(it, _)| it.place != unit.place) {
                    let sealer = self.sealer(&unit).await?;
                    own = Some((unit, sealer));
                }
                messages.push(message(row, own.as_ref().map(|(_, sealer)| sealer))?);
            }
            if page.len() < PAGE as usize {
                break;
            }
        }
        let mut files = self.open_attachments(tenant, contact, case).await?;
        for message in &mut messages {
            message.attachments = files.remove(&message.id).unwrap_or_default();
        }
        messages.sort_by_key(|it| (it.sent_at, it.id));
        Ok(messages)
    }

    async fn open_forwardings(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        case: CaseId,
    ) -> Result<Vec<Forwarding>, CatalogError> {
        self.forwardings_of(tenant, Some(contact), case).await
    }

    /// Forwardings of a case: of one contact's part of it, or of everybody's.
    pub(super) async fn forwardings_of(
        &self,
        tenant: &TenantRef,
        contact: Option<ContactId>,
        case: CaseId,
    ) -> Result<Vec<Forwarding>, CatalogError> {
        let mut forwardings = Vec::new();
        let stored = args![tenant.id, case];
        for row in &self
            .data
            .fetch_all(rows::FORWARDINGS_OF_CASE, stored)
            .await?
        {
            let whose: ContactId = row.id(1)?;
            if contact.is_some_and(|contact| contact != whose) {
                continue;
            }
            let sealer = self.sealer(&UnitRow::read(tenant.id, row, 7)?).await?;
            let id: crate::vocabulary::ForwardingId = row.id(0)?;
            let field = columns::FORWARDING_REASON.of(id.as_bytes(), row.u32(6)?);
            forwardings.push(Forwarding {
                id,
                recipient: row.text(2)?,
                reason: open(&sealer, field, &row.opt_blob(3)?)?,
                at: row.timestamp(4)?,
                message: row.opt_id(5)?,
            });
        }
        Ok(forwardings)
    }
}

/// A row of `rows::MESSAGES_OF_CASE`; without a sealer it is somebody else's.
pub(super) fn message(row: &Row, sealer: Option<&Sealer>) -> Result<Message, CatalogError> {
    let (id, version): (MessageId, u32) = (row.id(0)?, row.u32(8)?);
    let open = |column: crate::keyring::Column, sealed: Option<Vec<u8>>| match sealer {
        Some(sealer) => open(sealer, column.of(id.as_bytes(), version), &sealed),
        None => Ok(None),
    };
    let direction = row.text(5)?;
    let kind = Direction::from_word(&direction).map(AuthorKind::by);
    let kind = kind.unwrap_or(AuthorKind::Contact).word().to_owned();
    Ok(Message {
        id,
        external_id: open(columns::MESSAGE_EXTERNAL_ID, row.opt_blob(2)?)?,
        author: open(columns::MESSAGE_AUTHOR, row.opt_blob(3)?)?,
        body: open(columns::MESSAGE_BODY, row.opt_blob(4)?)?,
        author_kind: row.opt_text(13)?.unwrap_or(kind),
        direction,
        channel: row.text(6)?,
        sent_at: row.timestamp(7)?,
        masked: sealer.is_none(),
        attachments: Vec::new(),
    })
}

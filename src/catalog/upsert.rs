//! One contact, message or forwarding at a time.

use super::types::Message;
use super::write::{Change, ContactChange, ForwardingChange, Ids, MessageChange, Outcome, Refusal};
use super::{Catalog, CatalogError, TenantRef};
use crate::audit::Action;
use crate::vocabulary::{CaseId, ContactId, ForwardingId, MessageId, Personal};

/// What became of an upsert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upserted<T> {
    /// The row.
    pub id: T,
    /// Its case, for messages and forwardings.
    pub case: Option<CaseId>,
    /// Whether it was not there before.
    pub created: bool,
}

impl Catalog {
    /// Creates a contact or changes the one with the same external id (or e-mail, or phone).
    pub async fn upsert_contact(
        &self,
        tenant: &TenantRef,
        contact: ContactChange,
    ) -> Result<Upserted<ContactId>, CatalogError> {
        let change = Change::Contact(contact);
        let (ids, created) = self
            .write_one(tenant, change, Action::ContactUpserted)
            .await?;
        Ok(Upserted {
            id: ContactId(ids.row),
            case: None,
            created,
        })
    }

    /// Records a message, and its contact and case when they are not there. Refuses one whose external id
    /// another has: what it says would be lost without a word.
    pub async fn record_message(
        &self,
        tenant: &TenantRef,
        message: MessageChange,
    ) -> Result<Upserted<MessageId>, CatalogError> {
        let change = Change::Message(message.clone());
        let (ids, created) = self
            .write_one(tenant, change, Action::MessageRecorded)
            .await?;
        let id = MessageId(ids.row);
        if !created && message.external_id.is_some() {
            let stored = self.stored_message(tenant, id).await?;
            if stored.is_some_and(|(_, stored)| !says_the_same(&stored, &message)) {
                return Err(CatalogError::OtherMessage(id));
            }
        }
        Ok(Upserted {
            id,
            case: ids.case,
            created,
        })
    }

    /// Records that something of a case went to somebody.
    pub async fn record_forwarding(
        &self,
        tenant: &TenantRef,
        forwarding: ForwardingChange,
    ) -> Result<Upserted<ForwardingId>, CatalogError> {
        let change = Change::Forwarding(forwarding);
        let (ids, created) = self
            .write_one(tenant, change, Action::ForwardingRecorded)
            .await?;
        Ok(Upserted {
            id: ForwardingId(ids.row),
            case: ids.case,
            created,
        })
    }

    /// Writes one change of today: no suppression stands against it.
    async fn write_one(
        &self,
        tenant: &TenantRef,
        change: Change,
        action: Action,
    ) -> Result<(Ids, bool), CatalogError> {
        change.check()?;
        let written = self.write_together(tenant, change, self.author(action));
        match written.await? {
            Outcome::Created(ids) => Ok((ids, true)),
            Outcome::Changed(ids) | Outcome::Unchanged(ids) => Ok((ids, false)),
            Outcome::Refused(Refusal::UnknownCase) => Err(CatalogError::CaseUnknownByExternalId),
            Outcome::Refused(Refusal::NoIdentifier) => Err(CatalogError::Invalid {
                field: "external_id",
                reason: "is missing or empty, and no e-mail or phone stands in for it",
            }),
            Outcome::Refused(Refusal::TooManyIdentifiers) => Err(CatalogError::Invalid {
                field: "further",
                reason: "has more than 100 of a kind: name one person's only",
            }),
            // The row is marked: which of contact and case does not matter to who tries again.
            Outcome::BeingErased => Err(CatalogError::BeingErased),
            Outcome::Suppressed => Err(CatalogError::Contended),
        }
    }
}

/// Whether a message that is stored says what this one says. Where it belongs was looked at before.
fn says_the_same(stored: &Message, it: &MessageChange) -> bool {
    stored.body.as_ref().map(Personal::expose) == Some(it.body.expose())
        && stored.direction == it.direction.word()
        && stored.channel == it.channel.word()
        && stored.sent_at == it.sent_at
        && (it.author.is_none() || stored.author == it.author)
}

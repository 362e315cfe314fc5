//! Step 1: an erasure is accepted. From here on nobody writes about its subject, and whatever
//! happens to this process, the erasure is carried out.

use super::facts::Facts;
use super::keys::{is_known_by_keys, keys_in};
use super::{
    Approved, EraseError, EraseRequest, Eraser, Outcome, Preview, PurgeRequest, recipients, rows,
};
use crate::audit::{self, Action};
use crate::receipts::body::{Commitment, Kind, Reference};
use crate::store::{Row, Tx, args};
use crate::vocabulary::{ContactId, ErasureId, Personal, Secret, TenantId, Timestamp, fail_point};

/// An accepted erasure.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub(super) id: ErasureId,
    pub(super) tenant: TenantId,
    pub(super) subject: Option<ContactId>,
    pub(super) strict: bool,
    pub(super) facts: Facts,
}

impl Accepted {
    pub(super) fn read(row: &Row) -> Result<Self, EraseError> {
        Ok(Self {
            id: row.id(0)?,
            tenant: row.id(1)?,
            subject: row.opt_id(3)?,
            strict: row.bool(4)?,
            facts: serde_json::from_str(&row.text(5)?).map_err(EraseError::Stored)?,
        })
    }
}

impl Accepted {
    /// Whether what it erases is remembered, so that an old export does not bring it back.
    pub(super) fn suppresses(&self) -> bool {
        self.subject.is_some() || self.facts.kind == Kind::Quarantine
    }

    /// The person who is erased as a whole, if this erases one.
    pub(super) fn person(&self) -> Option<ContactId> {
        self.subject.filter(|_| self.facts.kind == Kind::Contact)
    }

    pub(super) fn new(
        id: ErasureId,
        tenant: TenantId,
        subject: Option<ContactId>,
        strict: bool,
        facts: Facts,
    ) -> Self {
        Self {
            id,
            tenant,
            subject,
            strict,
            facts,
        }
    }
}

impl Eraser {
    /// Erases one person. Asked twice, by whomever, it is one erasure with one receipt.
    pub async fn erase_contact(&self, request: EraseRequest) -> Result<Outcome, EraseError> {
        self.erase_expected(request, None).await
    }

    /// The same, refused where something else is there than expected.
    pub(super) async fn erase_expected(
        &self,
        request: EraseRequest,
        expected: Option<Preview>,
    ) -> Result<Outcome, EraseError> {
        self.settle_if_restored().await?;
        let EraseRequest {
            tenant,
            contact,
            named_by,
            instruction,
            strict,
        } = request;
        self.check_holds(tenant, Some(contact)).await?;
        let arguments = args![tenant, contact];
        let there = self
            .data()
            .fetch_optional(rows::READ_CONTACT, arguments)
            .await?;
        if !matches!(there, Some(row) if row.opt_i64(0)?.is_none()) {
            return self.erased_before(tenant, contact).await;
        }
        let instruction = Reference::new(instruction)?;
        let salt = Secret::generate(self.catalog.random.as_ref());
        let commitment = Commitment::new(&salt, &named_by);
        let mut facts = self
            .facts(tenant, Kind::Contact, Some(commitment), instruction)
            .await?;
        facts.expected = expected;
        let id = ErasureId::generate(self.catalog.random.as_ref());
        // Before anything is decided: a salt that is lost can never be handed over.
        self.catalog.keep_salt(tenant, id, &salt).await?;
        let mut accepted = Accepted::new(id, tenant, Some(contact), strict, facts);
        self.order(&accepted).await?;
        fail_point("erase:ordered");
        match self.accept(&mut accepted).await? {
            true => self.finish(&accepted).await,
            false => self.erased_before(tenant, contact).await,
        }
    }

    /// Purges a tenant: everything at once. Who may order that, and when, offboarding says.
    pub async fn purge_tenant(&self, request: PurgeRequest) -> Result<Outcome, EraseError> {
        self.purge_approved(request, Approved::default()).await
    }

    /// The same, with what stands behind it.
    pub async fn purge_approved(
        &self,
        request: PurgeRequest,
        approved: Approved,
    ) -> Result<Outcome, EraseError> {
        self.settle_if_restored().await?;
        let PurgeRequest {
            tenant,
            confirm,
            instruction,
        } = request;
        let instruction = Reference::new(instruction)?;
        let facts = self.facts(tenant, Kind::TenantPurge, None, instruction);
        let mut facts = facts.await?;
        facts.approvers = approved.approvers;
        facts.copies.extend(approved.copies);
        facts.ending = approved.ending;
        facts.expected = approved.expected;
        if confirm != facts.tenant.name {
            return Err(EraseError::NotConfirmed(facts.tenant.name));
        }
        self.check_holds(tenant, None).await?;
        let id = ErasureId::generate(self.catalog.random.as_ref());
        let mut accepted = Accepted::new(id, tenant, None, false, facts);
        self.order(&accepted).await?;
        fail_point("erase:ordered");
        if self.accept(&mut accepted).await? {
            return self.finish(&accepted).await;
        }
        let row = self
            .data()
            .fetch_optional(
                rows::ERASURE_OF_TENANT,
                args![tenant, Kind::TenantPurge.word()],
            )
            .await?;
        match row {
            Some(row) => self.finish(&Accepted::read(&row)?).await,
            None => match self.catalog.keyring.purge_of(tenant).await? {
                Some(purge) => self.outcome(purge).await,
                None => Err(EraseError::UnknownTenant),
            },
        }
    }

    /// Closes the subject to writers and stores the erasure, with whom its data were given to. `false`,
    /// and the order is taken back, when somebody else closed it before or it is not there.
    pub(super) async fn accept(&self, accepted: &mut Accepted) -> Result<bool, EraseError> {
        let now = self.catalog.clock.now();
        let mut tx = self.data().begin().await?;
        let tenant = accepted.tenant;
        let (closed, action) = match (accepted.facts.kind, accepted.subject) {
            (Kind::TenantPurge, _) => (
                close_tenant(&mut tx, tenant, now).await?,
                Action::TenantPurged,
            ),
            (_, Some(contact)) => (
                close_contact(&mut tx, tenant, contact, now).await?
                    || is_known_by_keys(&mut tx, accepted).await?,
                Action::ContactErased,
            ),
            (kind, None) => (
                close_units(&mut tx, tenant, &accepted.facts.keys, now).await?,
                match kind {
                    Kind::Upload => Action::UploadDiscarded,
                    _ => Action::QuarantineDiscarded,
                },
            ),
        };
        // Behind closed gates, or of a closed contact, what is counted stays true.
        if let Some(expected) = accepted.facts.expected.filter(|_| closed)
            && let Some(now) = expected
                .unless_there(&mut tx, tenant, accepted.subject)
                .await?
        {
            tx.rollback().await?;
            self.take_order_back(accepted.id).await?;
            return Err(EraseError::Changed { expected, now });
        }
        if closed {
            if let Some(contact) = accepted.person() {
                recipients::add_of_contact(&mut tx, &mut accepted.facts, contact).await?;
            }
            self.store_accepted(tx, accepted, action).await?;
            fail_point("erase:accepted");
            return Ok(true);
        }
        tx.rollback().await?;
        self.take_order_back(accepted.id).await?;
        Ok(false)
    }

    async fn store_accepted(
        &self,
        mut tx: Tx,
        accepted: &Accepted,
        action: Action,
    ) -> Result<(), EraseError> {
        self.insert_erasure(&mut tx, accepted, accepted.facts.kind.word(), false)
            .await?;
        if let Some(contact) = accepted.person() {
            // Nobody adds a unit to a closed contact: these are all of its keys.
            let units = tx.fetch_all(rows::UNITS_OF_CONTACT, args![accepted.tenant, contact]);
            let keys = keys_in(&units.await?)?;
            let text = serde_json::to_string(&keys).map_err(EraseError::Stored)?;
            tx.execute(rows::SET_KEYS, args![text, accepted.id]).await?;
        }
        let entry = self
            .catalog
            .entry(action)
            .of(accepted.tenant)
            .to(&accepted.id.0);
        let (clock, random) = (self.catalog.clock.as_ref(), self.catalog.random.as_ref());
        audit::record_in(&mut tx, &entry, clock, random).await?;
        Ok(tx.commit().await?)
    }

    /// Stores an erasure: `kind` as a word, and whether nothing is left to destroy.
    pub(super) async fn insert_erasure(
        &self,
        tx: &mut Tx,
        accepted: &Accepted,
        kind: &str,
        destroyed: bool,
    ) -> Result<(), EraseError> {
        let facts = serde_json::to_string(&accepted.facts).map_err(EraseError::Stored)?;
        let arguments = args![
            accepted.id,
            accepted.tenant,
            kind,
            accepted.subject,
            accepted.strict,
            facts,
            self.catalog.clock.now(),
            destroyed
        ];
        tx.execute(rows::INSERT_ERASURE, arguments).await?;
        Ok(())
    }

    /// The erasure of somebody who was named by this identifier within the last day, carried on from
    /// where it stands: for an order that is repeated because its answer was lost. Afterwards nothing
    /// leads from an identifier to a receipt, since the salt is gone.
    pub async fn erased_lately(
        &self,
        tenant: TenantId,
        named_by: &Personal,
    ) -> Result<Option<Outcome>, EraseError> {
        for (erasure, salt) in self.catalog.salts(tenant).await? {
            let row = self
                .data()
                .fetch_optional(rows::READ_ERASURE, args![erasure])
                .await?;
            let Some(accepted) = row.as_ref().map(Accepted::read).transpose()? else {
                continue;
            };
            if accepted.facts.subject == Some(Commitment::new(&salt, named_by)) {
                return self.finish(&accepted).await.map(Some);
            }
        }
        Ok(None)
    }

    /// Somebody asks for what was asked before: the same erasure answers.
    async fn erased_before(
        &self,
        tenant: TenantId,
        contact: ContactId,
    ) -> Result<Outcome, EraseError> {
        let arguments = args![tenant, contact, Kind::Contact.word()];
        if let Some(row) = self
            .data()
            .fetch_optional(rows::ERASURE_OF_SUBJECT, arguments)
            .await?
        {
            return self.finish(&Accepted::read(&row)?).await;
        }
        match self.catalog.keyring.erasure_of(tenant, &contact.0).await? {
            Some(entry) => self.outcome(entry.erasure).await,
            None => Err(EraseError::UnknownContact(contact)),
        }
    }
}

/// Closes a contact with its units and the cases it opened; `false` when it was closed before.
async fn close_contact(
    tx: &mut Tx,
    tenant: TenantId,
    contact: ContactId,
    now: Timestamp,
) -> Result<bool, EraseError> {
    let arguments = args![now, tenant, contact];
    if tx
        .fetch_optional(rows::CLOSE_CONTACT, arguments)
        .await?
        .is_none()
    {
        return Ok(false);
    }
    tx.execute(rows::CLOSE_CASES, args![now, tenant, contact])
        .await?;
    tx.execute(rows::CLOSE_UNITS, args![now, tenant, contact])
        .await?;
    Ok(true)
}

/// Closes a tenant's gates; `false` when it was closed before.
async fn close_tenant(tx: &mut Tx, tenant: TenantId, now: Timestamp) -> Result<bool, EraseError> {
    tx.execute(rows::CLOSE_GATES, args![true, tenant]).await?;
    let arguments = args!["purging", now, tenant];
    Ok(tx
        .fetch_optional(rows::CLOSE_TENANT, arguments)
        .await?
        .is_some())
}

/// Closes units by their keys. Never refused: what is not there, or closed by another, is sorted out
/// when the keys are destroyed.
async fn close_units(
    tx: &mut Tx,
    tenant: TenantId,
    keys: &[(u64, u16)],
    now: Timestamp,
) -> Result<bool, EraseError> {
    for (block, leaf) in keys {
        let arguments = args![now, tenant, *block as i64, *leaf];
        tx.execute(rows::CLOSE_UNIT, arguments).await?;
    }
    Ok(true)
}

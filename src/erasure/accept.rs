//! Step 1: an erasure is accepted. From here on nobody writes about its subject, and whatever
//! happens to this process, the erasure is carried out.

use super::facts::Facts;
use super::{EraseError, Eraser, Outcome, rows};
use crate::audit::{self, Action};
use crate::keyring::{Destroyed, Destruction, IndexKeys, KeyRef};
use crate::receipts::body::{Commitment, Kind, Reference, Tenant};
use crate::store::{Row, Tx, args};
use crate::vocabulary::{ContactId, ErasureId, Personal, Secret, TenantId, Timestamp, fail_point};

/// An order to erase one person.
#[derive(Debug, Clone)]
pub struct EraseRequest {
    /// Whose data.
    pub tenant: TenantId,
    /// Who.
    pub contact: ContactId,
    /// The identifier that the order named the person by; the receipt commits to it.
    pub named_by: Personal,
    /// The tenant's instruction.
    pub instruction: String,
    /// Whether to replace the tenant's index keys too, so that not even an old index file with the
    /// present keys confirms that the person was known.
    pub strict: bool,
}

/// An order to purge a tenant.
#[derive(Debug, Clone)]
pub struct PurgeRequest {
    /// Which tenant.
    pub tenant: TenantId,
    /// The tenant's name, typed.
    pub confirm: String,
    /// The instruction: the contract's end, the recorded choice.
    pub instruction: String,
}

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

impl Eraser {
    /// Erases one person. Asked twice, by whomever, it is one erasure with one receipt.
    pub async fn erase_contact(&self, request: EraseRequest) -> Result<Outcome, EraseError> {
        self.check_holds(request.tenant, Some(request.contact))
            .await?;
        let instruction = Reference::new(request.instruction.clone())?;
        let salt = Secret::generate(self.catalog.random.as_ref());
        let commitment = Commitment::new(&salt, &request.named_by);
        let facts = self
            .facts(request.tenant, Kind::Contact, Some(commitment), instruction)
            .await?;
        let accepted = self.accept_contact(&request, &facts).await?;
        fail_point("erase:accepted");
        match accepted {
            Some(accepted) => {
                self.catalog
                    .keep_salt(request.tenant, accepted.id, &salt)
                    .await?;
                self.finish(&accepted).await
            }
            None => self.erased_before(request.tenant, request.contact).await,
        }
    }

    /// Purges a tenant: every person, case and message at once.
    pub async fn purge_tenant(&self, request: PurgeRequest) -> Result<Outcome, EraseError> {
        let instruction = Reference::new(request.instruction.clone())?;
        let facts = self
            .facts(request.tenant, Kind::TenantPurge, None, instruction)
            .await?;
        if request.confirm != facts.tenant.name {
            return Err(EraseError::NotConfirmed(facts.tenant.name));
        }
        let accepted = match self.accept_tenant(&request, &facts).await? {
            Some(accepted) => accepted,
            None => {
                let arguments = args![request.tenant];
                let row = self
                    .data()
                    .fetch_optional(rows::ERASURE_OF_TENANT, arguments)
                    .await?;
                Accepted::read(&row.ok_or(EraseError::UnknownTenant)?)?
            }
        };
        fail_point("erase:accepted");
        self.finish(&accepted).await
    }

    /// Closes the contact and stores the erasure; `None` when somebody else closed it before.
    async fn accept_contact(
        &self,
        request: &EraseRequest,
        facts: &Facts,
    ) -> Result<Option<Accepted>, EraseError> {
        let now = self.catalog.clock.now();
        let mut tx = self.data().begin().await?;
        let arguments = args![now, request.tenant, request.contact];
        if tx
            .fetch_optional(rows::CLOSE_CONTACT, arguments)
            .await?
            .is_none()
        {
            tx.rollback().await?;
            return Ok(None);
        }
        tx.execute(
            rows::CLOSE_UNITS,
            args![now, request.tenant, request.contact],
        )
        .await?;
        let accepted = Accepted {
            id: ErasureId::generate(self.catalog.random.as_ref()),
            tenant: request.tenant,
            subject: Some(request.contact),
            strict: request.strict,
            facts: facts.clone(),
        };
        self.store_accepted(tx, &accepted, Action::ContactErased, now)
            .await?;
        Ok(Some(accepted))
    }

    /// Closes the tenant's gates and stores the erasure; `None` when it was closed before.
    async fn accept_tenant(
        &self,
        request: &PurgeRequest,
        facts: &Facts,
    ) -> Result<Option<Accepted>, EraseError> {
        let now = self.catalog.clock.now();
        let mut tx = self.data().begin().await?;
        tx.execute(rows::CLOSE_GATES, args![true, request.tenant])
            .await?;
        let arguments = args!["purging", now, request.tenant];
        let taken = tx.fetch_optional(rows::CLOSE_TENANT, arguments).await?;
        if taken.is_none() {
            tx.rollback().await?;
            return Ok(None);
        }
        // Looked at only now that no writer is left: a hold placed meanwhile is seen.
        if let Err(held) = self.check_holds(request.tenant, None).await {
            tx.rollback().await?;
            return Err(held);
        }
        let accepted = Accepted {
            id: ErasureId::generate(self.catalog.random.as_ref()),
            tenant: request.tenant,
            subject: None,
            strict: false,
            facts: facts.clone(),
        };
        self.store_accepted(tx, &accepted, Action::TenantPurged, now)
            .await?;
        Ok(Some(accepted))
    }

    async fn store_accepted(
        &self,
        mut tx: Tx,
        accepted: &Accepted,
        action: Action,
        now: Timestamp,
    ) -> Result<(), EraseError> {
        let facts = serde_json::to_string(&accepted.facts).map_err(EraseError::Stored)?;
        let arguments = args![
            accepted.id,
            accepted.tenant,
            accepted.facts.kind.word(),
            accepted.subject,
            accepted.strict,
            facts,
            now,
            false
        ];
        tx.execute(rows::INSERT_ERASURE, arguments).await?;
        let entry = self
            .catalog
            .entry(action)
            .of(accepted.tenant)
            .to(&accepted.id.0);
        let (clock, random) = (self.catalog.clock.as_ref(), self.catalog.random.as_ref());
        audit::record_in(&mut tx, &entry, clock, random).await?;
        Ok(tx.commit().await?)
    }

    /// Somebody asks for what was asked before: the same erasure answers.
    async fn erased_before(
        &self,
        tenant: TenantId,
        contact: ContactId,
    ) -> Result<Outcome, EraseError> {
        let arguments = args![tenant, contact];
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

    async fn facts(
        &self,
        tenant: TenantId,
        kind: Kind,
        subject: Option<Commitment>,
        instruction: Reference,
    ) -> Result<Facts, EraseError> {
        let row = self
            .data()
            .fetch_optional(rows::READ_TENANT, args![tenant])
            .await?;
        let row = row.ok_or(EraseError::UnknownTenant)?;
        let legal_basis = match kind {
            Kind::TenantPurge => "GDPR Art. 28(3)(g)",
            _ => "GDPR Art. 17",
        };
        let now = self.catalog.clock.now();
        Ok(Facts {
            kind,
            operator: self.operator.clone(),
            tenant: Tenant {
                id: tenant,
                slug: row.text(0)?,
                name: row.text(1)?,
                org_no: row.text(2)?,
            },
            subject,
            legal_basis: Reference::new(legal_basis)?,
            instruction,
            requested_at: now,
            started_at: now,
            approvers: Vec::new(),
            copies: Vec::new(),
            kept: Vec::new(),
        })
    }

    /// What is to be destroyed, with the index keys that are to follow on `--strict`.
    pub(super) async fn destruction(&self, accepted: &Accepted) -> Result<Destruction, EraseError> {
        let what = match accepted.subject {
            None => Destroyed::Tenant,
            Some(contact) => {
                let arguments = args![accepted.tenant, contact];
                let units = self
                    .data()
                    .fetch_all(rows::UNITS_OF_CONTACT, arguments)
                    .await?;
                let keys = units.iter().map(|unit| {
                    let leaf = u16::try_from(unit.i64(2)?).unwrap_or(u16::MAX);
                    Ok(KeyRef {
                        block: unit.u64(1)?,
                        leaf,
                    })
                });
                Destroyed::Units(keys.collect::<Result<_, EraseError>>()?)
            }
        };
        let new_index_keys = match accepted.strict {
            true => Some(self.next_index_keys(accepted.tenant).await?),
            false => None,
        };
        Ok(Destruction {
            erasure: accepted.id,
            kind: accepted.facts.kind.word().to_owned(),
            tenant: accepted.tenant,
            subject: accepted.subject.map(|contact| contact.0),
            what,
            new_index_keys,
            facts: serde_json::to_string(&accepted.facts).map_err(EraseError::Stored)?,
        })
    }

    /// Draws the next index keys and carries the suppression tokens of people erased before over to
    /// them, while the old keys can still be used. Should the keys never come into force, what was
    /// carried over is of a generation that never was, and the next rebuild sweeps it away.
    async fn next_index_keys(&self, tenant: TenantId) -> Result<IndexKeys, EraseError> {
        let old = self.catalog.keyring.index_keys(tenant).await?;
        let new = IndexKeys::generate(old.generation + 1, self.catalog.random.as_ref());
        self.catalog.carry_over(tenant, &old, &new).await?;
        Ok(new)
    }
}

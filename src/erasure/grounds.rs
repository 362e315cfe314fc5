//! What is known of an erasure before it begins: the facts that its receipt will state.

use super::facts::Facts;
use super::{EraseError, Eraser, rows};
use crate::receipts::body::{Commitment, Copy, CopyState, Kind, Reference, Tenant};
use crate::store::args;
use crate::vocabulary::TenantId;

impl Eraser {
    pub(super) async fn facts(
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
        let tenant = Tenant {
            id: tenant,
            slug: row.text(0)?,
            name: row.text(1)?,
            org_no: row.text(2)?,
        };
        self.facts_about(tenant, kind, subject, instruction).await
    }

    /// The same about a tenant that the data need not know.
    pub(super) async fn facts_about(
        &self,
        tenant: Tenant,
        kind: Kind,
        subject: Option<Commitment>,
        instruction: Reference,
    ) -> Result<Facts, EraseError> {
        let legal_basis = match kind {
            Kind::TenantPurge => "GDPR Art. 28(3)(g)",
            Kind::Retention | Kind::Quarantine | Kind::Upload => "GDPR Art. 5(1)(e)",
            Kind::Orphans => "GDPR Art. 5(1)(f)",
            _ => "GDPR Art. 17",
        };
        let now = self.catalog.clock.now();
        let copies = self.known_copies(tenant.id, kind).await?;
        Ok(Facts {
            kind,
            operator: self.operator.clone(),
            tenant,
            subject,
            legal_basis: Reference::new(legal_basis)?,
            instruction,
            requested_at: now,
            started_at: now,
            approvers: Vec::new(),
            copies,
            kept: Vec::new(),
            assurance: Some(self.root().assurance),
            ending: None,
            expected: None,
            rehoused: None,
            keys: Vec::new(),
            unnamed_keys: None,
        })
    }

    /// Copies that this house itself still holds, and that erasing one person does not reach: rows
    /// in backups newer than the one that was restored, and records that an import could not read,
    /// which nobody can search until they are discarded. A purge destroys both with the tenant.
    async fn known_copies(&self, tenant: TenantId, kind: Kind) -> Result<Vec<Copy>, EraseError> {
        let mut open = Vec::new();
        if kind != Kind::TenantPurge && self.has_orphans().await? {
            open.push("backups newer than the data in use (reconcile --destroy-orphans)");
        }
        let quarantine = self
            .data()
            .fetch_optional(rows::HAS_QUARANTINE, args![tenant])
            .await?;
        if kind == Kind::Contact && quarantine.is_some() {
            open.push(
                "quarantined records of imports, which cannot be searched (gallra quarantine)",
            );
        }
        let upload = args![tenant];
        let upload = self.data().fetch_optional(rows::HAS_UPLOAD, upload);
        if kind == Kind::Contact && upload.await?.is_some() {
            open.push("files that were uploaded and are not taken in yet (gallra jobs list)");
        }
        let copy = |place| {
            let (place, state) = (Reference::new(place)?, CopyState::NotOrdered);
            Ok(Copy {
                place,
                state,
                evidence: None,
            })
        };
        open.into_iter().map(copy).collect()
    }
}

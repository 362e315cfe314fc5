//! Discarding records that an import could not read, and files as they were sent in: each is a unit of its
//! own, and goes as any other does, with its key, its row and a receipt.
//!
//! Nobody ever writes under such a unit again, so there is no race with writers. Two who discard the
//! same record at once each destroy what the other has not: the order names the keys, and those that
//! are gone already are left to the erasure that destroyed them.

use std::collections::BTreeSet;

use super::accept::Accepted;
use super::facts::Facts;
use super::{EraseError, Eraser, Outcome, rows};
use crate::receipts::body::{Kind, Reference};
use crate::store::{Row, StoreError, args};
use crate::vocabulary::{ErasureId, ImportId, QuarantineId, TenantId, fail_point};

/// Records of one receipt at most.
const BATCH: i64 = 500;

/// Which quarantined records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Every one of the tenant.
    All,
    /// These.
    These(BTreeSet<QuarantineId>),
}

/// An order to discard quarantined records.
#[derive(Debug, Clone)]
pub struct DiscardRequest {
    /// Whose data.
    pub tenant: TenantId,
    /// Which records.
    pub which: Which,
    /// The tenant's instruction.
    pub instruction: String,
}

/// A key as facts name it.
type Key = (u64, u16);

impl Eraser {
    /// Discards quarantined records: one erasure for each five hundred. None where there are none.
    pub async fn discard_quarantined(
        &self,
        request: DiscardRequest,
    ) -> Result<Vec<Outcome>, EraseError> {
        let tenant = request.tenant;
        self.settle_if_restored().await?;
        self.check_holds_on_all(tenant).await?;
        let instruction = Reference::new(request.instruction)?;
        let keys = self.keys_in_quarantine(tenant, &request.which).await?;
        let mut outcomes = Vec::new();
        for keys in keys.chunks(BATCH as usize) {
            let kind = Kind::Quarantine;
            outcomes.push(
                self.destroy_named(tenant, kind, keys, instruction.clone())
                    .await?,
            );
        }
        Ok(outcomes)
    }

    /// Destroys a file as it was sent in, once it is taken in or has broken off: no backup is to keep the
    /// raw export of people who are erased later. `None` when it is gone. No hold stands in the way: a hold
    /// is about what exists nowhere else, and this is a copy of what is taken in, or of what its sender has.
    pub async fn discard_upload(
        &self,
        tenant: TenantId,
        import: ImportId,
    ) -> Result<Option<Outcome>, EraseError> {
        self.settle_if_restored().await?;
        let wanted = args![tenant, import];
        let row = self.data().fetch_optional(rows::KEY_OF_UPLOAD, wanted);
        let Some(row) = row.await? else {
            return Ok(None);
        };
        let leaf = u16::try_from(row.i64(1)?).unwrap_or(u16::MAX);
        let keys = [(row.u64(0)?, leaf)];
        let instruction = Reference::try_from(format!("import-{import}"))?;
        let done = self.destroy_named(tenant, Kind::Upload, &keys, instruction);
        done.await.map(Some)
    }

    /// Destroys the units of these keys as one erasure.
    async fn destroy_named(
        &self,
        tenant: TenantId,
        kind: Kind,
        keys: &[Key],
        instruction: Reference,
    ) -> Result<Outcome, EraseError> {
        let facts = Facts {
            keys: keys.to_vec(),
            ..self.facts(tenant, kind, None, instruction).await?
        };
        let id = ErasureId::generate(self.catalog.random.as_ref());
        let mut accepted = Accepted::new(id, tenant, None, false, facts);
        self.order(&accepted).await?;
        fail_point("erase:ordered");
        self.accept(&mut accepted).await?;
        self.finish(&accepted).await
    }

    /// How many records that would discard. Refuses as the discarding itself would.
    pub async fn preview_discard(
        &self,
        tenant: TenantId,
        which: &Which,
    ) -> Result<u64, EraseError> {
        self.check_holds_on_all(tenant).await?;
        Ok(self.keys_in_quarantine(tenant, which).await?.len() as u64)
    }

    async fn keys_in_quarantine(
        &self,
        tenant: TenantId,
        which: &Which,
    ) -> Result<Vec<Key>, EraseError> {
        match which {
            Which::All => self.all_keys_in_quarantine(tenant).await,
            Which::These(ids) => {
                let mut keys = Vec::with_capacity(ids.len());
                for id in ids {
                    let row = self
                        .data()
                        .fetch_optional(rows::QUARANTINED, args![tenant, *id])
                        .await?;
                    keys.push(key(&row.ok_or(EraseError::UnknownQuarantined(*id))?)?);
                }
                Ok(keys)
            }
        }
    }

    async fn all_keys_in_quarantine(&self, tenant: TenantId) -> Result<Vec<Key>, EraseError> {
        let (mut after, mut keys) = (QuarantineId([0; 16]), Vec::new());
        loop {
            let page = args![tenant, after, BATCH];
            let page = self.data().fetch_all(rows::QUARANTINED_AFTER, page).await?;
            let Some(last) = page.last() else {
                return Ok(keys);
            };
            after = last.id(0)?;
            for row in &page {
                keys.push(key(row)?);
            }
        }
    }
}

fn key(row: &Row) -> Result<Key, StoreError> {
    let leaf = u16::try_from(row.i64(2)?).unwrap_or(u16::MAX);
    Ok((row.u64(1)?, leaf))
}

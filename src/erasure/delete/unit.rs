//! Deleting one unit: what is sealed under its key, in transactions that each count what they delete.

use super::{CHUNK, Counts};
use crate::erasure::{EraseError, Eraser, rows};
use crate::store::{Row, StoreError, Tx, args};
use crate::vocabulary::{CaseId, ContactId, ErasureId, UnitId};

/// Files deleted in one transaction at most; each may have many megabytes.
const FILES: i64 = 20;

/// One unit as it stands in the data.
#[derive(Debug, Clone, Copy)]
pub(in crate::erasure) struct Unit {
    pub(in crate::erasure) id: UnitId,
    pub(in crate::erasure) kind: i64,
    pub(in crate::erasure) contact: Option<ContactId>,
    pub(in crate::erasure) case: Option<CaseId>,
}

impl Unit {
    pub(in crate::erasure) fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id(0)?,
            kind: row.i64(3)?,
            contact: row.opt_id(4)?,
            case: row.opt_id(5)?,
        })
    }
}

impl Eraser {
    /// Deletes one unit and everything sealed under it.
    pub(in crate::erasure) async fn delete_unit(
        &self,
        unit: Unit,
        progress: ErasureId,
    ) -> Result<(), EraseError> {
        self.thin_out(&unit, progress).await?;
        let mut tx = self.data().begin().await?;
        let mut counts = Counts::default();
        delete_unit_in(&mut tx, unit, &mut counts).await?;
        self.count(tx, progress, &counts).await
    }

    /// Deletes the next files or pieces of a unit, of this category; `false` when there are no more.
    async fn delete_files(
        &self,
        unit: UnitId,
        (category, statement): (&str, &'static str),
        progress: ErasureId,
    ) -> Result<bool, EraseError> {
        let mut tx = self.data().begin().await?;
        let deleted = tx.execute(statement, args![unit, FILES]).await?;
        if deleted == 0 {
            return Ok(false);
        }
        let mut counts = Counts::default();
        counts.category(category, deleted);
        counts.store("data", deleted);
        self.count(tx, progress, &counts).await?;
        Ok(true)
    }

    /// Deletes files and messages of a unit until what is left fits one transaction.
    pub(super) async fn thin_out(
        &self,
        unit: &Unit,
        progress: ErasureId,
    ) -> Result<(), EraseError> {
        for files in [
            ("attachment", rows::DELETE_SOME_ATTACHMENTS),
            ("uploaded", rows::DELETE_SOME_PIECES),
        ] {
            while self.delete_files(unit.id, files, progress).await? {}
        }
        loop {
            let messages = self
                .data()
                .fetch_all(rows::MESSAGES_OF_UNIT, args![unit.id, CHUNK])
                .await?;
            let Some(last) = messages.last().filter(|_| messages.len() as i64 == CHUNK) else {
                return Ok(());
            };
            let last = last.blob(0)?;
            let mut tx = self.data().begin().await?;
            let mut counts = Counts::default();
            let arguments = args![unit.id, last];
            let deleted = tx.execute(rows::DELETE_MESSAGES_UP_TO, arguments).await?;
            counts.category("message", deleted);
            counts.store("data", deleted);
            self.count(tx, progress, &counts).await?;
        }
    }
}

/// Deletes one unit and what is left of what is sealed under it.
pub(super) async fn delete_unit_in(
    tx: &mut Tx,
    unit: Unit,
    counts: &mut Counts,
) -> Result<(), StoreError> {
    let messages = tx.execute(rows::DELETE_MESSAGES, args![unit.id]).await?;
    let forwardings = tx.execute(rows::DELETE_FORWARDINGS, args![unit.id]).await?;
    let quarantined = tx.execute(rows::DELETE_QUARANTINE, args![unit.id]).await?;
    let requests = tx.execute(rows::DELETE_REQUESTS, args![unit.id]).await?;
    let events = tx.execute(rows::DELETE_HOOK_EVENTS, args![unit.id]).await?;
    let notices = args![unit.id];
    let notices = tx.execute(rows::DELETE_NOTICE_VERSIONS, notices).await?;
    let (cases, deleted) = delete_cases(tx, unit.id).await?;
    counts.category("message", messages);
    counts.category("forwarding", forwardings);
    counts.category("quarantined", quarantined);
    counts.category("request", requests);
    counts.category("contract_event", events);
    counts.category("case", cases);
    let records = messages + forwardings + quarantined + requests + events + notices + deleted;
    counts.store("data", records);
    counts.units += tx.execute(rows::DELETE_UNIT, args![unit.id]).await?;
    Ok(())
}

/// Deletes the case that a requester's part opened, or leaves it to somebody else who wrote in it,
/// without the subject and number that the requester's key opened. Answers how many cases the
/// requester had, and how many rows of them are deleted.
async fn delete_cases(tx: &mut Tx, unit: UnitId) -> Result<(u64, u64), StoreError> {
    let (mut held, mut deleted) = (0, 0);
    for case in tx.fetch_all(rows::TAKE_CASE_OF_UNIT, args![unit]).await? {
        let case = case.blob(0)?;
        held += 1;
        let other = tx
            .fetch_optional(rows::OTHER_PART, args![case.clone(), unit])
            .await?;
        match other {
            Some(other) => {
                let arguments = args![other.blob(1)?, other.blob(0)?, case];
                tx.execute(rows::HAND_CASE_ON, arguments).await?;
            }
            None => deleted += tx.execute(rows::DELETE_CASE, args![case]).await?,
        }
    }
    Ok((held, deleted))
}

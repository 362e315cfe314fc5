//! A request's row as it is stored.

use super::deadlines::{Calendar, Due, Pause, due};
use super::types::{Request, Right, State};
use super::{RequestError, Requests, rows};
use crate::audit::{self, Action};
use crate::catalog::TenantRef;
use crate::store::{Row, StoreError, Tx, args};
use crate::vocabulary::{
    ContactId, Day, ErasureId, HoldId, RequestId, TenantId, Timestamp, UnitId,
};

/// A row of `rows::REQUEST`.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub id: RequestId,
    pub tenant: TenantId,
    pub unit: UnitId,
    pub case_no: String,
    pub rights: Vec<Right>,
    pub channel: String,
    pub state: State,
    pub contact: Option<ContactId>,
    pub candidates: u64,
    pub hold: Option<HoldId>,
    pub received_at: Timestamp,
    pub registered_at: Timestamp,
    pub received_day: Day,
    pub timezone: String,
    pub legal_due: Day,
    pub safe_due: Day,
    pub due_date: Day,
    pub extended_at: Option<Timestamp>,
    pub instruction: Option<String>,
    pub packaged_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
    pub erasure: Option<ErasureId>,
    pub closed_at: Option<Timestamp>,
    pub closed_late: Option<bool>,
}

/// A word that another release wrote and this one does not know.
const UNKNOWN: StoreError = StoreError::Column {
    column: 4,
    wanted: "word of this release",
};

impl Stored {
    pub fn read(row: &Row) -> Result<Self, StoreError> {
        let day = |column| row.i64(column).map(Day::from_stored);
        let rights: Option<Vec<Right>> = row.text(4)?.split(',').map(Right::from_word).collect();
        Ok(Self {
            id: row.id(0)?,
            tenant: row.id(1)?,
            unit: row.id(2)?,
            case_no: row.text(3)?,
            rights: rights.ok_or(UNKNOWN)?,
            channel: row.text(5)?,
            state: State::from_word(&row.text(6)?).ok_or(UNKNOWN)?,
            contact: row.opt_id(7)?,
            candidates: row.u64(8)?,
            hold: row.opt_id(9)?,
            received_at: row.timestamp(10)?,
            registered_at: row.timestamp(11)?,
            received_day: day(12)?,
            timezone: row.text(13)?,
            legal_due: day(14)?,
            safe_due: day(15)?,
            due_date: day(16)?,
            extended_at: row.opt_timestamp(17)?,
            instruction: row.opt_text(18)?,
            packaged_at: row.opt_timestamp(19)?,
            delivered_at: row.opt_timestamp(20)?,
            erasure: row.opt_id(21)?,
            closed_at: row.opt_timestamp(22)?,
            closed_late: row.opt_bool(23)?,
        })
    }

    /// As the rest of the program sees it.
    pub fn seen(self, tenant: &TenantRef) -> Request {
        Request {
            id: self.id,
            case_no: self.case_no,
            tenant: tenant.slug.clone(),
            tenant_id: self.tenant,
            rights: self.rights,
            channel: self.channel,
            state: self.state,
            contact: self.contact,
            candidates: self.candidates,
            received_at: self.received_at,
            registered_at: self.registered_at,
            due_date: self.due_date,
            legal_due: self.legal_due,
            safe_due: self.safe_due,
            extended_at: self.extended_at,
            instruction: self.instruction,
            hold: self.hold,
            packaged_at: self.packaged_at,
            delivered_at: self.delivered_at,
            receipt_id: self.erasure,
            closed_at: self.closed_at,
            closed_late: self.closed_late,
        }
    }

    /// Its days, with these pauses.
    pub fn due(&self, pauses: &[Pause], calendar: Calendar) -> Due {
        due(
            self.received_day,
            self.extended_at.is_some(),
            pauses,
            calendar,
        )
    }

    /// Takes over its days as they are now.
    pub fn count_again(&mut self, pauses: &[Pause], calendar: Calendar) {
        let due = self.due(pauses, calendar);
        (self.legal_due, self.safe_due, self.due_date) = (due.legal, due.safe, due.target);
    }

    /// Closes it on a day.
    pub fn close(&mut self, now: Timestamp, today: Day) {
        self.closed_at = Some(now);
        self.closed_late = Some(today > self.legal_due);
    }
}

impl Requests {
    /// Takes a request for a step.
    pub(super) async fn take(&self, tx: &mut Tx, id: RequestId) -> Result<Stored, RequestError> {
        let row = tx.fetch_optional(rows::TAKE, args![id]).await?;
        Ok(Stored::read(&row.ok_or(RequestError::Unknown)?)?)
    }

    /// Writes what a step changed, its event and its audit row, and commits.
    pub(super) async fn end_step(
        &self,
        mut tx: Tx,
        it: &Stored,
        act: super::types::Act,
        detail: Option<String>,
    ) -> Result<(), RequestError> {
        let set = args![
            it.state.word(),
            it.contact,
            it.hold,
            it.legal_due.stored(),
            it.safe_due.stored(),
            it.due_date.stored(),
            it.extended_at,
            it.instruction.clone(),
            it.packaged_at,
            it.delivered_at,
            it.erasure,
            it.closed_at,
            it.closed_late,
            it.id,
        ];
        tx.execute(rows::SET, set).await?;
        self.note(&mut tx, it, act, detail).await?;
        Ok(tx.commit().await?)
    }

    /// Writes a step down: the request's event and the audit row.
    pub(super) async fn note(
        &self,
        tx: &mut Tx,
        it: &Stored,
        act: super::types::Act,
        detail: Option<String>,
    ) -> Result<(), RequestError> {
        let catalog = self.catalog();
        let (clock, random) = (catalog.clock.as_ref(), catalog.random.as_ref());
        let mut event = [0; 16];
        random.fill(&mut event);
        let instruction = super::rules::is_the_clients(act).then(|| it.instruction.clone());
        let row = args![
            event,
            it.id,
            it.tenant,
            clock.now(),
            catalog.actor.to_string(),
            act.word(),
            it.state.word(),
            instruction.flatten(),
            detail,
        ];
        tx.execute(rows::INSERT_EVENT, row).await?;
        let entry = audit::Entry::new(catalog.actor, Action::RequestChanged);
        let entry = entry.of(it.tenant).to(it.id.as_bytes());
        audit::record_in(tx, &entry, clock, random).await?;
        Ok(())
    }

    /// Pauses that are over.
    pub(super) async fn pauses(
        &self,
        tx: &mut Tx,
        id: RequestId,
    ) -> Result<Vec<Pause>, StoreError> {
        let rows = tx.fetch_all(rows::PAUSES, args![id]).await?;
        let mut pauses = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(answered) = row.opt_i64(1)? {
                pauses.push(Pause {
                    asked: Day::from_stored(row.i64(0)?),
                    answered: Day::from_stored(answered),
                });
            }
        }
        Ok(pauses)
    }
}

//! The client's choice is recorded. This schedules; it erases nothing.

use chrono::NaiveDate;

use super::record::Record;
use super::store::Stored;
use super::{Client, OWN, Offboarder, OffboardingError, Status, rules};
use crate::audit::Action;
use crate::receipts::body::{Choice, Reference};
use crate::vocabulary::{OffboardingId, TaskId};
use crate::webhooks;

/// What a client chose, as somebody records it.
#[derive(Debug, Clone)]
pub struct Begin {
    /// Delete, or return and then delete.
    pub choice: Choice,
    /// The contract's last day; what was announced before, or today, when not said.
    pub contract_ends: Option<NaiveDate>,
    /// Days to wait after it.
    pub grace_days: Option<u16>,
    /// The client's instruction, as a reference that names no person.
    pub instruction: String,
}

impl Offboarder {
    /// Records what the client chose. Said again with other words, it is what counts from then on,
    /// and whoever approved before must look again; said again in the same words it changes nothing.
    pub async fn begin(&self, client: &Client, begin: Begin) -> Result<Status, OffboardingError> {
        if client.slug == OWN {
            return Err(OffboardingError::OwnData);
        }
        if client.purging {
            return Err(OffboardingError::TooLate(client.slug.clone()));
        }
        if begin
            .grace_days
            .is_some_and(|days| days > rules::LONGEST_GRACE)
        {
            return Err(OffboardingError::Grace);
        }
        if begin
            .contract_ends
            .is_some_and(|day| !rules::is_plausible(day))
        {
            return Err(OffboardingError::Day);
        }
        reference("instruction", &begin.instruction)?;
        let places = self.places(client.id).await?;
        let mut change = self.begin_change().await?;
        let newest = change.newest(client.id).await?;
        let (mut stored, is_new) = match newest.filter(|it| it.ended_at.is_none()) {
            Some(stored) => (stored, false),
            None => (
                self.new_record(client, self.eraser.catalog.actor.to_string()),
                true,
            ),
        };
        if stored.record.executing.is_some() {
            return Err(OffboardingError::TooLate(client.slug.clone()));
        }
        let before = stored.record.clone();
        apply(&mut stored.record, begin);
        if stored.record != before {
            stored.record.approvals.clear();
        }
        self.add_tasks(&mut stored.record, places);
        match is_new {
            true => change.insert(&stored, client.id).await?,
            false => change.update(&stored).await?,
        }
        change.commit().await?;
        self.noted(Action::OffboardingBegun, client.id, stored.id)
            .await?;
        let scheduled = webhooks::Kind::OffboardingScheduled;
        self.announce(scheduled, client.id, stored.id).await?;
        self.status(client).await
    }

    /// An offboarding of which nothing is known but that it began.
    pub(super) fn new_record(&self, client: &Client, begun_by: String) -> Stored {
        let catalog = &self.eraser.catalog;
        let now = catalog.clock.now();
        Stored {
            id: OffboardingId::generate(catalog.random.as_ref()),
            begun_at: now,
            ended_at: None,
            record: Record {
                choice: None,
                contract_ends: rules::day_of(now, &client.timezone),
                grace_days: rules::USUAL_GRACE,
                instruction: None,
                begun_by,
                approvals: Vec::new(),
                export: None,
                exports_before: Vec::new(),
                tasks: Vec::new(),
                cancelled: None,
                executing: None,
            },
        }
    }

    pub(super) fn task_id(&self) -> TaskId {
        TaskId::generate(self.eraser.catalog.random.as_ref())
    }
}

fn apply(record: &mut Record, begin: Begin) {
    record.choice = Some(begin.choice);
    record.contract_ends = begin.contract_ends.unwrap_or(record.contract_ends);
    record.grace_days = begin.grace_days.unwrap_or(record.grace_days);
    record.instruction = Some(begin.instruction);
}

/// Text that will stand on a receipt: refused now, because later it is too late to say no.
pub(super) fn reference(field: &'static str, text: &str) -> Result<Reference, OffboardingError> {
    Reference::new(text).map_err(|source| OffboardingError::Text { field, source })
}

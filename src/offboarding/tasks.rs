//! Copies elsewhere: what this program cannot erase, because others hold it. Each is a task until
//! somebody confirms that it is gone, and each stands on the receipt, open or confirmed.

use super::begin::reference;
use super::record::{Confirmation, Record, Task};
use super::{Client, Offboarder, OffboardingError, rows, rules};
use crate::audit::Action;
use crate::catalog::types::Channel;
use crate::receipts::body::{Copy, CopyState, Reference};
use crate::receipts::places;
use crate::store::args;
use crate::vocabulary::{TaskId, TenantId};

/// Where a channel leaves copies of what goes through it. None for what this house holds alone.
fn place_of(channel: Channel) -> Option<&'static str> {
    match channel {
        Channel::Email => Some(places::MAIL),
        Channel::Sms => Some(places::SMS),
        Channel::Phone => Some(places::TELEPHONY),
        Channel::Social => Some(places::SOCIAL),
        Channel::Widget => Some(places::WIDGET),
        Channel::Klarna => Some(places::KLARNA),
        Channel::Returns => Some(places::RETURNS),
        Channel::Post => Some(places::PAPER),
        Channel::Other => Some(places::OTHER),
        Channel::Portal => None,
    }
}

impl Offboarder {
    /// Where copies are, by the channels and recipients in use now.
    pub(super) async fn places(&self, tenant: TenantId) -> Result<Vec<String>, OffboardingError> {
        let data = &self.eraser.catalog.data;
        let mut places = Vec::new();
        for row in data.fetch_all(rows::CHANNELS, args![tenant]).await? {
            let place = Channel::from_word(&row.text(0)?).and_then(place_of);
            places.extend(place.map(str::to_owned));
        }
        for row in data.fetch_all(rows::RECIPIENTS, args![tenant]).await? {
            let recipient = row.text(0)?;
            // A recipient is a company or a role. What looks like a person stands on no receipt.
            let place = match Reference::new(&recipient) {
                Ok(_) => recipient,
                Err(_) => places::UNNAMED.to_owned(),
            };
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Ok(places)
    }

    /// Adds tasks for places that have none yet.
    pub(super) fn add_tasks(&self, record: &mut Record, places: Vec<String>) {
        let now = self.eraser.catalog.clock.now();
        for place in places {
            if !record.tasks.iter().any(|task| task.place == place) {
                let (id, confirmed) = (self.task_id(), None);
                record.tasks.push(Task {
                    id,
                    place,
                    made_at: now,
                    confirmed,
                });
            }
        }
    }

    /// Somebody confirms that a copy is gone, before the purge or after it. The first word counts.
    pub async fn confirm_task(
        &self,
        client: &Client,
        task: TaskId,
        by: &str,
        evidence: Option<String>,
    ) -> Result<Task, OffboardingError> {
        let by = rules::name_of(by);
        reference("by", &by)?;
        if let Some(evidence) = &evidence {
            reference("evidence", evidence)?;
        }
        let at = self.eraser.catalog.clock.now();
        let changed = self.change(client, |stored| {
            let known = stored.record.tasks.iter_mut().find(|it| it.id == task);
            let (id, slug) = (task, client.slug.clone());
            let known = known.ok_or(OffboardingError::UnknownTask { id, slug })?;
            let word = Confirmation {
                at,
                by: by.clone(),
                evidence,
            };
            known.confirmed.get_or_insert(word);
            Ok(known.clone())
        });
        let (_, confirmed) = changed.await?;
        self.eraser.note_vault_version().await?;
        self.note(Action::TaskConfirmed, client.id, task.as_bytes())
            .await?;
        Ok(confirmed)
    }
}

/// A task as the receipt names it. The state and who said so stand in the words of no language.
pub(super) fn copy(task: &Task) -> Result<Copy, OffboardingError> {
    let (state, evidence) = match &task.confirmed {
        None => (CopyState::NotConfirmed, None),
        Some(it) => (CopyState::Erased, Some(reference("evidence", &words(it))?)),
    };
    Ok(Copy {
        place: reference("place", &task.place)?,
        state,
        evidence,
    })
}

/// When, who, and what shows it, as far as a receipt has room.
pub(super) fn words(it: &Confirmation) -> String {
    let mut words = vec![it.at.to_utc().date_naive().to_string(), it.by.clone()];
    words.extend(it.evidence.clone());
    words.join(", ").chars().take(200).collect()
}

//! Approving a purge: each approval is of what is there at that moment.

use super::begin::reference;
use super::record::Approval;
use super::rules::{self, Obstacle};
use super::{Client, Offboarder, OffboardingError, Status};
use crate::audit::Action;

/// Somebody who approves.
#[derive(Debug, Clone)]
pub struct Person {
    /// Name or staff number.
    pub name: String,
    /// How that is known, for the receipt.
    pub known_by: String,
}

impl Offboarder {
    /// Approves the purge of what is there now. The same person may approve again only when something
    /// else is there than at the first time.
    pub async fn approve(
        &self,
        client: &Client,
        person: Person,
    ) -> Result<Status, OffboardingError> {
        self.refuse_when_purging(client)?;
        let person = Person {
            name: rules::name_of(&person.name),
            ..person
        };
        reference("by", &person.name)?;
        reference("by", &person.known_by)?;
        let counts = self.eraser.count_tenant(client.id).await?;
        let places = self.places(client.id).await?;
        let catalog = &self.eraser.catalog;
        let approval = Approval {
            name: person.name,
            known_by: person.known_by,
            actor: catalog.actor.to_string(),
            at: catalog.clock.now(),
            counts,
        };
        let changed = self.change(client, |stored| {
            let record = &mut stored.record;
            let slug = client.slug.clone();
            if record.choice.is_none() {
                let obstacles = vec![Obstacle::NoChoice];
                return Err(OffboardingError::Refused { obstacles, slug });
            }
            if record.executing.is_some() {
                return Err(OffboardingError::TooLate(slug));
            }
            let same = |one: &Approval| rules::same_person(&one.name, &approval.name);
            if rules::standing(record, &counts).any(same) {
                let name = approval.name.clone();
                return Err(OffboardingError::SamePerson { name, slug });
            }
            record.approvals.retain(|one| !same(one));
            record.approvals.push(approval);
            self.add_tasks(record, places);
            Ok(())
        });
        let (id, ()) = changed.await?;
        self.noted(Action::OffboardingApproved, client.id, id)
            .await?;
        self.status(client).await
    }

    /// Nothing is decided about data that is going or gone.
    pub(super) fn refuse_when_purging(&self, client: &Client) -> Result<(), OffboardingError> {
        match client.purging {
            true => Err(OffboardingError::TooLate(client.slug.clone())),
            false => Ok(()),
        }
    }
}

//! The purge: every rule is looked at once more, under the lock that every change of the record takes.

use super::rules::{self, Situation};
use super::store::Stored;
use super::tasks::copy;
use super::{Client, Offboarder, OffboardingError};
use crate::erasure::{Approved, EraseError, Outcome, Preview, PurgeRequest};
use crate::receipts::body::{Approver, Ending};
use crate::receipts::places::END_OF_CONTRACT;

impl Offboarder {
    /// What the purge would destroy: what an approver looks at. Refuses nothing.
    pub async fn preview(&self, client: &Client) -> Result<Preview, OffboardingError> {
        Ok(self.eraser.count_tenant(client.id).await?)
    }

    /// Purges the client, when nothing stands in the way. `confirm` is its name, typed. A purge that
    /// has begun is finished, whoever asks.
    pub async fn execute(
        &self,
        client: &Client,
        confirm: String,
    ) -> Result<Outcome, OffboardingError> {
        let request = |instruction| PurgeRequest {
            tenant: client.id,
            confirm: confirm.clone(),
            instruction,
        };
        if client.purging {
            let finish = request(END_OF_CONTRACT.to_owned());
            return Ok(self.eraser.purge_tenant(finish).await?);
        }
        if confirm != client.name {
            return Err(EraseError::NotConfirmed(client.name.clone()).into());
        }
        let (stored, counts) = self.claim(client).await?;
        let approved = approved(&stored, counts)?;
        let instruction = stored.record.instruction.unwrap_or_default();
        let purged = self
            .eraser
            .purge_approved(request(instruction), approved)
            .await;
        if purged.is_err() && !self.client(&client.slug).await?.purging {
            // Refused after all, by the name or by a last look: whoever wants may cancel again.
            let unclaimed = self.change(client, |stored| {
                stored.record.executing = None;
                Ok(())
            });
            unclaimed.await?;
        }
        self.eraser.note_vault_version().await?;
        Ok(purged?)
    }

    /// Looks at the rules and notes, in the same transaction, that the purge begins: who cancels later
    /// comes too late, who cancelled earlier is seen.
    async fn claim(&self, client: &Client) -> Result<(Stored, Preview), OffboardingError> {
        let counts = self.eraser.count_tenant(client.id).await?;
        let places = self.places(client.id).await?;
        let holds = self.holds(client).await?;
        let now = self.eraser.catalog.clock.now();
        let mut change = self.begin_change().await?;
        let mut stored = change.open(client).await?;
        let situation = Situation {
            record: &stored.record,
            timezone: &client.timezone,
            now,
            holds: &holds,
            counts,
            approvals: self.approvals,
        };
        let obstacles = rules::obstacles(&situation);
        if !obstacles.is_empty() {
            let slug = client.slug.clone();
            return Err(OffboardingError::Refused { obstacles, slug });
        }
        stored.record.executing = Some(now);
        self.add_tasks(&mut stored.record, places);
        change.update(&stored).await?;
        change.commit().await?;
        Ok((stored, counts))
    }

    /// Holds in force on the client or on anybody in its data, as a person reads them.
    pub(super) async fn holds(&self, client: &Client) -> Result<Vec<String>, OffboardingError> {
        let holds = self.eraser.holds(Some(client.id)).await?;
        Ok(holds
            .iter()
            .map(|it| format!("{}, {}", it.id, it.reason))
            .collect())
    }
}

/// What the receipt will say of how it came to this.
fn approved(stored: &Stored, counts: Preview) -> Result<Approved, OffboardingError> {
    let record = &stored.record;
    let approver = |one: &super::Approval| {
        Ok(Approver {
            name: super::begin::reference("by", &one.name)?,
            role: super::begin::reference("by", &one.known_by)?,
        })
    };
    let approvers = rules::standing(record, &counts).map(approver);
    let ending = record.choice.map(|choice| Ending {
        choice,
        contract_ended: record.contract_ends.to_string(),
        grace_days: u64::from(record.grace_days),
        returned: record.export.as_ref().map(|export| export.returned.clone()),
        returned_before: (record.exports_before.iter())
            .map(|export| export.returned.clone())
            .collect(),
    });
    Ok(Approved {
        approvers: approvers.collect::<Result<_, OffboardingError>>()?,
        copies: record.tasks.iter().map(copy).collect::<Result<_, _>>()?,
        ending,
        expected: Some(counts),
    })
}

//! Stopping, going on, and calling off.

use super::begin::reference;
use super::{Client, Offboarder, OffboardingError, Status};
use crate::audit::Action;
use crate::vocabulary::HoldId;
use crate::webhooks;

impl Offboarder {
    /// Stops everything about a client: nothing of it is erased until the hold is released.
    pub async fn hold(&self, client: &Client, reason: &str) -> Result<HoldId, OffboardingError> {
        self.refuse_when_purging(client)?;
        reference("reason", reason)?;
        Ok(self.eraser.add_hold(client.id, None, reason).await?)
    }

    /// Releases the holds on all of a client. Those on single contacts stay: they have reasons of
    /// their own.
    pub async fn release(&self, client: &Client) -> Result<u64, OffboardingError> {
        let mut released = 0;
        for hold in self.eraser.holds(Some(client.id)).await? {
            if hold.contact.is_none() && self.eraser.release_hold(hold.id).await? {
                released += 1;
            }
        }
        match released {
            0 => Err(OffboardingError::NoHold(client.slug.clone())),
            released => Ok(released),
        }
    }

    /// Calls it off: the contract goes on. Beginning again begins anew, without approvals.
    pub async fn cancel(
        &self,
        client: &Client,
        instruction: &str,
    ) -> Result<Status, OffboardingError> {
        self.refuse_when_purging(client)?;
        reference("instruction", instruction)?;
        let now = self.eraser.catalog.clock.now();
        let changed = self.change(client, |stored| {
            if stored.record.executing.is_some() {
                return Err(OffboardingError::TooLate(client.slug.clone()));
            }
            stored.record.cancelled = Some(instruction.to_owned());
            stored.ended_at = Some(now);
            Ok(())
        });
        let (id, ()) = changed.await?;
        self.noted(Action::OffboardingCancelled, client.id, id)
            .await?;
        let cancelled = webhooks::Kind::OffboardingCancelled;
        self.announce(cancelled, client.id, id).await?;
        self.status(client).await
    }
}

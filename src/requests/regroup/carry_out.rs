//! Doing what was shown.

use super::preview::Profiles;
use super::{How, Regrouped, Regrouping};
use crate::catalog::rehouse::{Choice, Home, Part, PartChoice, ProfileChoice};
use crate::catalog::types::Contact;
use crate::catalog::{CatalogError, Expected};
use crate::erasure::rehouse::{Reason, RehouseRequest};
use crate::erasure::{EraseError, Outcome};
use crate::requests::{RequestError, Requests};

/// How often somebody may write in a case that goes while the contact is being erased.
const TRIES: usize = 10;

impl Requests {
    /// Merges or splits, as `version` of a preview showed it, on the client's instruction.
    pub async fn regroup(
        &self,
        order: &Regrouping,
        version: &str,
        instruction: &str,
    ) -> Result<Regrouped, RequestError> {
        let seen = self.look(order).await?;
        let preview = self.preview_regrouping(order, instruction).await?;
        if seen.version() != version || preview.version != version {
            return Err(RequestError::NotAsShown);
        }
        if let Some(first) = preview.in_the_way.first() {
            let named = format!("{} {} ({})", first.kind, first.id, first.what);
            return Err(RequestError::InTheWay(named));
        }
        let mut done = Regrouped {
            from: order.from,
            into: order.into,
            cases: 0,
            receipts: Vec::new(),
            pending: 0,
        };
        self.move_parts(order, &seen.parts, instruction, &mut done)
            .await?;
        let profiles = Profiles::after(order, &seen)?;
        let given = ProfileChoice {
            taking_from: Some(order.from),
            ..ProfileChoice::between(&seen.into, &profiles.into)
        };
        self.rewrite(order, &seen.into, given, instruction, &mut done)
            .await?;
        let left = ProfileChoice::between(&seen.from, &profiles.from);
        self.rewrite(order, &seen.from, left, instruction, &mut done)
            .await?;
        // What the other let go of only now, such as after a rebuild of the index in between.
        let catalog = self.catalog();
        catalog.follow_identity(&order.tenant, order.into).await?;
        if order.how == How::Merge {
            self.erase_emptied(order, instruction, &mut done).await?;
        }
        Ok(done)
    }

    async fn move_parts(
        &self,
        order: &Regrouping,
        parts: &[Part],
        instruction: &str,
        done: &mut Regrouped,
    ) -> Result<(), RequestError> {
        for part in parts {
            let home = |contact| Home {
                case: part.case,
                contact,
            };
            let choice = PartChoice {
                to: Some(home(order.into)),
                ..Default::default()
            };
            let choice = Choice::Part(home(order.from), choice);
            done.add(self.rehouse(order, choice, instruction).await?);
            done.cases += 1;
        }
        Ok(())
    }

    /// Writes a profile that is other afterwards.
    async fn rewrite(
        &self,
        order: &Regrouping,
        seen: &Contact,
        choice: ProfileChoice,
        instruction: &str,
        done: &mut Regrouped,
    ) -> Result<(), RequestError> {
        if choice.is_nothing() {
            return Ok(());
        }
        let expected = Expected::OneOf(vec![seen.tag()]);
        let choice = ProfileChoice { expected, ..choice };
        let choice = Choice::Profile(seen.id, choice);
        done.add(self.rehouse(order, choice, instruction).await?);
        Ok(())
    }

    async fn rehouse(
        &self,
        order: &Regrouping,
        choice: Choice,
        instruction: &str,
    ) -> Result<Outcome, RequestError> {
        let request = RehouseRequest {
            tenant: order.tenant.id,
            choice,
            reason: Reason::Move,
            instruction: instruction.to_owned(),
        };
        match Box::pin(self.eraser.rehouse(request)).await {
            Err(EraseError::Catalog(CatalogError::ChangedMeanwhile | CatalogError::NoPart)) => {
                Err(RequestError::NotAsShown)
            }
            outcome => Ok(outcome?),
        }
    }

    /// Erases the contact that has nothing left. Who wrote in one of its cases meanwhile is followed.
    async fn erase_emptied(
        &self,
        order: &Regrouping,
        instruction: &str,
        done: &mut Regrouped,
    ) -> Result<(), RequestError> {
        for _ in 0..TRIES {
            let late = self.catalog().parts_of(&order.tenant, order.from).await?;
            self.move_parts(order, &late, instruction, done).await?;
            let erased = self
                .eraser
                .erase_emptied(order.tenant.id, order.from, instruction);
            match Box::pin(erased).await {
                Err(EraseError::Changed { .. }) => {}
                outcome => {
                    done.add(outcome?);
                    return Ok(());
                }
            }
        }
        Err(CatalogError::Contended.into())
    }
}

impl Regrouped {
    fn add(&mut self, outcome: Outcome) {
        self.receipts.push(outcome.erasure);
        self.pending += u64::from(outcome.pending.is_some());
    }
}

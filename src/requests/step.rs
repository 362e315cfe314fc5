//! Steps that change no data of the person: who it is, what the client decides, that it takes longer.

use super::deadlines::{Calendar, local_day};
use super::stored::Stored;
use super::types::{Act, Request, Step};
use super::{RequestError, Requests, rows, rules};
use crate::catalog::TenantRef;
use crate::receipts::body::Reference;
use crate::store::{Tx, args};
use crate::vocabulary::{ContactId, Day, HoldId, RequestId};

/// Facts that explain an extension have at least so many characters: "complex" alone explains nothing.
const SHORTEST_FACTS: usize = 40;

/// Whom a request is about, and the hold on that person's data.
type Chosen = (ContactId, Option<HoldId>);

impl Requests {
    /// Takes a step.
    pub async fn step(
        &self,
        tenant: &TenantRef,
        id: RequestId,
        step: Step,
    ) -> Result<Request, RequestError> {
        check(&step)?;
        let chosen = match &step {
            Step::Verify { contact } => self.chosen(tenant, id, *contact).await?,
            Step::Reopen { .. } => self.held_again(id).await?,
            _ => None,
        };
        let mut tx = self.catalog().data.begin().await?;
        let mut it = self.take(&mut tx, id).await?;
        let next = rules::after(step.act(), it.state)?;
        let calendar = Calendar::of(&tenant.country);
        let today = local_day(self.catalog().clock.now(), &it.timezone);
        let ended = self.apply(&mut tx, &mut it, &step, calendar, today).await?;
        if let Some((contact, hold)) = chosen {
            (it.contact, it.hold) = (Some(contact), hold);
        }
        it.state = next;
        self.end_step(tx, &it, step.act(), step.detail()).await?;
        if let Some(hold) = ended {
            self.eraser.release_hold(hold).await?;
        }
        Ok(it.seen(tenant))
    }

    /// What a step changes besides the state; answers a hold that is over.
    async fn apply(
        &self,
        tx: &mut Tx,
        it: &mut Stored,
        step: &Step,
        calendar: Calendar,
        today: Day,
    ) -> Result<Option<HoldId>, RequestError> {
        let now = self.catalog().clock.now();
        match step {
            Step::Doubt { .. } => self.begin_pause(tx, it, today).await?,
            Step::Verify { .. } | Step::Withdraw | Step::Refuse { .. } => {
                tx.execute(rows::END_PAUSE, args![today.stored(), it.id])
                    .await?;
                let pauses = self.pauses(tx, it.id).await?;
                it.count_again(&pauses, calendar);
            }
            Step::Extend { .. } => {
                let pauses = self.pauses(tx, it.id).await?;
                let last = it.due(&pauses, calendar).notice;
                if today > last || it.extended_at.is_some() {
                    return Err(RequestError::TooLate(last));
                }
                it.extended_at = Some(now);
                it.count_again(&pauses, calendar);
            }
            Step::Reopen { .. } => {
                (it.closed_at, it.closed_late) = (None, None);
                (it.instruction, it.packaged_at, it.delivered_at) = (None, None, None);
            }
            // About whom was the client asked?
            Step::Instruct { .. } if it.contact.is_none() && it.candidates > 0 => {
                return Err(RequestError::SeveralFit(it.candidates));
            }
            Step::Forward | Step::Instruct { .. } => {}
        }
        if let Some(instruction) = step.instruction() {
            it.instruction = Some(instruction.to_owned());
        }
        match step.act() {
            Act::Refuse | Act::Withdraw => {
                it.close(now, today);
                Ok(it.hold.take())
            }
            _ => Ok(None),
        }
    }

    /// What a request that is taken up again is about, and the new hold on it.
    async fn held_again(&self, id: RequestId) -> Result<Option<Chosen>, RequestError> {
        let mut it = self.stored(id).await?;
        rules::after(Act::Reopen, it.state)?;
        let Some(contact) = it.contact.filter(|_| it.erasure.is_none()) else {
            return Ok(None);
        };
        (it.hold, it.delivered_at) = (None, None);
        Ok(Some((contact, self.hold_for(&it).await?)))
    }

    async fn begin_pause(&self, tx: &mut Tx, it: &Stored, today: Day) -> Result<(), RequestError> {
        let mut pause = [0; 16];
        self.catalog().random.fill(&mut pause);
        let row = args![pause, it.id, it.tenant, today.stored()];
        tx.execute(rows::BEGIN_PAUSE, row).await?;
        Ok(())
    }

    /// The contact that was chosen, which must be there, and the hold on its data.
    async fn chosen(
        &self,
        tenant: &TenantRef,
        id: RequestId,
        contact: Option<ContactId>,
    ) -> Result<Option<Chosen>, RequestError> {
        let Some(contact) = contact else {
            return Ok(None);
        };
        self.catalog().read_contact(tenant, contact).await?;
        let mut it = self.stored(id).await?;
        if it.contact.is_some_and(|it| it != contact) {
            return Err(RequestError::Invalid {
                field: "contact",
                reason: "another is chosen already: withdraw this request and register it anew",
            });
        }
        rules::after(Act::Verify, it.state)?;
        it.contact = Some(contact);
        Ok(Some((contact, self.hold_for(&it).await?)))
    }
}

/// Checks what a step brings along. A reason is kept for years and read by many: it names nobody.
fn check(step: &Step) -> Result<(), RequestError> {
    if rules::is_the_clients(step.act()) {
        let instruction = step.instruction().ok_or(RequestError::InstructionMissing)?;
        Reference::new(instruction)?;
    }
    match step {
        Step::Doubt { reason } | Step::Reopen { reason } => drop(Reference::new(reason.as_str())?),
        Step::Extend { facts, .. } => {
            Reference::new(facts.as_str())?;
            if facts.chars().count() < SHORTEST_FACTS {
                return Err(RequestError::Invalid {
                    field: "facts",
                    reason: "explain nothing yet: write in forty characters or more what is complex, or \
                             which other requests there are",
                });
            }
        }
        _ => {}
    }
    Ok(())
}

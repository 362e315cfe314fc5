//! Rectification (Art. 16): a value of a profile is replaced or taken out, and the wrong one is gone for
//! good. It is a rehousing of the profile, with its receipt; a value that is as it should be is left alone.
//! A contact that was emptied so, because it is another one too, is erased.

use super::rehouse::{Reason, RehouseRequest};
use super::{EraseError, EraseRequest, Eraser, Outcome, Preview};
use crate::catalog::further::{KINDS, TooMany};
use crate::catalog::rehouse::{Choice, Fate, ProfileChoice};
use crate::catalog::types::{Category, Contact};
use crate::catalog::{CatalogError, Expected, TenantRef, rules};
use crate::vocabulary::{ContactId, Personal, TenantId};

/// What becomes of a contact's further identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// These are the further ones of a kind, and no others.
    Only(Category, Vec<Personal>),
    /// This one is added, unless it is there.
    Add(Category, Personal),
    /// This one is taken out, also where it is the first of its kind.
    Remove(Personal),
}

/// What is wrong in a profile, and what is right.
#[derive(Debug, Clone)]
pub struct Rectification {
    /// In whose data.
    pub tenant: TenantRef,
    /// Whose profile.
    pub contact: ContactId,
    /// The name.
    pub name: Fate,
    /// The telephone number.
    pub phone: Fate,
    /// The e-mail address.
    pub email: Fate,
    /// What becomes of the further addresses, numbers and ids, one step after the other.
    pub further: Vec<Step>,
    /// Which versions of the profile this was seen in.
    pub expected: Expected,
    /// The tenant's instruction.
    pub instruction: String,
}

impl Eraser {
    /// Erases a contact of which nothing is left but its profile; refused where somebody has written
    /// since: then it is a case of its own.
    pub async fn erase_emptied(
        &self,
        tenant: TenantId,
        contact: ContactId,
        instruction: &str,
    ) -> Result<Outcome, EraseError> {
        let request = EraseRequest {
            tenant,
            contact,
            named_by: Personal::new(contact.to_string()),
            instruction: instruction.to_owned(),
            strict: false,
        };
        let emptied = Preview {
            people: 1,
            keys: 1,
            cases: 0,
            messages: 0,
            forwardings: 0,
            quarantined: 0,
        };
        self.erase_expected(request, Some(emptied)).await
    }

    /// Corrects a profile. `None` when it is right already.
    pub async fn rectify(&self, order: Rectification) -> Result<Option<Outcome>, EraseError> {
        let Rectification {
            tenant,
            contact,
            name,
            phone,
            email,
            further,
            expected,
            instruction,
        } = order;
        check("name", &name)?;
        check("phone", &phone)?;
        check("email", &email)?;
        let before = self.catalog.read_contact(&tenant, contact).await?;
        expected.check(&before.tag())?;
        let mut after = before.clone();
        for (fate, value) in [
            (name, &mut after.name),
            (phone, &mut after.phone),
            (email, &mut after.email),
        ] {
            match fate {
                Fate::Keep => {}
                Fate::Replace(right) => *value = Some(right),
                Fate::Drop => *value = None,
            }
        }
        for step in further {
            take(&mut after, step, &tenant.country)?;
        }
        let choice = ProfileChoice {
            expected,
            ..ProfileChoice::between(&before, &after)
        };
        if choice.is_nothing() {
            return Ok(None);
        }
        let request = RehouseRequest {
            tenant: tenant.id,
            choice: Choice::Profile(contact, choice),
            reason: Reason::Correction,
            instruction,
        };
        self.rehouse(request).await.map(Some)
    }
}

fn check(field: &'static str, fate: &Fate) -> Result<(), CatalogError> {
    let Fate::Replace(value) = fate else {
        return Ok(());
    };
    if value.expose().trim().is_empty() {
        let reason = "is empty: write the right value, or null to take it out";
        return Err(CatalogError::Invalid { field, reason });
    }
    rules::check_text(field, value.expose())
}

fn invalid(reason: &'static str) -> CatalogError {
    let field = "further";
    CatalogError::Invalid { field, reason }
}

/// Takes one step.
fn take(contact: &mut Contact, step: Step, country: &str) -> Result<(), CatalogError> {
    let added = match step {
        Step::Only(kind, values) => {
            if let Some(list) = contact.further.list(kind) {
                list.clear();
            }
            values.into_iter().map(|value| (kind, value)).collect()
        }
        Step::Add(kind, value) => vec![(kind, value)],
        Step::Remove(value) => {
            let taken_out = KINDS.map(|kind| contact.take_out(kind, &value, country));
            return match taken_out.contains(&true) {
                true => Ok(()),
                false => Err(invalid(
                    "is none of this contact's identifiers: see what it has",
                )),
            };
        }
    };
    for (kind, value) in added {
        check("further", &Fate::Replace(value.clone()))?;
        contact
            .add(kind, &value, country)
            .map_err(|TooMany| invalid("has more than 100 of a kind: name one person's only"))?;
    }
    Ok(())
}

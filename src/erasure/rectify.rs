//! Rectification (Art. 16): a value of a profile is replaced or taken out, and the wrong one is gone for
//! good. It is a rehousing of the profile, with its receipt; a value that is as it should be is left alone.
//! A contact that was emptied so, because it is another one too, is erased.

use super::rehouse::{Reason, RehouseRequest};
use super::{EraseError, EraseRequest, Eraser, Outcome, Preview};
use crate::catalog::rehouse::{Choice, Fate, ProfileChoice};
use crate::catalog::{CatalogError, Expected, TenantRef, rules};
use crate::vocabulary::{ContactId, Personal, TenantId};

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
            expected,
            instruction,
        } = order;
        check("name", &name)?;
        check("phone", &phone)?;
        check("email", &email)?;
        let before = self.catalog.read_contact(&tenant, contact).await?;
        expected.check(&before.tag())?;
        let choice = ProfileChoice {
            external_id: Fate::Keep,
            name: needed(name, before.name.as_ref()),
            phone: needed(phone, before.phone.as_ref()),
            email: needed(email, before.email.as_ref()),
            expected,
        };
        let fates = [&choice.name, &choice.phone, &choice.email];
        if fates.iter().all(|fate| **fate == Fate::Keep) {
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

/// The fate, where it changes anything.
fn needed(fate: Fate, old: Option<&Personal>) -> Fate {
    match (&fate, old) {
        (Fate::Replace(new), Some(old)) if new == old => Fate::Keep,
        (Fate::Drop, None) => Fate::Keep,
        _ => fate,
    }
}

//! A stored contact or case and what a change says of it. Pure.

use super::change::{CaseChange, ContactChange};
use crate::catalog::further::TooMany;
use crate::catalog::index::tokens;
use crate::catalog::types::{Case, Category, Contact};

/// Replaces a value that is given and other; whether it was.
fn replace<T: PartialEq + Clone>(old: &mut T, new: Option<T>) -> bool {
    match new {
        Some(new) if new != *old => {
            *old = new;
            true
        }
        _ => false,
    }
}

/// Fills in a value that is absent.
fn fill<T: Clone>(old: &mut Option<T>, new: &Option<T>) {
    if old.is_none() {
        old.clone_from(new);
    }
}

/// A contact after a change. A record under what the person is known by first says what is right now. One
/// under a further identifier comes from beside, such as the other account of somebody who was merged: it
/// adds, and takes nothing away.
pub(super) fn contact(
    stored: &Contact,
    it: &ContactChange,
    country: &str,
) -> Result<Contact, TooMany> {
    let mut contact = stored.clone();
    if it.fill_in || is_from_beside(stored, it, country) {
        fill(&mut contact.name, &it.name);
        fill(&mut contact.source, &it.source);
        for (kind, value) in it.identifiers() {
            contact.add(kind, value, country)?;
        }
        return Ok(contact);
    }
    replace(&mut contact.name, it.name.clone().map(Some));
    replace(&mut contact.source, it.source.clone().map(Some));
    let firsts = [(Category::Email, &it.email), (Category::Phone, &it.phone)];
    for (kind, value) in firsts {
        if let Some(value) = value {
            contact.put_first(kind, value, country);
        }
    }
    for (kind, value) in it.further.all() {
        contact.add(kind, value, country)?;
    }
    Ok(contact)
}

fn is_from_beside(stored: &Contact, it: &ContactChange, country: &str) -> bool {
    let (id, phone, email) = (&it.external_id, &it.phone, &it.email);
    let named_by = tokens::identity(id.as_ref(), phone.as_ref(), email.as_ref(), country);
    let known_by = tokens::first_identity(stored, country);
    known_by.is_some() && known_by != named_by
}

/// Applies a change to a case; whether anything is other afterwards.
pub(super) fn case(case: &mut Case, it: &CaseChange) -> bool {
    // Each field, also after one has changed: no `||`, which would stop.
    replace(&mut case.subject, it.subject.clone().map(Some))
        | replace(&mut case.channel, it.channel.map(|it| it.word().to_owned()))
        | replace(&mut case.state, it.state.map(|it| it.word().to_owned()))
        | replace(&mut case.custody, it.custody.map(|it| it.word().to_owned()))
        | replace(&mut case.opened_at, it.opened_at)
        | replace(&mut case.closed_at, it.closed_at.map(Some))
}

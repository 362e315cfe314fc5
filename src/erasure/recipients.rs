//! Who else was given what goes: copies that this program cannot reach, and that a receipt must name
//! (Art. 19 has the controller tell each of them).
//!
//! A receipt is public and for ever, and the recipient of a forwarding is whatever an import found in
//! that field. So the receipt has the name that the operator's register gives, and no other: where the
//! register does not know the recipient, the cases of that time did, and the receipt says only that
//! there is one. Nobody is asked here whether the copy is gone, so each is open.
//!
//! They are read in the transaction that closes the person, or takes the part, to writers: what is
//! forwarded later is not among what goes.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::{EraseError, rows};
use crate::receipts::body::{Copy, CopyState, Reference};
use crate::receipts::places;
use crate::store::{Row, Tx, args};
use crate::vocabulary::{CaseId, ContactId, TenantId};

/// Adds whoever was given something of this person, once each.
pub(super) async fn add_of_contact(
    tx: &mut Tx,
    facts: &mut Facts,
    contact: ContactId,
) -> Result<(), EraseError> {
    let of = args![facts.tenant.id, contact];
    let given = tx.fetch_all(rows::RECIPIENTS_OF_CONTACT, of).await?;
    add(tx, facts, &given).await
}

/// Adds whoever was given something of this person's part of a case. What is kept of it moves to
/// another key here; what a recipient has of the rest stays with them.
pub(super) async fn add_of_part(
    tx: &mut Tx,
    facts: &mut Facts,
    contact: ContactId,
    case: CaseId,
) -> Result<(), EraseError> {
    let of = args![facts.tenant.id, contact, case];
    let given = tx.fetch_all(rows::RECIPIENTS_OF_PART, of).await?;
    add(tx, facts, &given).await
}

async fn add(tx: &mut Tx, facts: &mut Facts, given: &[Row]) -> Result<(), EraseError> {
    if given.is_empty() {
        return Ok(());
    }
    let register = register(tx, facts.tenant.id).await?;
    for row in given {
        let place = register.get(&likened(&row.text(0)?));
        let copy = Copy {
            place: as_named(place.map_or(places::UNREGISTERED, String::as_str))?,
            state: CopyState::NotConfirmed,
            evidence: None,
        };
        if !facts.copies.contains(&copy) {
            facts.copies.push(copy);
        }
    }
    Ok(())
}

/// The names in the register, by what they are likened to.
async fn register(tx: &mut Tx, tenant: TenantId) -> Result<BTreeMap<String, String>, EraseError> {
    let mut names = BTreeMap::new();
    for row in tx.fetch_all(rows::REGISTER, args![tenant]).await? {
        let name = row.text(0)?;
        names.entry(likened(&name)).or_insert(name);
    }
    Ok(names)
}

/// `klarna ` in an export is Klarna.
fn likened(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What looks like a person stands on no receipt, not from the register either.
fn as_named(place: &str) -> Result<Reference, EraseError> {
    Ok(Reference::new(place).or_else(|_| Reference::new(places::UNNAMED))?)
}

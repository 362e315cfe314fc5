//! Looking: what goes, what stays, what is in the way.

use sha2::{Digest, Sha256};

use super::{How, Obstacle, Preview, Regrouping};
use crate::catalog::rehouse::{Fate, Part, ProfileChoice};
use crate::catalog::types::{Category, Contact};
use crate::receipts::body::Reference;
use crate::requests::{RequestError, Requests};
use crate::vocabulary::{Personal, RequestId};

/// Requests read at a time.
const PAGE: u16 = 200;

/// What is there, opened.
pub(super) struct Seen {
    pub from: Contact,
    pub into: Contact,
    /// What goes.
    pub parts: Vec<Part>,
    stay: u64,
}

impl Requests {
    /// What a merge or a split on this instruction would do. Nothing is changed.
    pub async fn preview_regrouping(
        &self,
        order: &Regrouping,
        instruction: &str,
    ) -> Result<Preview, RequestError> {
        Reference::new(instruction)?;
        let seen = self.look(order).await?;
        let in_the_way = self.in_the_way(order).await?;
        let sum = |of: fn(&Part) -> u64| seen.parts.iter().map(of).sum();
        Ok(Preview {
            from: order.from,
            into: order.into,
            version: seen.version(),
            cases: seen.parts.len() as u64,
            messages: sum(|it| it.messages),
            forwardings: sum(|it| it.forwardings),
            cases_that_stay: seen.stay,
            filled_in: filled_in(order, &seen).1,
            removed: removed(order, &seen.from),
            erases: order.how == How::Merge,
            in_the_way,
        })
    }

    /// Reads both people and the parts that go.
    pub(super) async fn look(&self, order: &Regrouping) -> Result<Seen, RequestError> {
        if order.from == order.into {
            return Err(RequestError::Invalid {
                field: "from",
                reason: "is the same contact: name two",
            });
        }
        let (catalog, tenant) = (self.catalog(), &order.tenant);
        let from = catalog.read_contact(tenant, order.from).await?;
        let into = catalog.read_contact(tenant, order.into).await?;
        let all = catalog.parts_of(tenant, order.from).await?;
        let goes = |part: &Part| match &order.how {
            How::Merge => true,
            How::Split { cases, .. } => cases.contains(&part.case),
        };
        let (parts, stay): (Vec<Part>, Vec<Part>) = all.into_iter().partition(goes);
        if let How::Split { cases, .. } = &order.how {
            if cases.is_empty() {
                return Err(RequestError::Invalid {
                    field: "cases",
                    reason: "are missing: name the cases that are the other's",
                });
            }
            if parts.len() < cases.len() {
                return Err(RequestError::Invalid {
                    field: "cases",
                    reason: "are not all this contact's: `gallra access` shows which are",
                });
            }
        }
        Ok(Seen {
            from,
            into,
            parts,
            stay: stay.len() as u64,
        })
    }

    /// Holds and open requests of either person, and holds on everybody.
    async fn in_the_way(&self, order: &Regrouping) -> Result<Vec<Obstacle>, RequestError> {
        let either = [order.from, order.into];
        let holds = self.eraser.holds(Some(order.tenant.id)).await?;
        let holds = holds
            .into_iter()
            .filter(|it| it.contact.is_none_or(|held| either.contains(&held)));
        let mut found: Vec<Obstacle> = holds
            .map(|it| Obstacle {
                kind: "hold",
                id: it.id.to_string(),
                what: it.reason,
            })
            .collect();
        let mut after = Some(RequestId([0; 16]));
        while let Some(from) = after {
            let open = self.list(Some(order.tenant.id), false, from, PAGE).await?;
            let of = |it: &crate::requests::Request| {
                it.contact.is_some_and(|about| either.contains(&about))
            };
            found.extend(open.items.into_iter().filter(of).map(|it| Obstacle {
                kind: "request",
                id: it.id.to_string(),
                what: it.case_no,
            }));
            after = open.next;
        }
        Ok(found)
    }
}

impl Seen {
    /// Another after every change of either profile, and of what goes.
    pub fn version(&self) -> String {
        let mut hash = Sha256::new();
        for tag in [self.from.tag(), self.into.tag()] {
            hash.update(tag);
        }
        for part in &self.parts {
            hash.update(part.case.as_bytes());
            hash.update(part.messages.to_be_bytes());
            hash.update(part.forwardings.to_be_bytes());
        }
        hex::encode(&hash.finalize()[..8])
    }
}

/// What the profile that stays gets: what it lacks, as long as it stays known by what it is known by. By
/// what that is, the external id or else the address or number, others find it while this goes on.
pub(super) fn filled_in(order: &Regrouping, seen: &Seen) -> (ProfileChoice, Vec<Category>) {
    let (mut choice, mut categories) = (ProfileChoice::default(), Vec::new());
    if order.how != How::Merge {
        return (choice, categories);
    }
    let (from, into) = (&seen.from, &seen.into);
    let known_by_id = into.external_id.is_some();
    let known_by_address = known_by_id || into.email.is_some();
    let mut fill = |fate: &mut Fate, category, have: &Option<Personal>, get: &Option<Personal>| {
        if let (None, Some(value)) = (have, get) {
            *fate = Fate::Replace(value.clone());
            categories.push(category);
        }
    };
    fill(&mut choice.name, Category::Name, &into.name, &from.name);
    if known_by_address {
        fill(&mut choice.phone, Category::Phone, &into.phone, &from.phone);
    }
    if known_by_id {
        fill(&mut choice.email, Category::Email, &into.email, &from.email);
    }
    (choice, categories)
}

/// What is gone from the profile that the cases came from.
pub(super) fn removed(order: &Regrouping, from: &Contact) -> Vec<Category> {
    let there = [
        (Category::Name, from.name.is_some()),
        (Category::Phone, from.phone.is_some()),
        (Category::Email, from.email.is_some()),
        (Category::ExternalId, from.external_id.is_some()),
    ];
    let goes = |category: &Category| match &order.how {
        How::Merge => true,
        How::Split { remove, .. } => remove.contains(category),
    };
    let there = there.into_iter().filter(|(_, there)| *there);
    there.map(|(category, _)| category).filter(goes).collect()
}

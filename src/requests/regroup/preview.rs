//! Looking: what goes, what stays, what is in the way.

use sha2::{Digest, Sha256};

use super::{How, Obstacle, Preview, Regrouping};
use crate::catalog::further::{KINDS, TooMany, same};
use crate::catalog::rehouse::Part;
use crate::catalog::types::{Category, Contact};
use crate::receipts::body::Reference;
use crate::requests::{RequestError, Requests};
use crate::vocabulary::{Personal, RequestId};

/// What a profile is made of.
const PROFILE: [Category; 4] = [
    Category::Name,
    Category::Phone,
    Category::Email,
    Category::ExternalId,
];

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
        let profiles = Profiles::after(order, &seen)?;
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
            filled_in: profiles.filled_in(&seen),
            removed: profiles.removed(&seen, &order.tenant.country),
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

/// What becomes of both profiles.
pub(super) struct Profiles {
    /// The one that the cases go to, with what it is given.
    pub into: Contact,
    /// The one that they came from, without what was the other's.
    pub from: Contact,
}

impl Profiles {
    /// Every identifier that goes is added where the cases go; a name only where there is none, for a
    /// person has one.
    pub fn after(order: &Regrouping, seen: &Seen) -> Result<Self, RequestError> {
        let country = &order.tenant.country;
        let (mut into, mut from) = (seen.into.clone(), seen.from.clone());
        if order.how.takes(Category::Name) {
            into.name = into.name.or(from.name.take());
            from.name = None;
        }
        let chosen = order.how.chosen(&seen.from, country)?;
        for (kind, value) in &chosen {
            let added = into.add(*kind, value, country);
            added.map_err(|TooMany| RequestError::Invalid {
                field: "identifiers",
                reason: "are more than 100 of a kind for one contact: take some out first",
            })?;
            from.take_out(*kind, value, country);
        }
        Ok(Self { into, from })
    }

    /// The kinds of which the contact that the cases go to has more than before.
    pub fn filled_in(&self, seen: &Seen) -> Vec<Category> {
        let all = PROFILE.into_iter();
        all.filter(|it| self.into.all(*it).count() > seen.into.all(*it).count())
            .collect()
    }

    /// The kinds of which something is held by neither afterwards.
    pub fn removed(&self, seen: &Seen, country: &str) -> Vec<Category> {
        let is_lost = |kind: Category, value: &Personal| {
            !self.into.has(kind, value, country) && !self.from.has(kind, value, country)
        };
        let all = PROFILE.into_iter();
        all.filter(|kind| seen.from.all(*kind).any(|value| is_lost(*kind, value)))
            .collect()
    }
}

impl How {
    fn takes(&self, kind: Category) -> bool {
        match self {
            How::Merge => true,
            How::Split { remove, .. } => remove.contains(&kind),
        }
    }

    /// The identifiers that go over.
    fn chosen(
        &self,
        from: &Contact,
        country: &str,
    ) -> Result<Vec<(Category, Personal)>, RequestError> {
        let named: &[Personal] = match self {
            How::Merge => &[],
            How::Split { identifiers, .. } => identifiers,
        };
        let is_held = |value: &Personal| KINDS.iter().any(|kind| from.has(*kind, value, country));
        if !named.iter().all(is_held) {
            return Err(RequestError::Invalid {
                field: "identifiers",
                reason: "are not all this contact's: read the contact to see what it has",
            });
        }
        let all = from.identifiers().filter(|(kind, value)| {
            let is_named = |it: &Personal| same(*kind, it, value, country);
            self.takes(*kind) || named.iter().any(is_named)
        });
        Ok(all.map(|(kind, value)| (kind, value.clone())).collect())
    }
}

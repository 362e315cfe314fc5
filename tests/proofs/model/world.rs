//! What the data holds at a moment, and what can be ordered about it.

use std::collections::BTreeMap;

use gallra::catalog::TenantRef;
use gallra::keyring::KeyRef;
use gallra::vocabulary::{ContactId, TenantId};

use crate::invariants::Person;

/// How many clients there are at a time.
pub const TENANTS: usize = 2;
/// How many people each of them may hold.
pub const PEOPLE: usize = 3;

/// A client by place, and a person of theirs by number.
pub type Who = (usize, usize);

/// An order whose outcome is that keys are destroyed.
#[derive(Debug, Clone, Copy)]
pub enum Order {
    /// A person is erased.
    Erase(Who),
    /// The same, and the client's index keys are replaced.
    Strict(Who),
    /// The first message of a person is taken out; what they wrote beside it is sealed anew.
    Redact(Who),
    /// A client is purged.
    Purge(usize),
}

impl Order {
    /// The place of the client who orders it.
    pub fn tenant(self) -> usize {
        match self {
            Order::Erase(who) | Order::Strict(who) | Order::Redact(who) => who.0,
            Order::Purge(at) => at,
        }
    }
}

/// What stands in the data.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub(super) tenants: [Option<TenantRef>; TENANTS],
    pub(super) people: BTreeMap<Who, Held>,
}

/// Somebody who is held.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// As they were seen when they last changed: nobody may change anything else about them.
    pub(super) seen: Person,
    pub(super) profile: KeyRef,
    /// The texts of their messages, in order.
    pub(super) texts: Vec<String>,
}

impl World {
    /// The client at this place, if one is there.
    pub fn tenant(&self, at: usize) -> Option<&TenantRef> {
        self.tenants[at].as_ref()
    }

    pub(super) fn tenant_of(&self, who: Who) -> &TenantRef {
        self.tenant(who.0).expect("whoever is held has a client")
    }

    /// Whether the person is held.
    pub fn holds(&self, who: Who) -> bool {
        self.people.contains_key(&who)
    }

    /// Whom an order is about now: another client or person in the same place is somebody else.
    pub fn subject(&self, order: Order) -> Option<(TenantId, Option<ContactId>)> {
        let tenant = self.tenant(order.tenant())?.id;
        match order {
            Order::Purge(_) => Some((tenant, None)),
            Order::Erase(who) | Order::Strict(who) | Order::Redact(who) => {
                Some((tenant, Some(self.people.get(&who)?.seen.id)))
            }
        }
    }

    /// How many messages of the person are held.
    pub fn messages(&self, who: Who) -> usize {
        self.people.get(&who).map_or(0, |held| held.texts.len())
    }
}

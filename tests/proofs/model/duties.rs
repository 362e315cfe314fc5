//! What a house must remember beside the data: whom it may not erase yet, and for whom imports wait.

use std::collections::BTreeSet;

use gallra::vocabulary::{ContactId, HoldId, TenantId};

use crate::support::house::House;

/// A hold in force: on a person, or on all of a client.
#[derive(Debug, Clone, Copy)]
pub struct Hold {
    pub id: HoldId,
    pub tenant: TenantId,
    pub contact: Option<ContactId>,
}

/// Holds, and what became of the index.
///
/// ```text
/// erased       clients of whom somebody, or something, was erased and is suppressed
/// indexed      clients of whose index something is there
/// waiting      an index that was begun anew for a client in `erased`: what it suppressed is lost; or
///              keys came back under which somebody in `erased` was never suppressed
/// ```
#[derive(Debug, Default)]
pub struct Duties {
    holds: Vec<Hold>,
    erased: BTreeSet<TenantId>,
    indexed: BTreeSet<TenantId>,
    waiting: BTreeSet<TenantId>,
}

impl Duties {
    /// A hold is placed.
    pub fn holds(&mut self, hold: Hold) {
        self.holds.push(hold);
    }

    /// Every hold in force.
    pub fn in_force(&self) -> &[Hold] {
        &self.holds
    }

    /// A hold is released.
    pub fn releases(&mut self, id: HoldId) {
        self.holds.retain(|hold| hold.id != id);
    }

    /// The holds that keep a person, or a client as a whole, from being erased.
    pub fn in_the_way(&self, tenant: TenantId, contact: Option<ContactId>) -> Vec<HoldId> {
        let mine = self.holds.iter().filter(|hold| hold.tenant == tenant);
        let stops = |on: Option<ContactId>| contact.is_none() || on == contact || on.is_none();
        let stops = mine.filter(|hold| stops(hold.contact));
        stops.map(|hold| hold.id).collect()
    }

    /// Somebody, or something, of the client is erased for good and suppressed.
    pub fn suppresses(&mut self, tenant: TenantId) {
        self.erased.insert(tenant);
    }

    /// The client's index is there, or is made.
    pub fn indexes(&mut self, tenant: TenantId) {
        if self.indexed.insert(tenant) && self.erased.contains(&tenant) {
            self.waiting.insert(tenant);
        }
    }

    /// Somebody who was erased is not suppressed under the keys that are in force again.
    pub fn forgets(&mut self, tenant: TenantId) {
        self.waiting.insert(tenant);
    }

    /// Nothing of the client's index is left.
    pub fn forgets_index(&mut self, tenant: TenantId) {
        self.indexed.remove(&tenant);
        self.waiting.remove(&tenant);
    }

    /// Nothing of any index is left.
    pub fn loses_index(&mut self) {
        self.indexed.clear();
        self.waiting.clear();
    }

    /// A person confirms that what is imported is newer.
    pub fn allows_imports(&mut self, tenant: TenantId) {
        self.waiting.remove(&tenant);
    }

    /// Whether the client's imports wait for a person.
    pub fn waits(&self, tenant: TenantId) -> bool {
        self.waiting.contains(&tenant)
    }

    /// Fails unless the house remembers the same.
    pub async fn are_remembered<C>(&self, house: &House<C>) {
        let holds = house.eraser.holds(None).await.unwrap();
        let found: BTreeSet<HoldId> = holds.iter().map(|hold| hold.id).collect();
        let expected: BTreeSet<HoldId> = self.holds.iter().map(|hold| hold.id).collect();
        assert_eq!(found, expected, "holds in force");
        let waiting = house.catalog.waiting_for_confirmation().await.unwrap();
        let waiting: BTreeSet<TenantId> = waiting.into_iter().collect();
        assert_eq!(waiting, self.waiting, "clients whose imports wait");
    }
}

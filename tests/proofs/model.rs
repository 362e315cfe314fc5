//! What a house must hold after any sequence of steps, kept beside it in plain memory.
//!
//! ```text
//! world     what the data holds now: clients, people, the texts of their messages
//! backups   the worlds that were backed up
//! keys      every key that ever opened something, with its bytes: readable, or destroyed
//!
//! restoring a backup:  its world, less whatever stands under a destroyed key
//! destroying a key:    for ever; no step takes it back
//! ```
//!
//! What it must remember beside the data stands in [`duties`].

mod duties;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gallra::catalog::TenantRef;
use gallra::keyring::{KeyRef, KeyringError};
use gallra::vocabulary::{Clock, FixedClock, HoldId, TenantId};

pub use self::duties::{Duties, Hold};
use self::world::Held;
pub use self::world::{Order, PEOPLE, TENANTS, Who, World};
use crate::invariants::{self, Person};
use crate::support::Bench;
use crate::support::house::House;
use crate::worker::known;

#[derive(Debug)]
struct Key {
    bytes: Vec<u8>,
    destroyed: bool,
}

/// What must be true.
#[derive(Debug, Default)]
pub struct Model {
    /// What the data holds.
    pub world: World,
    /// What is to be remembered beside the data.
    pub duties: Duties,
    backups: Vec<(PathBuf, World)>,
    keys: BTreeMap<(TenantId, KeyRef), Key>,
    /// Every client there ever was.
    tenants: BTreeMap<TenantId, TenantRef>,
    purged: Vec<TenantRef>,
    /// Whose units were changed: what they are now is to be seen.
    changed: BTreeSet<Who>,
    entries: usize,
    slugs: usize,
    written: usize,
}

impl Model {
    /// A slug that nobody had yet: that of a purged client is never given out again.
    pub fn next_slug(&mut self) -> String {
        self.slugs += 1;
        format!("skor-{}", self.slugs)
    }

    /// A client is there.
    pub fn adds(&mut self, at: usize, tenant: TenantRef) {
        self.tenants.insert(tenant.id, tenant.clone());
        self.duties.indexes(tenant.id);
        self.world.tenants[at] = Some(tenant);
    }

    /// The number of the next message: none is ever used twice.
    pub fn next_message(&mut self) -> usize {
        self.written += 1;
        self.written
    }

    /// Somebody has written this, perhaps for the first time.
    pub async fn wrote(&mut self, house: &House<FixedClock>, who: Who, text: Option<String>) {
        let seen = self.look(house, who).await;
        let profile = seen.key_refs().next().expect("a profile has a key");
        let held = self.world.people.entry(who);
        let held = held.or_insert_with(|| Held {
            seen: seen.clone(),
            profile,
            texts: Vec::new(),
        });
        held.texts.extend(text);
        held.seen = seen;
    }

    /// The data is backed up there.
    pub fn backs_up(&mut self, directory: PathBuf) {
        self.backups.push((directory, self.world.clone()));
    }

    /// How many backups there are.
    pub fn backups(&self) -> usize {
        self.backups.len()
    }

    /// Where a backup lies.
    pub fn backup(&self, number: usize) -> &Path {
        &self.backups[number].0
    }

    /// This backup is restored: what it holds, less what stands under destroyed keys. Whoever stands
    /// under a destroyed profile is gone, and so are the messages of a destroyed part.
    pub fn restores(&mut self, number: usize) {
        self.world = self.backups[number].1.clone();
        for at in 0..TENANTS {
            let Some(tenant) = &self.world.tenants[at] else {
                continue;
            };
            if !self.purged.contains(tenant) {
                self.duties.indexes(tenant.id);
                continue;
            }
            self.world.tenants[at] = None;
            self.world.people.retain(|who, _| who.0 != at);
        }
        for (who, mut held) in std::mem::take(&mut self.world.people) {
            let tenant = self.world.tenant_of(who).id;
            let is_destroyed = |key| self.keys[&(tenant, key)].destroyed;
            if is_destroyed(held.profile) {
                continue;
            }
            if held.seen.key_refs().any(is_destroyed) {
                held.texts.clear();
                self.changed.insert(who);
            }
            self.world.people.insert(who, held);
        }
    }

    /// An order is carried out.
    pub fn does(&mut self, order: Order) {
        match order {
            Order::Erase(who) | Order::Strict(who) => self.erases(who),
            Order::Redact(who) => self.redacts(who),
            Order::Purge(at) => self.purges(at),
        }
        self.entries += 1;
    }

    fn erases(&mut self, who: Who) {
        let tenant = self.world.tenant_of(who).id;
        let held = self.world.people.remove(&who).expect("they are held");
        for key in held.seen.key_refs() {
            self.destroys(tenant, key);
        }
        self.duties.suppresses(tenant);
    }

    fn purges(&mut self, at: usize) {
        let tenant = self.world.tenants[at].take().expect("the client is there");
        self.world.people.retain(|who, _| who.0 != at);
        self.destroys_tenant(tenant);
    }

    fn destroys_tenant(&mut self, tenant: TenantRef) {
        self.duties.forgets_index(tenant.id);
        for (_, key) in self.keys.iter_mut().filter(|((of, _), _)| *of == tenant.id) {
            key.destroyed = true;
        }
        self.purged.push(tenant);
    }

    fn redacts(&mut self, who: Who) {
        let tenant = self.world.tenant_of(who).id;
        let held = self.world.people.get_mut(&who).expect("they are held");
        held.texts.remove(0);
        let profile = held.profile;
        let parts: Vec<_> = held.seen.key_refs().filter(|key| *key != profile).collect();
        for key in parts {
            self.destroys(tenant, key);
        }
        self.changed.insert(who);
        self.duties.suppresses(tenant);
    }

    /// Keys that no row names are destroyed, and clients that no row names, under so many entries.
    pub fn destroys_orphans(&mut self, entries: usize) {
        let used: Vec<_> = self.used().collect();
        for (at, key) in &mut self.keys {
            key.destroyed |= !used.contains(at);
        }
        let living: Vec<_> = self.world.tenants.iter().flatten().cloned().collect();
        let unknown = self
            .tenants
            .values()
            .filter(|tenant| !living.contains(tenant));
        for tenant in unknown.cloned().collect::<Vec<_>>() {
            if !self.purged.contains(&tenant) {
                self.destroys_tenant(tenant);
            }
        }
        self.entries += entries;
    }

    /// The index is lost, and made anew for whoever is there.
    pub fn loses_index(&mut self) {
        self.duties.loses_index();
        for tenant in self.world.tenants.iter().flatten() {
            self.duties.indexes(tenant.id);
        }
    }

    /// The client, where it is still there, has an index that does not know everybody who was erased.
    pub fn forgets(&mut self, at: usize) {
        if let Some(tenant) = &self.world.tenants[at] {
            self.duties.forgets(tenant.id);
        }
    }

    /// The clients in the data whose imports wait for a person.
    pub fn waiting(&self) -> Vec<TenantRef> {
        let tenants = self.world.tenants.iter().flatten();
        let waiting = tenants.filter(|tenant| self.duties.waits(tenant.id));
        waiting.cloned().collect()
    }

    /// The holds that keep an order from being carried out.
    pub fn in_the_way(&self, order: Order) -> Vec<HoldId> {
        let (tenant, contact) = self.world.subject(order).expect("the subject is there");
        self.duties.in_the_way(tenant, contact)
    }

    fn used(&self) -> impl Iterator<Item = (TenantId, KeyRef)> {
        self.world.people.iter().flat_map(|(who, held)| {
            let tenant = self.world.tenant_of(*who).id;
            held.seen.key_refs().map(move |key| (tenant, key))
        })
    }

    fn destroys(&mut self, tenant: TenantId, key: KeyRef) {
        let known = self.keys.get_mut(&(tenant, key));
        known.expect("it was seen before").destroyed = true;
    }

    /// A person as they are now, whose keys are known from here on.
    async fn look(&mut self, house: &House<FixedClock>, who: Who) -> Person {
        let tenant = self.world.tenant_of(who).clone();
        let seen = Person::look(house, &tenant, who.1).await;
        for (key, bytes) in seen.keys() {
            let (bytes, destroyed) = (bytes.to_vec(), false);
            let key = self.keys.entry((tenant.id, key));
            key.or_insert(Key { bytes, destroyed });
        }
        seen
    }

    /// Looks at whoever was changed, and learns their keys.
    pub async fn looks_again(&mut self, house: &House<FixedClock>) {
        for who in std::mem::take(&mut self.changed) {
            if self.world.holds(who) {
                let seen = self.look(house, who).await;
                self.world.people.get_mut(&who).expect("they are held").seen = seen;
            }
        }
    }

    /// Fails unless the house is as it must be.
    pub async fn holds_in(&self, bench: &Bench, house: &House<FixedClock>) {
        for at in 0..TENANTS {
            let Some(tenant) = &self.world.tenants[at] else {
                continue;
            };
            for number in 0..PEOPLE {
                self.person_is_right(house, tenant, (at, number)).await;
            }
        }
        for tenant in &self.purged {
            let there = house.catalog.tenant_ref(&tenant.slug).await;
            assert!(there.is_err(), "{} was purged and is there", tenant.slug);
        }
        self.keys_are_right(house).await;
        self.duties.are_remembered(house).await;
        assert_eq!(
            invariants::hold(bench, house).await,
            self.entries,
            "ledger entries"
        );
    }

    async fn person_is_right(&self, house: &House<FixedClock>, tenant: &TenantRef, who: Who) {
        let number = who.1;
        let Some(held) = self.world.people.get(&who) else {
            let found = known(house, tenant, number).await;
            return assert_eq!(
                found, None,
                "{who:?} is found and was never held, or is erased"
            );
        };
        held.seen.is_intact(house, tenant, number).await;
        let access = house
            .catalog
            .access(tenant, held.seen.id)
            .await
            .expect("they are read");
        let name = access.profile.name.expect("a name");
        assert_eq!(
            name.expose(),
            format!("Anna Exempelsson {number}"),
            "{who:?}"
        );
        let messages = access.cases.iter().flat_map(|case| &case.messages);
        let texts: Vec<_> = messages
            .map(|message| {
                message
                    .body
                    .as_ref()
                    .expect("their own words")
                    .expose()
                    .to_owned()
            })
            .collect();
        assert_eq!(texts, held.texts, "{who:?}");
    }

    async fn keys_are_right(&self, house: &House<FixedClock>) {
        let keyring = &house.catalog.keyring;
        for ((tenant, at), key) in &self.keys {
            let read = keyring.data_key(*tenant, *at).await;
            match (key.destroyed, read) {
                (true, Err(KeyringError::Erased(_))) => {}
                (true, read) => panic!("{at:?} was destroyed: {:?}", read.map(|_| "readable")),
                (false, Ok(read)) => {
                    assert_eq!(read.expose().as_slice(), key.bytes, "{at:?} is another key");
                    let erased = keyring.erasure_of_key(*tenant, *at).await.unwrap();
                    assert_eq!(erased, None, "{at:?} is readable and has a ledger entry");
                }
                (false, Err(error)) => panic!("{at:?} is lost: {error}"),
            }
        }
    }
}

/// What a message of a person says: as `support::house::message` writes it.
pub fn text(who: Who, at: usize) -> String {
    let clock = FixedClock::at("2030-01-01T00:00:00Z");
    let message = crate::support::house::message(who.1, at, clock.now());
    message.body.expose().to_owned()
}

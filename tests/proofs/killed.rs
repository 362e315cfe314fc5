//! Killed at random (kill -9) while two processes erase, one imports and one reads: every promise is
//! kept, every erasure that was begun is finished by the next start, and nobody else is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use gallra::catalog::TenantRef;
use gallra::vocabulary::SystemClock;

use crate::both_engines;
use crate::invariants::{self, Person};
use crate::support::Bench;
use crate::support::house::House;
use crate::tools::chance::Chance;
use crate::tools::killing::{Ended, Round, Scenario, counted, kill_at_random};
use crate::tools::process::{Finished, Running};
use crate::worker::{TENANT, known, worker};

/// How many people each eraser is sent after in a round; the second one shares half of them.
const AFTER: usize = 24;
/// How many people the writer brings in a round.
const BROUGHT: usize = 36;
/// Every so many rounds the whole house is checked, otherwise only what the round touched.
const WHOLE: u64 = 10;

struct Erasures<'b> {
    bench: &'b Bench,
    house: Option<House<SystemClock>>,
    tenant: TenantRef,
    alive: BTreeSet<usize>,
    /// People whose looks before the round are compared with those after it.
    watched: BTreeMap<usize, Person>,
    /// Sent after in this round: afterwards they are gone, or as they were.
    hunted: BTreeMap<usize, Person>,
    /// Erased, as a process said.
    promised: BTreeSet<usize>,
    next: usize,
    brought: (usize, usize),
    erased: u64,
    rounds: u64,
}

impl<'b> Erasures<'b> {
    async fn prepare(bench: &'b Bench) -> Self {
        let house = House::new(bench).await;
        house.tenant(TENANT).await;
        house.close().await;
        let first = 2 * AFTER + 10;
        let order = format!("import {TENANT} 1 {first}");
        Running::start(worker(bench, [order.as_str()]))
            .finish()
            .succeeded();
        let house = House::try_open(bench, Arc::new(SystemClock)).await.unwrap();
        let tenant = house.catalog.tenant_ref(TENANT).await.unwrap();
        Self {
            bench,
            house: Some(house),
            tenant,
            alive: (1..=first).collect(),
            watched: BTreeMap::new(),
            hunted: BTreeMap::new(),
            promised: BTreeSet::new(),
            next: first + 1,
            brought: (0, 0),
            erased: 0,
            rounds: 0,
        }
    }

    fn house(&self) -> &House<SystemClock> {
        self.house
            .as_ref()
            .expect("the house is open between rounds")
    }

    async fn look(&self, numbers: &[usize]) -> BTreeMap<usize, Person> {
        let mut people = BTreeMap::new();
        for number in numbers {
            let person = Person::look(self.house(), &self.tenant, *number).await;
            people.insert(*number, person);
        }
        people
    }

    /// What a process said that it had done.
    fn take_in(&mut self, ended: &Finished) -> Result<(), String> {
        if !ended.was_killed() && ended.code() != Some(0) {
            return Err(format!("a process failed: {ended:#?}"));
        }
        let said = ended.stdout.lines();
        let erased = said.filter_map(|line| line.strip_prefix("erased ")?.split(' ').next());
        self.promised
            .extend(erased.filter_map(|number| number.parse::<usize>().ok()));
        Ok(())
    }

    /// Whoever was hunted is gone or as before; whoever was promised to be gone is.
    async fn account(&mut self) -> Result<(), String> {
        for (number, before) in std::mem::take(&mut self.hunted) {
            match known(self.house(), &self.tenant, number).await {
                None => {
                    before.is_gone(self.house(), &self.tenant, number).await;
                    self.alive.remove(&number);
                    self.erased += 1;
                }
                Some(_) if self.promised.contains(&number) => {
                    return Err(format!(
                        "person {number} was promised to be erased and is there"
                    ));
                }
                Some(_) => before.is_intact(self.house(), &self.tenant, number).await,
            }
        }
        Ok(())
    }
}

impl Scenario for Erasures<'_> {
    async fn start(&mut self, _: u64, chance: &mut Chance) -> Round {
        let mut people: Vec<usize> = self.alive.iter().copied().collect();
        let mut pick = |count: usize| -> Vec<usize> {
            let take = |_| people.swap_remove(chance.below(people.len() as u64) as usize);
            (0..count).map(take).collect()
        };
        let (hunted, watched) = (pick(AFTER + AFTER / 2), pick(3));
        self.hunted = self.look(&hunted).await;
        self.watched = self.look(&watched).await;
        self.house.take().expect("the house is open").close().await;

        self.brought = (self.next, self.next + BROUGHT - 1);
        self.next += BROUGHT;
        let erase = |number: &usize| format!("erase {number}");
        let one: Vec<String> = hunted[..AFTER].iter().map(erase).collect();
        let other: Vec<String> = hunted[AFTER / 2..].iter().rev().map(erase).collect();
        // All four live about as long, so that kills fall into each of their lives.
        let pairs = (self.brought.0..self.brought.1).step_by(2);
        let write: Vec<String> = pairs
            .map(|number| format!("import {TENANT} {number} {}", number + 1))
            .collect();
        let look = |number: &usize| format!("read {number} {number}");
        let read: Vec<String> = hunted.iter().cycle().take(4 * AFTER).map(look).collect();
        let start = |orders: &[String]| {
            Running::start(worker(self.bench, orders.iter().map(String::as_str)))
        };
        Round {
            victims: vec![start(&one), start(&other), start(&write), start(&read)],
            bystanders: Vec::new(),
        }
    }

    async fn recover(&mut self, ended: Ended) -> Result<(), String> {
        self.rounds += 1;
        for victim in &ended.victims {
            self.take_in(victim)?;
        }
        let house = House::try_open(self.bench, Arc::new(SystemClock)).await;
        let house = house.map_err(|error| error.to_string())?;
        house
            .eraser
            .settle()
            .await
            .map_err(|error| error.to_string())?;
        self.house = Some(house);
        // An import that was cut short is run again, and takes nothing in twice.
        let again = format!("import {TENANT} {} {}", self.brought.0, self.brought.1);
        let finished = Running::start(worker(self.bench, [again.as_str()])).finish();
        if finished.code() != Some(0) {
            return Err(format!("the import cannot be run again: {finished:#?}"));
        }
        self.alive.extend(self.brought.0..=self.brought.1);
        Ok(())
    }

    async fn check(&mut self) -> Result<(), String> {
        self.account().await?;
        for (number, before) in &self.watched {
            before.is_intact(self.house(), &self.tenant, *number).await;
        }
        for number in [self.brought.0, self.brought.1] {
            Person::look(self.house(), &self.tenant, number).await;
        }
        if self.rounds.is_multiple_of(WHOLE) {
            let entries = invariants::hold(self.bench, self.house()).await;
            if entries as u64 != self.erased {
                return Err(format!(
                    "{entries} ledger entries for {} erasures",
                    self.erased
                ));
            }
        }
        Ok(())
    }

    fn done(&self) -> u64 {
        self.erased
    }

    fn first_window(&self) -> Duration {
        Duration::from_secs(2)
    }
}

both_engines! {
    async fn no_kill_leaves_half_an_erasure(bench) {
        let mut erasures = Erasures::prepare(bench).await;
        let toll = kill_at_random(&mut erasures, counted(500, 10_000), 1).await.unwrap();
        println!("{} erasures, {toll:?}", erasures.erased);
        toll.assert_meaningful();
        let entries = invariants::hold(bench, erasures.house()).await;
        assert_eq!(entries as u64, erasures.erased);
        for number in &erasures.alive {
            assert!(known(erasures.house(), &erasures.tenant, *number).await.is_some());
        }
    }
}

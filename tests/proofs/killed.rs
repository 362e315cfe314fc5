//! Killed at random (kill -9) while two processes erase, one imports and one reads: every promise is
//! kept, every erasure that was begun is finished by the next start, and nobody else is touched.
//!
//! Each eraser erases some people one by one and some at once, and the second is sent after half of
//! the people of the first. Kills fall by time, and most of an erasure's time is one wait; so the
//! second eraser lingers at each step, that kills fall on every step. Where they fell is shown.
//!
//! The long run plays in several houses beside each other, as most of the time is waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use gallra::catalog::TenantRef;
use gallra::store::Engine;
use gallra::vocabulary::SystemClock;

use crate::invariants::{self, Person};
use crate::support::house::House;
use crate::support::{self, Bench};
use crate::tools::chance::Chance;
use crate::tools::killing::{Ended, Round, Scenario, counted, kill_at_random};
use crate::tools::process::{Finished, Running};
use crate::worker::{TENANT, import, known, worker};

/// How many people each eraser is sent after in a round; the second one shares half of them.
const AFTER: usize = 40;
/// How many people an eraser erases at once, at most.
const AT_ONCE: u64 = 6;
/// How many people there are when a round begins, at least, and how many the writer brings.
const PEOPLE: usize = 3 * AFTER;
const BROUGHT: usize = 12;
/// How long the second eraser lingers at each step.
const LINGER: &str = "3";
/// The whole house is checked whenever this many more were erased, else what is new since.
const WHOLE: u64 = 1_000;
/// How many people are looked at at once.
const LOOKS: usize = 4;

struct Erasures<'b> {
    bench: &'b Bench,
    house: Option<House<SystemClock>>,
    tenant: TenantRef,
    /// Everybody who is there, as they looked when they had come.
    alive: BTreeMap<usize, Person>,
    /// Sent after in this round: afterwards they are gone, or as they were.
    hunted: BTreeSet<usize>,
    /// Erased, as a process said.
    promised: BTreeSet<usize>,
    /// The first and the last who were brought in this round, and who comes next.
    brought: (usize, usize),
    next: usize,
    erased: u64,
    checked: i64,
    /// What killed processes had last done.
    fell: BTreeMap<String, u64>,
}

impl<'b> Erasures<'b> {
    async fn prepare(bench: &'b Bench) -> Self {
        let house = House::new(bench).await;
        house.tenant(TENANT).await;
        house.close().await;
        let house = House::try_open(bench, Arc::new(SystemClock)).await.unwrap();
        let tenant = house.catalog.tenant_ref(TENANT).await.unwrap();
        import(&house, &tenant, 1..=PEOPLE).await;
        let mut erasures = Self {
            bench,
            house: Some(house),
            tenant,
            alive: BTreeMap::new(),
            hunted: BTreeSet::new(),
            promised: BTreeSet::new(),
            brought: (1, PEOPLE),
            next: PEOPLE + 1,
            erased: 0,
            checked: 0,
            fell: BTreeMap::new(),
        };
        erasures.welcome().await;
        erasures
    }

    fn house(&self) -> &House<SystemClock> {
        self.house
            .as_ref()
            .expect("the house is open between rounds")
    }

    /// Keeps in mind how those look who were brought.
    async fn welcome(&mut self) {
        let (house, tenant) = (self.house(), &self.tenant);
        let look = |number| {
            // In a box, as the compiler nests futures only so deep.
            async move { (number, Person::look(house, tenant, number).await) }.boxed_local()
        };
        let brought = stream::iter((self.brought.0..=self.brought.1).map(look));
        let new: Vec<(usize, Person)> = brought.buffer_unordered(LOOKS).collect().await;
        self.alive.extend(new);
    }

    /// Fails unless these are as they were when they had come.
    async fn are_intact(&self, people: impl IntoIterator<Item = usize>) {
        let (house, tenant) = (self.house(), &self.tenant);
        let look = |number| {
            let before = &self.alive[&number];
            async move { before.is_intact(house, tenant, number).await }.boxed_local()
        };
        let looks = stream::iter(people.into_iter().map(look));
        looks.buffer_unordered(LOOKS).collect::<()>().await;
    }

    /// What a process said that it had done.
    fn take_in(&mut self, role: &str, ended: &Finished) -> Result<(), String> {
        if ended.was_killed() {
            let at = ended.passed_last().unwrap_or("before the first step");
            *self.fell.entry(format!("{role}, {at}")).or_default() += 1;
        } else if ended.code() != Some(0) {
            return Err(format!("a process failed: {ended:#?}"));
        }
        let said = ended.stdout.lines();
        let erased = said.filter_map(|line| line.strip_prefix("erased ")?.split(' ').next());
        self.promised
            .extend(erased.filter_map(|number| number.parse::<usize>().ok()));
        Ok(())
    }

    /// Whether this person is gone, and wholly; otherwise they are as they were.
    async fn fate(&self, number: usize) -> Result<Option<usize>, String> {
        let (house, before) = (self.house(), &self.alive[&number]);
        if known(house, &self.tenant, number).await.is_none() {
            before.is_gone(house, &self.tenant, number).await;
            return Ok(Some(number));
        }
        before.is_intact(house, &self.tenant, number).await;
        match self.promised.contains(&number) {
            true => Err(format!("person {number} was to be erased and is there")),
            false => Ok(None),
        }
    }

    /// Whoever was hunted is gone or as before; whoever was promised to be gone is.
    async fn account(&mut self) -> Result<(), String> {
        let looks = self
            .hunted
            .iter()
            .map(|number| self.fate(*number).boxed_local());
        let gone = stream::iter(looks).buffer_unordered(LOOKS);
        let gone: Vec<Result<Option<usize>, String>> = gone.collect().await;
        for number in gone {
            if let Some(number) = number? {
                self.alive.remove(&number);
                self.erased += 1;
            }
        }
        Ok(())
    }

    /// The orders of an eraser: these people, some of them at once.
    fn orders(people: &[usize], chance: &mut Chance) -> Vec<String> {
        let mut people = people.iter();
        let mut orders = Vec::new();
        loop {
            let together = people.by_ref().take(1 + chance.below(AT_ONCE) as usize);
            let names: Vec<String> = together.map(usize::to_string).collect();
            if names.is_empty() {
                return orders;
            }
            orders.push(format!("erase {}", names.join(" ")));
        }
    }

    /// Every invariant, of what is new or of everything, and a few people.
    async fn hold(&mut self, everything: bool) -> Result<(), String> {
        let new = invariants::hold_after(self.house(), self.checked, 0).await;
        self.checked += new.len() as i64;
        if everything {
            let entries = invariants::hold(self.bench, self.house()).await;
            assert_eq!(entries as i64, self.checked);
            self.are_intact(self.alive.keys().copied()).await;
        }
        match self.checked as u64 == self.erased {
            true => Ok(()),
            false => Err(format!(
                "{} ledger entries for {} erasures",
                self.checked, self.erased
            )),
        }
    }
}

impl Scenario for Erasures<'_> {
    async fn start(&mut self, _: u64, chance: &mut Chance) -> Round {
        let mut people: Vec<usize> = self.alive.keys().copied().collect();
        let take = |_| people.swap_remove(chance.below(people.len() as u64) as usize);
        let hunted: Vec<usize> = (0..AFTER + AFTER / 2).map(take).collect();
        self.hunted = hunted.iter().copied().collect();
        self.house.take().expect("the house is open").close().await;

        let bring = BROUGHT.max(PEOPLE.saturating_sub(self.alive.len()));
        self.brought = (self.next, self.next + bring - 1);
        self.next += bring;
        let one = Self::orders(&hunted[..AFTER], chance);
        let turned: Vec<usize> = hunted[AFTER / 2..].iter().rev().copied().collect();
        let other = Self::orders(&turned, chance);
        // All four live about as long, so that kills fall into each of their lives.
        let pairs = (self.brought.0..=self.brought.1).step_by(2);
        let last = self.brought.1;
        let write: Vec<String> = pairs
            .map(|number| format!("import {TENANT} {number} {}", (number + 1).min(last)))
            .collect();
        let look = |number: &usize| format!("read {number} {number}");
        let read: Vec<String> = hunted.iter().cycle().take(2 * AFTER).map(look).collect();
        let start = |orders: &[String], linger: &str| {
            let mut command = worker(self.bench, orders.iter().map(String::as_str));
            command.env("GALLRA_FAIL_TRACE", linger);
            Running::start(command)
        };
        let (one, other) = (start(&one, "0"), start(&other, LINGER));
        Round {
            victims: vec![one, other, start(&write, "0"), start(&read, "0")],
            bystanders: Vec::new(),
        }
    }

    async fn recover(&mut self, ended: Ended) -> Result<(), String> {
        let roles = ["eraser", "lingering eraser", "writer", "reader"];
        for (role, victim) in roles.iter().zip(&ended.victims) {
            self.take_in(role, victim)?;
        }
        let house = House::try_open(self.bench, Arc::new(SystemClock)).await;
        let house = house.map_err(|error| error.to_string())?;
        let settled = house.eraser.settle().await;
        settled.map_err(|error| error.to_string())?;
        // An import that was cut short is run again, and takes nothing in twice.
        import(&house, &self.tenant, self.brought.0..=self.brought.1).await;
        self.house = Some(house);
        self.welcome().await;
        Ok(())
    }

    async fn check(&mut self) -> Result<(), String> {
        let before = self.erased / WHOLE;
        self.account().await?;
        let watched: Vec<usize> = self.alive.keys().copied().take(3).collect();
        self.are_intact(watched).await;
        self.hold(self.erased / WHOLE > before).await
    }

    fn done(&self) -> u64 {
        self.erased
    }

    fn first_window(&self) -> Duration {
        Duration::from_secs(4)
    }
}

/// One house of several, in which so many are erased.
fn erase_among_kills(engine: Engine, goal: u64, seed: u64) {
    support::run(engine, async |bench| {
        let mut erasures = Erasures::prepare(bench).await;
        let toll = kill_at_random(&mut erasures, goal, seed).await.unwrap();
        erasures.hold(true).await.unwrap();
        println!("{} erasures, {toll:?}", erasures.erased);
        println!("last done before a kill: {:#?}", erasures.fell);
        toll.assert_meaningful();
    });
}

fn in_several_houses(engine: Engine) {
    let houses = counted(1, 3);
    std::thread::scope(|threads| {
        for seed in 1..=houses {
            let goal = counted(500, 10_000).div_ceil(houses);
            threads.spawn(move || erase_among_kills(engine, goal, seed));
        }
    });
}

mod no_kill_leaves_half_an_erasure {
    use super::{Engine, in_several_houses};

    #[test]
    fn sqlite() {
        in_several_houses(Engine::Sqlite);
    }

    #[test]
    fn postgres() {
        in_several_houses(Engine::Postgres);
    }
}

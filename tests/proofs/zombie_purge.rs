//! A process stopped at each step of a purge, while others start, read another client, want to purge the
//! same one and to erase somebody of another, or kill it and recover; then continued. One purge, one
//! receipt, and nobody of another client is touched.

use std::sync::Arc;

use gallra::catalog::TenantRef;
use gallra::erasure::{EraseError, EraseRequest, Outcome, PurgeRequest};
use gallra::store::Engine;
use gallra::vocabulary::SystemClock;

use crate::crash::points_of_a_purge;
use crate::invariants::{self, Person};
use crate::support::Bench;
use crate::support::house::House;
use crate::tools::{
    self,
    process::{FailPoint, Running},
};
use crate::worker::{TENANT, worker, worker_for};
use crate::zombie::{PATIENCE, at_each_point, holds_the_root, is_told, names};

const OTHER_TENANT: &str = "hattar";
/// Where `./test` stops it: at what is a purge's own, and once in each stretch that every erasure has.
const SHORT: [&str; 12] = [
    "erase:ordered",
    "erase:accepted",
    "destroy:locked",
    "destroy:before-commit",
    "destroy:committed",
    "erase:destroyed",
    "purge:index-emptied",
    "apply:batch-deleted",
    "purge:people-deleted",
    "purge:units-deleted",
    "apply:raised",
    "receipt:before-append",
];
/// Of the other client.
const ERASED: usize = 3;
const BYSTANDER: usize = 4;

struct Scene {
    purged: TenantRef,
    other: TenantRef,
    /// Two of the client that is purged, and two of the other.
    people: [Person; 4],
}

fn points() -> impl Iterator<Item = &'static str> {
    points_of_a_purge().filter(|point| tools::long() || SHORT.contains(point))
}

async fn waiting(bench: &Bench) -> House<SystemClock> {
    let house = House::waiting(bench, Arc::new(SystemClock), PATIENCE).await;
    house.unwrap_or_else(|error| panic!("{error}"))
}

impl Scene {
    /// Two clients, and a process that was stopped while it purged the first.
    async fn set(bench: &Bench, house: &House<SystemClock>, point: &str) -> (Scene, Running) {
        let (purged, other) = (house.tenant(TENANT).await, house.tenant(OTHER_TENANT).await);
        let mut people = Vec::new();
        for (tenant, number) in [
            (&purged, 1),
            (&purged, 2),
            (&other, ERASED),
            (&other, BYSTANDER),
        ] {
            house.person(tenant, number, 1).await;
            people.push(Person::look(house, tenant, number).await);
        }
        let mut command = worker(bench, [format!("purge {TENANT}").as_str()]);
        FailPoint::stop(point).set(&mut command);
        let mut zombie = Running::start(command);
        tokio::task::block_in_place(|| zombie.wait_until_stopped());
        let people = people.try_into().expect("four of them");
        (
            Scene {
                purged,
                other,
                people,
            },
            zombie,
        )
    }

    async fn purge(&self, house: &House<SystemClock>) -> Result<Outcome, EraseError> {
        let request = PurgeRequest {
            tenant: self.purged.id,
            confirm: format!("{TENANT} AB"),
            instruction: "AVTAL-2024-3".into(),
        };
        house.eraser.purge_tenant(request).await
    }

    async fn erase(&self, house: &House<SystemClock>) -> Result<Outcome, EraseError> {
        let request = EraseRequest {
            tenant: self.other.id,
            contact: self.people[2].id,
            named_by: "anna".into(),
            instruction: "ARENDE-18".into(),
            strict: false,
        };
        house.eraser.erase_contact(request).await
    }

    /// The end of every scene: the client is gone by one purge, one person of the other is erased, the
    /// last is as they were.
    async fn ends_well(&self, bench: &Bench, point: &str) {
        let house = waiting(bench).await;
        for done in [self.purge(&house).await, self.erase(&house).await] {
            assert_eq!(done.unwrap().pending, None, "{point}");
        }
        house.eraser.settle().await.unwrap();
        assert!(house.catalog.tenant_ref(TENANT).await.is_err(), "{point}");
        let [one, two, erased, bystander] = &self.people;
        let by = one.keys_are_destroyed(&house, self.purged.id).await;
        assert_eq!(by, two.keys_are_destroyed(&house, self.purged.id).await);
        erased.is_gone(&house, &self.other, ERASED).await;
        bystander.is_intact(&house, &self.other, BYSTANDER).await;
        assert_eq!(invariants::hold(bench, &house).await, 2, "{point}");
        house.close().await;
    }
}

async fn continued(bench: &Bench, point: &'static str) {
    House::new(bench).await.close().await;
    let (one, two) = (waiting(bench).await, waiting(bench).await);
    let (scene, mut zombie) = Scene::set(bench, &one, point).await;
    let pid = zombie.id();
    let reader = Running::start(worker_for(bench, OTHER_TENANT, ["read 3 4"]));

    let (purged, erased) = tokio::join!(scene.purge(&one), scene.erase(&two));
    for outcome in [purged, erased] {
        match outcome.map_err(|error| error.to_string()) {
            Ok(outcome) => {
                assert!(!holds_the_root(point), "{point}");
                assert_eq!(outcome.pending, None, "{point}");
            }
            // Elsewhere whoever has the root for a moment may wait for a transaction with it.
            Err(told) if holds_the_root(point) => {
                let named = names(&told, pid) && told.contains("SIGCONT");
                assert!(named, "{point}: {told}");
            }
            Err(told) => {
                let named = is_told(&told, "process ") || is_told(&told, "this process");
                assert!(named, "{point}: {told}");
            }
        }
    }

    zombie.resume();
    let ended = tokio::task::block_in_place(|| zombie.finish()).succeeded();
    assert!(ended.stdout.contains("purged skor "), "{point}: {ended:?}");
    let read = tokio::task::block_in_place(|| reader.finish());
    let told = names(&read.stderr, pid);
    assert!(read.code() == Some(0) || told, "{point}: {read:#?}");
    for house in [one, two] {
        house.close().await;
    }
    scene.ends_well(bench, point).await;
}

async fn killed_and_recovered(bench: &Bench, point: &'static str) {
    House::new(bench).await.close().await;
    let house = waiting(bench).await;
    let (scene, zombie) = Scene::set(bench, &house, point).await;
    let orders = ["read 3 4", "erase 3", "settle"];
    let successor = Running::start(worker_for(bench, OTHER_TENANT, orders));
    tokio::task::block_in_place(|| zombie.kill());
    assert_eq!(scene.purge(&house).await.unwrap().pending, None, "{point}");
    tokio::task::block_in_place(|| successor.finish()).succeeded();
    house.close().await;
    scene.ends_well(bench, point).await;
}

mod a_stopped_purge_that_goes_on_destroys_no_live_root {
    use super::*;

    #[test]
    fn sqlite() {
        at_each_point(Engine::Sqlite, points(), continued);
    }

    #[test]
    fn postgres() {
        at_each_point(Engine::Postgres, points(), continued);
    }
}

mod a_stopped_purge_that_is_killed_is_recovered_from {
    use super::*;

    #[test]
    fn sqlite() {
        at_each_point(Engine::Sqlite, points(), killed_and_recovered);
    }

    #[test]
    fn postgres() {
        at_each_point(Engine::Postgres, points(), killed_and_recovered);
    }
}

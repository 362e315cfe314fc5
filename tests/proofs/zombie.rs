//! A process stopped (SIGSTOP) at each step of an erasure, while others start, read, want to erase,
//! or kill it and recover; then continued. The live root is never destroyed, nobody is lost, and
//! whoever has to wait says for whom.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use gallra::catalog::TenantRef;
use gallra::erasure::{EraseError, EraseRequest, Outcome};
use gallra::store::Engine;
use gallra::vocabulary::{ContactId, SystemClock};

use crate::crash::points_of_a_person;
use crate::invariants::{self, Person};
use crate::support::house::House;
use crate::support::{self, Bench};
use crate::tools::process::{FailPoint, Running};
use crate::worker::{TENANT, worker};

/// How long the one who waits does so: a stopped process does not get on meanwhile, but one that is
/// just starting holds the root lock for a moment, longer on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// As many points at once: most of the time is spent waiting for leases to run out.
const AT_ONCE: usize = 8;

/// Whether an error says that this process holds what was waited for.
pub fn names(told: &str, process: u32) -> bool {
    is_told(told, &format!("process {process} ("))
}

/// Whether it says who does.
pub fn is_told(told: &str, who: &str) -> bool {
    let whys = [
        "the root is held by",
        "writes the vault and does not end:",
        "is busy:",
    ];
    whys.iter()
        .any(|why| told.contains(&format!("{why} {who}")))
}

const STOPPED: usize = 1;
const OTHER: usize = 2;
const BYSTANDER: usize = 3;

/// Whether a process stopped there holds the root lock.
pub fn holds_the_root(point: &str) -> bool {
    point.starts_with("destroy:") && point != "destroy:before-lock"
}

/// Runs a test at every point, with a bench of its own each.
pub fn at_each_point(
    engine: Engine,
    points: impl Iterator<Item = &'static str> + Send,
    test: impl AsyncFn(&Bench, &'static str) + Sync,
) {
    let points = Mutex::new(points);
    let next = || points.lock().expect("nobody fails with it").next();
    let run = || {
        while let Some(point) = next() {
            println!("at {point}");
            support::run(engine, async |bench| test(bench, point).await);
        }
    };
    std::thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(run);
        }
    });
}

struct Scene {
    house: House<SystemClock>,
    tenant: TenantRef,
    people: Vec<Person>,
}

impl Scene {
    /// A house with three people, and a process that was stopped while it erased the first.
    async fn set(bench: &Bench, point: &str) -> (Scene, Running) {
        Self::with(bench, point, "erase 1").await
    }

    /// The same with a process that was stopped while it carried out this order.
    async fn with(bench: &Bench, point: &str, order: &str) -> (Scene, Running) {
        let house = House::new(bench).await;
        let tenant = house.tenant(TENANT).await;
        for number in STOPPED..=BYSTANDER {
            house.person(&tenant, number, 2).await;
        }
        house.close().await;
        let house = House::waiting(bench, Arc::new(SystemClock), PATIENCE)
            .await
            .unwrap();
        let mut people = Vec::new();
        for number in STOPPED..=BYSTANDER {
            people.push(Person::look(&house, &tenant, number).await);
        }
        let mut command = worker(bench, [order]);
        FailPoint::stop(point).set(&mut command);
        let mut zombie = Running::start(command);
        tokio::task::block_in_place(|| zombie.wait_until_stopped());
        let scene = Scene {
            house,
            tenant,
            people,
        };
        (scene, zombie)
    }

    async fn erase(&self, number: usize) -> Result<Outcome, EraseError> {
        let request = EraseRequest {
            tenant: self.tenant.id,
            contact: self.id(number),
            named_by: "anna".into(),
            instruction: "ARENDE-18".into(),
            strict: false,
        };
        self.house.eraser.erase_contact(request).await
    }

    fn id(&self, number: usize) -> ContactId {
        self.people[number - STOPPED].id
    }

    /// The end of every scene: both are erased, the third is there, nothing is broken, and the
    /// house opens anew.
    async fn ends_well(self, bench: &Bench, point: &str) {
        self.house.eraser.settle().await.unwrap();
        self.house.close().await;
        let house = House::open(bench).await;
        for number in [STOPPED, OTHER] {
            self.people[number - STOPPED]
                .is_gone(&house, &self.tenant, number)
                .await;
        }
        self.people[BYSTANDER - STOPPED]
            .is_intact(&house, &self.tenant, BYSTANDER)
            .await;
        assert_eq!(invariants::hold(bench, &house).await, 2, "{point}");
        house.close().await;
    }
}

async fn continued(bench: &Bench, point: &'static str) {
    let (scene, mut zombie) = Scene::set(bench, point).await;
    let pid = zombie.id();
    let reader = Running::start(worker(bench, ["read 1 3"]));

    let erased = scene.erase(OTHER).await;
    match erased {
        Ok(outcome) => {
            assert!(!holds_the_root(point), "{point}");
            assert_eq!(outcome.pending, None, "{point}");
        }
        Err(busy) => {
            let told = busy.to_string();
            let by_zombie = names(&told, pid) && told.contains("stopped: continue it with SIGCONT");
            // The reader may wait for the same with the root in its hands.
            let by_reader = names(&told, reader.id());
            let named = by_zombie || (by_reader && !holds_the_root(point));
            assert!(named, "{point}: {told}");
        }
    }

    zombie.resume();
    let ended = tokio::task::block_in_place(|| zombie.finish()).succeeded();
    assert!(ended.stdout.contains("erased 1 "), "{point}: {ended:?}");
    // Whoever started meanwhile came through, or was told for whom it had waited too long.
    let read = tokio::task::block_in_place(|| reader.finish());
    let told = names(&read.stderr, pid);
    assert!(read.code() == Some(0) || told, "{point}: {read:#?}");
    assert_eq!(scene.erase(OTHER).await.unwrap().pending, None, "{point}");
    scene.ends_well(bench, point).await;
}

async fn killed_and_recovered(bench: &Bench, point: &'static str) {
    let (scene, zombie) = Scene::set(bench, point).await;
    tokio::task::block_in_place(|| zombie.kill());
    assert_eq!(scene.erase(OTHER).await.unwrap().pending, None, "{point}");
    let successor = Running::start(worker(bench, ["settle", "erase 1"]));
    tokio::task::block_in_place(|| successor.finish()).succeeded();
    scene.ends_well(bench, point).await;
}

mod a_stopped_process_that_goes_on_destroys_no_live_root {
    use super::*;

    #[test]
    fn sqlite() {
        at_each_point(Engine::Sqlite, points_of_a_person(), continued);
    }

    #[test]
    fn postgres() {
        at_each_point(Engine::Postgres, points_of_a_person(), continued);
    }
}

mod a_stopped_process_that_is_killed_is_recovered_from {
    use super::*;

    #[test]
    fn sqlite() {
        at_each_point(Engine::Sqlite, points_of_a_person(), killed_and_recovered);
    }

    #[test]
    fn postgres() {
        at_each_point(Engine::Postgres, points_of_a_person(), killed_and_recovered);
    }
}

/// A process that looked at the epoch and stopped before it told the vault: an erasure finds nothing of
/// it and waits for nobody. When it goes on, its lease must not begin with the key it read.
async fn told_late(bench: &Bench) {
    let (scene, mut zombie) = Scene::with(bench, "lease:untold", "lease").await;
    assert_eq!(scene.erase(OTHER).await.unwrap().pending, None);
    let epoch = scene.house.catalog.keyring.head().await.unwrap().epoch;
    let house = scene.house;
    zombie.resume();
    let ended = tokio::task::block_in_place(|| zombie.finish()).succeeded();
    let told = format!("lease of epoch {epoch}\n");
    assert!(ended.stdout.contains(&told), "{ended:?}");
    house.close().await;
}

mod a_lease_that_is_told_late_holds_no_older_key {
    use super::*;

    #[test]
    fn sqlite() {
        support::run(Engine::Sqlite, told_late);
    }

    #[test]
    fn postgres() {
        support::run(Engine::Postgres, told_late);
    }
}

/// SQLite has one writer: a process stopped inside the vault's transaction holds up everybody who
/// starts, until the store's patience is over. They tell for whom while they wait, and say so at its end.
#[test]
fn whoever_cannot_start_says_for_whom_it_waited() {
    support::run(Engine::Sqlite, async |bench| {
        let (_scene, zombie) = Scene::set(bench, "destroy:before-commit").await;
        let pid = zombie.id();
        let starter = Running::start(worker(bench, ["read 3 3"]));
        let refused = tokio::task::block_in_place(|| starter.finish());
        let told = format!("waiting for the vault holder=process {pid} (");
        assert!(refused.stderr.contains(&told), "{refused:#?}");
        let expected = format!("and does not end: process {pid} (");
        assert!(refused.stderr.contains(&expected), "{refused:#?}");
        assert_ne!(refused.code(), Some(0));
    });
}

/// Most who write the vault do not hold the root's lock: a lease of keys, a hold. Three are inside here:
/// the test, which holds the vault, one that stands still beside it, and the one who waits.
#[test]
fn whoever_waits_for_the_vault_names_neither_itself_nor_a_bystander() {
    support::run(Engine::Sqlite, async |bench| {
        let (scene, zombie) = Scene::set(bench, "erase:ordered").await;
        let held = scene.house.catalog.keyring.begin_vault().await.unwrap();
        let starter = Running::start(worker(bench, ["read 3 3"]));
        let (starter_id, stopped) = (starter.id(), zombie.id());
        let refused = tokio::task::block_in_place(|| starter.finish());
        held.rollback().await.unwrap();
        drop(zombie);
        let own = std::process::id();
        assert!(names(&refused.stderr, own), "{refused:#?}");
        for other in [starter_id, stopped] {
            let named = refused.stderr.contains(&format!("process {other} ("));
            assert!(!named, "{refused:#?}");
        }
        assert_ne!(refused.code(), Some(0));
    });
}

//! Aborted at each fail point of the erase protocol: whatever command comes next finishes the erasure,
//! with one receipt, and nobody else is touched.
//!
//! A point that is added to the protocol must be added to [`POINTS`]: the first test reads the source.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use gallra::catalog::TenantRef;
use gallra::catalog::write::MessageChange;
use gallra::erasure::Standing;
use gallra::ingest::{Options, import_gallra};
use gallra::store::{Engine, Role};
use gallra::vocabulary::Clock;

use crate::both_engines;
use crate::invariants::{self, Person};
use crate::support::house::{House, message};
use crate::support::{self, Bench};
use crate::tools::process::{FailPoint, Running};
use crate::worker::{TENANT, known, worker};

/// What passes a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Every erasure.
    All,
    /// Purging, not erasing a person.
    Purge,
    /// Erasing a person, not purging.
    Person,
    /// Rehousing a unit.
    Rehousing,
    /// Replacing index keys that are old.
    Renewal,
    /// Recovery, after a crash between the candidate root and the end of the old one.
    Recovery,
    /// Recovery after the vault lost its last commit, which no crash of a process brings about.
    Redo,
    /// A mirror or its promotion: tests/keyring aborts there, and tests/cli/promotions.rs after the commit.
    Mirror,
    /// A restore: `restoring` aborts there.
    Restore,
    /// Telling the vault of a lease: `zombie` stops there.
    Lease,
}

/// Every fail point, in the order of the protocol.
pub const POINTS: &[(&str, By)] = &[
    ("erase:ordered", By::All),
    ("erase:accepted", By::All),
    ("erase:suppressed", By::Person),
    ("destroy:before-lock", By::All),
    ("destroy:locked", By::All),
    ("destroy:redo-written", By::All),
    ("destroy:candidate-on-one", By::All),
    ("destroy:candidate-written", By::All),
    ("destroy:before-commit", By::All),
    ("destroy:committed", By::All),
    ("destroy:wiped-on-one", By::All),
    ("destroy:old-root-destroyed", By::All),
    ("erase:destroyed", By::All),
    ("erase:barrier-passed", By::All),
    ("purge:index-emptied", By::Purge),
    ("apply:batch-deleted", By::All),
    ("purge:people-deleted", By::Purge),
    ("purge:units-deleted", By::Purge),
    ("apply:rows-deleted", By::All),
    ("apply:checkpointed", By::All),
    ("apply:raised", By::All),
    ("apply:stated", By::All),
    ("erase:rows-deleted", By::All),
    ("receipt:before-append", By::All),
    ("receipt:appended", By::All),
    ("rehouse:ordered", By::Rehousing),
    ("rehouse:reserved", By::Rehousing),
    ("rehouse:before-change", By::Rehousing),
    ("rehouse:changed", By::Rehousing),
    ("rotate:carried-over", By::Renewal),
    ("rotate:replaced", By::Renewal),
    ("rotate:barrier-passed", By::Renewal),
    ("recover:before-wipe", By::Recovery),
    ("recover:redone", By::Redo),
    ("mirror:acknowledged", By::Mirror),
    ("mirror:copied", By::Mirror),
    ("mirror:copying", By::Mirror),
    ("mirror:counted", By::Mirror),
    ("mirror:made", By::Mirror),
    ("mirror:registered", By::Mirror),
    ("promote:before-commit", By::Mirror),
    ("promote:committed", By::Mirror),
    ("promote:noted", By::Mirror),
    ("promote:root-made", By::Mirror),
    ("promote:root-written", By::Mirror),
    ("lease:untold", By::Lease),
    ("restore:alone", By::Restore),
    ("restore:aside", By::Restore),
    ("restore:loaded", By::Restore),
    ("restore:marked", By::Restore),
    ("restore:exchanged", By::Restore),
    ("restore:accepted", By::Mirror),
    ("reconcile:lost-deleted", By::Mirror),
];

/// The points that erasing a person passes.
pub fn points_of_a_person() -> impl Iterator<Item = &'static str> {
    let passed = POINTS
        .iter()
        .filter(|(_, by)| matches!(by, By::All | By::Person));
    passed.map(|(name, _)| *name)
}

/// The points that purging a client passes.
pub fn points_of_a_purge() -> impl Iterator<Item = &'static str> {
    let passed = POINTS
        .iter()
        .filter(|(_, by)| matches!(by, By::All | By::Purge));
    passed.map(|(name, _)| *name)
}

#[test]
fn every_fail_point_is_covered() {
    let mut found = BTreeSet::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    collect(&source, &mut found);
    let known: BTreeSet<String> = POINTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        found, known,
        "fail points in the source (left), and in POINTS (right)"
    );
}

fn collect(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let names = text.split("fail_point(\"").skip(1);
        found
            .extend(names.filter_map(|rest| rest.split_once('"').map(|(name, _)| name.to_owned())));
    }
}

/// Lets a worker die at a point.
pub fn dies(bench: &Bench, point: &str, order: &str) {
    let mut command = worker(bench, [order]);
    FailPoint::abort(point).set(&mut command);
    let finished = Running::start(command).finish();
    assert!(
        finished.was_killed(),
        "{order} does not pass {point}: {finished:#?}"
    );
}

/// What an operator might do next: erase the same person again, erase another, or just settle.
fn next_command(bench: &Bench, round: usize, again: &str, another: &str) {
    let order = [again, another, "settle"][round % 3];
    Running::start(worker(bench, [order])).finish().succeeded();
}

/// A house that holds one person of one client, closed.
async fn house_of_one(bench: &Bench) -> TenantRef {
    let house = House::new(bench).await;
    let tenant = house.tenant(TENANT).await;
    house.person(&tenant, 1, 2).await;
    house.close().await;
    tenant
}

async fn erasure_survives(bench: &Bench, verb: &str) {
    let house = House::new(bench).await;
    let tenant = house.tenant(TENANT).await;
    let points: Vec<_> = points_of_a_person().collect();
    let people = 2 * points.len() + 1;
    for number in 0..people {
        house.person(&tenant, number, 2).await;
    }
    house.close().await;
    for (round, point) in points.iter().enumerate() {
        let (victim, another) = (2 * round, 2 * round + 1);
        let house = House::open(bench).await;
        let gone = Person::look(&house, &tenant, victim).await;
        let bystander = Person::look(&house, &tenant, people - 1).await;
        house.close().await;

        dies(bench, point, &format!("{verb} {victim}"));
        let (again, other) = (format!("{verb} {victim}"), format!("{verb} {another}"));
        next_command(bench, round, &again, &other);

        let house = House::open(bench).await;
        house.eraser.settle().await.unwrap();
        gone.is_gone(&house, &tenant, victim).await;
        bystander.is_intact(&house, &tenant, people - 1).await;
        assert_eq!(
            known(&house, &tenant, another).await.is_none(),
            round % 3 == 1
        );
        // One for each round, and one for each other person erased.
        let others = (0..=round).filter(|round| round % 3 == 1).count();
        let entries = invariants::hold(bench, &house).await;
        assert_eq!(entries, round + 1 + others, "{point}");
        house.close().await;
    }
}

both_engines! {
    async fn an_erasure_survives_a_crash_at_each_point(bench) {
        erasure_survives(bench, "erase").await;
    }

    async fn a_strict_erasure_survives_a_crash_at_each_point(bench) {
        erasure_survives(bench, "strict").await;
    }

    async fn a_purge_survives_a_crash_at_each_point(bench) {
        let house = House::new(bench).await;
        let kept = house.tenant(TENANT).await;
        house.person(&kept, 1, 2).await;
        house.close().await;
        for (round, point) in points_of_a_purge().enumerate() {
            let house = House::open(bench).await;
            let slug = format!("kund{round}");
            let tenant = house.tenant(&slug).await;
            for number in 0..2 {
                house.person(&tenant, number, 2).await;
            }
            let gone = Person::look(&house, &tenant, 0).await;
            let bystander = Person::look(&house, &kept, 1).await;
            house.close().await;

            let order = format!("purge {slug}");
            dies(bench, point, &order);
            // A purge that has begun is finished by settling; its tenant answers nothing meanwhile.
            let settle = "settle";
            next_command(bench, round, settle, "read 1 1");

            let house = House::open(bench).await;
            house.eraser.settle().await.unwrap();
            gone.keys_are_destroyed(&house, tenant.id).await;
            assert!(house.catalog.tenant_ref(&slug).await.is_err(), "{point}");
            bystander.is_intact(&house, &kept, 1).await;
            assert_eq!(invariants::hold(bench, &house).await, round + 1, "{point}");
            house.close().await;
        }
    }

    /// Ten cases are more than one transaction deletes: what the first deleted is counted once.
    async fn a_deletion_survives_a_crash_between_its_batches(bench) {
        let tenant = house_of_one(bench).await;
        let house = House::open(bench).await;
        for number in 2..12 {
            let message = message(1, number, house.clock.now());
            let case = format!("fall-1-{number}").into();
            let message = MessageChange { case, ..message };
            house.catalog.record_message(&tenant, message).await.unwrap();
        }
        let gone = Person::look(&house, &tenant, 1).await;
        house.close().await;
        dies(bench, "apply:batch-deleted", "erase 1");
        let data = bench.open(Role::Data).await;
        let left = "SELECT COUNT(*) FROM message";
        let left = data.fetch_one(left, vec![]).await.unwrap().i64(0).unwrap();
        assert!((1..12).contains(&left), "in the middle: {left} of 12 are left");
        data.close().await;
        let house = House::open(bench).await;
        house.eraser.settle().await.unwrap();
        let erasure = gone.is_gone(&house, &tenant, 1).await;
        let body = house.eraser.log.find(erasure).await.unwrap().body().unwrap();
        let messages = body.categories.iter().find(|it| it.category == "message");
        assert_eq!(messages.map(|it| it.records), Some(12));
        assert_eq!(invariants::hold(bench, &house).await, 1);
        house.close().await;
    }

    async fn discarding_survives_a_crash_at_each_point(bench) {
        let tenant = house_of_one(bench).await;
        let points = POINTS.iter().filter(|(_, by)| *by == By::All);
        for (round, (point, _)) in points.enumerate() {
            let house = House::open(bench).await;
            let line = format!("Anna Exempelsson {round}").into_bytes();
            let options = Options::default();
            let import = import_gallra(&house.catalog, &tenant, line.as_slice(), options, |_| ());
            assert_eq!(import.await.unwrap().quarantined_total(), 1);
            let bystander = Person::look(&house, &tenant, 1).await;
            house.close().await;

            dies(bench, point, "discard");
            next_command(bench, round, "settle", "discard");

            let house = House::open(bench).await;
            house.eraser.settle().await.unwrap();
            let left = "SELECT COUNT(*) FROM quarantine";
            let left = house.catalog.data.fetch_one(left, vec![]).await.unwrap();
            assert_eq!(left.i64(0).unwrap(), 0, "{point}");
            bystander.is_intact(&house, &tenant, 1).await;
            assert_eq!(invariants::hold(bench, &house).await, round + 1, "{point}");
            house.close().await;
        }
    }

    /// Data says that its rows are gone, the vault does not say so yet, and no receipt is composed.
    async fn a_crash_between_the_two_marks_is_noticed(bench) {
        house_of_one(bench).await;
        dies(bench, "apply:raised", "erase 1");
        let house = House::open(bench).await;
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Behind);
        house.eraser.settle().await.unwrap();
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
        assert_eq!(invariants::hold(bench, &house).await, 1);
        house.close().await;
    }

    async fn a_recovery_survives_a_crash_of_its_own(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant(TENANT).await;
        for number in 1..=2 {
            house.person(&tenant, number, 2).await;
        }
        let gone = Person::look(&house, &tenant, 1).await;
        let bystander = Person::look(&house, &tenant, 2).await;
        house.close().await;
        dies(bench, "destroy:candidate-written", "erase 1");
        dies(bench, "recover:before-wipe", "settle");
        let house = House::open(bench).await;
        house.eraser.settle().await.unwrap();
        gone.is_gone(&house, &tenant, 1).await;
        bystander.is_intact(&house, &tenant, 2).await;
        assert_eq!(invariants::hold(bench, &house).await, 1);
        house.close().await;
    }
}

/// A database that lost its last acknowledged commit (SQLite on a disk that lies, say): the old root
/// is destroyed already, and the redo record beside the new one holds what the vault forgot.
#[test]
fn an_erasure_that_the_vault_forgot_is_redone() {
    support::run(Engine::Sqlite, async |bench| {
        let house = House::new(bench).await;
        let tenant = house.tenant(TENANT).await;
        for number in 1..=2 {
            house.person(&tenant, number, 2).await;
        }
        let gone = Person::look(&house, &tenant, 1).await;
        let bystander = Person::look(&house, &tenant, 2).await;
        house.close().await;
        dies(bench, "destroy:before-lock", "erase 1");
        let (file, saved) = (bench.file(Role::Vault), bench.directory().join("saved.db"));
        let vault = bench.open(Role::Vault).await;
        vault.checkpoint(Duration::from_secs(5)).await.unwrap();
        vault.close().await;
        std::fs::copy(&file, &saved).unwrap();
        dies(bench, "destroy:old-root-destroyed", "settle");
        for end in ["-wal", "-shm"] {
            std::fs::remove_file(format!("{}{end}", file.display())).ok();
        }
        std::fs::copy(&saved, &file).unwrap();

        dies(bench, "recover:redone", "settle");
        let house = House::open(bench).await;
        house.eraser.settle().await.unwrap();
        gone.is_gone(&house, &tenant, 1).await;
        bystander.is_intact(&house, &tenant, 2).await;
        assert_eq!(invariants::hold(bench, &house).await, 1);
        house.close().await;
    });
}

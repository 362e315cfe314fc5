//! Rehousing, aborted at each of its points and at each of the erase protocol: before the change
//! nothing happened, after it what stays can be read and the old key is destroyed.
//!
//! ```text
//! ordered  reserved  before-change │ changed  destroy …  rows deleted  receipt
//!         as it was                │ one message less, one new key, the old one in the ledger
//! ```

use gallra::catalog::TenantRef;
use gallra::keyring::KeyringError;
use gallra::store::Role;
use gallra::vocabulary::Clock;

use crate::both_engines;
use crate::crash::{By, POINTS, dies};
use crate::invariants::{self, Person};
use crate::support::house::{House, message};
use crate::tools::process::{FailPoint, Running};
use crate::worker::{TENANT, known, worker};

/// How many messages a person has that can be read.
async fn messages<C: Clock + 'static>(
    house: &House<C>,
    tenant: &TenantRef,
    person: usize,
) -> usize {
    let contact = known(house, tenant, person).await.expect("they are there");
    let access = house.catalog.access(tenant, contact).await.unwrap();
    let [case] = access.cases.as_slice() else {
        panic!("{} cases", access.cases.len());
    };
    let read = case.messages.iter().filter(|it| it.body.is_some());
    read.count()
}

/// What a rehousing passes, in order: a person's order and acceptance are not its own.
pub fn points() -> Vec<&'static str> {
    let elsewhere = ["erase:ordered", "erase:accepted"];
    let of = |by| {
        POINTS
            .iter()
            .filter(move |point| point.1 == by)
            .map(|point| point.0)
    };
    let shared = of(By::All).filter(|name| !elsewhere.contains(name));
    of(By::Rehousing).chain(shared).collect()
}

both_engines! {
    async fn a_rehousing_survives_a_crash_at_each_point(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant(TENANT).await;
        let points = points();
        for number in 0..=points.len() {
            house.person(&tenant, number, 3).await;
        }
        let bystander = Person::look(&house, &tenant, points.len()).await;
        house.close().await;
        let mut entries = 0;
        for (round, point) in points.iter().enumerate() {
            let house = House::open(bench).await;
            let before = house.units(&tenant).await;
            house.close().await;
            dies(bench, point, &format!("rehouse {round}"));
            let changed = !["rehouse:ordered", "rehouse:reserved", "rehouse:before-change"].contains(point);
            entries += usize::from(changed);
            // Somebody goes on writing, or just settles.
            let next = [format!("read {round} {round}"), "settle".to_owned()];
            Running::start(worker(bench, [next[round % 2].as_str()])).finish().succeeded();
            let house = House::open(bench).await;
            let late = message(round, 9, house.clock.now());
            house.catalog.record_message(&tenant, late).await.unwrap();
            let unfinished = house.eraser.settle().await.unwrap().unfinished;
            assert!(changed || round % 2 == 1 || unfinished.len() == 1, "{point}: {unfinished:?}");
            assert_eq!(messages(&house, &tenant, round).await, 4 - usize::from(changed), "{point}");
            bystander.is_intact(&house, &tenant, points.len()).await;
            assert_eq!(invariants::hold(bench, &house).await, entries, "{point}");
            let after = house.units(&tenant).await;
            assert_eq!(after.len(), before.len(), "{point}");
            let mut gone = 0;
            for key in before {
                match house.catalog.keyring.data_key(tenant.id, key).await {
                    Ok(_) => {}
                    Err(KeyringError::Erased(_)) => gone += 1,
                    Err(error) => panic!("{point}: {error}"),
                }
            }
            assert_eq!(gone, usize::from(changed), "{point}");
            house.close().await;
        }
    }

    /// backup ─ ordered ─ changed ─ killed │ the backup is restored: the old unit is there again with
    /// its key, so nothing is destroyed, and what was ordered is reported.
    async fn a_change_that_a_restore_undid_is_taken_back(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant(TENANT).await;
        house.person(&tenant, 1, 3).await;
        let before = Person::look(&house, &tenant, 1).await;
        let (url, backup) = (bench.url(Role::Data), bench.directory().join("backup"));
        house.eraser.backup(&url, &backup).await.unwrap();
        house.close().await;
        dies(bench, "rehouse:changed", "rehouse 1");
        let house = House::open(bench).await;
        house.put_back(bench, &backup).await;

        let house = House::open(bench).await;
        let report = house.eraser.settle().await.unwrap();
        assert_eq!((report.unfinished.len(), report.rehoused.len()), (1, 0), "{report:?}");
        before.is_intact(&house, &tenant, 1).await;
        assert_eq!(invariants::hold(bench, &house).await, 0);
        house.close().await;
    }

    /// ordered ─ stopped │ others settle: the order is taken back; a hold is placed │ continued
    ///
    /// If the one that was stopped made its change now, what is held would be gone.
    async fn an_order_that_was_taken_back_is_not_carried_out(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant(TENANT).await;
        let anna = house.person(&tenant, 1, 3).await;
        house.close().await;
        let mut command = worker(bench, ["rehouse 1"]);
        FailPoint::stop("rehouse:reserved").set(&mut command);
        let mut stopped = Running::start(command);
        stopped.wait_until_stopped();

        let house = House::open(bench).await;
        let early = house.eraser.add_hold(tenant.id, Some(anna), "TVIST-4").await;
        assert!(early.is_err(), "a hold that would come too late is not said to be in force");
        let unfinished = house.eraser.settle().await.unwrap().unfinished;
        assert_eq!(unfinished.len(), 1, "{unfinished:?}");
        house.eraser.add_hold(tenant.id, Some(anna), "TVIST-4").await.unwrap();
        stopped.resume();
        let finished = stopped.finish().succeeded();
        assert!(finished.stdout.contains("refused 1"), "{finished:#?}");
        assert_eq!(messages(&house, &tenant, 1).await, 3);
        assert_eq!(invariants::hold(bench, &house).await, 0);
        house.close().await;
    }
}

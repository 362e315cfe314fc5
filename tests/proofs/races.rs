//! Two at once: leases against erasures, creating against purging, one person erased by two
//! processes, one external id and one address brought by several.

use std::collections::BTreeMap;
use std::sync::Arc;

use gallra::catalog::Identifier;
use gallra::vocabulary::SystemClock;

use crate::both_engines;
use crate::invariants::{self, Person};
use crate::support::house::{House, email};
use crate::tools::process::{Finished, Running};
use crate::worker::{TENANT, known, worker};

/// Starts all, then waits for all.
fn at_once(processes: Vec<std::process::Command>) -> Vec<Finished> {
    let running: Vec<Running> = processes.into_iter().map(Running::start).collect();
    running.into_iter().map(Running::finish).collect()
}

both_engines! {
    async fn two_processes_that_erase_one_person_get_one_receipt_of_the_same_bytes(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant(TENANT).await;
        for number in 1..=6 {
            house.person(&tenant, number, 2).await;
        }
        let gone = Person::look(&house, &tenant, 3).await;
        let orders = ["erase 1", "erase 2", "erase 3", "erase 4", "erase 5"];
        let both = || vec![worker(bench, orders), worker(bench, orders)];
        let ended = tokio::task::block_in_place(|| at_once(both()));
        let (mut receipts, mut notes) = (BTreeMap::new(), BTreeMap::new());
        for finished in ended {
            let stdout = finished.succeeded().stdout;
            for (said, found) in [("erased ", &mut receipts), ("note ", &mut notes)] {
                for line in stdout.lines().filter_map(|line| line.strip_prefix(said)) {
                    let (person, receipt) = line.split_once(' ').unwrap();
                    let first = found.entry(person.to_owned()).or_insert(receipt.to_owned());
                    assert_eq!(first, receipt, "two receipts for person {person}");
                }
            }
        }
        assert_eq!(receipts.len(), 5);
        for (person, receipt) in &receipts {
            let stored = house.eraser.log.find(receipt.parse().unwrap()).await.unwrap();
            assert_eq!(notes[person], hex::encode(&stored.note), "as it was handed over");
        }
        gone.is_gone(&house, &tenant, 3).await;
        house.eraser.settle().await.unwrap();
        assert_eq!(invariants::hold(bench, &house).await, 5);
        house.close().await;
    }

    async fn leases_and_erasures_at_once_lose_no_key(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant(TENANT).await;
        for number in 1..=8 {
            house.person(&tenant, number, 1).await;
        }
        house.close().await;
        let erase: Vec<String> = (1..=8).map(|number| format!("erase {number}")).collect();
        let write: Vec<String> =
            (0..6).map(|at| format!("import skor {} {}", 100 + at * 5, 104 + at * 5)).collect();
        let other: Vec<String> =
            (0..6).map(|at| format!("import skor {} {}", 200 + at * 5, 204 + at * 5)).collect();
        let command = |orders: &[String]| worker(bench, orders.iter().map(String::as_str));
        let all = vec![command(&erase), command(&write), command(&other)];
        for finished in tokio::task::block_in_place(|| at_once(all)) {
            finished.succeeded();
        }
        let house = House::try_open(bench, Arc::new(SystemClock)).await.unwrap();
        house.eraser.settle().await.unwrap();
        for number in (100..130).chain(200..230) {
            Person::look(&house, &tenant, number).await;
        }
        assert_eq!(invariants::hold(bench, &house).await, 8);
        house.close().await;
    }

    async fn one_person_brought_by_several_processes_is_one_person(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant(TENANT).await;
        let orders = ["import skor 1 12"];
        let all = (0..3).map(|_| worker(bench, orders)).collect();
        for finished in tokio::task::block_in_place(|| at_once(all)) {
            finished.succeeded();
        }
        for number in 1..=12 {
            assert!(known(&house, &tenant, number).await.is_some());
            let identifier = Identifier::Email(email(number));
            let found = house.catalog.find(&identifier, Some(&tenant)).await.unwrap();
            assert_eq!(found.matches.len(), 1, "one address, one person");
        }
        assert_eq!(invariants::hold(bench, &house).await, 0);
        house.close().await;
    }
}

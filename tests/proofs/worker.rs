//! A process of ours that works in a house: what a proof kills, stops or starves. It carries out the
//! orders it is given, one after another, and says what it is about to do and what it has done.
//!
//! | Order | Does |
//! |---|---|
//! | `erase N …`, `strict N …` | erases these people of the first tenant, all at once |
//! | `purge SLUG` | purges a tenant |
//! | `discard` | discards what is in the first tenant's quarantine |
//! | `rehouse N` | takes the first message of person N out of their case |
//! | `import SLUG N M` | imports the people N to M |
//! | `read N M` | looks for the people N to M and reads everything held about those who are there |
//! | `settle` | finishes what is unfinished |
//! | `rotate` | replaces the root |
//! | `renew` | replaces index keys that are thirty days old |

use std::ops::RangeInclusive;
use std::process::Command;
use std::sync::Arc;

use futures_util::future::join_all;
use gallra::catalog::rehouse::{Choice, Fate, Home, MessageChoice, PartChoice};
use gallra::catalog::{CatalogError, Identifier, TenantRef};
use gallra::erasure::discard::{DiscardRequest, Which};
use gallra::erasure::rehouse::{Reason, RehouseRequest};
use gallra::erasure::{EraseError, Outcome};
use gallra::ingest::{Options, import_gallra};
use gallra::keyring::KeyringError;
use gallra::store::Engine;
use gallra::vocabulary::{Clock, ContactId, FixedClock, Personal, SystemClock, Timestamp};

use crate::support::house::{House, external_id};
use crate::support::{self, Bench};

/// The tenant that people are erased from.
pub const TENANT: &str = "skor";

const BENCH: &str = "PROOF_BENCH";
const ORDERS: &str = "PROOF_ORDERS";
/// Another tenant than [`TENANT`].
const SLUG: &str = "PROOF_TENANT";
/// A clock that stands there instead of the machine's.
const CLOCK: &str = "PROOF_CLOCK";

/// A command that carries these orders out in the house on this bench.
pub fn worker<'o>(bench: &Bench, orders: impl IntoIterator<Item = &'o str>) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["--exact", "worker::works", "--nocapture"]);
    let engine = match bench.engine() {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    };
    let directory = bench.directory().display();
    command.env(BENCH, format!("{engine} {} {directory}", bench.name()));
    let orders: Vec<_> = orders.into_iter().collect();
    command.env(ORDERS, orders.join("\n"));
    command
}

/// The same, for another tenant.
pub fn worker_for<'o>(
    bench: &Bench,
    slug: &str,
    orders: impl IntoIterator<Item = &'o str>,
) -> Command {
    let mut command = worker(bench, orders);
    command.env(SLUG, slug);
    command
}

/// The same, and at a time that is stated.
pub fn worker_at<'o>(
    bench: &Bench,
    slug: &str,
    now: Timestamp,
    orders: impl IntoIterator<Item = &'o str>,
) -> Command {
    let mut command = worker_for(bench, slug, orders);
    command.env(CLOCK, now.to_string());
    command
}

fn slug() -> String {
    std::env::var(SLUG).unwrap_or_else(|_| TENANT.to_owned())
}

/// Carries out the orders in the environment. Without any, as a test, it shows that it does so.
#[test]
fn works() {
    let Ok(orders) = std::env::var(ORDERS) else {
        return support::run(Engine::Sqlite, async |bench| shows(bench).await);
    };
    let logs = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN);
    logs.with_ansi(false).with_writer(std::io::stderr).init();
    let bench = std::env::var(BENCH).unwrap();
    let mut words = bench.splitn(3, ' ');
    let engine = match words.next() {
        Some("sqlite") => Engine::Sqlite,
        _ => Engine::Postgres,
    };
    let (name, directory) = (words.next().unwrap(), words.next().unwrap());
    let bench = Bench::at(engine, directory.as_ref(), name);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match std::env::var(CLOCK) {
        Ok(now) => runtime.block_on(work(&bench, FixedClock::at(&now), &orders)),
        Err(_) => runtime.block_on(work(&bench, SystemClock, &orders)),
    }
}

async fn work<C: Clock + 'static>(bench: &Bench, clock: C, orders: &str) {
    let house = House::try_open(bench, Arc::new(clock)).await;
    let house = house.unwrap_or_else(|error| panic!("{error}"));
    for order in orders.lines() {
        carry_out(&house, order).await;
    }
    house.close().await;
}

async fn shows(bench: &Bench) {
    let house = House::new(bench).await;
    let tenant = house.tenant(TENANT).await;
    for order in [
        "import skor 1 3",
        "read 1 3",
        "rehouse 3",
        "erase 2 3",
        "strict 2",
        "settle",
    ] {
        carry_out(&house, order).await;
    }
    assert!(known(&house, &tenant, 1).await.is_some());
    assert!(known(&house, &tenant, 2).await.is_none());
    house.close().await;
}

async fn carry_out<C: Clock + 'static>(house: &House<C>, order: &str) {
    let words: Vec<&str> = order.split(' ').collect();
    let number = |at: usize| words[at].parse::<usize>().unwrap();
    println!("begin {order}");
    match words[0] {
        "erase" | "strict" => {
            let tenant = house.catalog.tenant_ref(&slug()).await.unwrap();
            let erase = |word| erase(house, &tenant, word, words[0] == "strict");
            join_all(words[1..].iter().map(|word| erase(word))).await;
        }
        "rehouse" => {
            let tenant = house.catalog.tenant_ref(&slug()).await.unwrap();
            let contact = known(house, &tenant, number(1)).await.unwrap();
            match rehouse(house, &tenant, contact).await {
                Ok(outcome) => println!("rehoused {} {}", words[1], outcome.erasure),
                Err(error) => println!("refused {}: {error}", words[1]),
            }
        }
        "purge" => {
            let tenant = house.catalog.tenant_ref(words[1]).await.unwrap();
            let outcome = house.purge(&tenant).await;
            assert_eq!(outcome.pending, None);
            println!("purged {} {}", words[1], outcome.erasure);
        }
        "discard" => {
            let tenant = house.catalog.tenant_ref(&slug()).await.unwrap().id;
            let request = DiscardRequest {
                tenant,
                which: Which::All,
                instruction: "ARENDE-9".into(),
            };
            house.eraser.discard_quarantined(request).await.unwrap();
        }
        "import" => {
            let tenant = house.catalog.tenant_ref(words[1]).await.unwrap();
            import(house, &tenant, number(2)..=number(3)).await;
            println!("imported {} {} {}", words[1], words[2], words[3]);
        }
        "read" => {
            let tenant = house.catalog.tenant_ref(&slug()).await.unwrap();
            for person in number(1)..=number(2) {
                read(house, &tenant, person).await;
            }
        }
        "lease" => {
            let epoch = house.catalog.keyring.begin_read().await.unwrap();
            println!("lease of epoch {epoch}");
        }
        "settle" => {
            house.eraser.settle().await.unwrap();
        }
        "rotate" => {
            house.catalog.keyring.rotate_root().await.unwrap();
        }
        "renew" => {
            house.eraser.rotate_old_index_keys().await.unwrap();
        }
        other => panic!("no such order: {other}"),
    }
    println!("done {order}");
}

async fn erase<C: Clock + 'static>(house: &House<C>, tenant: &TenantRef, word: &str, strict: bool) {
    let Some(contact) = known(house, tenant, word.parse().unwrap()).await else {
        return println!("gone {word}");
    };
    println!("erasing {word} {contact}");
    let outcome = house.erase(tenant, contact, strict).await;
    assert_eq!(outcome.pending, None);
    let receipt = house.eraser.log.find(outcome.erasure).await.unwrap();
    println!("note {word} {}", hex::encode(&receipt.note));
    println!("erased {word} {}", outcome.erasure);
}

/// Brings people; whoever is there already stays as they are.
pub async fn import<C>(house: &House<C>, tenant: &TenantRef, people: RangeInclusive<usize>) {
    let text: String = people.map(records).collect();
    let source = text.as_bytes();
    let imported = import_gallra(&house.catalog, tenant, source, Options::default(), |_| ()).await;
    let report = imported.unwrap_or_else(|error| panic!("{error}"));
    assert!(report.is_clean(), "{report:?}");
}

/// Takes the first message that stands in a person's only case out of it.
pub async fn rehouse<C: Clock + 'static>(
    house: &House<C>,
    tenant: &TenantRef,
    contact: ContactId,
) -> Result<Outcome, EraseError> {
    let access = house.catalog.access(tenant, contact).await.unwrap();
    let [case] = access.cases.as_slice() else {
        panic!("one case: {}", access.cases.len());
    };
    let drop = MessageChoice {
        body: Fate::Drop,
        ..Default::default()
    };
    let choice = PartChoice {
        messages: [(case.messages[0].id, drop)].into(),
        ..Default::default()
    };
    let case = case.case.id;
    let request = RehouseRequest {
        tenant: tenant.id,
        choice: Choice::Part(Home { case, contact }, choice),
        reason: Reason::Redaction,
        instruction: "ARENDE-23".into(),
    };
    house.eraser.rehouse(request).await
}

/// Person `number`, if the tenant holds them.
pub async fn known<C>(house: &House<C>, tenant: &TenantRef, number: usize) -> Option<ContactId> {
    find(house, tenant, external_id(number).expose()).await
}

/// The person with this external id, if the tenant holds them.
pub async fn find<C>(house: &House<C>, tenant: &TenantRef, id: &str) -> Option<ContactId> {
    let identifier = Identifier::ExternalId(Personal::new(id.to_owned()));
    let find = async || house.catalog.find(&identifier, Some(tenant)).await;
    let matches = repeated(find)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
        .matches;
    assert!(matches.len() < 2, "{id} is there twice");
    matches.first().map(|found| found.id)
}

/// Does as a reader is told who is refused because erasures went on meanwhile: repeats the call.
async fn repeated<T>(call: impl AsyncFn() -> Result<T, CatalogError>) -> Result<T, CatalogError> {
    for _ in 0..100 {
        match call().await {
            Err(CatalogError::Keyring(KeyringError::EpochChanged)) => {}
            answer => return answer,
        }
    }
    call().await
}

/// Reads everything held about a person. To be told that they are being erased is an answer too.
async fn read<C>(house: &House<C>, tenant: &TenantRef, person: usize) {
    let Some(contact) = known(house, tenant, person).await else {
        return;
    };
    match repeated(async || house.catalog.access(tenant, contact).await).await {
        Ok(access) => {
            let text = serde_json::to_string(&access).unwrap();
            assert!(
                text.contains(&format!("kund-{person}")),
                "somebody else's data"
            );
        }
        Err(CatalogError::ContactUnknown(_) | CatalogError::ContactBeingErased(_)) => {}
        Err(error) => panic!("person {person} cannot be read: {error}"),
    }
}

/// The records of person `number` as Gallra's own format: a contact and two messages of one case.
pub fn records(number: usize) -> String {
    let contact = serde_json::json!({
        "type": "contact", "external_id": format!("kund-{number}"),
        "name": format!("Anna Exempelsson {number}"), "email": format!("anna{number}@example.se"),
        "phone": format!("070-174 06 {:02}", 5 + number % 95), "source": "test",
    });
    let message = |at: usize| {
        serde_json::json!({
            "type": "message", "case": format!("fall-{number}"), "contact": format!("kund-{number}"),
            "external_id": format!("meddelande-{number}-{at}"), "subject": "Var är mitt paket?",
            "direction": "in", "channel": "email", "sent_at": "2026-02-01T10:00:00Z",
            "body": format!("Hej, paket {at} till kund {number} kom aldrig fram."),
        })
    };
    format!("{contact}\n{}\n{}\n", message(0), message(1))
}

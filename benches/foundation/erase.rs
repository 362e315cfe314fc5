//! Erasing people: from the order to the receipt, and the part of it that makes data irrecoverable.

use std::time::Duration;

use futures_util::future::join_all;
use gallra::ingest::{Options, import_gallra};
use gallra::keyring::{Destroyed, Destruction, KeptBy};
use gallra::vocabulary::{ErasureId, SystemRandom, TenantId};

use crate::shared::Case;
use crate::shared::records;
use crate::shared::table::{Line, middle, milliseconds, percentile, time};
use crate::support::Bench;
use crate::support::house::House;
use crate::{contacts, sync};

const SINGLE: usize = 100;
const BATCH: usize = 100;
const BATCHES: usize = 5;

/// Single erasures and batches, whole and keys only, with their flushes.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let flush = sync::one(case.bench.directory()).await;
    let mut lines = vec![Line::known(
        "one flush of 4 KiB to disk",
        milliseconds(flush),
        String::new(),
    )];
    lines.extend(whole(case, flush).await);
    lines.extend(keys_only(case, flush).await);
    lines
}

/// The erase protocol from order to receipt.
async fn whole(case: &Case<'_>, flush: Duration) -> Vec<Line> {
    let house = House::new(case.bench).await;
    let tenant = house.tenant("skor").await;
    let people = SINGLE + BATCH * BATCHES + BATCH + 10;
    let text = records::people(0..people);
    let options = Options::default();
    let imported = import_gallra(&house.catalog, &tenant, text.as_bytes(), options, |_| {});
    imported.await.expect("it is imported");
    let mut people = contacts(&house, &tenant).await.into_iter();
    let mut next = || people.next().expect("there are enough people");
    let erase = async |contact| drop(house.erase(&tenant, contact, false).await);

    erase(next()).await;
    let mut single = Vec::new();
    for _ in 0..SINGLE {
        single.push(time(erase(next())).await.0);
    }
    let mut batches = Vec::new();
    for _ in 0..BATCHES {
        let batch: Vec<_> = (0..BATCH).map(|_| next()).collect();
        let batch = join_all(batch.into_iter().map(&erase));
        batches.push(time(batch).await.0);
    }
    let single_flushes = sync::count(case.bench, erase(next())).await;
    let batch: Vec<_> = (0..BATCH).map(|_| next()).collect();
    let batch = async { drop(join_all(batch.into_iter().map(&erase)).await) };
    let batch_flushes = sync::count(case.bench, batch).await;
    house.close().await;
    vec![
        line("erase, order to receipt", &single, single_flushes, flush),
        line(
            "erase 100 at once, order to receipt",
            &batches,
            batch_flushes,
            flush,
        ),
    ]
}

/// Destroying keys: up to the point where the old root is overwritten.
async fn keys_only(case: &Case<'_>, flush: Duration) -> Vec<Line> {
    let bench = Bench::new(case.bench.engine()).await;
    let house = House::new(&bench).await;
    let tenant = house.tenant("skor").await.id;
    let keyring = &house.catalog.keyring;
    let all = SINGLE + BATCH * (BATCHES + 1) + 2;
    let leased = keyring.lease(tenant, all).await.expect("keys are leased");
    let mut keys = leased.into_iter().map(|it| destruction(tenant, it.key_ref));
    let mut some = |count| keys.by_ref().take(count).collect::<Vec<_>>();
    let destroy = async |these: Vec<Destruction>| {
        keyring
            .destroy_all(&these)
            .await
            .expect("they are destroyed");
    };
    destroy(some(1)).await;
    let (mut single, mut batches) = (Vec::new(), Vec::new());
    for _ in 0..SINGLE {
        single.push(time(destroy(some(1))).await.0);
    }
    for _ in 0..BATCHES {
        batches.push(time(destroy(some(BATCH))).await.0);
    }
    let single_flushes = sync::count(&bench, destroy(some(1))).await;
    let batch_flushes = sync::count(&bench, destroy(some(BATCH))).await;
    house.close().await;
    bench.remove().await;
    vec![
        line("destroy one key for good", &single, single_flushes, flush),
        line("destroy 100 keys for good", &batches, batch_flushes, flush),
    ]
}

fn destruction(tenant: TenantId, key: gallra::keyring::KeyRef) -> Destruction {
    Destruction {
        kept_by: KeptBy::Subject,
        erasure: ErasureId::generate(&SystemRandom),
        kind: "contact".to_owned(),
        tenant,
        subject: None,
        what: Destroyed::Units(vec![key]),
        suppressed: None,
        new_index_keys: None,
        facts: "{}".to_owned(),
    }
}

fn line(measure: &str, times: &[Duration], flushes: Option<u64>, flush: Duration) -> Line {
    let counted = flushes.map_or("flushes unknown".to_owned(), |it| {
        format!("{it} flushes, {}", milliseconds(flush * it as u32))
    });
    let p99 = milliseconds(percentile(times, 99));
    let measure = format!("{measure}, p50 (p99 {p99})");
    Line::known(&measure, milliseconds(middle(times)), counted)
}

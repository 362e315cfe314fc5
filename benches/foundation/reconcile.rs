//! Bringing a restored backup in line with the ledger, and looking at every key.

use gallra::erasure::restore::restore;
use gallra::ingest::{Options, import_gallra};
use gallra::store::Role;
use gallra::vocabulary::{SystemClock, SystemRandom};

use crate::shared::Case;
use crate::shared::plain::Plain;
use crate::shared::records::{self, PER_PERSON};
use crate::shared::table::{Goal, Line, time};
use crate::support::house::House;

/// People of the tenant that was purged, and of the one that stays.
const PURGED: usize = 5_000;
const STAYING: usize = 2_000;

/// Rows a second that a reconciliation deletes, beside deleting as many plaintext rows; and units a
/// second that `--full` looks at.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let house = House::new(case.bench).await;
    let (gone, stays) = (house.tenant("skor").await, house.tenant("hattar").await);
    let text = records::people(0..PURGED);
    for (tenant, text) in [(&gone, &text), (&stays, &records::people(0..STAYING))] {
        let options = Options::default();
        let imported = import_gallra(&house.catalog, tenant, text.as_bytes(), options, |_| {});
        imported.await.expect("it is imported");
    }
    let (backup, url) = (
        case.bench.directory().join("backup"),
        case.bench.url(Role::Data),
    );
    house
        .eraser
        .backup(&url, &backup)
        .await
        .expect("it is saved");
    house.purge(&gone).await;
    let keyring = house.catalog.keyring.clone();
    house.catalog.data.close().await;
    let restored = restore(&keyring, &url, &backup, &SystemClock, &SystemRandom).await;
    restored.expect("it is put back");
    house.close().await;

    let house = House::open(case.bench).await;
    let (took, report) = time(house.eraser.settle()).await;
    let report = report.expect("it is reconciled");
    assert!(report.restored && report.erased_again == 1, "{report:?}");
    let ours = (PURGED * PER_PERSON) as f64 / took.as_secs_f64();
    let (settled, full) = time(house.eraser.settle_fully()).await;
    let full = full.expect("every key is looked at");
    house.close().await;

    let plain = Plain::new(case.bench).await;
    plain.import(&text).await;
    let (took, rows) = time(plain.delete_all()).await;
    plain.remove().await;
    let rate = full.units_checked as f64 / settled.as_secs_f64();
    vec![
        Line::rates(
            "reconcile a restored backup, records (with the index of the rest)",
            ours,
            rows as f64 / took.as_secs_f64(),
            Goal::Known,
        ),
        Line::known(
            "reconcile --full, units",
            format!("{rate:.0}/s"),
            String::new(),
        ),
    ]
}

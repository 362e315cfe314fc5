//! Records that an import could not read: looked at, discarded, gone with their tenant.

use std::collections::BTreeSet;

use gallra::catalog::TenantRef;
use gallra::erasure::discard::{DiscardRequest, Which};
use gallra::erasure::{EraseError, Outcome, Standing};
use gallra::ingest::{Options, import_gallra};
use gallra::keyring::KeyRef;
use gallra::receipts::body::Kind;
use gallra::store::{Role, args};
use gallra::vocabulary::QuarantineId;

use crate::both_engines;
use crate::restore::put_back;
use crate::support::house::House;

/// Imports so many lines that nothing can read.
async fn spoil(house: &House, tenant: &TenantRef, lines: usize) -> Vec<QuarantineId> {
    let text: String = (0..lines)
        .map(|line| format!("Anna Exempelsson {line};070-174 06 05\n"))
        .collect();
    let options = Options::default();
    let report = import_gallra(&house.catalog, tenant, text.as_bytes(), options, |_| ()).await;
    assert_eq!(report.unwrap().quarantined_total(), lines as u64);
    listed(house, tenant).await
}

async fn listed(house: &House, tenant: &TenantRef) -> Vec<QuarantineId> {
    let listed = house.catalog.list_quarantined(Some(tenant)).await.unwrap();
    listed.iter().map(|it| it.id).collect()
}

/// The keys of a tenant's quarantined records.
async fn keys(house: &House, tenant: &TenantRef) -> Vec<KeyRef> {
    let sql =
        "SELECT u.block, u.leaf FROM unit u JOIN quarantine q ON q.unit = u.id WHERE u.tenant = $1";
    let rows = house.catalog.data.fetch_all(sql, args![tenant.id]).await;
    let key = |row: &gallra::store::Row| KeyRef {
        block: row.u64(0).unwrap(),
        leaf: row.i64(1).unwrap() as u16,
    };
    rows.unwrap().iter().map(key).collect()
}

async fn are_destroyed(house: &House, tenant: &TenantRef, keys: &[KeyRef]) -> usize {
    let mut destroyed = 0;
    for key in keys {
        let key = house.catalog.keyring.data_key(tenant.id, *key).await;
        destroyed += usize::from(key.is_err());
    }
    destroyed
}

fn request(tenant: &TenantRef, which: Which) -> DiscardRequest {
    DiscardRequest {
        tenant: tenant.id,
        which,
        instruction: "ARENDE-9".into(),
    }
}

async fn discard(house: &House, tenant: &TenantRef, which: Which) -> Vec<Outcome> {
    let outcomes = house.eraser.discard_quarantined(request(tenant, which));
    outcomes.await.expect("the records are discarded")
}

fn these(ids: &[QuarantineId]) -> Which {
    Which::These(ids.iter().copied().collect::<BTreeSet<_>>())
}

/// Rows of a tenant in one table.
async fn count(db: &gallra::store::Db, tenant: &TenantRef, sql: &'static str) -> i64 {
    let row = db.fetch_one(sql, args![tenant.id]).await.unwrap();
    row.i64(0).unwrap()
}

const RECORDS: &str = "SELECT COUNT(*) FROM quarantine WHERE tenant = $1";
const RESERVATIONS: &str = "SELECT COUNT(*) FROM reservation WHERE tenant = $1";

both_engines! {
    async fn discarded_records_are_gone_and_no_longer_an_open_copy(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let bo = house.person(&tenant, 2, 1).await;
        let reserved = count(&house.catalog.index, &tenant, RESERVATIONS).await;
        let ids = spoil(&house, &tenant, 3).await;
        let keys = keys(&house, &tenant).await;
        let opened = house.catalog.open_quarantined(ids[0]).await.unwrap();
        assert!(opened.record.starts_with("Anna Exempelsson".as_bytes()));

        let erased = house.erase(&tenant, anna, false).await;
        let receipt = house.eraser.log.find(erased.erasure).await.unwrap().body().unwrap();
        assert_eq!(receipt.open_copies(), 1, "{:?}", receipt.copies);

        assert_eq!(house.eraser.preview_discard(tenant.id, &Which::All).await.unwrap(), 3);
        let one = discard(&house, &tenant, these(&ids[..1])).await;
        let receipt = house.eraser.log.find(one[0].erasure).await.unwrap().body().unwrap();
        assert_eq!((receipt.kind, receipt.people), (Kind::Quarantine, 0));
        assert_eq!(receipt.keys.destroyed, 1);
        assert_eq!(receipt.categories[0].category, "quarantined");
        assert!(receipt.verification.iter().all(|it| it.passed), "{:?}", receipt.verification);
        assert_eq!(are_destroyed(&house, &tenant, &keys).await, 1);
        assert!(house.catalog.open_quarantined(ids[0]).await.is_err());
        let refused = house.eraser.discard_quarantined(request(&tenant, these(&ids[..1]))).await;
        assert!(matches!(refused, Err(EraseError::UnknownQuarantined(id)) if id == ids[0]));

        assert_eq!(discard(&house, &tenant, Which::All).await.len(), 1);
        assert_eq!(are_destroyed(&house, &tenant, &keys).await, 3);
        assert_eq!(count(&house.catalog.data, &tenant, RECORDS).await, 0);
        assert!(count(&house.catalog.index, &tenant, RESERVATIONS).await <= reserved);
        assert!(discard(&house, &tenant, Which::All).await.is_empty());

        let erased = house.erase(&tenant, bo, false).await;
        let receipt = house.eraser.log.find(erased.erasure).await.unwrap().body().unwrap();
        assert_eq!(receipt.open_copies(), 0, "{:?}", receipt.copies);
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
        assert!(house.eraser.log.verify_all().await.unwrap().passed());
    }

    /// The export is made again, its lines at other places: what was discarded stays away, also under
    /// new index keys, and a line that is new waits for a person to look at it.
    async fn a_discarded_line_is_not_quarantined_again(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let import = async |text: &str| {
            let options = Options::default();
            let done = import_gallra(&house.catalog, &tenant, text.as_bytes(), options, |_| ());
            let report = done.await.unwrap();
            (report.quarantined_total(), report.suppressed)
        };
        assert_eq!(import("Anna Exempelsson;1\nBo Ek;2\nKim Alm;3\n").await, (3, 0));
        let ids: Vec<_> = listed(&house, &tenant).await;
        discard(&house, &tenant, these(&ids[..1])).await;
        discard(&house, &tenant, these(&ids[1..2])).await;
        let erased = house.person(&tenant, 1, 1).await;
        house.erase(&tenant, erased, true).await;

        assert_eq!(import("Kim Alm;3\nLo By;4\nAnna Exempelsson;1\nBo Ek;2\n").await, (2, 2));
        assert_eq!(listed(&house, &tenant).await.len(), 3);
        discard(&house, &tenant, Which::All).await;
        assert_eq!(import("Bo Ek;2\nKim Alm;3\nAnna Exempelsson;1\nLo By;4\n").await, (0, 4));
        assert_eq!(listed(&house, &tenant).await, []);
        // With another tenant's file it is another line.
        let other = house.tenant("hattar").await;
        spoil(&house, &other, 1).await;
    }

    /// A takes 1 and 2, B takes 2 and 3: neither waits for ever for the record that they share.
    async fn two_who_discard_the_same_record_destroy_all_of_theirs(bench) {
        let house = House::new(bench).await;
        let other = House::open(bench).await;
        let tenant = house.tenant("skor").await;
        let ids = spoil(&house, &tenant, 3).await;
        let keys = keys(&house, &tenant).await;
        let (one, two) = tokio::join!(
            house.eraser.discard_quarantined(request(&tenant, these(&ids[..2]))),
            other.eraser.discard_quarantined(request(&tenant, these(&ids[1..]))),
        );
        // Whoever comes late may find that the record they share is gone, and says so.
        for refused in [&one, &two].into_iter().filter_map(|done| done.as_ref().err()) {
            assert!(matches!(refused, EraseError::UnknownQuarantined(_)), "{refused}");
        }
        discard(&house, &tenant, Which::All).await;
        assert_eq!(are_destroyed(&house, &tenant, &keys).await, 3);
        assert_eq!(count(&house.catalog.data, &tenant, RECORDS).await, 0);
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
        let mut discarded = 0;
        for receipt in house.eraser.log.list(None, 0, 10).await.unwrap() {
            discarded += receipt.body().unwrap().keys.destroyed;
        }
        assert_eq!(discarded, 3, "each once");
    }

    async fn a_purge_takes_them_along(bench) {
        let house = House::new(bench).await;
        let (shoes, hats) = (house.tenant("skor").await, house.tenant("hattar").await);
        let ids = spoil(&house, &shoes, 3).await;
        let kept = spoil(&house, &hats, 2).await;
        let keys = keys(&house, &shoes).await;
        assert_eq!(house.eraser.preview_tenant(shoes.id).await.unwrap().quarantined, 3);
        let purged = house.purge(&shoes).await;
        let receipt = house.eraser.log.find(purged.erasure).await.unwrap().body().unwrap();
        assert_eq!(receipt.open_copies(), 0, "{:?}", receipt.copies);
        let counted = receipt.categories.iter().find(|it| it.category == "quarantined");
        assert_eq!(counted.map(|it| it.records), Some(3));
        assert_eq!(are_destroyed(&house, &shoes, &keys).await, 3);
        assert_eq!(count(&house.catalog.data, &shoes, RECORDS).await, 0);
        assert_eq!(count(&house.catalog.index, &shoes, RESERVATIONS).await, 0);
        assert!(house.catalog.open_quarantined(ids[0]).await.is_err());
        house.catalog.open_quarantined(kept[0]).await.unwrap();
        // The purge is found again though the tenant has other erasures without a subject.
        assert_eq!(house.purge(&shoes).await.erasure, purged.erasure);
    }

    /// discard · purge: the purge's own order is the one that answers, and not the discarding's.
    async fn a_purge_after_discarding_is_a_purge(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        spoil(&house, &tenant, 1).await;
        let anna = house.person(&tenant, 1, 1).await;
        let discarded = discard(&house, &tenant, Which::All).await;
        house.catalog.read_contact(&tenant, anna).await.unwrap();
        let purged = house.purge(&tenant).await;
        assert_ne!(purged.erasure, discarded[0].erasure);
        assert_eq!(house.purge(&tenant).await.erasure, purged.erasure);
    }

    async fn a_restored_backup_brings_none_back(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let ids = spoil(&house, &tenant, 2).await;
        let backup = bench.directory().join("backup");
        house.eraser.backup(&bench.url(Role::Data), &backup).await.unwrap();
        let discarded = discard(&house, &tenant, these(&ids[..1])).await;
        let house = put_back(bench, house, &backup).await;
        let report = house.eraser.settle().await.unwrap();
        assert_eq!((report.erased_again, report.receipts), (1, 1), "{report:?}");
        assert!(house.catalog.open_quarantined(ids[0]).await.is_err());
        house.catalog.open_quarantined(ids[1]).await.unwrap();
        let receipts = house.eraser.log.list(None, 0, 10).await.unwrap();
        let again = receipts.last().unwrap().body().unwrap();
        assert_eq!(again.again.unwrap().of, discarded[0].erasure);
    }

    async fn a_hold_on_the_client_stands_in_the_way_and_one_on_a_person_does_not(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        spoil(&house, &tenant, 1).await;
        let hold = house.eraser.add_hold(tenant.id, None, "TVIST-1").await.unwrap();
        let refused = house.eraser.discard_quarantined(request(&tenant, Which::All)).await;
        assert!(matches!(refused, Err(EraseError::Held(_))));
        assert!(house.eraser.preview_discard(tenant.id, &Which::All).await.is_err());
        house.eraser.release_hold(hold).await.unwrap();
        house.eraser.add_hold(tenant.id, Some(anna), "TVIST-2").await.unwrap();
        assert_eq!(discard(&house, &tenant, Which::All).await.len(), 1);
    }
}

//! The story of the issue, told through the program itself: two clients, a backup, a person erased,
//! a client purged, the old backup restored. Nobody comes back, nobody else is lost.

use gallra::keyring::{Domain, IndexKeys, KeyRef, KeyringError, normalise};
use gallra::store::archive::put_back;
use gallra::store::{Db, Role, args};
use gallra::vocabulary::TenantId;

use crate::both_engines;
use crate::desk::Desk;
use crate::invariants::{self, Person};
use crate::support::Bench;
use crate::support::house::House;
use crate::worker::records;

/// Every unit in the data as it stands, and how much of it can be decrypted: (units, readable).
async fn raw_units(bench: &Bench, house: &House, tenant: TenantId) -> (usize, usize) {
    let data = bench.open(Role::Data).await;
    let sql = "SELECT block, leaf FROM unit WHERE tenant = $1";
    let rows = data.fetch_all(sql, args![tenant]).await.unwrap();
    let mut readable = 0;
    for row in &rows {
        let key = KeyRef {
            block: row.u64(0).unwrap(),
            leaf: u16::try_from(row.i64(1).unwrap()).unwrap(),
        };
        match house.catalog.keyring.data_key(tenant, key).await {
            Ok(_) => readable += 1,
            Err(KeyringError::Erased(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    data.close().await;
    (rows.len(), readable)
}

/// All that the index says, as whoever kept an old file of it has it.
async fn index_bytes(index: &Db) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for sql in [
        "SELECT token FROM reservation",
        "SELECT token FROM token",
        "SELECT token FROM suppression",
    ] {
        for row in index.fetch_all(sql, args![]).await.unwrap() {
            all.push(row.blob(0).unwrap());
        }
    }
    all
}

/// How many of the tokens that these keys make of person 1 stand in the index.
fn confirmed(keys: &IndexKeys, index: &[Vec<u8>]) -> usize {
    let id = normalise::external_id("kund-1").unwrap();
    let email = normalise::email("anna1@example.se").unwrap();
    let (id, email) = (id.expose().to_owned(), email.expose().to_owned());
    let mut tokens = Vec::new();
    for (domain, value) in [(Domain::ExternalId, &id), (Domain::Email, &email)] {
        tokens.push(keys.token(domain, value).to_vec());
        tokens.push(keys.suppression(domain, value).to_vec());
    }
    tokens.iter().filter(|token| index.contains(token)).count()
}

both_engines! {
    async fn a_restored_backup_brings_nobody_back_and_loses_nobody_else(bench) {
        let desk = Desk::open(bench);
        desk.import("skor", 1..=3);
        desk.import("hattar", [1, 4]);
        assert_eq!(desk.found("anna1@example.se"), 2);
        let (bo, eva) = (desk.access(2), desk.access(3));
        let backup = bench.directory().join("backup").display().to_string();
        desk.run(&["backup", &backup]);
        let house = House::open(bench).await;
        let (shoes, hats) = (
            house.catalog.tenant_ref("skor").await.unwrap(),
            house.catalog.tenant_ref("hattar").await.unwrap(),
        );
        let anna = Person::look(&house, &shoes, 1).await;
        let hatted = Person::look(&house, &hats, 1).await;
        house.close().await;

        let erased = desk.erase(1, &[]);
        let purged = desk.purge("hattar");
        assert_eq!(desk.found("anna1@example.se"), 0);

        let restored = desk.run(&["restore", &backup]).json();
        assert_eq!(restored["reconciled"]["erased_again"], 2, "{restored}");
        for gone in ["anna1@example.se", "kund-1", "anna4@example.se"] {
            assert_eq!(desk.found(gone), 0, "{gone}");
        }
        assert_eq!((desk.access(2), desk.access(3)), (bo, eva), "byte for byte as before");
        let kinds: Vec<String> = desk.receipts().into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["contact", "tenant_purge", "re_erasure", "re_erasure"]);
        for id in [&erased, &purged] {
            let file = desk.file(&desk.note(id).stdout);
            desk.run(&["verify", &file]);
        }
        desk.run(&["verify", "--all"]);

        let house = House::open(bench).await;
        assert_eq!(anna.is_gone(&house, &shoes, 1).await.to_string(), erased);
        assert_eq!(hatted.keys_are_destroyed(&house, hats.id).await.to_string(), purged);
        assert_eq!(raw_units(bench, &house, hats.id).await, (0, 0));
        assert_eq!(invariants::hold(bench, &house).await, 2);
        house.close().await;
    }

    async fn the_raw_rows_of_a_restored_backup_cannot_be_decrypted(bench) {
        let desk = Desk::open(bench);
        desk.import("hattar", 1..=3);
        let backup = bench.directory().join("backup");
        desk.run(&["backup", &backup.display().to_string()]);
        desk.purge("hattar");
        // The rows as the backup has them, before anything reconciles them.
        let house = House::open(bench).await;
        let url = bench.url(Role::Data);
        house.catalog.data.close().await;
        let mark = ("UPDATE meta SET vault_version = vault_version WHERE id = $1", args![1]);
        put_back(&url, Role::Data, &backup, vec![mark]).await.unwrap();
        let data = bench.open(Role::Data).await;
        let sql = "SELECT id FROM tenant WHERE slug = 'hattar'";
        let hats = data.fetch_one(sql, args![]).await.unwrap().id::<TenantId>(0).unwrap();
        data.close().await;
        let (units, readable) = raw_units(bench, &house, hats).await;
        assert!(units >= 7, "three people, their cases and the tenant: {units}");
        assert_eq!(readable, 0);
        house.close().await;
        // The first command that comes along erases them again.
        assert_eq!(desk.found("anna1@example.se"), 0);
        let house = House::open(bench).await;
        assert_eq!(raw_units(bench, &house, hats).await, (0, 0));
        house.close().await;
    }

    async fn after_strict_an_old_index_with_the_present_keys_confirms_nothing(bench) {
        let desk = Desk::open(bench);
        desk.import("skor", 1..=2);
        let house = House::open(bench).await;
        let tenant = house.catalog.tenant_ref("skor").await.unwrap();
        let before = house.catalog.keyring.index_keys(tenant.id).await.unwrap();
        let old = index_bytes(&house.catalog.index).await;
        assert_eq!(confirmed(&before, &old), 2, "the search can succeed");

        desk.erase(1, &["--strict"]);
        let now = house.catalog.keyring.index_keys(tenant.id).await.unwrap();
        assert_eq!(confirmed(&now, &old), 0);
        let index = index_bytes(&house.catalog.index).await;
        assert_eq!(confirmed(&before, &index), 0, "nor the old keys anything in the new index");
        assert_eq!(confirmed(&now, &index), 2, "but the suppression was carried over");
        assert_eq!(desk.found("anna2@example.se"), 1);
        house.close().await;
    }

    async fn an_old_record_is_not_imported_again_and_a_new_message_is(bench) {
        let desk = Desk::open(bench);
        desk.import("skor", 1..=2);
        let house = House::open(bench).await;
        let tenant = house.catalog.tenant_ref("skor").await.unwrap();
        let before = Person::look(&house, &tenant, 1).await;
        desk.erase(1, &[]);
        let again = desk.import("skor", 1..=2);
        assert!(again["suppressed"].as_u64().unwrap() >= 2, "{again}");
        assert_eq!(again["messages"]["unchanged"], 2, "{again}");
        assert_eq!(desk.found("anna1@example.se"), 0);

        let new = records(1).replace("2026-02-01T10:00:00Z", "2099-02-01T10:00:00Z");
        let message = new.lines().last().unwrap();
        let imported = desk.import_text("skor", message);
        assert_eq!(imported["messages"]["created"], 1, "{imported}");
        let anew = Person::look(&house, &tenant, 1).await;
        assert_ne!(anew.id, before.id);
        for key in anew.key_bytes() {
            assert!(before.key_bytes().all(|old| old != key), "an old key is used again");
        }
        before.keys_are_destroyed(&house, tenant.id).await;
        house.close().await;
    }
}

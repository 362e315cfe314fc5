//! Keys that no record names: what only newer backups hold may be read with them, so no receipt says
//! "complete" until they are destroyed everywhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gallra::catalog::TenantRef;
use gallra::erasure::Outcome;
use gallra::erasure::orphans::Handling;
use gallra::keyring::Mirror;
use gallra::receipts::body::Kind;
use gallra::store::{Role, args};
use gallra::vocabulary::{ContactId, SystemRandom, TenantId};

use crate::both_engines;
use crate::restore::put_back;
use crate::support::Bench;
use crate::support::house::House;

/// A client with one person, a backup of that, and the house after somebody else came.
async fn with_newcomer(bench: &Bench) -> (House, TenantRef, ContactId, PathBuf) {
    let house = House::new(bench).await;
    let tenant = house.tenant("skor").await;
    let anna = house.person(&tenant, 1, 1).await;
    let backup = bench.directory().join("backup");
    let url = bench.url(Role::Data);
    house.eraser.backup(&url, &backup).await.unwrap();
    house.person(&tenant, 2, 1).await;
    (house, tenant, anna, backup)
}

/// Puts a backup in place as tools of one's own do: nothing in it says that it was restored.
async fn put_back_by_hand(bench: &Bench, house: House, backup: &Path) -> House {
    house.put_back(bench, backup).await;
    let unmarked = "UPDATE meta SET restoration = NULL, orphans = $1 WHERE id = 1";
    let data = bench.open(Role::Data).await;
    data.execute(unmarked, args![false]).await.unwrap();
    data.close().await;
    House::open(bench).await
}

async fn mirror(house: &House, directory: &Path) -> Mirror {
    let (main, random) = (&house.catalog.keyring, Arc::new(SystemRandom));
    let mirror = Mirror::open_or_create(directory, "cellar", main, house.clock.clone(), random);
    mirror.await.expect("a mirror is made")
}

async fn open_copies(house: &House, erased: &Outcome) -> usize {
    let receipt = house.eraser.log.find(erased.erasure).await.unwrap();
    receipt.body().unwrap().open_copies()
}

both_engines! {
    /// backup · somebody comes · the backup is put back by hand, and looked through as the page says.
    async fn keys_found_after_a_restore_by_hand_keep_receipts_open(bench) {
        let (house, tenant, anna, backup) = with_newcomer(bench).await;
        let house = put_back_by_hand(bench, house, &backup).await;
        house.eraser.settle_fully().await.unwrap();
        let found = house.eraser.orphans(Handling::Note).await.unwrap();
        assert!(found.found > 0 && found.destroyed == 0, "{found:?}");
        let erased = house.erase(&tenant, anna, false).await;
        assert_eq!(open_copies(&house, &erased).await, 1);
    }

    /// A late mirror still has the keys that were destroyed here: promoted, it brings them back.
    async fn destroyed_keys_keep_receipts_open_until_every_mirror_followed(bench) {
        let (house, tenant, anna, backup) = with_newcomer(bench).await;
        let directory = bench.directory().join("cellar");
        let mut cellar = mirror(&house, &directory).await;
        cellar.follow_once().await.unwrap();
        cellar.close().await; // It keeps the process that it follows in the house.
        let house = put_back(bench, house, &backup).await;
        house.eraser.settle().await.unwrap();
        let mut cellar = mirror(&house, &directory).await;

        let late = house.eraser.orphans(Handling::Destroy).await.unwrap();
        assert!(late.destroyed > 0, "{late:?}");
        assert!(house.eraser.has_orphans().await.unwrap(), "the mirror still has them");
        assert_eq!(late.late_mirrors, ["cellar"]);

        cellar.follow_once().await.unwrap();
        let done = house.eraser.orphans(Handling::Destroy).await.unwrap();
        assert_eq!((done.found, done.late_mirrors.len()), (0, 0), "{done:?}");
        assert!(!house.eraser.has_orphans().await.unwrap());
        let erased = house.erase(&tenant, anna, false).await;
        cellar.follow_once().await.unwrap();
        house.eraser.settle().await.unwrap();
        assert_eq!(open_copies(&house, &erased).await, 0);
    }

    /// The mirror may have been promoted without a destruction that the lost vault had made.
    async fn after_a_promotion_such_keys_may_be_there_again(bench) {
        let (house, tenant, anna, _) = with_newcomer(bench).await;
        let vault = bench.open(Role::Vault).await;
        let promoted = "INSERT INTO line (id, number, line, began_at, note_owed) VALUES (1, 1, $1, 0, $2)";
        assert_eq!(vault.execute(promoted, args![vec![7; 16], true]).await.unwrap(), 1);
        vault.close().await;
        house.eraser.note_promotion().await.unwrap();
        house.eraser.settle().await.unwrap();
        let erased = house.erase(&tenant, anna, false).await;
        assert_eq!(open_copies(&house, &erased).await, 1);
    }

    /// backup · a client is added · newer backup · the backup is restored: nothing here knows the client.
    async fn the_keys_of_a_client_that_no_record_names_go_too(bench) {
        let (house, tenant, anna, old) = with_newcomer(bench).await;
        let lamps = house.tenant("lykta").await;
        let bo = house.person(&lamps, 3, 1).await;
        let (new, url) = (bench.directory().join("new"), bench.url(Role::Data));
        house.eraser.backup(&url, &new).await.unwrap();
        let house = put_back(bench, house, &old).await;
        house.eraser.settle().await.unwrap();

        let counted = house.eraser.orphans(Handling::Count).await.unwrap();
        assert_eq!((counted.clients, counted.destroyed), (1, 0), "{counted:?}");
        let done = house.eraser.orphans(Handling::Destroy).await.unwrap();
        assert_eq!((done.clients, done.receipts.len()), (1, 2), "{done:?}");
        assert!(!house.eraser.has_orphans().await.unwrap());
        for erasure in done.receipts {
            let body = house.eraser.log.find(erasure).await.unwrap().body().unwrap();
            assert_eq!(body.kind, Kind::Orphans);
            assert!(body.keys.destroyed > 0 && body.open_copies() == 0, "{body:?}");
            let known = body.tenant.id == tenant.id;
            assert!(known || body.tenant.name == lamps.id.to_string(), "{:?}", body.tenant);
        }

        let house = put_back(bench, house, &new).await;
        house.eraser.settle().await.unwrap();
        assert!(house.catalog.tenant_ref("lykta").await.is_err());
        assert!(house.catalog.read_contact(&lamps, bo).await.is_err());
        house.catalog.read_contact(&tenant, anna).await.unwrap();
    }

    /// A client that a running process is about to add is none that was lost.
    async fn a_client_that_is_being_added_is_left_alone(bench) {
        let house = House::new(bench).await;
        let added = TenantId::generate(&SystemRandom);
        house.catalog.keyring.add_tenant(added).await.unwrap();
        let done = house.eraser.orphans(Handling::Destroy).await.unwrap();
        assert_eq!((done.clients, done.destroyed), (0, 0), "{done:?}");
        assert!(done.perhaps_leased > 0, "{done:?}");
        house.catalog.keyring.index_keys(added).await.unwrap();
    }
}

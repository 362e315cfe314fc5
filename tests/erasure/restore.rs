//! Restoring old backups.

use std::path::Path;

use gallra::catalog::Identifier;
use gallra::erasure::{EraseError, Standing, restore::restore};
use gallra::receipts::body::Kind;
use gallra::store::Role;
use gallra::vocabulary::SystemRandom;

use crate::both_engines;
use crate::support::Bench;
use crate::support::house::{House, email};

/// Puts the backup back as `gallra restore` does, and opens the house again.
async fn put_back(bench: &Bench, house: House, backup: &Path) -> House {
    let keyring = house.catalog.keyring.clone();
    house.catalog.data.close().await;
    restore(&keyring, &bench.url(Role::Data), backup, &SystemRandom)
        .await
        .unwrap();
    house.close().await;
    House::open(bench).await
}

both_engines! {
    async fn restoring_brings_no_erased_person_back_and_loses_nobody_else(bench) {
        let house = House::new(bench).await;
        let (shoes, hats) = (house.tenant("skor").await, house.tenant("hattar").await);
        let anna = house.person(&shoes, 1, 3).await;
        let bo = house.person(&shoes, 2, 2).await;
        for number in 1..4 {
            house.person(&hats, number, 1).await;
        }
        let before = house.catalog.access(&shoes, bo).await.unwrap();
        let backup = bench.directory().join("backup");
        house.eraser.backup(&bench.url(Role::Data), &backup).await.unwrap();

        let erased = house.erase(&shoes, anna, false).await;
        let purged = house.purge(&hats).await;

        let house = put_back(bench, house, &backup).await;
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Restored);
        let report = house.eraser.settle().await.unwrap();
        assert_eq!((report.restored, report.erased_again), (true, 2), "{report:?}");
        assert_eq!((report.receipts, report.indexes_rebuilt), (2, 1), "{report:?}");
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);

        for number in 1..4 {
            let found = house.catalog.find(&Identifier::Email(email(number)), None).await.unwrap();
            assert_eq!(found.matches.len(), usize::from(number == 2), "person {number}");
        }
        let mut after = house.catalog.access(&shoes, bo).await.unwrap();
        after.read_at = before.read_at;
        assert_eq!(before, after, "everyone else is byte for byte as before");

        let receipts = house.eraser.log.list(None, 0, 100).await.unwrap();
        let again: Vec<_> = receipts
            .iter()
            .map(|receipt| receipt.body().unwrap())
            .filter(|body| body.kind == Kind::ReErasure)
            .collect();
        let of: Vec<_> = again.iter().map(|body| body.again.clone().unwrap().of).collect();
        assert_eq!(of, [erased.erasure, purged.erasure]);
        assert_eq!(again[0].people, 1);
        assert_eq!(again[1].people, 3);
        assert!(house.eraser.log.verify_all().await.unwrap().passed());
        let full = house.eraser.settle_fully().await.unwrap();
        assert_eq!(full.keys_missing, 0, "{full:?}");
    }

    async fn a_backup_restored_twice_is_erased_twice(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let backup = bench.directory().join("backup");
        house.eraser.backup(&bench.url(Role::Data), &backup).await.unwrap();
        house.erase(&tenant, anna, false).await;
        let mut house = house;
        for round in 1..3 {
            house = put_back(bench, house, &backup).await;
            let report = house.eraser.settle().await.unwrap();
            assert_eq!((report.erased_again, report.receipts), (1, 1), "round {round}: {report:?}");
        }
        assert_eq!(house.eraser.log.list(None, 0, 100).await.unwrap().len(), 3);
        // Settling once more does nothing more.
        let report = house.eraser.settle().await.unwrap();
        assert_eq!((report.erased_again, report.receipts), (0, 0), "{report:?}");
    }

    async fn a_damaged_backup_and_a_foreign_one_change_nothing(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let backup = bench.directory().join("backup");
        let url = bench.url(Role::Data);
        let manifest = house.eraser.backup(&url, &backup).await.unwrap();
        let again = house.eraser.backup(&url, &backup).await.unwrap_err();
        assert!(again.to_string().contains("not empty"), "{again}");

        let file = backup.join(manifest.files.keys().next().unwrap());
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        let keyring = &house.catalog.keyring;
        let refused = restore(keyring, &url, &backup, &SystemRandom).await.unwrap_err();
        assert!(refused.to_string().contains("not the file that was saved"), "{refused}");
        bytes[middle] ^= 1;
        std::fs::write(&file, &bytes).unwrap();

        let other = House::open(bench).await;
        let refused = restore(keyring, &url, &backup, &SystemRandom).await.unwrap_err();
        assert!(matches!(refused, EraseError::InUse(1)), "{refused}");
        other.close().await;
        let neighbour = Bench::new(bench.engine()).await;
        let foreign = House::new(&neighbour).await;
        let keyring = &foreign.catalog.keyring;
        let refused = restore(keyring, &url, &backup, &SystemRandom).await.unwrap_err();
        assert!(refused.to_string().contains("another vault"), "{refused}");
        foreign.close().await;
        neighbour.remove().await;
        house.catalog.read_contact(&tenant, anna).await.unwrap();
    }
}

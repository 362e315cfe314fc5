//! Restoring old backups.

use std::path::Path;

use gallra::catalog::Identifier;
use gallra::catalog::write::MessageChange;
use gallra::erasure::orphans::Handling;
use gallra::erasure::{EraseError, Standing, restore::restore};
use gallra::receipts::body::{CopyState, Kind};
use gallra::store::Role;
use gallra::vocabulary::{Clock, SystemClock, SystemRandom};

use crate::both_engines;
use crate::support::Bench;
use crate::support::house::{House, email, message};

/// Puts the backup back as `gallra restore` does, and opens the house again.
pub async fn put_back(bench: &Bench, house: House, backup: &Path) -> House {
    house.put_back(bench, backup).await;
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
        let refused = restore(keyring, &url, &backup, &SystemClock, &SystemRandom).await.unwrap_err();
        assert!(refused.to_string().contains("not the file that was saved"), "{refused}");
        bytes[middle] ^= 1;
        std::fs::write(&file, &bytes).unwrap();

        let other = House::open(bench).await;
        let refused = restore(keyring, &url, &backup, &SystemClock, &SystemRandom).await.unwrap_err();
        assert!(matches!(refused, EraseError::InUse(_)), "{refused}");
        other.close().await;
        let neighbour = Bench::new(bench.engine()).await;
        let foreign = House::new(&neighbour).await;
        let keyring = &foreign.catalog.keyring;
        let refused = restore(keyring, &url, &backup, &SystemClock, &SystemRandom).await.unwrap_err();
        assert!(refused.to_string().contains("another vault"), "{refused}");
        foreign.close().await;
        neighbour.remove().await;
        house.catalog.read_contact(&tenant, anna).await.unwrap();
    }

    /// backup 0 · a message under key k · backup 1 · restore 0 (no row names k) · its writer is erased.
    /// Without destroying k, backup 1 could still be read, and the receipt would be false.
    async fn a_newer_backup_is_named_as_an_open_copy_until_orphans_are_destroyed(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let (old, new) = (bench.directory().join("old"), bench.directory().join("new"));
        house.eraser.backup(&bench.url(Role::Data), &old).await.unwrap();
        let other_case = MessageChange {
            case: "fall-nytt".into(),
            ..message(1, 7, house.clock.now())
        };
        house.catalog.record_message(&tenant, other_case).await.unwrap();
        let bo = house.person(&tenant, 2, 1).await;
        house.eraser.backup(&bench.url(Role::Data), &new).await.unwrap();
        let units = house.units(&tenant).await;

        let house = put_back(bench, house, &old).await;
        house.eraser.settle().await.unwrap();
        let erased = house.erase(&tenant, anna, false).await;
        let receipt = house.eraser.log.find(erased.erasure).await.unwrap().body().unwrap();
        assert_eq!(receipt.open_copies(), 1, "{:?}", receipt.copies);
        assert_eq!(receipt.copies[0].state, CopyState::NotOrdered);

        // As a command of its own: what running processes may have leased is left alone.
        house.close().await;
        let house = House::open(bench).await;
        let counted = house.eraser.orphans(Handling::Count).await.unwrap();
        assert!(counted.found >= 3 && counted.destroyed == 0, "{counted:?}");
        let done = house.eraser.orphans(Handling::Destroy).await.unwrap();
        assert_eq!((done.destroyed, done.receipts.len()), (counted.found, 1), "{done:?}");
        let carl = house.person(&tenant, 3, 1).await;
        let erased = house.erase(&tenant, carl, false).await;
        let receipt = house.eraser.log.find(erased.erasure).await.unwrap().body().unwrap();
        assert_eq!(receipt.open_copies(), 0, "{:?}", receipt.copies);

        // Nothing that only the newer backup holds can be read any more.
        let house = put_back(bench, house, &new).await;
        house.eraser.settle().await.unwrap();
        assert!(house.catalog.read_contact(&tenant, anna).await.is_err());
        assert!(house.catalog.read_contact(&tenant, bo).await.is_err());
        let mut dead = 0;
        for unit in units {
            dead += u32::from(house.catalog.keyring.data_key(tenant.id, unit).await.is_err());
        }
        assert_eq!(dead, 5, "two parts and the profile of Anna, profile and part of Bo");
    }
}

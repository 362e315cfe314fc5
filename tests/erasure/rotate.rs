//! Index keys are replaced when they are thirty days old: everybody is found as before, nobody who was
//! erased comes back, and an old copy of the index fits no key.

use std::time::Duration;

use gallra::catalog::{Identifier, TenantRef};
use gallra::ingest::{Options, import_gallra};
use gallra::keyring::{Domain, IndexKeys, KeyringError, Suppressed};
use gallra::store::args;
use gallra::vocabulary::{Clock, SystemRandom};

use crate::both_engines;
use crate::support::house::{House, email, external_id, root};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn found(house: &House, number: usize) -> usize {
    let found = house
        .catalog
        .find(&Identifier::Email(email(number)), None)
        .await;
    found.unwrap().matches.len()
}

/// Imports person 1 from an export that is older than any erasure here; how many were dropped.
async fn import_old_export(house: &House, tenant: &TenantRef) -> u64 {
    let text = r#"{"type":"message","case":"fall-1","contact":"kund-1","external_id":"m-1","direction":"in","channel":"email","sent_at":"2026-02-01T10:00:00Z","body":"Hej"}"#;
    let options = Options::default();
    let done = import_gallra(&house.catalog, tenant, text.as_bytes(), options, |_| ()).await;
    done.unwrap().suppressed
}

both_engines! {
    async fn keys_are_replaced_after_thirty_days_and_not_before(bench) {
        let house = House::new(bench).await;
        let (shoes, hats) = (house.tenant("skor").await, house.tenant("hattar").await);
        let anna = house.person(&shoes, 1, 1).await;
        house.person(&shoes, 2, 1).await;
        house.person(&hats, 3, 1).await;
        house.erase(&shoes, anna, false).await;
        let coats = house.tenant("rockar").await;
        house.purge(&coats).await;
        let keys = async |tenant: &TenantRef| house.catalog.keyring.index_keys(tenant.id).await.unwrap();
        let before = keys(&shoes).await;

        house.clock.advance(DAY * 29);
        assert_eq!(house.eraser.rotate_old_index_keys().await.unwrap().0, 0);
        assert_eq!(keys(&shoes).await.id(), before.id());
        // One tenant's keys are replaced by a strict erasure: they are young again.
        let carl = house.person(&hats, 4, 1).await;
        house.erase(&hats, carl, true).await;
        house.clock.advance(DAY);
        let of_hats = keys(&hats).await.id();
        let epoch = house.catalog.keyring.head().await.unwrap().epoch;
        assert_eq!(house.eraser.rotate_old_index_keys().await.unwrap().0, 1);
        let after = keys(&shoes).await;
        assert_eq!(after.generation, before.generation + 1);
        assert_eq!(keys(&hats).await.id(), of_hats);
        assert_eq!(house.catalog.keyring.head().await.unwrap().epoch, epoch + 1);
        assert_eq!(house.eraser.rotate_old_index_keys().await.unwrap().0, 0, "once");

        assert_eq!((found(&house, 1).await, found(&house, 2).await, found(&house, 3).await), (0, 1, 1));
        assert_eq!(import_old_export(&house, &shoes).await, 1, "who was erased stays away");
        // No token of the old keys is left.
        let token = before.token(Domain::ExternalId, external_id(2).expose());
        let sql = "SELECT COUNT(*) FROM reservation WHERE token = $1";
        let left = house.catalog.index.fetch_one(sql, args![token]).await.unwrap();
        assert_eq!(left.i64(0).unwrap(), 0);
        let entries = house.catalog.keyring.head().await.unwrap().ledger_seq;
        assert_eq!(entries, 3, "replacing index keys erases nobody");
    }

    /// replaced ─ dies before the index is rebuilt │ whoever looks next rebuilds, and says no "nothing"
    async fn whoever_looks_between_replacing_and_rebuilding_finds_everybody(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        house.erase(&tenant, anna, false).await;
        let bo = house.person(&tenant, 2, 1).await;
        let keyring = &house.catalog.keyring;
        let old = keyring.index_keys(tenant.id).await.unwrap();
        let ledger_seq = keyring.head().await.unwrap().ledger_seq;
        let known = Suppressed { generation: old.generation, ledger_seq };
        let new = IndexKeys::generate(old.generation + 1, &SystemRandom);
        house.catalog.carry_over(tenant.id, &old, &new).await.unwrap();
        keyring.replace_index_keys(tenant.id, &new, known).await.unwrap();
        let other = House::open(bench).await;
        assert_eq!(found(&other, 2).await, 1);
        let found = other.catalog.find(&Identifier::ExternalId(external_id(2)), None).await.unwrap();
        assert_eq!(found.matches[0].id, bo);
        assert_eq!(import_old_export(&other, &tenant).await, 1);
        let late = keyring.replace_index_keys(tenant.id, &new, known).await;
        assert!(matches!(late, Err(KeyringError::IndexKeysChanged)), "{late:?}");
    }

    /// one: new keys 2 in force · other: carried over to 3 · one: sweeps · other: 3 in force
    ///
    /// Sweeping everything but 2 would take away what stands under 3: whoever was erased comes back.
    async fn a_sweep_leaves_what_was_carried_over_to_keys_that_are_to_come(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        house.erase(&tenant, anna, true).await;
        let keyring = &house.catalog.keyring;
        let second = keyring.index_keys(tenant.id).await.unwrap();
        let ledger_seq = keyring.head().await.unwrap().ledger_seq;
        let third = IndexKeys::generate(second.generation + 1, &SystemRandom);
        assert!(house.catalog.carry_over(tenant.id, &second, &third).await.unwrap() > 0);
        house.catalog.rebuild_index_of(tenant.id).await.unwrap();
        let known = Suppressed { generation: second.generation, ledger_seq };
        keyring.replace_index_keys(tenant.id, &third, known).await.unwrap();
        house.catalog.rebuild_index_of(tenant.id).await.unwrap();
        assert_eq!(import_old_export(&house, &tenant).await, 1);
        let sql = "SELECT COUNT(*) FROM suppression WHERE generation < $1";
        let left = house.catalog.index.fetch_one(sql, args![third.lowest_id()]).await.unwrap();
        assert_eq!(left.i64(0).unwrap(), 0, "what is under keys that are gone is swept");
    }

    /// carried over ─ somebody is erased │ replacing now would forget the one erased last
    async fn whoever_is_erased_meanwhile_is_carried_over_too(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let keyring = &house.catalog.keyring;
        let old = keyring.index_keys(tenant.id).await.unwrap();
        let ledger_seq = keyring.head().await.unwrap().ledger_seq;
        let new = IndexKeys::generate(old.generation + 1, &SystemRandom);
        house.catalog.carry_over(tenant.id, &old, &new).await.unwrap();
        house.erase(&tenant, anna, false).await;
        let known = Suppressed { generation: old.generation, ledger_seq };
        let refused = keyring.replace_index_keys(tenant.id, &new, known).await;
        assert!(matches!(refused, Err(KeyringError::IndexKeysChanged)), "{refused:?}");
        house.clock.advance(DAY * 31);
        assert_eq!(house.eraser.rotate_old_index_keys().await.unwrap().0, 1);
        assert_eq!(import_old_export(&house, &tenant).await, 1);
    }

    /// Whoever holds the root lock is not waited for: this can be done a moment later.
    async fn keys_stay_while_somebody_holds_the_root(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        house.erase(&tenant, anna, false).await;
        house.clock.advance(DAY * 30);
        let lock = std::fs::File::open(root(bench).join("lock")).unwrap();
        lock.lock().unwrap();
        let (replaced, next) = house.eraser.rotate_old_index_keys().await.unwrap();
        assert_eq!((replaced, next), (0, house.clock.now()), "it is looked at again at once");
        let sql = "SELECT COUNT(DISTINCT generation) FROM suppression";
        let kept = house.catalog.index.fetch_one(sql, args![]).await.unwrap();
        assert_eq!(kept.i64(0).unwrap(), 1, "nothing was carried over in vain");
        drop(lock);
        assert_eq!(house.eraser.rotate_old_index_keys().await.unwrap().0, 1);
        assert_eq!(import_old_export(&house, &tenant).await, 1);
    }
}

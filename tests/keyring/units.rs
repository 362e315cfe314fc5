//! A tenant's keys as a whole: counted, held to the invariant, and those that belong to nothing found
//! without ever touching one that a process is about to use.

use std::time::Duration;

use gallra::keyring::{Census, Destroyed, KeyRef, Keyring, Violation};
use gallra::store::Role;
use gallra::vocabulary::{ErasureId, SystemRandom, TenantId};

use crate::both_engines;
use crate::support::Bench;
use crate::tools::{erase, means, new_tree};

async fn another(bench: &Bench) -> Keyring {
    Keyring::open(means(bench).await).await.unwrap()
}

async fn lease(keyring: &Keyring, tenant: TenantId, count: usize) -> Vec<KeyRef> {
    let leased = keyring.lease(tenant, count).await.unwrap();
    leased.into_iter().map(|key| key.key_ref).collect()
}

both_engines! {
    async fn a_census_counts_what_is_there_and_what_is_not(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let keys = lease(&keyring, tenant, 20).await;
        erase(&keyring, tenant, Destroyed::Units(keys[..3].to_vec())).await;
        let counted = keyring.census(tenant).await.unwrap();
        let expected = Census { blocks: 2, present: 29, erased: 3, purged: None };
        assert_eq!(counted, expected);
        let (purge, _) = erase(&keyring, tenant, Destroyed::Tenant).await;
        let counted = keyring.census(tenant).await.unwrap();
        let expected = Census { blocks: 0, present: 0, erased: 3, purged: Some(purge) };
        assert_eq!(counted, expected);
    }

    async fn every_unit_has_its_key_or_an_entry_and_never_both(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let keys = lease(&keyring, tenant, 20).await;
        erase(&keyring, tenant, Destroyed::Units(vec![keys[0], keys[17]])).await;
        assert_eq!(keyring.check_units(tenant, &keys).await.unwrap(), []);

        // A unit that names a key nobody made, as after a rolled-back vault.
        let unknown = KeyRef { block: 7, leaf: 1 };
        let found = keyring.check_units(tenant, &[keys[1], unknown]).await.unwrap();
        assert_eq!(found, [Violation::NoKeyAndNoEntry(unknown)]);
        // A ledger that says more than was done.
        let vault = bench.open(Role::Vault).await;
        let erasure = ErasureId::generate(&SystemRandom);
        let arguments = gallra::store::args![tenant, keys[5].block as i64, keys[5].leaf, erasure];
        let sql = "INSERT INTO erased (tenant, block, leaf, erasure_id) VALUES ($1, $2, $3, $4)";
        vault.execute(sql, arguments).await.unwrap();
        let found = keyring.check_units(tenant, &keys).await.unwrap();
        assert_eq!(found, [Violation::KeyAndEntry(keys[5], erasure)]);
        // One entry for the whole tenant stands for each unit that has none of its own.
        erase(&keyring, tenant, Destroyed::Tenant).await;
        assert_eq!(keyring.check_units(tenant, &keys).await.unwrap(), []);
    }

    async fn orphans_are_keys_that_no_row_names_and_no_living_process_can_hold(bench) {
        let (first, tenant) = new_tree(bench).await;
        let written = lease(&first, tenant, 5).await;

        // The first process still lives: the rest of its block may be used any moment.
        let second = another(bench).await;
        let quiet = second.quiet_point().await.unwrap();
        let found = second.orphans(tenant, quiet, written.iter().copied()).await.unwrap();
        assert_eq!((found.keys.len(), found.perhaps_leased), (0, 11));

        // It writes one more row and ends, between the quiet point and the look at the keys. Whoever
        // counted processes only now would take that row's key for nobody's.
        let late = lease(&first, tenant, 1).await;
        end(first, bench, 1).await;
        let found = second.orphans(tenant, quiet, written.iter().copied()).await.unwrap();
        assert!(!found.keys.contains(&late[0]), "{found:?}");

        let ours = lease(&second, tenant, 2).await;
        let quiet = second.quiet_point().await.unwrap();
        let used: Vec<KeyRef> = written.iter().chain(&late).chain(&ours).copied().collect();
        let found = second.orphans(tenant, quiet, used.iter().copied()).await.unwrap();
        assert_eq!((found.keys.len(), found.perhaps_leased), (10, 14));
        end(second, bench, 0).await;

        let third = another(bench).await;
        let quiet = third.quiet_point().await.unwrap();
        let found = third.orphans(tenant, quiet, used.iter().copied()).await.unwrap();
        assert_eq!((found.keys.len(), found.perhaps_leased), (24, 0));
        erase(&third, tenant, Destroyed::Units(found.keys)).await;
        let again = third.orphans(tenant, quiet, used.iter().copied()).await.unwrap();
        assert_eq!(again.keys, []);
        assert_eq!(third.check_units(tenant, &used).await.unwrap(), []);
        for key in used {
            third.data_key(tenant, key).await.unwrap();
        }
    }
}

/// Ends a process as far as others can tell: its locked file is let go of.
async fn end(keyring: Keyring, bench: &Bench, left: usize) {
    keyring.close().await.unwrap();
    drop(keyring);
    let instances = bench.directory().join("root").join("instances");
    for _ in 0..200 {
        if std::fs::read_dir(&instances).unwrap().count() == left {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the keyring holds its file");
}

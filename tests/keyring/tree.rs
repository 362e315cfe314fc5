//! What is erased stays erased, and what is not stays readable.

use gallra::keyring::{DataKey, Destroyed, IndexKeys, KeyRef, Keyring, KeyringError};
use gallra::vocabulary::{ErasureId, Random, SystemRandom, TenantId};

use crate::both_engines;
use crate::tools::{destruction, keys, means, new_tree, readable};

both_engines! {
    async fn an_erased_unit_is_gone_and_every_other_key_is_as_it_was(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let keys = keys(&keyring, tenant, 40).await;
        let erasure = destruction(tenant, Destroyed::Units(vec![keys[3].0, keys[20].0]));
        let id = erasure.erasure;
        let epoch = keyring.destroy(erasure.clone()).await.unwrap();
        assert_eq!(epoch, 2);
        assert_eq!(keyring.destroy(erasure).await.unwrap(), 2, "twice under one id is once");

        keyring.close().await.unwrap();
        let again = Keyring::open(means(bench).await).await.unwrap();
        for keyring in [&keyring, &again] {
            for (at, key) in keys.iter().enumerate() {
                assert_eq!(readable(keyring, tenant, key).await, at != 3 && at != 20, "key {at}");
            }
        }
        let entry = again.ledger_entry(id).await.unwrap().unwrap();
        assert_eq!((entry.seq, entry.epoch), (1, 2));
        assert_eq!(
            again.destroyed_by(id).await.unwrap(),
            Destroyed::Units(vec![keys[3].0, keys[20].0])
        );
    }

    async fn a_purged_tenant_is_gone_whole_and_its_neighbour_stays(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        // The same first byte: both tenants stand on one slot page.
        let mut neighbour = TenantId::generate(&SystemRandom);
        neighbour.0[0] = tenant.0[0];
        keyring.add_tenant(neighbour).await.unwrap();
        let theirs = keys(&keyring, tenant, 20).await;
        let ours = keys(&keyring, neighbour, 20).await;
        keyring.destroy(destruction(tenant, Destroyed::Tenant)).await.unwrap();
        for key in &theirs {
            assert!(!readable(&keyring, tenant, key).await);
        }
        for key in &ours {
            assert!(readable(&keyring, neighbour, key).await);
        }
        assert!(matches!(keyring.lease(tenant, 1).await, Err(KeyringError::Erased(_))));
        assert!(matches!(keyring.index_keys(tenant).await, Err(KeyringError::Erased(_))));
        assert!(matches!(
            keyring.destroy(destruction(tenant, Destroyed::Units(vec![theirs[0].0]))).await,
            Err(KeyringError::Erased(_))
        ));
    }

    async fn erasures_that_wait_together_share_an_epoch_and_a_bad_one_fails_alone(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let keys = keys(&keyring, tenant, 24).await;
        let mut tasks = Vec::new();
        for key in &keys[..20] {
            let (keyring, one) = (keyring.clone(), destruction(tenant, Destroyed::Units(vec![key.0])));
            tasks.push(tokio::spawn(async move { keyring.destroy(one).await }));
        }
        let unknown = destruction(tenant, Destroyed::Units(vec![KeyRef { block: 99, leaf: 0 }]));
        let bad = tokio::spawn({
            let keyring = keyring.clone();
            async move { keyring.destroy(unknown).await }
        });
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert!(matches!(bad.await.unwrap(), Err(KeyringError::VaultBehindData)));
        let head = keyring.head().await.unwrap();
        assert_eq!(head.ledger_seq, 20);
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(readable(&keyring, tenant, key).await, at >= 20);
        }
    }

    async fn another_process_sees_the_erasure_before_it_answers(bench) {
        let (eraser, tenant) = new_tree(bench).await;
        let reader = Keyring::open(means(bench).await).await.unwrap();
        let keys = keys(&eraser, tenant, 2).await;
        let epoch = reader.begin_read().await.unwrap();
        assert!(readable(&reader, tenant, &keys[0]).await);
        reader.confirm(epoch).await.unwrap();

        let epoch = reader.begin_read().await.unwrap();
        assert!(readable(&reader, tenant, &keys[0]).await);
        let erased = eraser.destroy(destruction(tenant, Destroyed::Units(vec![keys[0].0]))).await.unwrap();
        assert!(matches!(reader.confirm(epoch).await, Err(KeyringError::EpochChanged)));
        eraser.barrier(erased).await.unwrap();
        assert!(!readable(&reader, tenant, &keys[0]).await);
        assert!(readable(&reader, tenant, &keys[1]).await);
    }

    // What went wrong: a task read a page under the key of an epoch that had just ended, twice in a
    // row, and each time another task of its process had taken notice of the next epoch before it
    // looked. It took the page for damaged, where only the epoch had changed.
    async fn tasks_that_read_beside_each_other_bear_one_epoch_after_another(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let keys = keys(&keyring, tenant, 3).await;
        let other = Keyring::open(means(bench).await).await.unwrap();
        let read = async || {
            while keyring.head().await.unwrap().epoch < 60 {
                for key in &keys {
                    assert!(readable(&keyring, tenant, key).await);
                }
            }
        };
        let rotate = async || {
            while other.rotate_root().await.unwrap() < 60 {}
        };
        tokio::join!(rotate(), read(), read(), read(), read(), read(), read());
    }

    async fn leases_of_two_processes_never_give_one_key_twice(bench) {
        let (one, tenant) = new_tree(bench).await;
        let two = Keyring::open(means(bench).await).await.unwrap();
        let mut tasks = Vec::new();
        for keyring in [&one, &two, &one, &two] {
            let keyring = keyring.clone();
            tasks.push(tokio::spawn(async move {
                let mut refs = Vec::new();
                for _ in 0..10 {
                    refs.extend(keyring.lease(tenant, 7).await.unwrap().iter().map(|key| key.key_ref));
                }
                refs
            }));
        }
        let mut refs = Vec::new();
        for task in tasks {
            refs.extend(task.await.unwrap());
        }
        let count = refs.len();
        refs.sort();
        refs.dedup();
        assert_eq!((refs.len(), count), (280, 280));
    }

    async fn more_blocks_than_fit_on_one_group_page(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let mut keys = Vec::new();
        for _ in 0..130 {
            keys.extend(self::keys(&keyring, tenant, 16).await); // A block each: more would take full ones.
        }
        assert_eq!(keys.last().unwrap().0.block, 129);
        keyring.destroy(destruction(tenant, Destroyed::Units(vec![keys[0].0]))).await.unwrap();
        for at in [1, 16 * 128 - 1, 16 * 128, 16 * 130 - 1] {
            assert!(readable(&keyring, tenant, &keys[at]).await, "key {at}");
        }
        assert!(!readable(&keyring, tenant, &keys[0]).await);
    }

    async fn whoever_wants_many_keys_gets_them_off_full_pages(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let many = keys(&keyring, tenant, 300).await;
        assert_eq!(many.last().unwrap().0, KeyRef { block: 2, leaf: 43 });
        let more = keys(&keyring, tenant, 2_000).await;
        for (key, _) in many.iter().chain(&more) {
            keyring.data_key(tenant, *key).await.unwrap();
        }
    }

    async fn strict_replaces_the_index_keys_and_only_from_the_present_ones(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let old = keyring.index_keys(tenant).await.unwrap();
        let new = IndexKeys::generate(old.generation + 1, &SystemRandom);
        let mut strict = destruction(tenant, Destroyed::Units(vec![]));
        strict.new_index_keys = Some(new.clone());
        keyring.destroy(strict.clone()).await.unwrap();
        let now = keyring.index_keys(tenant).await.unwrap();
        assert_eq!(now.encode(), new.encode());
        strict.erasure = ErasureId::generate(&SystemRandom);
        assert!(matches!(keyring.destroy(strict).await, Err(KeyringError::IndexKeysChanged)));
    }

    async fn any_sequence_of_lease_erase_purge_rotate_and_reopen_keeps_the_invariant(bench) {
        // Every key that was ever given out is readable, or exactly one erasure names it.
        let (mut keyring, tenant) = new_tree(bench).await;
        let mut lodger = TenantId::generate(&SystemRandom);
        keyring.add_tenant(lodger).await.unwrap();
        let mut purged = Vec::new();
        let mut alive: Vec<(KeyRef, DataKey)> = Vec::new();
        let mut dead: Vec<(KeyRef, DataKey)> = Vec::new();
        let random = gallra::vocabulary::SeededRandom::new(7);
        for step in 0..60 {
            let mut dice = [0; 2];
            random.fill(&mut dice);
            match dice[0] % 7 {
                6 => {
                    let theirs = keys(&keyring, lodger, 3).await;
                    keyring.destroy(destruction(lodger, Destroyed::Tenant)).await.unwrap();
                    purged.push((lodger, theirs));
                    lodger = TenantId::generate(&SystemRandom);
                    keyring.add_tenant(lodger).await.unwrap();
                }
                0 | 1 => alive.extend(keys(&keyring, tenant, usize::from(dice[1] % 24) + 1).await),
                2 | 3 if !alive.is_empty() => {
                    let gone = alive.swap_remove(usize::from(dice[1]) % alive.len());
                    let one = destruction(tenant, Destroyed::Units(vec![gone.0]));
                    keyring.destroy(one).await.unwrap();
                    dead.push(gone);
                }
                4 => drop(keyring.rotate_root().await.unwrap()),
                _ => {
                    keyring.close().await.unwrap();
                    keyring = Keyring::open(means(bench).await).await.unwrap();
                }
            }
            for key in &alive {
                assert!(readable(&keyring, tenant, key).await, "step {step}");
                assert_eq!(keyring.erasure_of_key(tenant, key.0).await.unwrap(), None);
            }
            for (lodger, theirs) in &purged {
                for key in theirs {
                    assert!(!readable(&keyring, *lodger, key).await, "step {step}");
                }
            }
            for key in &dead {
                assert!(!readable(&keyring, tenant, key).await, "step {step}");
            }
        }
        assert!(alive.len() > 20 && dead.len() > 5, "{} {}", alive.len(), dead.len());
    }
}

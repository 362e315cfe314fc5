//! The key tree: what is erased stays erased, what is not stays readable, and everything that is
//! out of order is refused.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gallra::keyring::{
    BlockSize, DataKey, Destroyed, Destruction, FileRoot, IndexKeys, KeyRef, Keyring, KeyringError,
    Means,
};
use gallra::store::{Engine, Role, args};
use gallra::vocabulary::{ErasureId, Random, SystemClock, SystemRandom, TenantId};
use support::Bench;

async fn means(bench: &Bench) -> Means {
    Means {
        vault: bench.open(Role::Vault).await,
        root: FileRoot::new(bench.directory().join("root"), None),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        block_size: BlockSize::Command,
        patience: Duration::from_secs(10),
    }
}

/// A new tree with one tenant.
async fn new_tree(bench: &Bench) -> (Keyring, TenantId) {
    let means = means(bench).await;
    Keyring::create(&means).await.unwrap();
    let keyring = Keyring::open(means).await.unwrap();
    let tenant = TenantId::generate(&SystemRandom);
    keyring.add_tenant(tenant).await.unwrap();
    (keyring, tenant)
}

fn erase(tenant: TenantId, what: Destroyed) -> Destruction {
    Destruction {
        erasure: ErasureId::generate(&SystemRandom),
        kind: "contact".to_owned(),
        tenant,
        subject: None,
        what,
        suppressed: None,
        new_index_keys: None,
        facts: "{}".to_owned(),
    }
}

async fn keys(keyring: &Keyring, tenant: TenantId, count: usize) -> Vec<(KeyRef, DataKey)> {
    let leased = keyring.lease(tenant, count).await.unwrap();
    leased
        .into_iter()
        .map(|leased| (leased.key_ref, leased.key))
        .collect()
}

async fn readable(keyring: &Keyring, tenant: TenantId, key: &(KeyRef, DataKey)) -> bool {
    match keyring.data_key(tenant, key.0).await {
        Ok(read) => read.expose() == key.1.expose(),
        Err(KeyringError::Erased(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

both_engines! {
    async fn an_erased_unit_is_gone_and_every_other_key_is_as_it_was(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let keys = keys(&keyring, tenant, 40).await;
        let erasure = erase(tenant, Destroyed::Units(vec![keys[3].0, keys[20].0]));
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
        keyring.destroy(erase(tenant, Destroyed::Tenant)).await.unwrap();
        for key in &theirs {
            assert!(!readable(&keyring, tenant, key).await);
        }
        for key in &ours {
            assert!(readable(&keyring, neighbour, key).await);
        }
        assert!(matches!(keyring.lease(tenant, 1).await, Err(KeyringError::Erased(_))));
        assert!(matches!(keyring.index_keys(tenant).await, Err(KeyringError::Erased(_))));
        assert!(matches!(
            keyring.destroy(erase(tenant, Destroyed::Units(vec![theirs[0].0]))).await,
            Err(KeyringError::Erased(_))
        ));
    }

    async fn erasures_that_wait_together_share_an_epoch_and_a_bad_one_fails_alone(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let keys = keys(&keyring, tenant, 24).await;
        let mut tasks = Vec::new();
        for key in &keys[..20] {
            let (keyring, one) = (keyring.clone(), erase(tenant, Destroyed::Units(vec![key.0])));
            tasks.push(tokio::spawn(async move { keyring.destroy(one).await }));
        }
        let unknown = erase(tenant, Destroyed::Units(vec![KeyRef { block: 99, leaf: 0 }]));
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
        let erased = eraser.destroy(erase(tenant, Destroyed::Units(vec![keys[0].0]))).await.unwrap();
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
        keyring.destroy(erase(tenant, Destroyed::Units(vec![keys[0].0]))).await.unwrap();
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
        let mut strict = erase(tenant, Destroyed::Units(vec![]));
        strict.new_index_keys = Some(new.clone());
        keyring.destroy(strict.clone()).await.unwrap();
        let now = keyring.index_keys(tenant).await.unwrap();
        assert_eq!(now.encode(), new.encode());
        strict.erasure = ErasureId::generate(&SystemRandom);
        assert!(matches!(keyring.destroy(strict).await, Err(KeyringError::IndexKeysChanged)));
    }

    async fn nothing_is_initialised_anew(bench) {
        let means = means(bench).await;
        assert!(matches!(Keyring::open(means.clone()).await, Err(KeyringError::NoVault)));
        Keyring::create(&means).await.unwrap();
        assert!(matches!(Keyring::create(&means).await, Err(KeyringError::VaultExists)));
        fs::remove_dir_all(means.root.directory()).unwrap();
        let lost = Keyring::open(means.clone()).await.unwrap_err();
        assert!(lost.to_string().contains("gallra"), "{lost}");
        fs::create_dir_all(means.root.directory().join("instances")).unwrap();
        assert!(matches!(Keyring::open(means).await, Err(KeyringError::RootLost)));
    }

    async fn a_root_of_before_and_a_foreign_root_are_refused(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let root = bench.directory().join("root");
        let saved = bench.directory().join("saved");
        copy_directory(&root, &saved);
        let key = keys(&keyring, tenant, 1).await;
        keyring.destroy(erase(tenant, Destroyed::Units(vec![key[0].0]))).await.unwrap();
        keyring.close().await.unwrap();
        swap(&root, &saved);
        let refused = Keyring::open(means(bench).await).await.unwrap_err();
        assert!(
            matches!(refused, KeyringError::RootRolledBack { vault: 2, root: 1 }),
            "{refused:?}"
        );
        fs::remove_dir_all(&root).unwrap();
        let other = Bench::new(Engine::Sqlite).await;
        let (_foreign, _) = new_tree(&other).await;
        copy_directory(&other.directory().join("root"), &root);
        let refused = Keyring::open(means(bench).await).await.unwrap_err();
        assert!(matches!(refused, KeyringError::ForeignRoot), "{refused:?}");
        // The right one back, and all is well: refusing changed nothing.
        fs::remove_dir_all(&root).unwrap();
        fs::rename(&saved, &root).unwrap();
        Keyring::open(means(bench).await).await.unwrap();
        other.remove().await;
    }

    async fn a_damaged_page_is_named_and_a_damaged_copy_of_the_root_is_mended(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let key = keys(&keyring, tenant, 1).await;
        keyring.close().await.unwrap();
        let root = bench.directory().join("root");
        fs::write(root.join("copy-1"), vec![7; 8192]).unwrap();
        let again = Keyring::open(means(bench).await).await.unwrap();
        assert!(readable(&again, tenant, &key[0]).await);
        assert_eq!(fs::read(root.join("copy-1")).unwrap()[..120], live_bytes(&root)[..]);
        again.close().await.unwrap();

        let vault = bench.open(Role::Vault).await;
        flip_block_pages(&vault).await;
        let again = Keyring::open(means(bench).await).await.unwrap();
        let refused = again.data_key(tenant, key[0].0).await.unwrap_err();
        assert!(refused.to_string().contains("page Block 0"), "{refused}");
    }

    async fn pages_that_change_places_open_nothing(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let neighbour = TenantId::generate(&SystemRandom);
        keyring.add_tenant(neighbour).await.unwrap();
        let ours = keys(&keyring, tenant, 20).await;
        let theirs = keys(&keyring, neighbour, 20).await;
        keyring.close().await.unwrap();
        let vault = bench.open(Role::Vault).await;
        // Two blocks of one tenant, then a page each of two tenants.
        for (one, other) in [((tenant, 0), (tenant, 1)), ((tenant, 0), (neighbour, 0))] {
            swap_blocks(&vault, one, other).await;
            let keyring = Keyring::open(means(bench).await).await.unwrap();
            let refused = keyring.data_key(tenant, ours[0].0).await.unwrap_err();
            assert!(matches!(refused, KeyringError::CorruptPage(_)), "{refused:?}");
            keyring.close().await.unwrap();
            swap_blocks(&vault, one, other).await;
        }
        let keyring = Keyring::open(means(bench).await).await.unwrap();
        assert!(readable(&keyring, tenant, &ours[0]).await);
        assert!(readable(&keyring, neighbour, &theirs[0]).await);
    }

    async fn the_root_needs_its_static_factor(bench) {
        let mut means = means(bench).await;
        means.root = FileRoot::new(bench.directory().join("root"), Some(b"from systemd"));
        Keyring::create(&means).await.unwrap();
        Keyring::open(means.clone()).await.unwrap();
        means.root = FileRoot::new(bench.directory().join("root"), None);
        let refused = Keyring::open(means.clone()).await.unwrap_err();
        assert!(refused.to_string().contains("GALLRA_ROOT_FACTOR"), "{refused}");
        means.root = FileRoot::new(bench.directory().join("root"), Some(b"another"));
        assert!(Keyring::open(means).await.is_err());
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
                    keyring.destroy(erase(lodger, Destroyed::Tenant)).await.unwrap();
                    purged.push((lodger, theirs));
                    lodger = TenantId::generate(&SystemRandom);
                    keyring.add_tenant(lodger).await.unwrap();
                }
                0 | 1 => alive.extend(keys(&keyring, tenant, usize::from(dice[1] % 24) + 1).await),
                2 | 3 if !alive.is_empty() => {
                    let gone = alive.swap_remove(usize::from(dice[1]) % alive.len());
                    let one = erase(tenant, Destroyed::Units(vec![gone.0]));
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

#[test]
fn an_old_vault_file_opens_nothing_with_the_new_root() {
    support::run(Engine::Sqlite, async |bench| {
        let (keyring, tenant) = new_tree(bench).await;
        let keys = keys(&keyring, tenant, 3).await;
        let mut saved = Vec::new();
        for (at, key) in keys.iter().take(2).enumerate() {
            let copy = bench.directory().join(format!("vault.{at}"));
            let text = format!("VACUUM INTO '{}'", copy.display());
            sqlx_execute(&bench.url(Role::Vault), &text).await;
            saved.push(copy);
            let one = erase(tenant, Destroyed::Units(vec![key.0]));
            keyring.destroy(one).await.unwrap();
        }
        keyring.close().await.unwrap();
        drop(keyring);

        // Two epochs back: refused.
        put_vault(bench, &saved[0]);
        let refused = Keyring::open(means(bench).await).await.unwrap_err();
        assert!(
            matches!(refused, KeyringError::VaultRolledBack { vault: 1, root: 3 }),
            "{refused:?}"
        );
        // One commit back, as after a disk that lied about its flush: the redo record redoes it.
        put_vault(bench, &saved[1]);
        let keyring = Keyring::open(means(bench).await).await.unwrap();
        assert_eq!(keyring.head().await.unwrap().epoch, 3);
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(readable(&keyring, tenant, key).await, at == 2);
        }
    });
}

fn put_vault(bench: &Bench, saved: &Path) {
    for file in ["vault.db", "vault.db-wal", "vault.db-shm"] {
        let _ = fs::remove_file(bench.directory().join("vault").join(file));
    }
    fs::copy(saved, bench.file(Role::Vault)).unwrap();
}

async fn sqlx_execute(url: &str, sql: &str) {
    use sqlx::{AssertSqlSafe, Connection, Executor};
    let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
    connection
        .execute(AssertSqlSafe(sql.to_owned()))
        .await
        .unwrap();
    connection.close().await.unwrap();
}

async fn swap_blocks(vault: &gallra::store::Db, one: (TenantId, i64), other: (TenantId, i64)) {
    let read = "SELECT body FROM page WHERE kind = $1 AND tenant = $2 AND number = $3";
    let write = "UPDATE page SET body = $1 WHERE kind = $2 AND tenant = $3 AND number = $4";
    let mut bodies = Vec::new();
    for (tenant, number) in [one, other] {
        let row = vault
            .fetch_one(read, args![5_i64, tenant, number])
            .await
            .unwrap();
        bodies.push(row.blob(0).unwrap());
    }
    for ((tenant, number), body) in [other, one].into_iter().zip(bodies) {
        vault
            .execute(write, args![body, 5_i64, tenant, number])
            .await
            .unwrap();
    }
}

async fn flip_block_pages(vault: &gallra::store::Db) {
    let rows = vault
        .fetch_all(
            "SELECT tenant, number, body FROM page WHERE kind = $1",
            args![5_i64],
        )
        .await
        .unwrap();
    for row in rows {
        let mut body = row.blob(2).unwrap();
        body[20] ^= 1;
        vault
            .execute(
                "UPDATE page SET body = $1 WHERE tenant = $2 AND number = $3 AND kind = $4",
                args![body, row.blob(0).unwrap(), row.i64(1).unwrap(), 5_i64],
            )
            .await
            .unwrap();
    }
}

fn live_bytes(root: &Path) -> Vec<u8> {
    fs::read(root.join("copy-2")).unwrap()[..120].to_vec()
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Puts `saved` in the place of `now`, and `now` where `saved` was.
fn swap(now: &Path, saved: &Path) {
    let aside = now.with_extension("aside");
    if now.exists() {
        fs::rename(now, &aside).unwrap();
    }
    fs::rename(saved, now).unwrap();
    if aside.exists() {
        fs::rename(&aside, saved).unwrap();
    }
}

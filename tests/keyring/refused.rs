//! What is out of order is refused, and nothing is initialised anew.

use std::fs;
use std::path::Path;

use gallra::keyring::{Destroyed, FileRoot, Keyring, KeyringError};
use gallra::store::{Engine, Role, args};
use gallra::vocabulary::{SystemRandom, TenantId};

use crate::both_engines;
use crate::support::{self, Bench};
use crate::tools::{copy_directory, destruction, keys, means, new_tree, readable};

both_engines! {
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
        keyring.destroy(destruction(tenant, Destroyed::Units(vec![key[0].0]))).await.unwrap();
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
        let whole = live_bytes(&root);
        for (copy, left) in [("copy-1", Some(vec![7; 8192])), ("copy-2", Some(vec![0; 8192])),
            ("copy-1", Some(whole[..60].to_vec())), ("copy-2", Some(Vec::new())), ("copy-1", None)] {
            match &left {
                Some(bytes) => fs::write(root.join(copy), bytes).unwrap(),
                None => fs::remove_file(root.join(copy)).unwrap(),
            }
            let again = Keyring::open(means(bench).await).await.unwrap();
            assert!(readable(&again, tenant, &key[0]).await);
            let mended = fs::read(root.join(copy)).unwrap();
            assert_eq!(mended[..120], whole[..], "{copy} {:?}", left.map(|it| it.len()));
            again.close().await.unwrap();
        }

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
            let one = destruction(tenant, Destroyed::Units(vec![key.0]));
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

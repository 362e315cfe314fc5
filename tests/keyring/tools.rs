//! What the tests of the key tree share.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gallra::keyring::{
    BlockSize, DataKey, Destroyed, Destruction, FileRoot, KeptBy, KeyRef, Keyring, KeyringError,
    Means,
};
use gallra::store::{Db, Role};
use gallra::vocabulary::{ErasureId, SystemClock, SystemRandom, TenantId};

use crate::support::Bench;

/// A key and where it stands.
pub type Key = (KeyRef, DataKey);

/// With the machine's clock and chance.
pub fn means_of(vault: Db, root: PathBuf) -> Means {
    Means {
        vault,
        root: FileRoot::new(root, None),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        block_size: BlockSize::Command,
        patience: Duration::from_secs(10),
    }
}

/// The vault of this bench with its root.
pub async fn means(bench: &Bench) -> Means {
    means_of(
        bench.open(Role::Vault).await,
        bench.directory().join("root"),
    )
}

/// A new tree with one tenant.
pub async fn new_tree(bench: &Bench) -> (Keyring, TenantId) {
    let means = means(bench).await;
    Keyring::create(&means).await.unwrap();
    let keyring = Keyring::open(means).await.unwrap();
    let tenant = TenantId::generate(&SystemRandom);
    keyring.add_tenant(tenant).await.unwrap();
    (keyring, tenant)
}

/// An order to destroy.
pub fn destruction(tenant: TenantId, what: Destroyed) -> Destruction {
    Destruction {
        kept_by: KeptBy::Subject,
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

/// Destroys, and answers under which id and in which epoch.
pub async fn erase(keyring: &Keyring, tenant: TenantId, what: Destroyed) -> (ErasureId, u64) {
    let destruction = destruction(tenant, what);
    let erasure = destruction.erasure;
    (erasure, keyring.destroy(destruction).await.unwrap())
}

/// Destroys one key; answers the epoch.
pub async fn erase_key(main: &Keyring, tenant: TenantId, key: &Key) -> u64 {
    erase(main, tenant, Destroyed::Units(vec![key.0])).await.1
}

/// Leases keys.
pub async fn keys(main: &Keyring, tenant: TenantId, count: usize) -> Vec<Key> {
    let leased = main.lease(tenant, count).await.unwrap();
    let key = |leased: gallra::keyring::LeasedKey| (leased.key_ref, leased.key);
    leased.into_iter().map(key).collect()
}

/// Whether a key gives the same bytes as when it was leased; `false` when it is erased.
pub async fn readable(keyring: &Keyring, tenant: TenantId, key: &Key) -> bool {
    match keyring.data_key(tenant, key.0).await {
        Ok(read) => read.expose() == key.1.expose(),
        Err(KeyringError::Erased(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Copies a directory with all that is in it.
pub fn copy_directory(from: &Path, to: &Path) {
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

//! What the tests of mirrors share.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gallra::keyring::mirror::{self, DataKnows, Promotion};
use gallra::keyring::{Keyring, KeyringError, Means, Mirror, MirrorError};
use gallra::store::{Db, Role, args};
use gallra::vocabulary::{ErasureId, SystemClock, SystemRandom, TenantId};

use crate::support::Bench;
use crate::tools::{Key, copy_directory, means, means_of, readable};

pub async fn mirror_at(
    directory: &Path,
    name: &str,
    main: &Keyring,
) -> Result<Mirror, MirrorError> {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    Mirror::open_or_create(directory, name, main, clock, random).await
}

/// Steps 6 and 7 as far as the vault is concerned.
pub async fn state_results(main: &Keyring, erasure: ErasureId) {
    let entry = main.ledger_entry(erasure).await.unwrap().unwrap();
    let mut tx = main.begin_vault().await.unwrap();
    assert!(main.state_results(&mut tx, &entry, "{}").await.unwrap());
    tx.commit().await.unwrap();
}

/// Opens a copy of a mirror's vault with a copy of a mirror's root, as a thief would.
pub async fn thief(bench: &Bench, vault: &Path, root: &Path) -> Result<Keyring, KeyringError> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let loot = bench.directory().join(format!("loot-{number}"));
    copy_directory(vault, &loot.join("vault"));
    copy_directory(root, &loot.join("root"));
    let url = format!("sqlite:{}", loot.join("vault/vault.db").display());
    let vault = Db::open_existing(&url, Role::Vault).await.unwrap();
    Keyring::open(means_of(vault, loot.join("root"))).await
}

/// Exactly these keys are readable in the mirror, by whoever has its vault and root.
pub async fn assert_mirror_reads(
    bench: &Bench,
    mirror: &Path,
    tenant: TenantId,
    keys: &[Key],
    gone: &[usize],
) {
    let keyring = thief(bench, &mirror.join("vault"), &mirror.join("root"))
        .await
        .unwrap();
    for (at, key) in keys.iter().enumerate() {
        assert_eq!(
            readable(&keyring, tenant, key).await,
            !gone.contains(&at),
            "key {at}"
        );
    }
    keyring.close().await.unwrap();
}

pub fn known(head: &gallra::keyring::Head) -> DataKnows {
    DataKnows {
        vault: Some(head.vault),
        version: head.version,
        ..DataKnows::default()
    }
}

pub async fn promote(
    fresh: &Bench,
    mirror: &Path,
    data: DataKnows,
    accept_loss: Option<u64>,
) -> Result<mirror::Promoted, MirrorError> {
    promote_to(means(fresh).await, mirror, data, accept_loss).await
}

pub async fn promote_to(
    means: Means,
    mirror: &Path,
    data: DataKnows,
    accept_loss: Option<u64>,
) -> Result<mirror::Promoted, MirrorError> {
    let promotion = Promotion {
        mirror,
        vault: means.vault,
        root: means.root,
        data,
        accept_loss,
        clock: means.clock,
        random: means.random,
    };
    mirror::promote(promotion).await
}

pub async fn open_vault(mirror: &Path) -> Db {
    let url = format!("sqlite:{}", mirror.join("vault/vault.db").display());
    Db::open_existing(&url, Role::Vault).await.unwrap()
}

pub async fn count(vault: &Db, sql: &'static str, tenant: TenantId) -> i64 {
    let row = vault.fetch_one(sql, args![tenant]).await.unwrap();
    row.i64(0).unwrap()
}

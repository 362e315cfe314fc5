//! Mirrors: they follow, they are waited for, they survive being killed, and one of them becomes the
//! main vault when that is lost. What was erased stays erased on all of these ways.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gallra::keyring::mirror::{self, DataKnows, Promotion};
use gallra::keyring::{
    BlockSize, DataKey, Destroyed, Destruction, FileRoot, KeyRef, Keyring, KeyringError, Means,
    Mirror, MirrorError, Violation,
};
use gallra::store::{Db, Engine, Role, args};
use gallra::vocabulary::{ErasureId, SystemClock, SystemRandom, TenantId};
use support::Bench;

type Key = (KeyRef, DataKey);

fn means_of(vault: Db, root: PathBuf) -> Means {
    Means {
        vault,
        root: FileRoot::new(root, None),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        block_size: BlockSize::Command,
        patience: Duration::from_secs(10),
    }
}

async fn means(bench: &Bench) -> Means {
    means_of(
        bench.open(Role::Vault).await,
        bench.directory().join("root"),
    )
}

/// A main vault with one tenant.
async fn new_main(bench: &Bench) -> (Keyring, TenantId) {
    let means = means(bench).await;
    Keyring::create(&means).await.unwrap();
    let main = Keyring::open(means).await.unwrap();
    let tenant = TenantId::generate(&SystemRandom);
    main.add_tenant(tenant).await.unwrap();
    (main, tenant)
}

async fn mirror_at(directory: &Path, name: &str, main: &Keyring) -> Result<Mirror, MirrorError> {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    Mirror::open_or_create(directory, name, main, clock, random).await
}

async fn erase(main: &Keyring, tenant: TenantId, what: Destroyed) -> (ErasureId, u64) {
    let erasure = ErasureId::generate(&SystemRandom);
    let destruction = Destruction {
        erasure,
        kind: "contact".to_owned(),
        tenant,
        subject: None,
        what,
        suppressed: None,
        new_index_keys: None,
        facts: "{}".to_owned(),
    };
    (erasure, main.destroy(destruction).await.unwrap())
}

async fn erase_key(main: &Keyring, tenant: TenantId, key: &Key) -> u64 {
    erase(main, tenant, Destroyed::Units(vec![key.0])).await.1
}

/// Steps 6 and 7 as far as the vault is concerned.
async fn state_results(main: &Keyring, erasure: ErasureId) {
    let entry = main.ledger_entry(erasure).await.unwrap().unwrap();
    let mut tx = main.begin_vault().await.unwrap();
    assert!(main.state_results(&mut tx, &entry, "{}").await.unwrap());
    tx.commit().await.unwrap();
}

async fn keys(main: &Keyring, tenant: TenantId, count: usize) -> Vec<Key> {
    let leased = main.lease(tenant, count).await.unwrap();
    let key = |leased: gallra::keyring::LeasedKey| (leased.key_ref, leased.key);
    leased.into_iter().map(key).collect()
}

async fn readable(keyring: &Keyring, tenant: TenantId, key: &Key) -> bool {
    match keyring.data_key(tenant, key.0).await {
        Ok(read) => read.expose() == key.1.expose(),
        Err(KeyringError::Erased(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Opens a copy of a mirror's vault with a copy of a mirror's root, as a thief would.
async fn thief(bench: &Bench, vault: &Path, root: &Path) -> Result<Keyring, KeyringError> {
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
async fn assert_mirror_reads(
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

both_engines! {
    async fn a_mirror_follows_leases_erasures_rotations_and_purges(bench) {
        let (main, tenant) = new_main(bench).await;
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        let first = keys(&main, tenant, 20).await;
        let reached = mirror.follow_once().await.unwrap();
        assert_eq!((reached.epoch, reached.version), (1, main.head().await.unwrap().version));
        assert_mirror_reads(bench, &place, tenant, &first, &[]).await;

        let epoch = erase_key(&main, tenant, &first[3]).await;
        let neighbour = TenantId::generate(&SystemRandom);
        main.add_tenant(neighbour).await.unwrap();
        let theirs = keys(&main, neighbour, 3).await;
        assert_eq!(mirror.follow_once().await.unwrap().epoch, epoch);
        assert_mirror_reads(bench, &place, tenant, &first, &[3]).await;
        assert_mirror_reads(bench, &place, neighbour, &theirs, &[]).await;

        let epoch = main.rotate_root().await.unwrap();
        assert_eq!(mirror.follow_once().await.unwrap().epoch, epoch);
        let again = mirror.follow_once().await.unwrap();
        assert_eq!(again.epoch, epoch, "nothing new is nothing to do");
        assert_mirror_reads(bench, &place, tenant, &first, &[3]).await;

        let (purge, epoch) = erase(&main, tenant, Destroyed::Tenant).await;
        mirror.follow_once().await.unwrap();
        state_results(&main, purge).await;
        assert_eq!(mirror.follow_once().await.unwrap().epoch, epoch);
        let everything: Vec<usize> = (0..first.len()).collect();
        assert_mirror_reads(bench, &place, tenant, &first, &everything).await;
        assert_mirror_reads(bench, &place, neighbour, &theirs, &[]).await;
        let copy = open_vault(&place).await;
        let left = count(&copy, "SELECT COUNT(*) FROM page WHERE tenant = $1", tenant).await;
        assert_eq!(left, 0, "pages of a purged tenant go here too");
        let erased = count(&copy, "SELECT COUNT(*) FROM erased WHERE tenant = $1", tenant).await;
        assert_eq!(erased, 2);
    }

    async fn old_copies_of_a_mirror_open_nothing_with_its_root_of_now(bench) {
        let (main, tenant) = new_main(bench).await;
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        let keys = keys(&main, tenant, 4).await;
        mirror.follow_once().await.unwrap();
        let saved = bench.directory().join("saved");
        copy_directory(&place.join("vault"), &saved);
        // Killed after the copy and before its own root was replaced, it would still open: this is
        // why the mirror acknowledges only after that.
        assert!(thief(bench, &saved, &place.join("root")).await.is_ok());
        for key in &keys[..2] {
            erase_key(&main, tenant, key).await;
        }
        mirror.follow_once().await.unwrap();
        let refused = thief(bench, &saved, &place.join("root")).await.unwrap_err();
        assert!(matches!(refused, KeyringError::VaultRolledBack { .. }), "{refused:?}");
        // Nor does the main root open a mirror, or a mirror's root the main vault.
        let refused = thief(bench, &place.join("vault"), &bench.directory().join("root")).await;
        assert!(refused.is_err());
        assert_mirror_reads(bench, &place, tenant, &keys, &[0, 1]).await;
    }

    async fn receipts_wait_for_mirrors_and_say_for_which(bench) {
        let (main, tenant) = new_main(bench).await;
        let keys = keys(&main, tenant, 2).await;
        let soon = Duration::from_millis(50);
        assert_eq!(main.wait_for_mirrors(1, soon).await.unwrap(), []);
        let (near, far) = (bench.directory().join("near"), bench.directory().join("far"));
        let mut near = mirror_at(&near, "near", &main).await.unwrap();
        let mut far = mirror_at(&far, "far", &main).await.unwrap();
        let taken = mirror_at(&bench.directory().join("third"), "far", &main).await.err().unwrap();
        assert!(matches!(taken, MirrorError::NameTaken(_)), "{taken:?}");

        let epoch = erase_key(&main, tenant, &keys[0]).await;
        near.follow_once().await.unwrap();
        let late = main.wait_for_mirrors(epoch, soon).await.unwrap_err();
        assert!(matches!(&late, KeyringError::MirrorsLate(names) if names == "far"), "{late}");
        assert!(late.to_string().contains("gallra mirror"), "{late}");
        assert!(!readable(&main, tenant, &keys[0]).await, "erasures wait for nobody");

        let waiting = main.clone();
        let waiting = tokio::spawn(async move {
            waiting.wait_for_mirrors(epoch, Duration::from_secs(20)).await
        });
        let reached = far.follow_once().await.unwrap();
        let acknowledged = waiting.await.unwrap().unwrap();
        let names: Vec<&str> = acknowledged.iter().map(|mirror| mirror.name.as_str()).collect();
        assert_eq!(names, ["far", "near"]);
        main.wait_for_mirrors_to_hold(reached.version, soon).await.unwrap();
        assert!(main.wait_for_mirrors_to_hold(reached.version + 1, soon).await.is_err());

        let forgotten = main.forget_mirror("far").await.unwrap().unwrap();
        assert_eq!((forgotten.epoch, forgotten.id), (epoch, far.id()));
        assert!(main.forget_mirror("far").await.unwrap().is_none());
        let refused = far.follow_once().await.unwrap_err();
        assert!(matches!(refused, MirrorError::Forgotten(_)), "{refused:?}");
        erase_key(&main, tenant, &keys[1]).await;
        near.follow_once().await.unwrap();
        main.wait_for_mirrors(epoch + 1, soon).await.unwrap();
        // Started again it registers anew, and receipts wait for it again.
        drop(far);
        let mut far = mirror_at(&bench.directory().join("far"), "far", &main).await.unwrap();
        assert!(main.wait_for_mirrors(epoch + 1, soon).await.is_err());
        far.follow_once().await.unwrap();
        main.wait_for_mirrors(epoch + 1, soon).await.unwrap();
    }

    async fn a_mirror_follows_by_itself_until_it_is_told_to_stop(bench) {
        let (main, tenant) = new_main(bench).await;
        let keys = keys(&main, tenant, 6).await;
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let running = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            mirror.follow(Duration::from_millis(5), shutdown).await
        });
        for key in &keys[..5] {
            let epoch = erase_key(&main, tenant, key).await;
            main.wait_for_mirrors(epoch, Duration::from_secs(20)).await.unwrap();
        }
        stop.send(()).unwrap();
        running.await.unwrap().unwrap();
        assert_mirror_reads(bench, &place, tenant, &keys, &[0, 1, 2, 3, 4]).await;
    }

    async fn a_main_vault_that_forgot_what_it_told_is_refused(bench) {
        let (main, tenant) = new_main(bench).await;
        let keys = keys(&main, tenant, 2).await;
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        let early = mirror.follow_once().await.unwrap();
        main.add_tenant(TenantId::generate(&SystemRandom)).await.unwrap();
        mirror.follow_once().await.unwrap();
        let vault = bench.open(Role::Vault).await;
        let now = main.head().await.unwrap().version;

        // Back at an earlier version, as after a whole machine was rolled back.
        vault.execute("UPDATE head SET version = $1", args![early.version]).await.unwrap();
        vault.execute("UPDATE mirror SET version = $1", args![early.version]).await.unwrap();
        let refused = mirror.follow_once().await.unwrap_err();
        assert!(matches!(refused, MirrorError::MainRolledBack { .. }), "{refused:?}");
        assert!(refused.to_string().contains("promote"), "{refused}");
        // Meanwhile it went on to a higher version than the mirror ever saw.
        vault.execute("UPDATE head SET version = $1", args![now + 50]).await.unwrap();
        let refused = mirror.follow_once().await.unwrap_err();
        assert!(matches!(refused, MirrorError::MainRolledBack { .. }), "{refused:?}");
        mirror.close().await;
        assert_mirror_reads(bench, &place, tenant, &keys, &[]).await;
    }

    async fn what_is_not_this_vaults_mirror_is_refused_and_left_alone(bench) {
        let (main, _) = new_main(bench).await;
        let not_a_mirror = mirror_at(bench.directory(), "cellar", &main).await.err().unwrap();
        assert!(matches!(not_a_mirror, MirrorError::NotAMirror(_)), "{not_a_mirror:?}");
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        let busy = mirror_at(&place, "cellar", &main).await.err().unwrap();
        assert!(matches!(busy, MirrorError::Busy), "{busy:?}");
        mirror.follow_once().await.unwrap();

        let other = Bench::new(Engine::Sqlite).await;
        let (stranger, _) = new_main(&other).await;
        let elsewhere = bench.directory().join("elsewhere");
        copy_directory(&place, &elsewhere);
        let foreign = mirror_at(&elsewhere, "cellar", &stranger).await.err().unwrap();
        assert!(matches!(foreign, MirrorError::OtherVault), "{foreign:?}");

        // A copied directory: two acknowledge under one id, and one would hide behind the other.
        let mut twin = mirror_at(&elsewhere, "cellar", &main).await.unwrap();
        main.add_tenant(TenantId::generate(&SystemRandom)).await.unwrap();
        mirror.follow_once().await.unwrap();
        let copied = twin.follow_once().await.unwrap_err();
        assert!(matches!(copied, MirrorError::Copied), "{copied:?}");
        other.remove().await;
    }

    async fn a_mirror_becomes_the_main_vault_when_that_is_lost(bench) {
        let (main, tenant) = new_main(bench).await;
        let keys = keys(&main, tenant, 40).await;
        let purged = TenantId::generate(&SystemRandom);
        main.add_tenant(purged).await.unwrap();
        let (purge, _) = erase(&main, purged, Destroyed::Tenant).await;
        state_results(&main, purge).await;
        for at in [3, 20] {
            erase_key(&main, tenant, &keys[at]).await;
        }
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        mirror.follow_once().await.unwrap();
        let before = main.head().await.unwrap();
        main.close().await.unwrap();
        drop(main);
        mirror.close().await;
        let saved = bench.directory().join("saved");
        copy_directory(&place.join("vault"), &saved);

        // The disk with the root and the vault is gone.
        fs::remove_dir_all(bench.directory().join("root")).unwrap();
        let fresh = Bench::new(bench.engine()).await;
        let promoted = promote(&fresh, &place, known(&before), None).await.unwrap();
        assert_eq!(promoted.vault, before.vault);
        assert_eq!(promoted.followed_epoch, before.epoch);
        assert!(promoted.epoch > before.epoch && promoted.version > before.version);
        assert_eq!((promoted.lost_blocks, promoted.undone_erasures), (0, 0));
        assert_eq!(promoted.remains, None);
        // Root, one slot, the tenant, its group, three blocks; pages on the way count once each.
        assert!(promoted.pages >= 5, "{promoted:?}");

        let main = Keyring::open(means(&fresh).await).await.unwrap();
        assert_eq!(main.vault_id(), before.vault);
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(readable(&main, tenant, key).await, at != 3 && at != 20, "key {at}");
        }
        assert!(matches!(main.lease(purged, 1).await, Err(KeyringError::Erased(_))));
        let again = promote(&fresh, &place, known(&before), None).await.unwrap_err();
        assert!(matches!(again, MirrorError::VaultInTheWay), "{again:?}");

        // Receipts wait at once for the mirror, which goes on as the mirror of the new main vault.
        let epoch = erase_key(&main, tenant, &keys[0]).await;
        let late = main.wait_for_mirrors(epoch, Duration::ZERO).await.unwrap_err();
        assert!(matches!(late, KeyringError::MirrorsLate(_)), "{late}");
        let more = self::keys(&main, tenant, 20).await;
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        assert_eq!(mirror.follow_once().await.unwrap().epoch, epoch);
        assert_mirror_reads(bench, &place, tenant, &keys, &[0, 3, 20]).await;
        assert_mirror_reads(bench, &place, tenant, &more, &[]).await;
        assert!(thief(bench, &saved, &place.join("root")).await.is_err());
        assert!(thief(bench, &saved, &fresh.directory().join("root")).await.is_err());
        main.close().await.unwrap();
        fresh.remove().await;
    }

    async fn what_the_mirror_had_not_acknowledged_is_counted_and_accepted_or_refused(bench) {
        // The failing sequence:
        //   mirror acknowledges · main erases A, rows deleted, receipt waits for the mirror ·
        //   main leases a block, data uses it · main's disk dies · the mirror is promoted
        // A's key is back, and no ledger names it. Data knows: its `applied` is past the ledger. The
        // erasure has no receipt, so nothing was promised; it is done again under its old id.
        let (main, tenant) = new_main(bench).await;
        let old = keys(&main, tenant, 2).await;
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        mirror.follow_once().await.unwrap();
        let (erasure, epoch) = erase(&main, tenant, Destroyed::Units(vec![old[0].0])).await;
        state_results(&main, erasure).await;
        assert!(main.wait_for_mirrors(epoch, Duration::ZERO).await.is_err(), "so no receipt");
        let lost = keys(&main, tenant, 16 * 3).await;
        let highest = lost.iter().map(|key| key.0.block).max().unwrap();
        let head = main.head().await.unwrap();
        main.close().await.unwrap();
        drop((main, mirror));

        let mut data = known(&head);
        data.applied = 1;
        data.highest_blocks = vec![(tenant, highest)];
        let fresh = Bench::new(bench.engine()).await;
        let refused = promote(&fresh, &place, data.clone(), None).await.unwrap_err();
        let MirrorError::DataAhead { blocks, erasures } = refused else { panic!("{refused:?}") };
        assert_eq!((blocks, erasures), (highest, 1), "all but block 0, and one erasure");
        let advice = format!("--accept-loss {}", blocks + erasures);
        assert!(refused.to_string().contains(&advice), "{refused}");
        assert!(promote(&fresh, &place, data.clone(), Some(1)).await.is_err());
        assert!(!fresh.directory().join("root").exists(), "refusing wrote nothing");

        let promoted = promote(&fresh, &place, data, Some(blocks + erasures)).await.unwrap();
        assert_eq!((promoted.lost_blocks, promoted.undone_erasures), (highest, 1));
        let main = Keyring::open(means(&fresh).await).await.unwrap();
        assert!(readable(&main, tenant, &old[0]).await, "undone: this is what had to be accepted");
        let units: Vec<KeyRef> = old.iter().chain(&lost).map(|key| key.0).collect();
        let violations = main.check_units(tenant, &units).await.unwrap();
        let missing = |violation: &Violation| matches!(violation, Violation::NoKeyAndNoEntry(_));
        assert!(violations.iter().all(missing));
        let in_lost_blocks = lost.iter().filter(|key| key.0.block > 0).count();
        assert_eq!(violations.len(), in_lost_blocks, "lost is lost, and nothing else is wrong");

        // No lost number is given out again, neither a block's nor a ledger entry's.
        let new = keys(&main, tenant, 16 * 130).await;
        assert!(new.iter().all(|key| key.0.block > highest));
        for key in &new {
            assert!(readable(&main, tenant, key).await);
        }
        let again = Destruction {
            erasure,
            kind: "contact".to_owned(),
            tenant,
            subject: None,
            what: Destroyed::Units(vec![old[0].0]),
            suppressed: None,
            new_index_keys: None,
            facts: "{}".to_owned(),
        };
        main.destroy(again).await.unwrap();
        assert!(!readable(&main, tenant, &old[0]).await);
        assert_eq!(main.ledger_entry(erasure).await.unwrap().unwrap().seq, 2);
        main.close().await.unwrap();
        fresh.remove().await;
    }

    async fn a_mirror_that_was_further_than_the_promoted_one_begins_anew(bench) {
        let (main, tenant) = new_main(bench).await;
        let keys = keys(&main, tenant, 4).await;
        let (slow, quick) = (bench.directory().join("slow"), bench.directory().join("quick"));
        let mut behind = mirror_at(&slow, "slow", &main).await.unwrap();
        let mut ahead = mirror_at(&quick, "quick", &main).await.unwrap();
        behind.follow_once().await.unwrap();
        for key in &keys[..2] {
            erase_key(&main, tenant, key).await;
        }
        ahead.follow_once().await.unwrap();
        main.close().await.unwrap();
        drop(main);
        behind.close().await;
        ahead.close().await;

        let fresh = Bench::new(bench.engine()).await;
        promote(&fresh, &slow, DataKnows::default(), None).await.unwrap();
        let main = Keyring::open(means(&fresh).await).await.unwrap();
        // The same epoch number as the one mirror reached in the lost history.
        let epoch = erase_key(&main, tenant, &keys[3]).await;
        assert_eq!(epoch, 3);
        let saved = bench.directory().join("saved");
        copy_directory(&quick.join("vault"), &saved);
        let mut ahead = mirror_at(&quick, "quick", &main).await.unwrap();
        assert_eq!(ahead.follow_once().await.unwrap().epoch, epoch);
        assert_mirror_reads(bench, &quick, tenant, &keys, &[3]).await;
        assert!(thief(bench, &saved, &quick.join("root")).await.is_err());
        let copy = open_vault(&quick).await;
        let entries = count(&copy, "SELECT COUNT(*) FROM ledger WHERE tenant = $1", tenant).await;
        assert_eq!(entries, 1, "the lost history is gone from it");
        // And a main vault of before the promotion is refused by whoever saw the new one.
        let vault = fresh.open(Role::Vault).await;
        vault.execute("DELETE FROM line", args![]).await.unwrap();
        let refused = ahead.follow_once().await.unwrap_err();
        assert!(matches!(refused, MirrorError::MainRolledBack { .. }), "{refused:?}");
        main.close().await.unwrap();
        fresh.remove().await;
    }

    async fn an_old_root_is_set_aside_and_destroyed_when_asked(bench) {
        let (main, tenant) = new_main(bench).await;
        let keys = keys(&main, tenant, 1).await;
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        mirror.follow_once().await.unwrap();
        drop(mirror);
        // The vault is lost, its root is still there, under the root that is to be.
        let fresh = Bench::new(bench.engine()).await;
        let root = fresh.directory().join("root");
        copy_directory(&bench.directory().join("root"), &root);
        let in_use = Keyring::open(means_of(bench.open(Role::Vault).await, root.clone())).await.unwrap();
        let refused = promote(&fresh, &place, DataKnows::default(), None).await.unwrap_err();
        assert!(matches!(refused, MirrorError::RootInUse(_)), "{refused:?}");
        in_use.close().await.unwrap();
        drop(in_use);
        // A keyring that ends lets go of its lock file a moment later.
        let mut promoted = promote(&fresh, &place, DataKnows::default(), None).await;
        for _ in 0..100 {
            if !matches!(promoted, Err(MirrorError::RootInUse(_))) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            promoted = promote(&fresh, &place, DataKnows::default(), None).await;
        }
        let aside = promoted.unwrap().remains.unwrap();
        assert_eq!(aside, fresh.directory().join("root.lost-1"));
        let means = means(&fresh).await;
        let one = std::slice::from_ref(&aside);
        assert_eq!(mirror::remains(&means.root).unwrap(), one);
        assert_eq!(mirror::destroy_remains(&means.root).unwrap(), one);
        assert!(mirror::remains(&means.root).unwrap().is_empty());
        assert!(fs::read(aside.join("copy-1")).unwrap().iter().all(|byte| *byte == 0));
        let main = Keyring::open(means).await.unwrap();
        assert!(readable(&main, tenant, &keys[0]).await);
        main.close().await.unwrap();
        fresh.remove().await;
    }

    async fn a_promotion_that_was_killed_can_be_repeated(bench) {
        let (main, tenant) = new_main(bench).await;
        let keys = keys(&main, tenant, 20).await;
        erase_key(&main, tenant, &keys[0]).await;
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        mirror.follow_once().await.unwrap();
        main.close().await.unwrap();
        mirror.close().await;
        let fresh = Bench::new(bench.engine()).await;
        fresh.open(Role::Vault).await.close().await;
        for point in ["promote:root-made", "promote:root-written", "promote:before-commit"] {
            killed_child(&fresh, &place, "the_child_promotes", point);
        }
        let promoted = promote(&fresh, &place, DataKnows::default(), None).await.unwrap();
        // Three tries made three roots that nothing ever named.
        assert_eq!(promoted.remains.unwrap(), fresh.directory().join("root.lost-3"));
        let main = Keyring::open(means(&fresh).await).await.unwrap();
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(readable(&main, tenant, key).await, at != 0, "key {at}");
        }
        main.close().await.unwrap();
        fresh.remove().await;
    }

    async fn killed_anywhere_a_mirror_takes_up_what_is_missing(bench) {
        if !cfg!(feature = "fail-points") {
            panic!("no fail points: run ./test, or cargo test --features fail-points");
        }
        let (main, tenant) = new_main(bench).await;
        let keys = keys(&main, tenant, POINTS.len() + 2).await;
        let place = bench.directory().join("mirror");
        let saved = bench.directory().join("saved");
        for (at, point) in POINTS.iter().enumerate() {
            let _ = fs::remove_dir_all(&saved);
            if at > 0 {
                copy_directory(&place.join("vault"), &saved);
            }
            let epoch = erase_key(&main, tenant, &keys[at]).await;
            killed_child(bench, &place, "the_child_follows_once", point);
            let told = main.wait_for_mirrors(epoch, Duration::ZERO).await.is_ok();
            assert_eq!(told, ["mirror:made", "mirror:acknowledged"].contains(point), "{point}");
            let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
            assert_eq!(mirror.follow_once().await.unwrap().epoch, epoch, "{point}");
            let gone: Vec<usize> = (0..=at).collect();
            assert_mirror_reads(bench, &place, tenant, &keys, &gone).await;
            if at > 0 {
                assert!(thief(bench, &saved, &place.join("root")).await.is_err(), "{point}");
            }
            mirror.close().await;
        }
    }
}

/// Every place where a process that follows can be killed.
const POINTS: [&str; 10] = [
    "mirror:made",
    "mirror:registered",
    "mirror:copying",
    "mirror:copied",
    "destroy:redo-written",
    "destroy:candidate-written",
    "destroy:before-commit",
    "destroy:committed",
    "destroy:old-root-destroyed",
    "mirror:acknowledged",
];

/// Runs one of the two tests below in a process of its own, which is killed at this point.
fn killed_child(bench: &Bench, place: &Path, child: &str, point: &str) {
    use std::os::unix::process::ExitStatusExt;
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([child, "--exact", "--nocapture"])
        .env("GALLRA_FAIL_POINT", point)
        .env("MIRROR_TEST_CHILD", child)
        .env("MIRROR_TEST_VAULT", bench.url(Role::Vault))
        .env("MIRROR_TEST_ROOT", bench.directory().join("root"))
        .env("MIRROR_TEST_PLACE", place)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.signal(),
        Some(6),
        "{point}: not killed: {said}"
    );
}

/// What the parent gave this child; `None` when no test above started it.
async fn child(name: &str) -> Option<(Means, PathBuf)> {
    if std::env::var("MIRROR_TEST_CHILD").as_deref() != Ok(name) {
        return None;
    }
    let given = |name| std::env::var(name).unwrap();
    let vault = Db::open_existing(&given("MIRROR_TEST_VAULT"), Role::Vault)
        .await
        .unwrap();
    let means = means_of(vault, PathBuf::from(given("MIRROR_TEST_ROOT")));
    Some((means, PathBuf::from(given("MIRROR_TEST_PLACE"))))
}

#[tokio::test]
async fn the_child_follows_once() {
    let Some((means, place)) = child("the_child_follows_once").await else {
        return;
    };
    let main = Keyring::open(means).await.unwrap();
    let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
    mirror.follow_once().await.unwrap();
}

#[tokio::test]
async fn the_child_promotes() {
    let Some((means, place)) = child("the_child_promotes").await else {
        return;
    };
    promote_to(means, &place, DataKnows::default(), None)
        .await
        .unwrap();
}

#[test]
fn every_column_of_the_vault_is_followed_or_its_table_named_here() {
    const OWN: [&str; 4] = ["head", "instance", "following", "schema_migration"];
    // What stands on the first line of its own statement, not in a bulk.
    const LINE: (&str, [&str; 4]) = ("line", ["id", "number", "line", "began_at"]);
    support::run(Engine::Sqlite, async |bench| {
        let vault = bench.open(Role::Vault).await;
        let sql = "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c \
                   WHERE t.type = 'table'";
        for row in vault.fetch_all(sql, args![]).await.unwrap() {
            let (table, column) = (row.text(0).unwrap(), row.text(1).unwrap());
            let copied = gallra::every_bulk().into_iter().any(|bulk| {
                bulk.name.contains("mirror::rows") && names(bulk.head, &table, &column)
            });
            let by_hand = table == LINE.0 && LINE.1.contains(&column.as_str());
            assert!(
                copied || by_hand || OWN.contains(&table.as_str()),
                "a mirror must follow {table}.{column}: see src/keyring/mirror/copy.rs"
            );
        }
    });
}

/// Whether `INSERT INTO table (column, …) VALUES` names this column of this table.
fn names(head: &str, table: &str, column: &str) -> bool {
    let columns = head.strip_prefix(&format!("INSERT INTO {table} ("));
    let columns = columns.and_then(|rest| rest.strip_suffix(") VALUES"));
    columns.is_some_and(|columns| columns.split(", ").any(|name| name == column))
}

fn known(head: &gallra::keyring::Head) -> DataKnows {
    DataKnows {
        vault: Some(head.vault),
        version: head.version,
        ..DataKnows::default()
    }
}

async fn promote(
    fresh: &Bench,
    mirror: &Path,
    data: DataKnows,
    accept_loss: Option<u64>,
) -> Result<mirror::Promoted, MirrorError> {
    promote_to(means(fresh).await, mirror, data, accept_loss).await
}

async fn promote_to(
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

async fn open_vault(mirror: &Path) -> Db {
    let url = format!("sqlite:{}", mirror.join("vault/vault.db").display());
    Db::open_existing(&url, Role::Vault).await.unwrap()
}

async fn count(vault: &Db, sql: &'static str, tenant: TenantId) -> i64 {
    let row = vault.fetch_one(sql, args![tenant]).await.unwrap();
    row.i64(0).unwrap()
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

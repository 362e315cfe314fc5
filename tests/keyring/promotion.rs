//! A mirror becomes the main vault when that is lost: what was erased stays erased on this way too.

use std::fs;
use std::time::Duration;

use gallra::keyring::mirror::{self, DataKnows};
use gallra::keyring::{
    Destroyed, Destruction, KeyRef, Keyring, KeyringError, MirrorError, Violation,
};
use gallra::store::{Role, args};
use gallra::vocabulary::{SystemRandom, TenantId};

use crate::both_engines;
use crate::child::killed;
use crate::mirrors::{
    assert_mirror_reads, count, known, mirror_at, open_vault, promote, state_results, thief,
};
use crate::support::Bench;
use crate::tools::{
    copy_directory, destruction, erase, erase_key, keys, means, means_of, new_tree, readable,
};

both_engines! {
    async fn a_mirror_becomes_the_main_vault_when_that_is_lost(bench) {
        let (main, tenant) = new_tree(bench).await;
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
        // Until the data was told of it, repeating it answers the same; then it is a vault like any.
        let again = promote(&fresh, &place, known(&before), None).await.unwrap();
        assert_eq!((again.vault, again.epoch), (promoted.vault, promoted.epoch));
        assert!(main.owes_note().await.unwrap() && main.ledger_is_whole().await.unwrap());
        main.note_paid().await.unwrap();
        let again = promote(&fresh, &place, known(&before), None).await.unwrap_err();
        assert!(matches!(again, MirrorError::VaultInTheWay), "{again:?}");

        // Receipts wait at once for the mirror, which goes on as the mirror of the new main vault.
        let epoch = erase_key(&main, tenant, &keys[0]).await;
        let late = main.wait_for_mirrors(epoch, Duration::ZERO).await.unwrap_err();
        assert!(matches!(late, KeyringError::MirrorsLate(_)), "{late}");
        let more = crate::tools::keys(&main, tenant, 20).await;
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
        let (main, tenant) = new_tree(bench).await;
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
        data.blocks = (0..=highest).map(|block| (tenant, block)).collect();
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
            ..destruction(tenant, Destroyed::Units(vec![old[0].0]))
        };
        main.destroy(again).await.unwrap();
        assert!(!readable(&main, tenant, &old[0]).await);
        assert!(main.ledger_entry(erasure).await.unwrap().unwrap().seq > 1);
        main.close().await.unwrap();
        fresh.remove().await;
    }

    async fn a_mirror_that_was_further_than_the_promoted_one_begins_anew(bench) {
        let (main, tenant) = new_tree(bench).await;
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
        let (main, tenant) = new_tree(bench).await;
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
        let (main, tenant) = new_tree(bench).await;
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
            killed(&fresh, &place, "child::the_child_promotes", point);
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
}

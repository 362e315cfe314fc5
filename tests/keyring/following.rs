//! Mirrors follow the main vault, are waited for, and survive being killed.

use std::fs;
use std::time::Duration;

use gallra::keyring::{Destroyed, KeyringError, MirrorError};
use gallra::store::{Engine, Role, args};
use gallra::vocabulary::{SystemRandom, TenantId};

use crate::both_engines;
use crate::child::killed;
use crate::mirrors::{assert_mirror_reads, count, mirror_at, open_vault, state_results, thief};
use crate::support::{self, Bench};
use crate::tools::{copy_directory, erase, erase_key, keys, new_tree, readable};

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

both_engines! {
    async fn a_mirror_follows_leases_erasures_rotations_and_purges(bench) {
        let (main, tenant) = new_tree(bench).await;
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
        let (main, tenant) = new_tree(bench).await;
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
        let (main, tenant) = new_tree(bench).await;
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
        let (main, tenant) = new_tree(bench).await;
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
        let (main, tenant) = new_tree(bench).await;
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
        let (main, _) = new_tree(bench).await;
        let not_a_mirror = mirror_at(bench.directory(), "cellar", &main).await.err().unwrap();
        assert!(matches!(not_a_mirror, MirrorError::NotAMirror(_)), "{not_a_mirror:?}");
        let place = bench.directory().join("mirror");
        let mut mirror = mirror_at(&place, "cellar", &main).await.unwrap();
        let busy = mirror_at(&place, "cellar", &main).await.err().unwrap();
        assert!(matches!(busy, MirrorError::Busy), "{busy:?}");
        mirror.follow_once().await.unwrap();

        let other = Bench::new(Engine::Sqlite).await;
        let (stranger, _) = new_tree(&other).await;
        let elsewhere = bench.directory().join("elsewhere");
        copy_directory(&place, &elsewhere);
        let foreign = mirror_at(&elsewhere, "cellar", &stranger).await.err().unwrap();
        assert!(matches!(foreign, MirrorError::OtherVault), "{foreign:?}");

        // A copied directory: two acknowledge under one id, and one would hide behind the other.
        // Whichever was opened last is the mirror; the other ends at its next look.
        let twin = mirror_at(&elsewhere, "cellar", &main).await.unwrap();
        main.add_tenant(TenantId::generate(&SystemRandom)).await.unwrap();
        let copied = mirror.follow_once().await.unwrap_err();
        assert!(matches!(copied, MirrorError::Copied), "{copied:?}");
        twin.close().await;
        drop(mirror);
        let copied = mirror_at(&place, "cellar", &main).await.err().unwrap();
        assert!(matches!(copied, MirrorError::Copied), "{copied:?}");
        other.remove().await;
    }

    async fn killed_anywhere_a_mirror_takes_up_what_is_missing(bench) {
        if !cfg!(feature = "fail-points") {
            panic!("no fail points: run ./test, or cargo test --features fail-points");
        }
        let (main, tenant) = new_tree(bench).await;
        let keys = keys(&main, tenant, POINTS.len() + 2).await;
        let place = bench.directory().join("mirror");
        let saved = bench.directory().join("saved");
        for (at, point) in POINTS.iter().enumerate() {
            let _ = fs::remove_dir_all(&saved);
            if at > 0 {
                copy_directory(&place.join("vault"), &saved);
            }
            let epoch = erase_key(&main, tenant, &keys[at]).await;
            killed(bench, &place, "child::the_child_follows_once", point);
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

#[test]
fn every_column_of_the_vault_is_followed_or_its_table_named_here() {
    const OWN: [&str; 5] = [
        "head",
        "instance",
        "following",
        "schema_migration",
        "accepted_loss", // Of data that is to be cleaned now: a promotion measures it anew.
    ];
    // What stands on the first line of its own statement, not in a bulk; and what a promotion owes.
    const LINE: (&str, [&str; 6]) = (
        "line",
        [
            "id",
            "number",
            "line",
            "began_at",
            "passed_over",
            "note_owed",
        ],
    );
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

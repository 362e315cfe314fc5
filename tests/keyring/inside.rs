//! Who is inside a root, as others see it, and for whom somebody waits there.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gallra::keyring::{Keyring, KeyringError, Means};
use gallra::store::{Db, Options, Role};
use gallra::vocabulary::FixedClock;

use crate::both_engines;
use crate::support::Bench;
use crate::tools::{means, new_tree};

/// The files by which processes are seen.
fn files(bench: &Bench) -> Vec<PathBuf> {
    let instances = bench.directory().join("root/instances");
    let entries = fs::read_dir(instances).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

async fn without_patience(bench: &Bench) -> Means {
    Means {
        patience: Duration::ZERO,
        ..means(bench).await
    }
}

both_engines! {
    /// The disk was full when it came in, and its file says nothing.
    async fn a_restore_is_not_in_its_own_way(bench) {
        let (keyring, _) = new_tree(bench).await;
        let [file] = &files(bench)[..] else { panic!("one is inside") };
        fs::write(file, "").unwrap();
        let shut = keyring.shut_gate().await.unwrap();
        assert!(shut.is_ok(), "nobody else is inside: {shut:?}");
        drop(shut);
        let _other = Keyring::open(means(bench).await).await.unwrap();
        let refused = keyring.shut_gate().await.unwrap().unwrap_err();
        let own = format!("process {} (", std::process::id());
        assert_eq!(refused.matches(&own).count(), 1, "the other is: {refused}");
    }

    /// A restore was killed and its signature stands in the gate; then somebody comes in and stays there.
    async fn a_restore_that_has_ended_is_not_waited_for(bench) {
        let means = without_patience(bench).await;
        Keyring::create(&means).await.unwrap();
        let keyring = Keyring::open(means.clone()).await.unwrap();
        fs::write(bench.directory().join("root/gate"), "4194305 gallra restore").unwrap();
        let inside = Keyring::keep_restores_out(&means.root, Duration::ZERO).await.unwrap();
        let refused = keyring.shut_gate().await.unwrap_err();
        assert!(matches!(refused, KeyringError::Restoring(None)), "{refused:?}");
        assert!(!refused.to_string().contains("process 4194305"), "{refused}");
        drop(inside);

        let _shut = keyring.shut_gate().await.unwrap().unwrap();
        let kept_out = Keyring::keep_restores_out(&means.root, Duration::ZERO).await.unwrap_err();
        let own = format!("a restore is under way: process {} (", std::process::id());
        assert!(kept_out.to_string().contains(&own), "{kept_out}");
    }

    /// Another task of this process writes the vault: it is no other process that could be ended.
    async fn a_process_is_not_told_to_wait_for_itself(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        let hasty = Options { patience: Duration::from_millis(100), ..Options::default() };
        let vault = Db::open_with(&bench.url(Role::Vault), Role::Vault, hasty).await.unwrap();
        let other = Keyring::open(Means { vault, ..means(bench).await }).await.unwrap();
        let mut held = keyring.begin_vault().await.unwrap();
        keyring.take_head(&mut held).await.unwrap();
        let refused = other.lease(tenant, 1).await.unwrap_err();
        held.rollback().await.unwrap();
        let refused = refused.to_string();
        assert!(!refused.contains("this process") && !refused.contains("another process"), "{refused}");
        assert!(refused.contains("gallra doctor"), "{refused}");
    }

    /// `rm -rf root/instances` under a running process: a restore would exchange the data under it.
    async fn a_process_that_others_do_not_see_gives_its_lease_up(bench) {
        let (keyring, tenant) = new_tree(bench).await;
        keyring.close().await.unwrap();
        drop(keyring);
        let clock = Arc::new(FixedClock::at("2026-03-01T09:00:00Z"));
        let keyring = Keyring::open(Means { clock: clock.clone(), ..means(bench).await }).await.unwrap();
        let key = keyring.lease(tenant, 1).await.unwrap().remove(0);
        let instances = bench.directory().join("root/instances");
        let away = bench.directory().join("away");
        fs::rename(&instances, &away).unwrap();
        clock.advance(Duration::from_secs(6));
        let refused = keyring.data_key(tenant, key.key_ref).await.unwrap_err();
        assert!(matches!(refused, KeyringError::Overlooked(_)), "{refused:?}");
        assert!(refused.to_string().contains("start it again"), "{refused}");
        // Seen again, it goes on: its lock was never let go of.
        fs::rename(&away, &instances).unwrap();
        keyring.data_key(tenant, key.key_ref).await.unwrap();
    }
}

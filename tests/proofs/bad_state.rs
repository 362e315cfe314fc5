//! Stores, roots and disks in a bad state: a clear error with its remedy, nothing lost, nothing made
//! anew, and everything works again once the cause is mended.

use std::fs;
use std::path::{Path, PathBuf};

use gallra::store::{Engine, Role};

use crate::both_engines;
use crate::desk::Desk;
use crate::support::{self, Bench};
use crate::tools::limits::{ReadOnly, with_small_files};
use crate::tools::process::Running;

/// Fails unless a command is refused with all of these words.
fn refused(desk: &Desk, arguments: &[&str], words: &[&str]) {
    let finished = desk.tried(arguments);
    assert_ne!(finished.code(), Some(0), "{finished:#?}");
    assert!(!finished.was_killed(), "{finished:#?}");
    for word in words {
        assert!(
            finished.stderr.contains(word),
            "{word:?} is not said: {finished:#?}"
        );
    }
}

/// The files of a store on SQLite, with its log of writes.
fn files(path: &Path) -> Vec<PathBuf> {
    let with = |end: &str| PathBuf::from(format!("{}{end}", path.display()));
    [with(""), with("-wal"), with("-shm")]
        .into_iter()
        .filter(|file| file.exists())
        .collect()
}

fn copy(path: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in files(path) {
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

fn put(from: &Path, path: &Path) {
    files(path)
        .iter()
        .for_each(|file| fs::remove_file(file).unwrap());
    for entry in fs::read_dir(from).unwrap() {
        let file = entry.unwrap().path();
        fs::copy(
            &file,
            path.parent().unwrap().join(file.file_name().unwrap()),
        )
        .unwrap();
    }
}

fn sqlite(test: impl Fn(&Bench, &Desk)) {
    support::run(Engine::Sqlite, async |bench| {
        let desk = Desk::open(bench);
        desk.import("skor", 1..=2);
        test(bench, &desk);
        assert_eq!(
            desk.found("anna2@example.se"),
            1,
            "mended, everything works"
        );
        desk.run(&["reconcile", "--full"]);
        desk.run(&["verify", "--all"]);
    });
}

#[test]
fn a_vault_put_back_to_an_older_state_is_refused() {
    sqlite(|bench, desk| {
        let (vault, old, new) = (
            bench.file(Role::Vault),
            bench.directory().join("old"),
            bench.directory().join("new"),
        );
        copy(&vault, &old);
        desk.erase(1, &[]);
        copy(&vault, &new);
        put(&old, &vault);
        // One epoch back, the destruction of keys is redone from the record beside the root; but what else
        // the vault knew is forgotten, and the data is ahead of it.
        let remedies = [
            "the vault was rolled back",
            "mirror promote",
            "nothing was changed",
        ];
        refused(desk, &["find", "anna2@example.se"], &remedies);
        put(&new, &vault);
        desk.import("skor", [3]);
        desk.erase(3, &[]);
        copy(&vault, &new);
        put(&old, &vault);
        for command in [&["find", "anna2@example.se"][..], &["reconcile"], &["init"]] {
            let finished = desk.tried(command);
            assert_ne!(finished.code(), Some(0), "{finished:#?}");
        }
        refused(
            desk,
            &["find", "x@example.se"],
            &["the vault was rolled back", "mirror promote"],
        );
        put(&new, &vault);
        assert_eq!(desk.found("anna1@example.se"), 0);
    });
}

#[test]
fn a_truncated_vault_is_refused() {
    sqlite(|bench, desk| {
        let (vault, whole) = (bench.file(Role::Vault), bench.directory().join("whole"));
        copy(&vault, &whole);
        let bytes = fs::read(&vault).unwrap();
        fs::write(&vault, &bytes[..bytes.len() / 2]).unwrap();
        let finished = desk.tried(&["find", "anna2@example.se"]);
        assert_eq!(finished.code(), Some(1), "{finished:#?}");
        assert!(
            finished.stderr.contains("gallra mirror promote"),
            "{finished:#?}"
        );
        fs::remove_file(&vault).unwrap();
        let remedies = ["does not exist or is empty", "gallra mirror promote"];
        refused(desk, &["find", "anna2@example.se"], &remedies);
        assert!(!vault.exists(), "nothing is initialised anew");
        put(&whole, &vault);
    });
}

#[test]
fn a_missing_root_is_refused_and_not_made_anew() {
    sqlite(|bench, desk| {
        let (root, away) = (
            bench.directory().join("root"),
            bench.directory().join("away"),
        );
        fs::rename(&root, &away).unwrap();
        let remedies = [
            "the root is lost or empty",
            "gallra mirror promote",
            "nothing was initialised",
        ];
        refused(desk, &["find", "anna2@example.se"], &remedies);
        refused(desk, &["init"], &["already"]);
        assert!(!root.join("copy-1").exists(), "nothing is initialised anew");
        fs::remove_dir_all(&root).ok();
        fs::rename(&away, &root).unwrap();
    });
}

#[test]
fn a_file_that_may_not_grow_stops_an_import_and_an_erasure_and_loses_nothing() {
    sqlite(|bench, desk| {
        let before = desk.access(2);
        let many: String = (10..400).map(crate::worker::records).collect();
        let file = desk.file(&many);
        let size = fs::metadata(bench.file(Role::Data)).unwrap().len();
        let import = desk.gallra.command(["import", "--tenant", "skor", &file]);
        let stopped = Running::start(with_small_files(&import, size + 65_536)).finish();
        assert_eq!(stopped.code(), Some(1), "{stopped:#?}");
        assert!(stopped.stderr.contains("free space"), "{stopped:#?}");
        assert_eq!(desk.access(2), before);
        desk.run(&["import", "--tenant", "skor", &file]);
        assert_eq!(desk.found("anna399@example.se"), 1);

        let order = ["--external-id", "kund-1", "--instruction", "A-1"];
        let erase = [&["erase", "--tenant", "skor"], &order[..]].concat();
        let stopped = Running::start(with_small_files(&desk.gallra.command(erase), 8_192)).finish();
        assert_eq!(stopped.code(), Some(1), "{stopped:#?}");
        assert!(stopped.stderr.contains("free space"), "{stopped:#?}");
        assert_eq!(desk.access(2), before);
        desk.erase(1, &[]);
        assert_eq!(desk.found("anna1@example.se"), 0);
        assert_eq!(desk.access(2), before);
    });
}

#[test]
fn a_read_only_root_refuses_an_erasure_and_loses_nobody() {
    sqlite(|bench, desk| {
        let guard = ReadOnly::new(&bench.directory().join("root"));
        let erase = [
            "erase",
            "--tenant",
            "skor",
            "--external-id",
            "kund-1",
            "--instruction",
            "A-1",
        ];
        refused(desk, &erase, &["permission"]);
        drop(guard);
        desk.run(&["reconcile"]);
        desk.erase(1, &[]);
        assert_eq!(desk.found("anna1@example.se"), 0);
    });
}

both_engines! {
    async fn ciphertexts_that_were_exchanged_do_not_open(bench) {
        let desk = Desk::open(bench);
        desk.import("skor", 1..=2);
        desk.import("hattar", [3]);
        let before = desk.access(1);
        let backup = bench.directory().join("backup").display().to_string();
        desk.run(&["backup", &backup]);
        // Field, row with its unit, tenant, and commitment.
        for exchange in [
            "UPDATE contact SET name = email",
            "UPDATE message SET body = (SELECT m.body FROM message m ORDER BY m.id LIMIT 1)",
            "UPDATE contact SET email = (SELECT t.email FROM tenant t ORDER BY t.id LIMIT 1)",
            "UPDATE unit SET commitment = (SELECT u.commitment FROM unit u ORDER BY u.id LIMIT 1)",
        ] {
            let data = bench.open(Role::Data).await;
            let mut tx = data.begin().await.unwrap();
            tx.execute(exchange, Vec::new()).await.unwrap();
            tx.commit().await.unwrap();
            data.close().await;
            let mut refused = 0;
            for id in ["kund-1", "kund-2"] {
                let access = desk.tried(&["access", "--tenant", "skor", "--external-id", id]);
                refused += usize::from(access.code() == Some(1) && access.stdout.is_empty());
            }
            assert!(refused > 0, "{exchange}: everybody could be read");
            // Mended by a backup, everything is as before.
            desk.run(&["restore", &backup]);
            assert_eq!(desk.access(1), before, "{exchange}");
        }
    }
}

//! Stores, roots and disks in a bad state: a clear error with its remedy, nothing lost, nothing made
//! anew, and everything works again once the cause is mended.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gallra::store::{Engine, Role};

use crate::both_engines;
use crate::desk::Desk;
use crate::support::{Bench, sql};
use crate::tools::limits::{ReadOnly, SmallDisk, with_small_files};
use crate::tools::process::{Gallra, Running};

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

/// Fails unless the command stops and says that room is to be made.
fn stops(command: Command) {
    let stopped = tokio::task::block_in_place(|| Running::start(command).finish());
    assert_eq!(stopped.code(), Some(1), "{stopped:#?}");
    assert!(stopped.stderr.contains("free space"), "{stopped:#?}");
}

fn half_a_vault(bench: &Bench, desk: &Desk) {
    let vault = bench.file(Role::Vault);
    let bytes = fs::read(&vault).unwrap();
    fs::write(&vault, &bytes[..bytes.len() / 2]).unwrap();
    let finished = desk.tried(&["find", "anna2@example.se"]);
    assert_eq!(finished.code(), Some(1), "{finished:#?}");
    let remedy = finished.stderr.contains("gallra mirror promote");
    assert!(remedy, "{finished:#?}");
    fs::remove_file(&vault).unwrap();
    let remedies = ["does not exist or is empty", "gallra mirror promote"];
    refused(desk, &["find", "anna2@example.se"], &remedies);
    assert!(!vault.exists(), "nothing is initialised anew");
}

/// Two people of a client, a test that breaks something and mends it again, and everything works.
fn house(bench: &Bench, test: impl FnOnce(&Desk)) {
    let desk = Desk::open(bench);
    desk.import("skor", 1..=2);
    test(&desk);
    works(&desk);
}

fn works(desk: &Desk) {
    let found = desk.found("anna2@example.se");
    assert_eq!(found, 1, "mended, everything works");
    desk.run(&["reconcile", "--full"]);
    desk.run(&["verify", "--all"]);
}

/// Keeps the vault as it stands under a name, as a copy made behind Gallra's back would.
async fn keep(bench: &Bench, name: &str) {
    let vault = bench.file(Role::Vault);
    match bench.engine() {
        Engine::Sqlite => copy(&vault, &bench.directory().join(name)),
        Engine::Postgres => {
            let (vault, kept) = (bench.schema(Role::Vault), kept(bench, name));
            sql(format!(
                "DO $$ DECLARE t text; BEGIN DROP SCHEMA IF EXISTS {kept} CASCADE; CREATE SCHEMA {kept}; \
                 FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = '{vault}' LOOP \
                 EXECUTE format('CREATE TABLE {kept}.%I AS TABLE {vault}.%I', t, t); END LOOP; END $$"
            ))
            .await;
        }
    }
}

/// Puts such a copy back.
async fn put_back(bench: &Bench, name: &str) {
    let vault = bench.file(Role::Vault);
    match bench.engine() {
        Engine::Sqlite => put(&bench.directory().join(name), &vault),
        Engine::Postgres => {
            let (vault, kept) = (bench.schema(Role::Vault), kept(bench, name));
            sql(format!(
                "DO $$ DECLARE t text; BEGIN \
                 FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = '{vault}' LOOP \
                 EXECUTE format('TRUNCATE {vault}.%I CASCADE', t); END LOOP; \
                 FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = '{vault}' LOOP \
                 EXECUTE format('INSERT INTO {vault}.%I SELECT * FROM {kept}.%I', t, t); END LOOP; END $$"
            ))
            .await;
        }
    }
}

fn kept(bench: &Bench, name: &str) -> String {
    format!("{}_{name}", bench.schema(Role::Vault))
}

/// Removes such a copy; on SQLite it goes with the directory.
async fn forget(bench: &Bench, name: &str) {
    if bench.engine() == Engine::Postgres {
        sql(format!("DROP SCHEMA {} CASCADE", kept(bench, name))).await;
    }
}

const ERASE: [&str; 7] = [
    "erase",
    "--tenant",
    "skor",
    "--external-id",
    "kund-1",
    "--instruction",
    "A-1",
];

both_engines! {
    async fn a_vault_put_back_to_an_older_state_is_refused(bench) {
        let desk = Desk::open(bench);
        desk.import("skor", 1..=2);
        keep(bench, "old").await;
        desk.erase(1, &[]);
        keep(bench, "new").await;
        put_back(bench, "old").await;
        // One epoch back, the destruction of keys is redone from the record beside the root; but what else
        // the vault knew is forgotten, and the data is ahead of it.
        let remedies = ["the vault was rolled back", "mirror promote", "nothing was changed"];
        refused(&desk, &["find", "anna2@example.se"], &remedies);
        put_back(bench, "new").await;
        desk.import("skor", [3]);
        desk.erase(3, &[]);
        keep(bench, "new").await;
        put_back(bench, "old").await;
        for command in [&["find", "anna2@example.se"][..], &["reconcile"], &["init"]] {
            let finished = desk.tried(command);
            assert_ne!(finished.code(), Some(0), "{finished:#?}");
        }
        refused(&desk, &["find", "x@example.se"], &["the vault was rolled back", "mirror promote"]);
        put_back(bench, "new").await;
        assert_eq!(desk.found("anna1@example.se"), 0);
        works(&desk);
        for name in ["old", "new"] {
            forget(bench, name).await;
        }
    }

    async fn a_truncated_vault_is_refused(bench) {
        let desk = Desk::open(bench);
        desk.import("skor", 1..=2);
        keep(bench, "whole").await;
        match bench.engine() {
            Engine::Sqlite => half_a_vault(bench, &desk),
            Engine::Postgres => {
                sql(format!("TRUNCATE {}.head CASCADE", bench.schema(Role::Vault))).await;
                refused(&desk, &["find", "anna2@example.se"], &["is lost", "gallra mirror promote"]);
                refused(&desk, &["init"], &["nothing is initialised anew"]);
            }
        }
        put_back(bench, "whole").await;
        works(&desk);
        forget(bench, "whole").await;
    }

    async fn a_missing_root_is_refused_and_not_made_anew(bench) {
        house(bench, |desk| {
            let (root, away) = (bench.directory().join("root"), bench.directory().join("away"));
            fs::rename(&root, &away).unwrap();
            let remedies =
                ["the root is lost or empty", "gallra mirror promote", "nothing was initialised"];
            refused(desk, &["find", "anna2@example.se"], &remedies);
            refused(desk, &["init"], &["already"]);
            assert!(!root.join("copy-1").exists(), "nothing is initialised anew");
            fs::remove_dir_all(&root).ok();
            fs::rename(&away, &root).unwrap();
        });
    }

    /// On PostgreSQL only the root's files are ours to write.
    async fn a_file_that_may_not_grow_stops_an_import_and_an_erasure_and_loses_nothing(bench) {
        house(bench, |desk| {
            let before = desk.access(2);
            let many: String = (10..400).map(crate::worker::records).collect();
            let file = desk.file(&many);
            let import = ["import", "--tenant", "skor", &file];
            if bench.engine() == Engine::Sqlite {
                let size = fs::metadata(bench.file(Role::Data)).unwrap().len();
                let limited = with_small_files(&desk.gallra.command(import), size + 65_536);
                stops(limited);
                assert_eq!(desk.access(2), before);
            }
            desk.run(&import);
            assert_eq!(desk.found("anna399@example.se"), 1);
            stops(with_small_files(&desk.gallra.command(ERASE), 8_192));
            assert_eq!(desk.access(2), before);
            desk.erase(1, &[]);
            assert_eq!(desk.found("anna1@example.se"), 0);
            assert_eq!(desk.access(2), before);
        });
    }

    /// The limit as `ulimit -f` sets it, whose signal ends whoever did not take it.
    async fn no_command_ends_without_a_word_where_files_may_not_grow(bench) {
        house(bench, |desk| {
            let file = desk.file(&crate::worker::records(9));
            let new = Gallra::in_directory(&bench.directory().join("new"));
            let commands = [
                new.command(["init", "--operator", "Exempel Support AB"]),
                desk.gallra.command(["import", "--tenant", "skor", &file]),
                desk.gallra.command(["find", "anna2@example.se"]),
                desk.gallra.command(ERASE),
            ];
            for bytes in [512, 1024, 16_384] {
                for command in &commands {
                    let limited = with_small_files(command, bytes);
                    let done = tokio::task::block_in_place(|| Running::start(limited).finish());
                    let told = done.code() == Some(1) && done.stderr.contains("free space");
                    assert!(told || done.code() == Some(0), "{bytes}: {done:#?}");
                }
            }
        });
    }

    /// The root, and on SQLite the data too, on a disk without a free byte.
    async fn a_full_disk_stops_an_erasure_and_an_import_and_loses_nothing(bench) {
        let Some(disk) = SmallDisk::new(32 << 20) else {
            return eprintln!("no disk may be mounted here: files that may not grow stand for it");
        };
        let root = format!("file:{}", disk.path().join("root").display());
        let gallra = Gallra::at(bench).with("GALLRA_ROOT", root);
        let data = format!("sqlite:{}", disk.path().join("data.db").display());
        let gallra = match bench.engine() {
            Engine::Sqlite => gallra.with("DATABASE_URL", data),
            Engine::Postgres => gallra,
        };
        let desk = Desk::open_as(bench, gallra);
        desk.import("skor", 1..=2);
        let before = desk.access(2);
        let many = desk.file(&(10..400).map(crate::worker::records).collect::<String>());
        disk.fill();
        stops(desk.gallra.command(ERASE));
        let import = ["import", "--tenant", "skor", &many];
        if bench.engine() == Engine::Sqlite {
            stops(desk.gallra.command(import));
        }
        disk.free();
        assert_eq!(desk.access(2), before);
        desk.run(&import);
        desk.erase(1, &[]);
        assert_eq!(desk.found("anna1@example.se"), 0);
        assert_eq!(desk.access(2), before);
        works(&desk);
    }

    /// Receipts wait for it meanwhile, and it needs nobody to start it again.
    async fn a_mirror_goes_on_once_its_full_disk_has_room(bench) {
        let Some(disk) = SmallDisk::new(32 << 20) else {
            return eprintln!("no disk may be mounted here: `MirrorError::is_full_disk` is not seen at work");
        };
        let desk = Desk::open_as(bench, Gallra::at(bench).with("GALLRA_MIRROR_PATIENCE", "8"));
        desk.import("skor", 1..=2);
        let place = disk.path().join("mirror").display().to_string();
        desk.run(&["mirror", &place, "--once"]);
        let mut mirror = desk.gallra.spawn(["mirror", &place]);
        desk.erase(1, &[]); // Its receipt waited for the mirror, so that it follows now.
        disk.fill();
        let many = desk.file(&(10..400).map(crate::worker::records).collect::<String>());
        desk.run(&["import", "--tenant", "skor", &many]);
        let mut erase = ERASE;
        erase[4] = "kund-2";
        let erased = desk.run(&erase).json();
        assert_eq!(erased["state"], "pending", "{erased}");
        assert!(mirror.is_running(), "{:#?}", mirror.finish());
        disk.free();
        desk.run(&["reconcile"]);
        assert_eq!(desk.receipts().len(), 2);
        let said = tokio::task::block_in_place(|| mirror.terminate()).succeeded().stderr;
        assert!(said.contains("the mirror has no room") && said.contains("free space"), "{said}");
        let times = said.matches("the mirror has no room").count();
        assert!(times < 10, "{times} times in {said}");
    }

    async fn a_read_only_root_refuses_an_erasure_and_loses_nobody(bench) {
        house(bench, |desk| {
            let guard = ReadOnly::new(&bench.directory().join("root"));
            refused(desk, &ERASE, &["permission"]);
            drop(guard);
            desk.run(&["reconcile"]);
            desk.erase(1, &[]);
            assert_eq!(desk.found("anna1@example.se"), 0);
        });
    }

    async fn ciphertexts_that_were_exchanged_do_not_open(bench) {
        let desk = Desk::open(bench);
        desk.import("skor", 1..=2);
        desk.import("hattar", [3]);
        let before = desk.access(1);
        let backup = bench.directory().join("backup").display().to_string();
        desk.run(&["backup", &backup]);
        // Field, row with its unit, tenant, and commitment.
        // What the refusal names: the column and the row that were changed.
        for (exchange, named) in [
            ("UPDATE contact SET name = email", "contact.name of row "),
            (
                "UPDATE message SET body = (SELECT m.body FROM message m ORDER BY m.id LIMIT 1)",
                "message.body of row ",
            ),
            (
                "UPDATE contact SET email = (SELECT t.email FROM tenant t ORDER BY t.id LIMIT 1)",
                "contact.email of row ",
            ),
            (
                "UPDATE unit SET commitment = (SELECT u.commitment FROM unit u ORDER BY u.id LIMIT 1)",
                "the data key is not the one this unit was sealed with",
            ),
        ] {
            let data = bench.open(Role::Data).await;
            let mut tx = data.begin().await.unwrap();
            tx.execute(exchange, Vec::new()).await.unwrap();
            tx.commit().await.unwrap();
            data.close().await;
            let mut refused = 0;
            for id in ["kund-1", "kund-2"] {
                let access = desk.tried(&["access", "--tenant", "skor", "--external-id", id]);
                if access.code() == Some(0) {
                    continue;
                }
                assert_eq!(access.code(), Some(1), "{exchange}");
                assert!(access.stdout.is_empty(), "{exchange}");
                assert!(access.stderr.contains(named), "{exchange}: {}", access.stderr);
                refused += 1;
            }
            assert!(refused > 0, "{exchange}: everybody could be read");
            // Mended by a backup, everything is as before.
            desk.run(&["restore", &backup]);
            assert_eq!(desk.access(1), before, "{exchange}");
        }
    }
}

//! Restores that are killed, that fail, and that others run into: nothing is lost without a word, and
//! nobody comes back.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gallra::keyring::KeyringError;
use gallra::store::{Engine, Role};
use gallra::vocabulary::SystemClock;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::both_engines;
use crate::crash::{By, POINTS};
use crate::desk::Desk;
use crate::support::house::House;
use crate::support::{Bench, server};
use crate::tools::process::{FailPoint, Finished, Running};

/// Person 1 is erased after the backup, person 3 came after it.
fn backed_up(bench: &Bench) -> (Desk, String) {
    let desk = Desk::open(bench);
    desk.import("skor", 1..=2);
    let backup = bench.directory().join("backup").display().to_string();
    desk.run(&["backup", &backup]);
    desk.erase(1, &[]);
    desk.import("skor", [3]);
    (desk, backup)
}

fn who_is_there(desk: &Desk) -> Vec<usize> {
    let there = |number: &usize| desk.found(&format!("anna{number}@example.se")) > 0;
    (1..=3).filter(there).collect()
}

fn restore_dies(desk: &Desk, backup: &str, point: &str) {
    let gallra = desk.gallra.failing(FailPoint::abort(point));
    let finished = tokio::task::block_in_place(|| gallra.run(["restore", backup]));
    assert!(finished.was_killed(), "{point}: {finished:#?}");
}

/// What SQLite alone knows: between two renames there is no data, and that is said.
fn comes_back(bench: &Bench, desk: &Desk) {
    let refused = desk.tried(&["find", "anna3@example.se"]).exited(1);
    assert!(refused.stderr.contains("gallra restore DIR"), "{refused:?}");
    let file = bench.file(Role::Data).display().to_string();
    assert!(
        refused.stderr.contains(&format!("{file}.before-restore")),
        "{refused:?}"
    );
    for part in ["", "-wal", "-shm"] {
        let _ = std::fs::rename(
            format!("{file}.before-restore{part}"),
            format!("{file}{part}"),
        );
    }
}

async fn sql(text: String) {
    let mut connection = PgConnection::connect(&server()).await.unwrap();
    connection.execute(AssertSqlSafe(text)).await.unwrap();
    connection.close().await.unwrap();
}

/// A file that is none of the engine's, under a manifest that says it is as saved.
fn spoil(backup: &str) {
    let path = Path::new(backup).join("manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let files = manifest["files"].as_object_mut().unwrap();
    let (name, hash) = files.iter_mut().next().unwrap();
    let file = Path::new(backup).join(name);
    let mut bytes = std::fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes.truncate(half);
    *hash = hex::encode(Sha256::digest(&bytes)).into();
    std::fs::write(&file, bytes).unwrap();
    std::fs::write(&path, manifest.to_string()).unwrap();
}

fn warned(doctor: &Finished, what: &str) -> bool {
    let report = doctor.json();
    let findings = report["findings"].as_array().unwrap();
    let of = |it: &&serde_json::Value| it["part"] == "left over";
    findings
        .iter()
        .filter(of)
        .any(|it| it["detail"].as_str().unwrap().contains(what))
}

both_engines! {
    async fn a_restore_that_is_killed_leaves_the_old_data_or_the_new(bench) {
        let (desk, backup) = backed_up(bench);
        let points = POINTS.iter().filter(|(_, by)| *by == By::Restore);
        for (point, _) in points {
            restore_dies(&desk, &backup, point);
            if *point == "restore:aside" && bench.engine() == Engine::Sqlite {
                comes_back(bench, &desk);
            }
            let there = match *point {
                "restore:exchanged" => [2].as_slice(),
                _ => &[2, 3],
            };
            assert_eq!(who_is_there(&desk), there, "{point}");
        }
        let kinds: Vec<_> = desk.receipts().into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["contact", "re_erasure"]);
        desk.run(&["restore", &backup]);
        assert_eq!(who_is_there(&desk), [2]);
        assert!(!warned(&desk.tried(&["doctor"]), "before"), "nothing is left over");
    }

    /// Both commands said that they had succeeded, and what was imported was gone.
    async fn nobody_comes_in_between_the_look_and_the_exchange(bench) {
        let (desk, backup) = backed_up(bench);
        let gallra = desk.gallra.failing(FailPoint::stop("restore:alone"));
        let mut restore = gallra.spawn(["restore", &backup]);
        tokio::task::block_in_place(|| restore.wait_until_stopped());
        let clock = Arc::new(SystemClock);
        let refused = House::waiting(bench, clock, Duration::ZERO).await.err();
        assert!(matches!(refused, Some(KeyringError::Restoring(_))), "{refused:?}");
        let doctor = desk.tried(&["doctor"]).exited(1);
        assert!(doctor.stdout.contains("a restore is under way"), "{doctor:?}");
        let people = desk.file(&crate::worker::records(3));
        let import = desk.gallra.spawn(["import", "--tenant", "skor", &people]);
        restore.resume();
        let finish = |running: Running| tokio::task::block_in_place(|| running.finish());
        finish(restore).succeeded();
        finish(import).succeeded();
        assert_eq!(who_is_there(&desk), [2, 3], "who waited came to the restored data");
    }

    /// A process that is stopped holds the old data open, however long its lease is over.
    async fn a_restore_does_not_begin_while_a_stopped_process_is_inside(bench) {
        let (desk, backup) = backed_up(bench);
        let gallra = desk.gallra.failing(FailPoint::stop("erase:ordered"));
        let erase = ["erase", "--tenant", "skor", "--external-id", "kund-3", "--instruction", "A-1"];
        let mut erasing = gallra.spawn(erase);
        tokio::task::block_in_place(|| erasing.wait_until_stopped());
        for _ in 0..2 {
            let refused = desk.tried(&["restore", &backup]).exited(1);
            assert!(refused.stderr.contains("stop them"), "{refused:?}");
            let who = format!("process {} (gallra erase), stopped", erasing.id());
            assert!(refused.stderr.contains(&who), "{refused:?}");
        }
        erasing.resume();
        tokio::task::block_in_place(|| erasing.finish()).succeeded();
        desk.run(&["restore", &backup]);
        assert_eq!(who_is_there(&desk), [2]);
    }

    /// What an earlier restore left aside was taken for the original, and the data in use dropped.
    async fn a_restore_that_fails_changes_nothing_whatever_an_earlier_one_left(bench) {
        let (desk, backup) = backed_up(bench);
        let aside = format!("{}_before_restore", bench.schema(Role::Data));
        let file = format!("{}.before-restore", bench.file(Role::Data).display());
        match bench.engine() {
            Engine::Sqlite => std::fs::write(&file, "left over").unwrap(),
            Engine::Postgres => {
                sql(format!("CREATE SCHEMA {aside}; CREATE TABLE {aside}.old (id BIGINT)")).await;
            }
        }
        let whole = bench.directory().join("whole").display().to_string();
        desk.run(&["backup", &whole]);
        spoil(&backup);
        let failed = desk.tried(&["restore", &backup]).exited(1);
        if bench.engine() == Engine::Postgres {
            assert!(failed.stderr.contains("nothing was changed"), "{failed:?}");
        }
        assert_eq!(who_is_there(&desk), [2, 3]);
        assert!(warned(&desk.tried(&["doctor"]), "from before a restore"));
        desk.run(&["restore", &whole]);
        assert_eq!(who_is_there(&desk), [2, 3]);
        if bench.engine() == Engine::Postgres {
            sql(format!("SELECT id FROM {aside}.old; DROP SCHEMA {aside} CASCADE")).await;
        }
        assert!(!warned(&desk.tried(&["doctor"]), "from before a restore"));
    }

    async fn what_does_not_fit_is_refused_with_what_to_do(bench) {
        let (desk, backup) = backed_up(bench);
        let nothing = bench.directory().join("inbox").display().to_string();
        let refused = desk.tried(&["restore", &nothing]).exited(1);
        assert!(refused.stderr.contains("it is no backup"), "{refused:?}");
        if bench.engine() == Engine::Postgres {
            let url = bench.url(Role::Data).replace("_data", "_index");
            let elsewhere = desk.gallra.clone().with("DATABASE_URL", url);
            let refused = tokio::task::block_in_place(|| elsewhere.run(["restore", &backup]));
            let schema = bench.schema(Role::Data);
            let said = format!("this backup is of schema {schema}, and DATABASE_URL names schema");
            assert!(refused.exited(1).stderr.contains(&said));
        }
        let lite = format!("sqlite:{nothing}/other.db");
        let other = match bench.engine() {
            Engine::Postgres => desk.gallra.clone().with("DATABASE_URL", lite),
            Engine::Sqlite => desk.gallra.clone().with("DATABASE_URL", server()),
        };
        let refused = tokio::task::block_in_place(|| other.run(["restore", &backup])).exited(1);
        assert!(refused.stderr.contains("set DATABASE_URL to"), "{refused:?}");
        assert_eq!(who_is_there(&desk), [2, 3]);
    }

    async fn a_backup_is_its_owners_alone(bench) {
        let (_, backup) = backed_up(bench);
        let mut waiting = vec![std::path::PathBuf::from(backup)];
        let mut seen = 0;
        while let Some(path) = waiting.pop() {
            let found = std::fs::metadata(&path).unwrap();
            let mode = found.permissions().mode() & 0o777;
            assert_eq!(mode, if found.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
            seen += 1;
            if found.is_dir() {
                waiting.extend(std::fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
            }
        }
        assert!(seen > 5, "data, manifest, checkpoint, policy: {seen}");
    }
}

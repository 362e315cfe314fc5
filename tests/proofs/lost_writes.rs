//! The lost-write harness against programs whose care is known: it finds every omission and has
//! nothing to say against those that omit nothing. SQLite is one of these.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::saver::{last_number, saved, saver};
use crate::tools::lostwrites::{Kind, Names, Plan, PowerCut, Recording, Trace};

/// A directory to trace and one for the trace.
struct Bench {
    root: tempfile::TempDir,
    scratch: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
            scratch: tempfile::tempdir().unwrap(),
        }
    }

    fn record(&self, commands: &mut [Command]) -> Trace {
        let recording = Recording::start(self.root.path(), self.scratch.path());
        let children: Vec<_> = commands
            .iter_mut()
            .map(|command| {
                recording.attach(command);
                command.stdout(std::process::Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{:?}", output.status);
        }
        recording.finish()
    }
}

// ---- a program that saves a number ----

/// The file holds the last number promised, or the one being saved when the power went; whole.
fn number_is_kept(cut: &PowerCut<'_>) -> Result<(), String> {
    let promised = last_number(&cut.promised(), "saved ");
    let number = match saved(&cut.directory) {
        None if promised > 0 => return Err(format!("{promised} was promised, nothing is kept")),
        None => return Ok(()),
        Some(number) => number?,
    };
    if number == promised || number == promised + 1 {
        return Ok(());
    }
    Err(format!("{promised} was promised, {number} is kept"))
}

/// Complaints about a saver of this care.
fn complaints(how: &str, names: Names) -> Vec<String> {
    let bench = Bench::new();
    let trace = bench.record(&mut [saver(bench.root.path(), 1..=8, how)]);
    trace.assert_complete();
    let plan = Plan {
        cuts: usize::MAX,
        disks: 12,
        names,
        ..Plan::default()
    };
    let violations = trace.cut_power(&plan, number_is_kept);
    violations.into_iter().map(|v| v.complaint).collect()
}

#[test]
fn a_careful_program_loses_nothing() {
    for names in [Names::WithTheDirectory, Names::WithTheFile] {
        assert_eq!(complaints("fd", names), Vec::<String>::new());
    }
}

#[test]
fn a_forgotten_fsync_of_the_file_is_found() {
    let found = complaints("d", Names::WithTheDirectory);
    assert!(found.iter().any(|c| c == "the file is torn"), "{found:?}");
    assert!(found.iter().any(|c| c == "the file is empty"), "{found:?}");
}

#[test]
fn a_forgotten_fsync_of_the_directory_is_found() {
    let found = complaints("f", Names::WithTheDirectory);
    assert!(
        found.iter().any(|c| c.contains("was promised")),
        "{found:?}"
    );
    assert!(!found.iter().any(|c| c == "the file is torn"), "{found:?}");
}

#[test]
fn the_same_seed_gives_the_same_disk() {
    let bench = Bench::new();
    let trace = bench.record(&mut [saver(bench.root.path(), 1..=4, "")]);
    let plan = Plan {
        cuts: 20,
        disks: 4,
        ..Plan::default()
    };
    let disks = || {
        let mut seen = Vec::new();
        trace.cut_power(&plan, |cut| {
            let mut names: Vec<_> = fs::read_dir(&cut.directory)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            names.sort();
            let content = |path: &PathBuf| (path.clone(), fs::read(path).unwrap());
            seen.push((cut.at, names.iter().map(content).collect::<Vec<_>>()));
            Ok(())
        });
        seen
    };
    let first = disks();
    assert_eq!(first, disks());
    let distinct: std::collections::HashSet<_> = first.iter().map(|(_, files)| files).collect();
    assert!(
        distinct.len() > 10,
        "only {} different disks",
        distinct.len()
    );
}

#[test]
fn a_violation_can_be_rebuilt_and_a_mark_is_a_promise() {
    let bench = Bench::new();
    let recording = Recording::start(bench.root.path(), bench.scratch.path());
    let mut command = saver(bench.root.path(), 1..=1, "");
    recording.attach(&mut command);
    assert!(command.output().unwrap().status.success());
    recording.mark("the command ended");
    let trace = recording.finish();
    let plan = Plan {
        cuts: usize::MAX,
        disks: 5,
        ..Plan::default()
    };
    let gone = |directory: &Path| fs::read(directory.join("number")).is_err();
    let violations = trace.cut_power(&plan, |cut| match gone(&cut.directory) {
        true => Err(cut.promised()),
        false => Ok(()),
    });
    let last = violations.last().unwrap();
    let again = bench.scratch.path().join("again");
    trace.rebuild(last.at, last.survival, plan.names, &again);
    assert!(gone(&again));
    assert_eq!(last.complaint, "saved 1\nthe command ended\n");
}

#[test]
fn events_of_several_processes_stand_in_one_order() {
    let bench = Bench::new();
    let (one, two) = (bench.root.path().join("one"), bench.root.path().join("two"));
    fs::create_dir(&one).unwrap();
    fs::create_dir(&two).unwrap();
    let trace = bench.record(&mut [saver(&one, 1..=40, "fd"), saver(&two, 1..=40, "fd")]);
    trace.assert_complete();
    assert_eq!(trace.count(Kind::Rename), 80);
    assert_eq!(trace.count(Kind::SyncBegin), 160);
    assert_eq!(trace.count(Kind::SyncEnd), 160);
    let pids: std::collections::HashSet<_> = trace.events.iter().map(|e| e.pid).collect();
    assert_eq!(pids.len(), 2);
}

#[test]
#[should_panic(expected = "number was written behind the shim's back")]
fn a_write_the_shim_cannot_see_is_found() {
    let bench = Bench::new();
    bench
        .record(&mut [saver(bench.root.path(), 1..=1, "fdb")])
        .assert_complete();
}

// ---- SQLite ----

/// Commits the counters 1 to `end` and says so after each commit. Run by the tests below in a process
/// of its own; as a test it counts in this one.
#[tokio::test]
async fn counter() {
    let own = tempfile::tempdir().unwrap();
    let variable = |name| std::env::var(name).ok();
    let directory = variable("COUNTER_DIRECTORY").map_or(own.path().to_owned(), PathBuf::from);
    let synchronous = match variable("COUNTER_SYNCHRONOUS").as_deref() {
        Some("off") => SqliteSynchronous::Off,
        _ => SqliteSynchronous::Full,
    };
    let database = directory.join("counter.db");
    let options = SqliteConnectOptions::new()
        .filename(&database)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(synchronous)
        .pragma("wal_autocheckpoint", "20");
    let mut connection = options.connect().await.unwrap();
    sqlx::query("CREATE TABLE counter (n BIGINT PRIMARY KEY, filler BLOB)")
        .execute(&mut connection)
        .await
        .unwrap();
    for n in 1..=60i64 {
        sqlx::query("INSERT INTO counter (n, filler) VALUES (?, zeroblob(700))")
            .bind(n)
            .execute(&mut connection)
            .await
            .unwrap();
        println!("committed {n}");
        if n % 25 == 0 {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut connection)
                .await
                .unwrap();
        }
    }
    assert_eq!(kept(&mut connection).await, Ok(60));
    connection.close().await.unwrap();
}

/// The highest counter of an intact database that holds all below it too.
async fn kept(connection: &mut SqliteConnection) -> Result<u64, String> {
    let said = |error: sqlx::Error| error.to_string();
    let check: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut *connection)
        .await
        .map_err(said)?;
    if check != "ok" {
        return Err(check);
    }
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'table'")
        .fetch_one(&mut *connection)
        .await
        .map_err(said)?;
    if tables == 0 {
        return Ok(0);
    }
    let (count, last): (i64, i64) =
        sqlx::query_as("SELECT count(*), coalesce(max(n), 0) FROM counter")
            .fetch_one(&mut *connection)
            .await
            .map_err(said)?;
    match count == last {
        true => Ok(last.unsigned_abs()),
        false => Err(format!("{count} counters up to {last}")),
    }
}

/// Every counter promised before the cut is there afterwards.
fn counters_are_kept(cut: &PowerCut<'_>) -> Result<(), String> {
    let promised = last_number(&cut.promised(), "committed ");
    let database = cut.directory.join("counter.db");
    if !database.exists() {
        return match promised {
            0 => Ok(()),
            _ => Err(format!("{promised} promised, the database is gone")),
        };
    }
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let kept = runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(&database);
        let mut connection = options.connect().await.map_err(|e| e.to_string())?;
        let kept = kept(&mut connection).await;
        connection.close().await.map_err(|e| e.to_string())?;
        kept
    })?;
    match kept >= promised {
        true => Ok(()),
        false => Err(format!("{promised} promised, {kept} kept")),
    }
}

fn record_counter(bench: &Bench, synchronous: &str) -> Trace {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "lost_writes::counter", "--nocapture"]);
    command.env("COUNTER_DIRECTORY", bench.root.path());
    command.env("COUNTER_SYNCHRONOUS", synchronous);
    let trace = bench.record(&mut [command]);
    trace.assert_complete();
    let said: String = trace
        .events
        .iter()
        .map(|e| match e.kind {
            Kind::Output => e.text(),
            _ => String::new(),
        })
        .collect();
    assert_eq!(last_number(&said, "committed "), 60);
    trace
}

#[test]
fn sqlite_with_full_synchronisation_keeps_every_counter() {
    let bench = Bench::new();
    let trace = record_counter(&bench, "full");
    let violations = trace.cut_power(&Plan::default(), counters_are_kept);
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn sqlite_without_synchronisation_is_caught_losing_counters() {
    let bench = Bench::new();
    let trace = record_counter(&bench, "off");
    let violations = trace.cut_power(&Plan::default(), counters_are_kept);
    assert!(violations.len() > 10, "{violations:#?}");
}

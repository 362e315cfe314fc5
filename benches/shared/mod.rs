//! What the benchmarks share: the runner, the table, made-up records, the store they are held against.
//!
//! **To add a benchmark**, write a module with `pub async fn run(&Case) -> Vec<Line>` and a line in
//! `ALL` of one of the targets. Ours and its baseline take turns for several rounds and the medians are
//! compared, because machines are noisy.

#![allow(dead_code)] // Each target uses its own part of this.

pub mod memory;
pub mod plain;
#[path = "../../tests/support/process.rs"]
pub mod process;
pub mod records;
#[path = "../../tests/support/server.rs"]
pub mod serving;
pub mod table;

use std::pin::Pin;
use std::process::{Command, Stdio};

use gallra::keyring::normalise;
use gallra::store::Engine;

use crate::support::{self, Bench};
use table::{Line, heading, print};

/// A benchmark, on one engine.
pub struct Case<'a> {
    /// Fresh stores.
    pub bench: &'a Bench,
    /// Whether millions are wanted.
    pub scale: bool,
}

/// Its name, and what runs it.
pub type Named = (&'static str, Run);
type Run = for<'a> fn(&'a Case<'a>) -> Pin<Box<dyn Future<Output = Vec<Line>> + 'a>>;

/// Runs what the command line names, or everything, on both engines or on the one that it names.
pub fn run(all: &[Named]) {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wants = |engine: &str| {
        let named = |word: &String| word == "sqlite" || word == "postgres";
        !words.iter().any(named) || words.iter().any(|word| word == engine)
    };
    let wanted = named(all, &words);
    if wanted.is_empty() {
        return;
    }
    let scale = words.iter().any(|word| word == "--scale");
    normalise::warm();
    if wants("sqlite") {
        run_all(Engine::Sqlite, &wanted, scale);
    }
    if !wants("postgres") {
    } else if std::env::var_os(SERVER).is_some() {
        run_all(Engine::Postgres, &wanted, scale);
    } else {
        with_server(&words);
    }
}

/// What the words name, or everything.
fn named(all: &[Named], words: &[String]) -> Vec<Named> {
    let names: Vec<&String> = words
        .iter()
        .filter(|word| !word.starts_with("--")) // Cargo itself adds `--bench`.
        .filter(|word| *word != "sqlite" && *word != "postgres")
        .collect();
    let wanted = |name: &str| names.iter().any(|wanted| name.contains(wanted.as_str()));
    let wanted = all
        .iter()
        .filter(|(name, _)| names.is_empty() || wanted(name));
    wanted.copied().collect()
}

fn run_all(engine: Engine, wanted: &[Named], scale: bool) {
    println!("\n{engine:?}");
    heading();
    for (_, run) in wanted {
        support::run(engine, async |bench| {
            print(&run(&Case { bench, scale }).await)
        });
    }
}

/// Names the PostgreSQL server to use.
const SERVER: &str = "GALLRA_TEST_POSTGRES";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/postgres.sh");

/// Starts a private PostgreSQL cluster that flushes to disk, as servers do and those of tests need
/// not, and runs this program again with its address.
fn with_server(words: &[String]) {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    support::child::open_to_all(directory.path());
    let cluster = directory.path().join("cluster");
    let started = Command::new(SCRIPT)
        .arg("start")
        .arg(&cluster)
        .env("GALLRA_POSTGRES_FSYNC", "on")
        .stderr(Stdio::inherit())
        .output()
        .expect("postgres.sh runs");
    assert!(started.status.success(), "PostgreSQL starts");
    let url = String::from_utf8(started.stdout).expect("a URL is text");
    let program = std::env::current_exe().expect("this program has a path");
    let ran = Command::new(program)
        .args(words)
        .arg("postgres")
        .env(SERVER, url.trim())
        .status();
    let stopped = Command::new(SCRIPT).arg("stop").arg(&cluster).status();
    assert!(stopped.is_ok_and(|it| it.success()), "PostgreSQL stops");
    assert!(ran.is_ok_and(|it| it.success()), "the benchmarks ran");
}

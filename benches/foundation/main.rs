//! Benchmarks of the foundation, each against a baseline measured in the same run.
//!
//! ```text
//! cargo bench                 every benchmark on both engines
//! cargo bench -- import       those whose name contains `import`
//! cargo bench -- sqlite       on one engine
//! cargo bench -- --scale      the million contacts too
//! ```
//!
//! Nothing here fails because it is slow: each line says whether its goal was met. What was measured
//! where and when stands in `docs/BENCHMARKS.md`.
//!
//! **To add one**, write a module with `pub async fn run(&Case) -> Vec<Line>` and a line in `ALL`.
//! Ours and its baseline take turns for several rounds and the medians are compared, because machines
//! are noisy.

#[path = "../../tests/support/mod.rs"]
mod support;

mod erase;
mod import;
mod plain;
mod process;
mod purge;
mod read;
mod reconcile;
mod records;
mod sync;
mod table;

use std::pin::Pin;
use std::process::{Command, Stdio};

use gallra::catalog::TenantRef;
use gallra::keyring::normalise;
use gallra::store::Engine;
use gallra::vocabulary::ContactId;

use support::Bench;
use support::house::House;
use table::{Line, heading, print};

/// A benchmark, on one engine.
pub struct Case<'a> {
    /// Fresh stores.
    pub bench: &'a Bench,
    /// Whether a million contacts are wanted.
    pub scale: bool,
}

type Run = for<'a> fn(&'a Case<'a>) -> Pin<Box<dyn Future<Output = Vec<Line>> + 'a>>;

const ALL: &[(&str, Run)] = &[
    ("import", |case| Box::pin(import::run(case))),
    ("read", |case| Box::pin(read::run(case))),
    ("erase", |case| Box::pin(erase::run(case))),
    ("purge", |case| Box::pin(purge::run(case))),
    ("reconcile", |case| Box::pin(reconcile::run(case))),
    ("process", |case| Box::pin(process::run(case))),
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wants = |engine: &str| {
        let named = |word: &String| word == "sqlite" || word == "postgres";
        !words.iter().any(named) || words.iter().any(|word| word == engine)
    };
    normalise::warm();
    if wants("sqlite") {
        run_all(Engine::Sqlite, &words);
    }
    if !wants("postgres") {
    } else if std::env::var_os(SERVER).is_some() {
        run_all(Engine::Postgres, &words);
    } else {
        with_server(&words);
    }
}

/// Runs what the words name, or everything, on one engine.
fn run_all(engine: Engine, words: &[String]) {
    let scale = words.iter().any(|word| word == "--scale");
    let names: Vec<&String> = words
        .iter()
        .filter(|word| !word.starts_with("--")) // Cargo itself adds `--bench`.
        .filter(|word| *word != "sqlite" && *word != "postgres")
        .collect();
    println!("\n{engine:?}");
    heading();
    for (name, run) in ALL {
        if names.is_empty() || names.iter().any(|wanted| name.contains(wanted.as_str())) {
            support::run(engine, async |bench| {
                print(&run(&Case { bench, scale }).await)
            });
        }
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

/// The ids of a tenant's contacts.
async fn contacts(house: &House, tenant: &TenantRef) -> Vec<ContactId> {
    const ALL: &str = "SELECT id FROM contact WHERE tenant = $1";
    let rows = house
        .catalog
        .data
        .fetch_all(ALL, vec![tenant.id.into()])
        .await;
    let rows = rows.expect("the rows are read");
    rows.iter().map(|row| row.id(0).expect("an id")).collect()
}

//! What tests of more than one room share.
//!
//! A test that needs stores is written once and runs on both engines:
//!
//! ```text
//! both_engines! {
//!     async fn nothing_is_lost(bench) {
//!         let data = bench.open(Role::Data).await;
//!         …
//!     }
//! }
//! ```
//!
//! makes `nothing_is_lost::sqlite` and `nothing_is_lost::postgres`. Each run has stores of its own:
//! a temporary directory, or three schemas of the server that `GALLRA_TEST_POSTGRES` names
//! (`./test` starts one). They are removed afterwards, also when the test fails.

#![allow(dead_code)] // Each test binary uses its own part of this.

pub mod child;
pub mod house;

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use gallra::store::{Db, Engine, Role};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor};

/// Writes a test once and runs it on both engines; see the module's comment.
#[macro_export]
macro_rules! both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($bench:ident) $body:block)+) => {$(
        $(#[$attribute])*
        async fn $name($bench: &$crate::support::Bench) $body

        mod $name {
            use gallra::store::Engine;

            #[test]
            fn sqlite() {
                $crate::support::run(Engine::Sqlite, async |bench| super::$name(bench).await);
            }

            #[test]
            fn postgres() {
                $crate::support::run(Engine::Postgres, async |bench| super::$name(bench).await);
            }
        }
    )+};
}

/// Fresh stores for one test on one engine.
pub struct Bench {
    engine: Engine,
    directory: PathBuf,
    name: String,
    /// Removes the directory; absent in a process that works on another's bench.
    _own: Option<tempfile::TempDir>,
}

/// Runs a test with stores of its own and removes them.
pub fn run(engine: Engine, test: impl AsyncFnOnce(&Bench)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async {
        let bench = Bench::new(engine).await;
        let outcome = AssertUnwindSafe(test(&bench)).catch_unwind().await;
        bench.remove().await;
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    });
}

impl Bench {
    /// Prepares an empty place for three stores. [`run`] calls it; a test that starts processes of
    /// its own may too.
    pub async fn new(engine: Engine) -> Bench {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let own = tempfile::tempdir().expect("a temporary directory can be made");
        let bench = Bench {
            engine,
            directory: own.path().to_owned(),
            name: format!("t{}_{number}", std::process::id()),
            _own: Some(own),
        };
        if engine == Engine::Postgres {
            bench.drop_schemas().await;
            for role in [Role::Data, Role::Vault, Role::Index] {
                sql(format!("CREATE SCHEMA {}", bench.schema(role))).await;
            }
        }
        bench
    }

    /// A bench that was prepared before, perhaps by another process; it is that one's to remove.
    pub fn at(engine: Engine, directory: &Path, name: &str) -> Bench {
        Bench {
            engine,
            directory: directory.to_owned(),
            name: name.to_owned(),
            _own: None,
        }
    }

    /// What its schemas on PostgreSQL begin with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The engine under test.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// A directory of this test alone; the SQLite files are below it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The schema of a role on PostgreSQL.
    pub fn schema(&self, role: Role) -> String {
        format!("{}_{}", self.name, role.name())
    }

    /// The address of a store, for this process or another.
    pub fn url(&self, role: Role) -> String {
        match self.engine {
            Engine::Sqlite => format!("sqlite:{}", self.file(role).display()),
            Engine::Postgres => {
                format!(
                    "{}?options=-c%20search_path%3D{}",
                    server(),
                    self.schema(role)
                )
            }
        }
    }

    /// The SQLite file of a role.
    pub fn file(&self, role: Role) -> PathBuf {
        let word = role.name();
        let file = if role == Role::Data { "gallra" } else { word };
        self.directory().join(word).join(format!("{file}.db"))
    }

    /// Opens a store, with its migrations run.
    pub async fn open(&self, role: Role) -> Db {
        let db = Db::open(&self.url(role), role)
            .await
            .expect("the store opens");
        db.migrate().await.expect("the migrations run");
        db
    }

    async fn drop_schemas(&self) {
        for role in [Role::Data, Role::Vault, Role::Index] {
            sql(format!(
                "DROP SCHEMA IF EXISTS {} CASCADE",
                self.schema(role)
            ))
            .await;
        }
    }

    /// Removes everything again.
    pub async fn remove(self) {
        if self.engine == Engine::Postgres {
            self.drop_schemas().await;
        }
    }
}

/// The server under test. There is no skipping: half of a test is no test.
pub fn server() -> String {
    std::env::var("GALLRA_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("GALLRA_TEST_POSTGRES names no PostgreSQL server: run the tests with ./test")
    })
}

/// Runs a statement on the server. While every seat of it is taken, by tests beside this one, it waits.
pub async fn sql(text: String) {
    let seat = PgPoolOptions::new().max_connections(1);
    let pool = seat.connect(&server()).await.expect("the server answers");
    let mut connection = pool.acquire().await.expect("a seat").detach();
    // A test that left a transaction open must not hang the next one.
    connection
        .execute("SET lock_timeout = '20s'")
        .await
        .expect("a setting is taken");
    connection
        .execute(AssertSqlSafe(text))
        .await
        .expect("the statement runs");
    connection.close().await.expect("the connection closes");
}

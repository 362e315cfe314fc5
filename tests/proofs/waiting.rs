//! Whoever waits for a store says for whom: never another who waits, and never itself.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};

use gallra::store::{Engine, Role, Tx, args};
use gallra::vocabulary::Process;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgConnection};

use crate::both_engines;
use crate::desk::Desk;
use crate::support::{self, Bench, server};
use crate::worker::records;

/// What on PostgreSQL keeps an import from going on in a store; on SQLite a transaction does.
fn lock(role: Role) -> &'static str {
    match role {
        Role::Data => "LOCK TABLE unit, contact IN EXCLUSIVE MODE",
        // A row: the second who waits for it waits for the first.
        Role::Vault => "UPDATE head SET version = version",
        Role::Index => "LOCK TABLE reservation, token IN EXCLUSIVE MODE",
    }
}

async fn hold(bench: &Bench, role: Role) -> Tx {
    let store = bench.open(role).await;
    let mut held = store.begin().await.unwrap();
    if bench.engine() == Engine::Postgres {
        held.execute(lock(role), args![]).await.unwrap();
    }
    held
}

/// A command whose log is read while it runs.
struct Waiter {
    child: Child,
    log: BufReader<ChildStderr>,
}

impl Waiter {
    /// Imports a person of this number.
    fn start(desk: &Desk, number: usize) -> Waiter {
        let file = desk.file(&records(number));
        let import = ["import", "--tenant", "skor", &file];
        let mut command = desk
            .gallra
            .clone()
            .with("GALLRA_LOG", "warn")
            .command(import);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        Waiter { child, log }
    }

    /// The first thing it tells of somebody it waits for.
    fn told(&mut self) -> Value {
        let mut all = String::new();
        for line in self.log.by_ref().lines().map_while(Result::ok) {
            let line: Value = serde_json::from_str(&line).unwrap_or(Value::String(line));
            if line["message"]
                .as_str()
                .is_some_and(|it| it.starts_with("waiting for"))
            {
                return line;
            }
            all += &format!("{line}\n");
        }
        panic!("it ended without a word of waiting: {all}");
    }

    fn ends_well(mut self) {
        let rest: Vec<_> = self.log.by_ref().lines().map_while(Result::ok).collect();
        assert!(self.child.wait().unwrap().success(), "{rest:#?}");
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

both_engines! {
    async fn two_who_wait_for_a_store_both_name_who_holds_it(bench) {
        let desk = Desk::open(bench);
        for (number, role) in [Role::Data, Role::Vault, Role::Index].into_iter().enumerate() {
            let held = hold(bench, role).await;
            let start = |at| Waiter::start(&desk, 2 * number + at);
            let mut waiters = [start(1), start(2)];
            for waiter in &mut waiters {
                let told = tokio::task::block_in_place(|| waiter.told());
                assert_eq!(told["message"], format!("waiting for the {}", role.name()));
                assert_eq!(told["holder"], Process::own().to_string(), "{told}");
            }
            held.rollback().await.unwrap();
            tokio::task::block_in_place(|| waiters.map(Waiter::ends_well));
        }
    }
}

/// Any program may have the server's rows. It is named as the server knows it, with what ends it.
#[test]
fn a_program_of_somebody_else_is_named_with_how_to_end_it() {
    support::run(Engine::Postgres, async |bench| {
        let desk = Desk::open(bench);
        let options: PgConnectOptions = server().parse().unwrap();
        let options = options.application_name("psql");
        let mut psql: PgConnection = options.connect().await.unwrap();
        let schema = bench.schema(Role::Vault);
        let take = format!("BEGIN; UPDATE {schema}.head SET version = version");
        psql.execute(AssertSqlSafe(take)).await.unwrap();
        let id: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut psql)
            .await
            .unwrap();
        let mut waiter = Waiter::start(&desk, 1);
        let told = tokio::task::block_in_place(|| waiter.told());
        let end = format!("`SELECT pg_terminate_backend({id})`");
        let named = format!("connection {id} of the server (psql): end it with {end}");
        assert_eq!(told["holder"], named, "{told}");
        support::sql(format!("SELECT pg_terminate_backend({id})")).await;
        tokio::task::block_in_place(|| waiter.ends_well());
        drop(psql);
    });
}

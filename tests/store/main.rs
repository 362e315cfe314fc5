//! The facade over both engines: what goes in comes out, transactions hold, and what is broken is
//! named with its remedy.

#[path = "../support/limits.rs"]
#[allow(dead_code)]
mod limits;
#[path = "../support/mod.rs"]
mod support;

mod bench;
mod checkpoints;
mod damage;
mod migrations;
mod opening;
mod statistics;
mod transactions;
mod values;

use gallra::store::{Db, Role, args};

/// A store with an empty table of each kind of column.
async fn with_things(bench: &support::Bench) -> Db {
    const TABLE: &str =
        "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT, body blob, open BOOLEAN)";
    let db = bench.open(Role::Data).await;
    db.execute(TABLE, args![]).await.unwrap();
    db
}

const INSERT: &str = "INSERT INTO thing (id, name, body, open) VALUES ($1, $2, $3, $4)";
const SELECT: &str = "SELECT id, name, body, open FROM thing ORDER BY id";
const COUNT: &str = "SELECT COUNT(*) FROM thing";

/// How many things there are, for everybody.
async fn count(db: &Db) -> i64 {
    db.fetch_one(COUNT, args![]).await.unwrap().i64(0).unwrap()
}

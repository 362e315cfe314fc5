//! PostgreSQL plans by how full tables are; SQLite must not begin to.

use gallra::store::{Db, Engine, Role, args};

use super::both_engines;

const INSERT: &str =
    "INSERT INTO reservation (tenant, domain, token, owner) VALUES ($1, $2, $3, $4)";
const LOOKED_AT: &str = "SELECT COUNT(*) FROM pg_class WHERE relname = 'reservation' \
    AND relnamespace = CAST(current_schema() AS regnamespace) AND reltuples > 0";
const HOW: &str = "EXPLAIN SELECT owner FROM reservation \
    WHERE tenant = '\\x01' AND domain = 1 AND token IN ('\\x02', '\\x03', '\\x04')";
const SQLITES: &str = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'sqlite_stat1'";

/// A tenant's reservations, enough for some dozen pages.
async fn fill(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    for number in 0..3_000_i64 {
        let (token, owner) = (number.to_le_bytes(), number.to_be_bytes());
        let row = args![[1_u8], 1_i64, token, owner];
        tx.execute(INSERT, row).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn plan(db: &Db) -> String {
    let steps = db.fetch_all(HOW, args![]).await.unwrap();
    let steps = steps.iter().map(|step| step.text(0).unwrap());
    steps.collect::<Vec<_>>().join("\n")
}

both_engines! {
    async fn rows_are_found_by_their_keys_in_a_table_that_was_just_filled(bench) {
        let db = bench.open(Role::Index).await;
        fill(&db).await;
        db.refresh_statistics().await.unwrap();
        match bench.engine() {
            Engine::Postgres => {
                assert_eq!(db.fetch_one(LOOKED_AT, args![]).await.unwrap().i64(0).unwrap(), 1);
                let plan = plan(&db).await;
                let keys = plan.lines().find(|line| line.contains("Index Cond"));
                assert!(keys.is_some_and(|it| it.contains("token")), "{plan}");
            }
            Engine::Sqlite => {
                assert_eq!(db.fetch_one(SQLITES, args![]).await.unwrap().i64(0).unwrap(), 0);
            }
        }
        db.close().await;
    }
}

//! What a checkpoint reaches, and that it says so.

use std::time::Duration;

use gallra::store::{Checkpoint, Engine, Role, args};

use super::{COUNT, INSERT, both_engines, with_things};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(60);

both_engines! {
    async fn a_long_reader_is_waited_for_and_then_named(bench) {
        let db = with_things(bench).await;
        let mut reader = db.snapshot().await.unwrap();
        reader.fetch_one(COUNT, args![]).await.unwrap();
        db.execute(INSERT, args![1i64, "a", [0u8], true]).await.unwrap();

        let held = db.checkpoint(SHORT).await.unwrap();
        assert!(!held.is_complete(), "{held}");
        match bench.engine() {
            Engine::Sqlite => assert!(matches!(held, Checkpoint::Busy { left: 1.. }), "{held:?}"),
            Engine::Postgres => {
                assert!(matches!(held, Checkpoint::HeldBack { readers: 1.. }), "{held:?}");
            }
        }
        reader.rollback().await.unwrap();
        let done = db.checkpoint(LONG).await.unwrap();
        assert!(done.is_complete(), "{done}");
    }

    async fn a_reader_that_ends_in_time_costs_only_time(bench) {
        let db = with_things(bench).await;
        let mut reader = db.snapshot().await.unwrap();
        reader.fetch_one(COUNT, args![]).await.unwrap();
        db.execute(INSERT, args![1i64, "a", [0u8], true]).await.unwrap();
        let (done, ()) = tokio::join!(db.checkpoint(LONG), async {
            tokio::time::sleep(SHORT).await;
            reader.rollback().await.unwrap();
        });
        assert!(done.unwrap().is_complete());
    }
}

/// PostgreSQL keeps deleted rows until VACUUM: after a complete checkpoint none is left, and a
/// writer that is idle in its transaction holds them back as much as a reader does.
#[test]
fn deleted_rows_are_gone_from_the_tables() {
    crate::support::run(Engine::Postgres, async |bench| {
        const DEAD: &str = "SELECT CAST(pg_relation_size('thing') AS BIGINT)";
        let db = with_things(bench).await;
        for id in 0..50i64 {
            db.execute(INSERT, args![id, "a", [7u8; 300], true])
                .await
                .unwrap();
        }
        let mut idle = db.begin().await.unwrap();
        idle.execute(INSERT, args![99i64, "idle", [0u8], true])
            .await
            .unwrap();
        db.execute("DELETE FROM thing WHERE id < $1", args![90i64])
            .await
            .unwrap();
        let held = db.checkpoint(SHORT).await.unwrap();
        assert!(
            matches!(held, Checkpoint::HeldBack { readers: 1.. }),
            "{held:?}"
        );
        idle.rollback().await.unwrap();
        assert_eq!(db.checkpoint(LONG).await.unwrap(), Checkpoint::Vacuumed);
        let size = db.fetch_one(DEAD, args![]).await.unwrap().i64(0).unwrap();
        assert_eq!(size, 0, "an empty table that was vacuumed has no pages");
    });
}

/// A few deleted rows in a large table: VACUUM would leave their entries in the index alone.
#[test]
fn deleted_tokens_are_gone_from_the_indexes() {
    crate::support::run(Engine::Postgres, async |bench| {
        const TOKENS: &str = "CREATE TABLE many (token blob PRIMARY KEY)";
        const FILL: &str = "INSERT INTO many SELECT CAST(md5(CAST(n AS TEXT)) AS bytea) \
            FROM generate_series(1, 20000) n";
        const ENTRIES: &str = "SELECT CAST(reltuples AS BIGINT) FROM pg_class \
            WHERE oid = CAST('many_pkey' AS regclass)";
        let db = bench.open(Role::Index).await;
        db.execute(TOKENS, args![]).await.unwrap();
        db.execute(FILL, args![]).await.unwrap();
        db.checkpoint(LONG).await.unwrap();
        // All on one page of the table.
        let gone = "DELETE FROM many WHERE token IN \
            (SELECT CAST(md5(CAST(n AS TEXT)) AS bytea) FROM generate_series(1, 50) n)";
        assert_eq!(db.execute(gone, args![]).await.unwrap(), 50);
        assert_eq!(db.checkpoint(LONG).await.unwrap(), Checkpoint::Vacuumed);
        let entries = db
            .fetch_one(ENTRIES, args![])
            .await
            .unwrap()
            .i64(0)
            .unwrap();
        assert_eq!(entries, 19_950);
    });
}

/// Deleted bytes are in no file of SQLite's after a checkpoint: `secure_delete` overwrote them in
/// the pages and the log is cut.
#[test]
fn deleted_bytes_are_gone_from_the_files() {
    crate::support::run(Engine::Sqlite, async |bench| {
        const NAME: &str = "a name that is nowhere else";
        let db = with_things(bench).await;
        for id in 0..50i64 {
            db.execute(INSERT, args![id, NAME, [7u8; 300], true])
                .await
                .unwrap();
        }
        db.checkpoint(LONG).await.unwrap();
        assert!(hits(bench, NAME) > 0, "the search finds what is there");
        db.execute("DELETE FROM thing WHERE id <> $1", args![-1i64])
            .await
            .unwrap();
        assert_eq!(db.checkpoint(LONG).await.unwrap(), Checkpoint::Truncated);
        assert_eq!(hits(bench, NAME), 0);
    });
}

/// In how many files below the store's directory these bytes stand.
fn hits(bench: &crate::support::Bench, text: &str) -> usize {
    let file = bench.file(Role::Data);
    let directory = file.parent().expect("a file has a directory");
    let files = std::fs::read_dir(directory).unwrap();
    files
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .filter(|bytes| bytes.windows(text.len()).any(|it| it == text.as_bytes()))
        .count()
}

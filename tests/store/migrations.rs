//! Migrations run once, whoever comes first, and are not edited afterwards.

use futures_util::future::try_join_all;
use gallra::store::{Db, Role, StoreError, args};

use super::both_engines;

const ALL: &str = "SELECT version, name FROM schema_migration ORDER BY version";

async fn applied(db: &Db) -> Vec<(i64, String)> {
    let rows = db.fetch_all(ALL, args![]).await.unwrap();
    rows.iter()
        .map(|row| (row.i64(0).unwrap(), row.text(1).unwrap()))
        .collect()
}

both_engines! {
    async fn a_second_run_finds_nothing_to_do(bench) {
        for role in [Role::Data, Role::Vault, Role::Index] {
            let db = bench.open(role).await;
            let first = applied(&db).await;
            db.migrate().await.unwrap();
            assert_eq!(applied(&db).await, first);
        }
    }

    // Failing sequence, once in thirty runs: both turn the new file to write-ahead logging, each reads
    // it, one asks to write, and SQLite tells it that the file is locked without waiting.
    async fn two_processes_may_start_at_once(bench) {
        let url = bench.url(Role::Data);
        let (one, two) = tokio::join!(Db::open(&url, Role::Data), Db::open(&url, Role::Data));
        let (one, two) = (one.unwrap(), two.unwrap());
        let (first, second) = tokio::join!(one.migrate(), two.migrate());
        first.unwrap();
        second.unwrap();
        assert_eq!(applied(&one).await, applied(&two).await);
        assert!(!applied(&one).await.is_empty());
    }

    async fn an_edited_migration_is_refused(bench) {
        let db = bench.open(Role::Data).await;
        let edit = "UPDATE schema_migration SET checksum = $1 WHERE version = 1";
        assert_eq!(db.execute(edit, args![[0u8; 48]]).await.unwrap(), 1);
        let error = db.migrate().await.unwrap_err();
        assert!(matches!(error, StoreError::MigrationChanged { version: 1, .. }), "{error:?}");
    }

    async fn a_store_of_a_newer_release_is_refused(bench) {
        let db = bench.open(Role::Data).await;
        let newer = "INSERT INTO schema_migration (version, role, name, checksum) \
            VALUES ($1, $2, $3, $4)";
        db.execute(newer, args![9_999i64, "data", "of tomorrow", [0u8; 48]]).await.unwrap();
        let error = db.migrate().await.unwrap_err();
        assert!(matches!(error, StoreError::MigrationUnknown { version: 9_999, .. }), "{error:?}");
        assert!(error.to_string().ends_with("run a newer release"));
    }

    async fn swapped_addresses_are_refused(bench) {
        bench.open(Role::Data).await.close().await;
        let url = bench.url(Role::Data);
        let error = Db::open_existing(&url, Role::Vault).await.err().unwrap();
        assert!(matches!(error, StoreError::OtherRole { .. }), "{error:?}");
        let error = Db::open(&url, Role::Index).await.unwrap().migrate().await.unwrap_err();
        assert!(error.to_string().contains("is the data store, not the index store"), "{error}");
    }

    async fn many_processes_may_make_a_store_at_once(bench) {
        let url = bench.url(Role::Index);
        let starts = (0..8).map(|_| async {
            let db = Db::open(&url, Role::Index).await?;
            db.migrate().await?;
            Ok::<_, StoreError>(applied(&db).await)
        });
        let seen = try_join_all(starts).await.unwrap();
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    }
}

//! How a store is opened: nothing anew by accident, nothing readable by others, nothing lost.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use gallra::store::{Db, Engine, Options, Role, StoreError, args};
use gallra::vocabulary::{Clock, SystemClock};
use sqlx::{Connection, PgConnection};

use super::{INSERT, both_engines, count, with_things};
use crate::support::{server, sql};

both_engines! {
    async fn a_missing_store_is_not_made_anew(bench) {
        let url = bench.url(Role::Vault);
        let error = Db::open_existing(&url, Role::Vault).await.err().unwrap();
        assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
        assert!(!bench.file(Role::Vault).exists());
        // One that was begun and never migrated is none either.
        Db::open(&url, Role::Vault).await.unwrap().close().await;
        let error = Db::open_existing(&url, Role::Vault).await.err().unwrap();
        assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
        bench.open(Role::Vault).await.close().await;
        Db::open_existing(&url, Role::Vault).await.unwrap();
    }

    async fn what_is_committed_is_there_after_reopening(bench) {
        let db = with_things(bench).await;
        db.execute(INSERT, args![1i64, "a", [0u8], true]).await.unwrap();
        db.close().await;
        let db = Db::open_existing(&bench.url(Role::Data), Role::Data).await.unwrap();
        assert_eq!(count(&db).await, 1);
    }
}

#[test]
fn sqlite_is_told_to_be_durable_and_discreet() {
    crate::support::run(Engine::Sqlite, async |bench| {
        let db = bench.open(Role::Data).await;
        for (pragma, wanted) in [
            ("PRAGMA journal_mode", "wal"),
            ("PRAGMA synchronous", "2"),
            ("PRAGMA secure_delete", "1"),
            ("PRAGMA temp_store", "2"),
            ("PRAGMA foreign_keys", "1"),
        ] {
            let mut tx = db.begin().await.unwrap();
            let row = tx.fetch_one(pragma, args![]).await.unwrap();
            let value = row
                .text(0)
                .or_else(|_| row.i64(0).map(|number| number.to_string()));
            assert_eq!(value.unwrap(), wanted, "{pragma}");
        }
    });
}

/// A server whose last seat is taken is waited for, as long as patience lasts.
#[test]
fn a_seat_on_a_full_server_is_waited_for() {
    crate::support::run(Engine::Postgres, async |bench| {
        let role = format!("{}_alone", bench.name());
        sql(format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 1")).await;
        let mut address = url::Url::parse(&server()).unwrap();
        address.set_username(&role).unwrap();
        let seated = PgConnection::connect(address.as_str()).await.unwrap();
        let options = Options {
            patience: Duration::from_millis(300),
            ..Options::default()
        };
        let begun = SystemClock.uptime();
        let refused = Db::open_with(address.as_str(), Role::Data, options).await;
        let refused = refused.err().unwrap();
        assert!(matches!(refused, StoreError::Busy { .. }), "{refused:?}");
        assert!(SystemClock.uptime() - begun >= options.patience);
        let (opened, left) = tokio::join!(Db::open(address.as_str(), Role::Data), seated.close());
        left.unwrap();
        opened.unwrap().close().await;
        sql(format!("DROP ROLE {role}")).await;
    });
}

#[test]
fn sqlite_files_are_their_owners_alone() {
    crate::support::run(Engine::Sqlite, async |bench| {
        let db = with_things(bench).await;
        db.execute(INSERT, args![1i64, "a", [0u8], true])
            .await
            .unwrap();
        let file = bench.file(Role::Data);
        let directory = file.parent().unwrap();
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(directory.to_owned()), 0o700);
        let names: Vec<_> = std::fs::read_dir(directory)
            .unwrap()
            .map(|it| it.unwrap())
            .collect();
        assert_eq!(
            names.len(),
            3,
            "the store, its log and the log's index: {names:?}"
        );
        for name in names {
            assert_eq!(mode(name.path()), 0o600, "{name:?}");
        }
    });
}

#[test]
fn postgres_commits_are_durable_whatever_the_server_says() {
    crate::support::run(Engine::Postgres, async |bench| {
        let url = format!("{}%20-c%20synchronous_commit%3Doff", bench.url(Role::Data));
        let db = Db::open(&url, Role::Data).await.unwrap();
        let asked = "SELECT current_setting('synchronous_commit')";
        assert_eq!(
            db.fetch_one(asked, args![]).await.unwrap().text(0).unwrap(),
            "on"
        );
    });
}

#[test]
fn a_copy_of_sqlite_is_whole_and_discreet() {
    crate::support::run(Engine::Sqlite, async |bench| {
        let db = with_things(bench).await;
        db.execute(INSERT, args![1i64, "a", [0u8], true])
            .await
            .unwrap();
        let mut reader = db.snapshot().await.unwrap();
        reader.fetch_all(super::COUNT, args![]).await.unwrap();
        let target = bench.directory().join("backup/copy.db");
        db.copy_to(&target).await.unwrap();
        let mode = std::fs::metadata(&target).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let copy = Db::open_existing(&format!("sqlite:{}", target.display()), Role::Data).await;
        assert_eq!(count(&copy.unwrap()).await, 1);
        let again = db.copy_to(&target).await;
        assert!(
            matches!(again, Err(StoreError::CopyExists { .. })),
            "{again:?}"
        );
    });
}

#[test]
fn postgres_is_copied_by_its_own_tools() {
    crate::support::run(Engine::Postgres, async |bench| {
        let db = bench.open(Role::Data).await;
        let target = bench.directory().join("copy.db");
        let refused = db.copy_to(&target).await;
        assert!(
            matches!(refused, Err(StoreError::CopyOnPostgres { .. })),
            "{refused:?}"
        );
        assert!(!target.exists());
    });
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_its_password() {
    for url in [
        "mysql://u:hunter2@host/db",
        "gallra.db",
        "sqlite::memory:",
        "sqlite:",
    ] {
        let error = Db::open(url, Role::Data).await.err().unwrap();
        assert!(
            matches!(error, StoreError::BadUrl { .. }),
            "{url}: {error:?}"
        );
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

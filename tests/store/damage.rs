//! Disks and servers that fail: each is named with its own remedy, and nothing is made anew.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use gallra::store::{Db, Engine, Options, Role, StoreError, args};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use super::{INSERT, SELECT, count, with_things};
use crate::limits::SmallDisk;
use crate::support;
use crate::support::child::{AS_NOBODY, is_child, open_to_all, run_again};

#[test]
fn a_file_that_is_no_database_is_named() {
    support::run(Engine::Sqlite, async |bench| {
        bench.open(Role::Data).await.close().await;
        let garbage = "This is a letter. ".repeat(1_000);
        fs::write(bench.file(Role::Data), &garbage).unwrap();
        for _ in 0..2 {
            let url = bench.url(Role::Data);
            let error = Db::open_existing(&url, Role::Data).await.err().unwrap();
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
            assert!(error.to_string().contains("gallra restore"));
        }
        assert_eq!(fs::read_to_string(bench.file(Role::Data)).unwrap(), garbage);
    });
}

#[test]
fn a_damaged_page_is_named() {
    support::run(Engine::Sqlite, async |bench| {
        let db = with_things(bench).await;
        let mut tx = db.begin().await.unwrap();
        for id in 0..200i64 {
            tx.execute(INSERT, args![id, "x".repeat(200), [0u8; 100], true])
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        db.close().await;
        // Everything behind the schema: page headers no longer mean anything.
        let file = fs::OpenOptions::new()
            .write(true)
            .open(bench.file(Role::Data))
            .unwrap();
        let (length, kept) = (file.metadata().unwrap().len(), 4 * 4096);
        file.write_all_at(&vec![0xa5; (length - kept) as usize], kept)
            .unwrap();
        let error = match Db::open_existing(&bench.url(Role::Data), Role::Data).await {
            Ok(db) => db.fetch_all(SELECT, args![]).await.err().unwrap(),
            Err(error) => error,
        };
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    });
}

#[test]
fn an_emptied_file_is_not_made_anew() {
    support::run(Engine::Sqlite, async |bench| {
        bench.open(Role::Vault).await.close().await;
        fs::write(bench.file(Role::Vault), b"").unwrap();
        let error = Db::open_existing(&bench.url(Role::Vault), Role::Vault)
            .await
            .err()
            .unwrap();
        assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
        assert_eq!(fs::metadata(bench.file(Role::Vault)).unwrap().len(), 0);
    });
}

/// Root may write everywhere, so a process without rights looks at it.
#[test]
fn a_read_only_directory_is_named() {
    const WHERE: &str = "GALLRA_TEST_STORE";
    if is_child() {
        return as_child(&std::env::var(WHERE).unwrap(), async |directory| {
            let inside = format!("sqlite:{}/store.db", directory.display());
            let error = match Db::open(&inside, Role::Data).await {
                Ok(db) => db.migrate().await.unwrap_err(),
                Err(error) => error,
            };
            assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
            let new = format!("sqlite:{}/below/store.db", directory.display());
            let error = Db::open(&new, Role::Data).await.err().unwrap();
            assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
            assert!(error.to_string().contains("write access"));
        });
    }
    support::run(Engine::Sqlite, async |bench| {
        let directory = bench.directory();
        let url = format!("sqlite:{}/store.db", directory.display());
        Db::open(&url, Role::Data).await.unwrap().close().await;
        let read_only = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        read_only(&directory.join("store.db"), 0o444);
        read_only(directory, 0o555);
        let place = directory.display().to_string();
        run_again(
            "damage::a_read_only_directory_is_named",
            AS_NOBODY,
            &[(WHERE, &place)],
        );
        open_to_all(directory);
    });
}

/// A limit on the size of files stands in for a full disk: the system refuses to write.
#[test]
fn a_full_disk_is_named_and_nothing_is_lost() {
    const WHERE: &str = "GALLRA_TEST_STORE";
    if is_child() {
        return as_child(&std::env::var(WHERE).unwrap(), async |directory| {
            let url = format!("sqlite:{}/store.db", directory.display());
            let db = Db::open_existing(&url, Role::Data).await.unwrap();
            let big = args![2i64, "x".repeat(2_000_000), [0u8], true];
            let error = db.execute(INSERT, big).await.unwrap_err();
            assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
            assert!(error.to_string().contains("free space"));
            assert_eq!(count(&db).await, 1);
            db.execute(INSERT, args![3i64, "small", [0u8], true])
                .await
                .unwrap();
        });
    }
    support::run(Engine::Sqlite, async |bench| {
        let db = with_things(bench).await;
        db.execute(INSERT, args![1i64, "a", [0u8], true])
            .await
            .unwrap();
        db.close().await;
        let place = bench.file(Role::Data).with_file_name("store.db");
        fs::rename(bench.file(Role::Data), &place).unwrap();
        let directory = place.parent().unwrap().display().to_string();
        // In blocks of 512 bytes: half a megabyte.
        let limited = "ulimit -f 1000; exec \"$@\"";
        let test = "damage::a_full_disk_is_named_and_nothing_is_lost";
        run_again(test, limited, &[(WHERE, &directory)]);
        let url = format!("sqlite:{}", place.display());
        let db = Db::open_existing(&url, Role::Data).await.unwrap();
        assert_eq!(count(&db).await, 2);
    });
}

/// SQLite undoes a transaction by itself when the disk is full; a connection that still believes in it
/// begins no other. Whoever keeps a store open for weeks must not notice.
async fn lives_through(url: &str, full: impl Fn(), free: impl Fn()) {
    const SETTINGS: [(&str, i64); 3] = [
        ("PRAGMA cache_size", -16384),
        ("PRAGMA synchronous", 2),
        ("PRAGMA secure_delete", 1),
    ];
    let options = Options {
        patience: Duration::from_secs(5),
        ..Options::default()
    };
    let db = Db::open_with(url, Role::Data, options).await.unwrap();
    for round in 1..=3i64 {
        // One ends at its commit; one, larger than what the writer keeps in memory, at a statement.
        for size in [1_000_000, 20_000_000] {
            full();
            for _ in 0..2 {
                let error = write(&db, round, size).await.unwrap_err();
                assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
                assert!(error.to_string().contains("free space"));
                assert_eq!(count(&db).await, round - 1);
            }
            free();
        }
        write(&db, round, 10).await.unwrap();
        assert_eq!(count(&db).await, round);
        let mut tx = db.begin().await.unwrap();
        for (setting, value) in SETTINGS {
            let set = tx.fetch_one(setting, args![]).await.unwrap();
            assert_eq!(set.i64(0).unwrap(), value, "{setting}");
        }
        tx.rollback().await.unwrap();
    }
    db.close().await;
}

async fn write(db: &Db, id: i64, size: usize) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.execute(INSERT, args![id, "x".repeat(size), [0u8], true])
        .await?;
    tx.commit().await
}

#[test]
fn a_disk_that_was_full_for_a_moment_is_written_again() {
    support::run(Engine::Sqlite, async |bench| {
        let Some(disk) = SmallDisk::new(6 << 20) else {
            return eprintln!(
                "no disk may be mounted here: a limit on the size of files stands for it"
            );
        };
        with_things(bench).await.close().await;
        let place = disk.path().join("store.db");
        fs::copy(bench.file(Role::Data), &place).unwrap();
        let url = format!("sqlite:{}", place.display());
        lives_through(&url, || disk.fill(), || disk.free()).await;
    });
}

#[test]
fn a_limit_that_was_reached_for_a_moment_is_written_past_again() {
    const WHERE: &str = "GALLRA_TEST_STORE";
    if is_child() {
        return as_child(&std::env::var(WHERE).unwrap(), async |directory| {
            let url = format!("sqlite:{}/store.db", directory.display());
            let limit = |bytes| {
                let before = getrlimit(Resource::Fsize);
                let limit = Rlimit {
                    current: bytes,
                    ..before
                };
                setrlimit(Resource::Fsize, limit).unwrap();
            };
            lives_through(&url, || limit(Some(500_000)), || limit(None)).await;
        });
    }
    support::run(Engine::Sqlite, async |bench| {
        with_things(bench).await.close().await;
        let place = bench.file(Role::Data).with_file_name("store.db");
        fs::rename(bench.file(Role::Data), &place).unwrap();
        let directory = place.parent().unwrap().display().to_string();
        let test = "damage::a_limit_that_was_reached_for_a_moment_is_written_past_again";
        run_again(test, "exec \"$@\"", &[(WHERE, &directory)]);
    });
}

#[test]
fn a_server_that_is_not_there_is_named() {
    support::run(Engine::Postgres, async |bench| {
        let options = Options {
            patience: Duration::from_secs(2),
            ..Options::default()
        };
        // Port 1 belongs to nobody.
        let url = "postgres://gallra:hunter2@127.0.0.1:1/gallra";
        let error = Db::open_with(url, Role::Data, options).await.err().unwrap();
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
        assert!(error.to_string().contains("127.0.0.1:1/gallra"));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        let missing = bench
            .url(Role::Data)
            .replace("/postgres?", "/no_such_database?");
        let error = Db::open(&missing, Role::Data).await.err().unwrap();
        assert!(matches!(error, StoreError::NoDatabase { .. }), "{error:?}");
    });
}

#[test]
fn a_schema_that_is_not_there_is_named() {
    support::run(Engine::Postgres, async |bench| {
        let url = bench
            .url(Role::Data)
            .replace(&bench.schema(Role::Data), "no_such_schema");
        let db = Db::open(&url, Role::Data).await.unwrap();
        let error = db.migrate().await.unwrap_err();
        assert!(
            matches!(&error, StoreError::NoSchema { schema, .. } if schema == "no_such_schema"),
            "{error:?}"
        );
        let error = Db::open_existing(&url, Role::Data).await.err().unwrap();
        assert!(matches!(error, StoreError::NoSchema { .. }), "{error:?}");
    });
}

fn as_child(directory: &str, test: impl AsyncFnOnce(&Path)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        // As the program does: a write beyond the limit fails, and does not end the process.
        let _taken = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).unwrap();
        test(Path::new(directory)).await;
    });
}

//! Opening a store: what each engine is told, and how a SQLite file comes to be.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection};

use super::db::Pools;
use super::error::{Cause, Place};
use super::{Db, Engine, Options, Role, StoreError, archive, checkpoint, holder};

/// Statements that a connection keeps prepared: an import uses some dozens of sizes of its bulks.
const STATEMENTS: usize = 200;
/// What SQLite's one writer keeps in memory, in KiB (that is what the minus says). It fills while
/// much is written; two megabytes, which is what SQLite takes by itself, made an import read its own
/// b-trees from the file again and again.
const WRITER_CACHE: &str = "-16384";

pub(super) async fn open(url: &str, role: Role, options: &Options) -> Result<Db, StoreError> {
    match url.split_once(':') {
        Some(("sqlite", _)) => open_sqlite(url, role, options).await,
        Some(("postgres" | "postgresql", _)) => open_postgres(url, role, options).await,
        _ => Err(bad_url(url)),
    }
}

/// The directory of a SQLite store's file; `None` for a store on a server.
pub fn directory_of(url: &str) -> Option<PathBuf> {
    if !url.starts_with("sqlite:") {
        return None;
    }
    let parsed = SqliteConnectOptions::from_str(url).ok()?;
    let parent = parsed.get_filename().parent()?;
    Some(match parent.as_os_str().is_empty() {
        true => PathBuf::from("."), // A bare name lies where the program was started.
        false => parent.to_owned(),
    })
}

/// Names the address without what stands before an `@`: there may be a password in it.
fn bad_url(url: &str) -> StoreError {
    let shown = match url.rsplit_once('@') {
        Some((_, after)) => format!("…@{after}"),
        None => url.to_owned(),
    };
    StoreError::BadUrl { url: shown }
}

async fn open_sqlite(url: &str, role: Role, options: &Options) -> Result<Db, StoreError> {
    let parsed = SqliteConnectOptions::from_str(url).map_err(|_| bad_url(url))?;
    let path = parsed.get_filename().to_owned();
    if path.as_os_str().is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
        return Err(bad_url(url));
    }
    let place = Place {
        engine: Engine::Sqlite,
        name: path.display().to_string(),
        asking: Default::default(),
    };
    if options.create {
        create_file(&path).map_err(|error| place.io(error))?;
    } else {
        refuse_missing(&path, &place)?;
    }
    let file = file_options(parsed, options.patience);
    let pool = |most: u32| {
        SqlitePoolOptions::new()
            .max_connections(most)
            .acquire_timeout(options.patience)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .after_release(|connection, _| Box::pin(is_whole(connection)))
    };
    // The writer comes first: it turns a new file to write-ahead logging, and that stays in the file.
    let logged = file.clone().journal_mode(SqliteJournalMode::Wal);
    let logged = logged.pragma("cache_size", WRITER_CACHE);
    let writer = connect_writer(|| pool(1).connect_with(logged.clone()), options.patience)
        .await
        .map_err(|error| place.classify(error))?;
    let readers = pool(options.readers.unwrap_or(4))
        .connect_lazy_with(file.clone().pragma("query_only", "ON"));
    let checkpointer = pool(1).connect_lazy_with(file.busy_timeout(checkpoint::ONE_TRY));
    let pools = Pools::Sqlite {
        writer,
        readers,
        checkpointer,
    };
    Ok(Db {
        pools,
        role,
        place: Arc::new(place),
    })
}

/// Whether a connection that is given back may serve again. SQLite undoes a transaction by itself when
/// the disk is full or fails, its ROLLBACK then fails, and a connection that still counts the
/// transaction begins no other: the pool closes it and opens a new one for whoever comes next.
async fn is_whole(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        connection.ping().await?; // A transaction that was dropped is only now being rolled back.
    }
    Ok(!connection.is_in_transaction())
}

/// What every connection to a file is set to.
fn file_options(file: SqliteConnectOptions, patience: Duration) -> SqliteConnectOptions {
    file.create_if_missing(false)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(patience)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY") // Sorting must not leave rows in a temporary file.
        .pragma("fullfsync", "ON") // On macOS a plain fsync leaves data in the drive's cache.
        .pragma("journal_size_limit", "16777216")
        .pragma("wal_autocheckpoint", "4000") // Pages: as much as the log may keep.
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

/// Two processes that turn one new file to write-ahead logging at once would wait for each other;
/// SQLite tells one of them so at once, whatever its busy timeout, and that one tries again.
async fn connect_writer<F>(
    connect: impl Fn() -> F,
    patience: Duration,
) -> Result<SqlitePool, sqlx::Error>
where
    F: Future<Output = Result<SqlitePool, sqlx::Error>>,
{
    let tries = async {
        loop {
            match connect().await {
                Err(error) if checkpoint::is_locked(&error) => {
                    tokio::time::sleep(checkpoint::PAUSE).await;
                }
                done => return done,
            }
        }
    };
    let in_time = tokio::time::timeout(patience, tries).await;
    in_time.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// An empty file is no store either: SQLite would fill it without a word.
fn refuse_missing(path: &Path, place: &Place) -> Result<(), StoreError> {
    let missing = || match archive::is_cut_off(path) {
        true => StoreError::RestoreCutOff {
            store: place.name.clone(),
        },
        false => StoreError::Missing {
            store: place.name.clone(),
        },
    };
    match std::fs::metadata(path) {
        Ok(file) if file.len() > 0 => Ok(()),
        Ok(_) => Err(missing()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing()),
        Err(error) => Err(place.io(error)),
    }
}

/// Makes an empty file that only its owner reads, in a directory of the same kind, and makes both
/// survive a power cut. SQLite gives its log files the mode of the main file.
pub(super) fn create_file(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    make_directory(directory)?;
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(file) => file.sync_all()?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    }
    File::open(directory)?.sync_all()
}

/// Makes a directory that only its owner may enter, with those above it that are missing, and syncs
/// the names into the directories that hold them: without that a power cut may take a directory
/// whose files were synced (`tests/proofs/key_tree.rs`). A directory that is there may have been made
/// by a process that was killed before it synced, so its name is synced too.
pub fn make_directory(directory: &Path) -> io::Result<()> {
    let missing = directory.ancestors().skip(1).filter(|path| !path.exists());
    let made: Vec<_> = missing.chain([directory]).collect();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    for parent in made.iter().filter_map(|path| path.parent()) {
        let here = parent.as_os_str().is_empty();
        match File::open(if here { Path::new(".") } else { parent }) {
            Ok(parent) => parent.sync_all()?,
            // An administrator made the directory for us in one that we may not list: not ours to sync.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Place {
    pub fn io(&self, error: io::Error) -> StoreError {
        let store = self.name.clone();
        let cause = Cause(error.to_string());
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge => {
                StoreError::DiskFull { store, cause }
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreError::ReadOnly { store, cause }
            }
            _ => StoreError::Disk { store, cause },
        }
    }
}

/// A commit that may be lost is no commit: an erasure would come undone. A server that asks for
/// more than `on` keeps it. And a lock is waited for as long as SQLite would, not for ever.
const PREPARE_CONNECTION: &str = "SELECT set_config('lock_timeout', $1, false), \
    CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') \
    THEN set_config('synchronous_commit', 'on', false) END";

/// The pool would knock on a closed door until patience is over and then call it busy. But where every
/// seat is taken, or the server is only just starting, it is right to wait.
async fn knock(server: &PgConnectOptions, patience: Duration) -> Result<(), sqlx::Error> {
    let mut refused = sqlx::Error::PoolTimedOut;
    let tries = async {
        loop {
            match server.connect().await {
                Err(error) if is_full(&error) => refused = error,
                Err(error) => return Err(error),
                Ok(connection) => return connection.close().await,
            }
            tokio::time::sleep(checkpoint::PAUSE).await;
        }
    };
    match tokio::time::timeout(patience, tries).await {
        Ok(done) => done,
        Err(_) => Err(refused),
    }
}

fn is_full(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| matches!(&*code, "53300" | "57P03"))
}

async fn open_postgres(url: &str, role: Role, options: &Options) -> Result<Db, StoreError> {
    let server = PgConnectOptions::from_str(url)
        .map_err(|_| bad_url(url))?
        .application_name(&holder::connection_name(role))
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    let database = server.get_database().unwrap_or(server.get_username());
    let name = format!(
        "postgres://{}:{}/{database}",
        server.get_host(),
        server.get_port()
    );
    let place = Place {
        engine: Engine::Postgres,
        name,
        asking: Default::default(),
    };
    let knocked = knock(&server, options.patience).await;
    knocked.map_err(|error| place.classify(error))?;
    let patience = format!("{}ms", options.patience.as_millis());
    let pool = PgPoolOptions::new()
        .max_connections(options.readers.map_or(8, |readers| readers + 1))
        .acquire_timeout(options.patience)
        .after_connect(move |connection, _| {
            let prepare = sqlx::query(PREPARE_CONNECTION).bind(patience.clone());
            Box::pin(async move { connection.execute(prepare).await.map(drop) })
        })
        .connect_with(server)
        .await
        .map_err(|error| place.classify(error))?;
    Ok(Db {
        pools: Pools::Postgres(pool),
        role,
        place: Arc::new(place),
    })
}

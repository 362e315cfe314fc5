//! Getting deleted rows out of the engine's own copies, and saying how far that went.

use std::fmt;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor, PgPool, Row, SqlitePool};

use super::db::Pools;
use super::{Db, Role, StoreError};

/// What a checkpoint reached; stated on the receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkpoint {
    /// SQLite: the write-ahead log is written back and empty.
    Truncated,
    /// SQLite: a reader or writer held it up until patience was over; `left` pages of the log are
    /// not yet written back, or the log could not be cut (`left` is 0).
    Busy {
        /// Pages of the log that wait.
        left: i64,
    },
    /// PostgreSQL: every table was vacuumed and no older transaction could still see the rows.
    Vacuumed,
    /// PostgreSQL: every table was vacuumed, but `readers` older transactions held rows back.
    HeldBack {
        /// How many transactions.
        readers: i64,
    },
}

impl Checkpoint {
    /// Whether nothing was left behind.
    pub fn is_complete(self) -> bool {
        matches!(self, Checkpoint::Truncated | Checkpoint::Vacuumed)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Checkpoint::Truncated => f.write_str("write-ahead log truncated"),
            Checkpoint::Busy { left } => write!(f, "write-ahead log busy, {left} pages left"),
            Checkpoint::Vacuumed => f.write_str("tables vacuumed"),
            Checkpoint::HeldBack { readers } => {
                write!(
                    f,
                    "tables vacuumed, {readers} older transactions hold rows back"
                )
            }
        }
    }
}

/// How long one try waits for SQLite's readers.
pub(super) const ONE_TRY: Duration = Duration::from_millis(200);

/// Between two tries.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn run(db: &Db, patience: Duration) -> Result<Checkpoint, StoreError> {
    let reached = match &db.pools {
        Pools::Sqlite {
            writer,
            checkpointer,
            ..
        } => sqlite(writer, checkpointer, patience).await,
        Pools::Postgres(pool) => postgres(pool, db.role, patience).await,
    };
    reached.map_err(|error| db.place.classify(error))
}

/// Uses a connection of its own with a short busy time, so that a reader cannot hold it longer
/// than the caller's patience; takes the writer's place for each try, so that our own writers wait
/// instead of spoiling it.
async fn sqlite(
    writer: &SqlitePool,
    checkpointer: &SqlitePool,
    patience: Duration,
) -> Result<Checkpoint, sqlx::Error> {
    let mut reached = Checkpoint::Busy { left: 0 };
    let tries = async {
        let mut connection = checkpointer.acquire().await?;
        loop {
            let place = writer.acquire().await?;
            let row = connection
                .fetch_one("PRAGMA wal_checkpoint(TRUNCATE)")
                .await;
            drop(place);
            let row = match row {
                Err(error) if is_locked(&error) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                row => row?,
            };
            let (busy, log, moved): (i64, i64, i64) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            if busy == 0 {
                return Ok::<_, sqlx::Error>(Checkpoint::Truncated);
            }
            reached = Checkpoint::Busy {
                left: (log - moved).max(0),
            };
            tokio::time::sleep(PAUSE).await;
        }
    };
    match tokio::time::timeout(patience, tries).await {
        Ok(done) => done,
        Err(_) => Ok(reached),
    }
}

/// Another process has the lock: SQLite says so by a column of the row or by an error.
pub(super) fn is_locked(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    let code = code.and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Transactions that VACUUM must spare rows for: it removes a row only when its deletion is older
/// than every running transaction ($1 is the first that is younger) and every snapshot.
const OLDER: &str = "SELECT COUNT(*) FROM pg_stat_activity \
    WHERE pid <> pg_backend_pid() AND backend_type IS DISTINCT FROM 'autovacuum worker' \
    AND (datname = current_database() OR datname IS NULL) \
    AND (age(backend_xmin) > age(CAST(CAST($1 AS TEXT) AS xid)) \
        OR age(backend_xid) > age(CAST(CAST($1 AS TEXT) AS xid)))";
/// The first transaction that is younger than everything committed until now.
const NEXT: &str = "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS xid) AS TEXT)";

/// Waits for the transactions that hold rows back, vacuums, and says how many were left.
async fn postgres(
    pool: &PgPool,
    role: Role,
    patience: Duration,
) -> Result<Checkpoint, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let next: String = sqlx::query_scalar(NEXT).fetch_one(&mut *connection).await?;
    let mut readers = 0;
    let wait = async {
        loop {
            readers = sqlx::query_scalar(OLDER)
                .bind(&next)
                .fetch_one(&mut *connection)
                .await?;
            if readers == 0 {
                return Ok::<_, sqlx::Error>(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    if let Ok(waited) = tokio::time::timeout(patience, wait).await {
        waited?;
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    if !tables.is_empty() {
        // For a few dead rows VACUUM leaves their index entries where they are. In data and vault
        // these are ids; in the index store they are the tokens themselves.
        let entries = if role == Role::Index { "ON" } else { "AUTO" };
        let vacuum = format!("VACUUM (INDEX_CLEANUP {entries}) {}", tables.join(", "));
        connection.execute(AssertSqlSafe(vacuum)).await?;
    }
    Ok(match readers {
        0 => Checkpoint::Vacuumed,
        readers => Checkpoint::HeldBack { readers },
    })
}

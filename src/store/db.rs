//! An open store: bounded pools over one engine.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;

use super::connection::{Call, Connection};
use super::error::Place;
use super::holder::{self, Holder};
use super::statement::beginning;
use super::tx::Inner;
use super::{
    Bulk, Checkpoint, Engine, Options, Role, Row, StoreError, Tx, Value, checkpoint, copy, migrate,
    open, statistics,
};

/// How often whoever waits to write says for whom.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// An open store. Cheap to clone; all clones share the pools.
#[derive(Clone)]
pub struct Db {
    pub(super) pools: Pools,
    pub(super) role: Role,
    pub(super) place: Arc<Place>,
}

#[derive(Clone)]
pub(super) enum Pools {
    Sqlite {
        /// One connection: SQLite has one writer at a time anyway, and our queue is fair.
        writer: SqlitePool,
        readers: SqlitePool,
        /// One connection with little patience, see [`checkpoint`].
        checkpointer: SqlitePool,
    },
    Postgres(PgPool),
}

impl Db {
    /// Opens a store and creates the SQLite file when there is none.
    pub async fn open(url: &str, role: Role) -> Result<Db, StoreError> {
        let options = Options {
            create: true,
            ..Options::default()
        };
        Db::open_with(url, role, options).await
    }

    /// Opens a store that must have been initialised: nothing is initialised anew.
    pub async fn open_existing(url: &str, role: Role) -> Result<Db, StoreError> {
        Db::open_with(url, role, Options::default()).await
    }

    /// Opens a store with limits of one's own.
    pub async fn open_with(url: &str, role: Role, options: Options) -> Result<Db, StoreError> {
        let db = open::open(url, role, &options).await?;
        if !options.create && !migrate::is_initialised(&db).await? {
            migrate::refuse_without_schema(&db).await?;
            return Err(StoreError::Missing {
                store: db.place.name.clone(),
            });
        }
        Ok(db)
    }

    /// Runs the migrations of this store's role that have not run here. Two processes may call it
    /// at once: one waits for the other.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        migrate::run(self, migrate::embedded(self.role)).await
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        self.place.engine
    }

    /// Which store this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Where it is, as errors name it: the file, or server and database without a password.
    pub fn place(&self) -> &str {
        &self.place.name
    }

    /// Begins to write. SQLite: `BEGIN IMMEDIATE` on the one writer, so no lock is upgraded half
    /// way. PostgreSQL: READ COMMITTED, where `UPDATE … RETURNING` first makes the order.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        // In a box: every transaction of every room begins here, and their futures stay small.
        let begin = Box::pin(async {
            let begun = match &self.pools {
                Pools::Sqlite { writer, .. } => writer
                    .begin_with("BEGIN IMMEDIATE")
                    .await
                    .map(Inner::Sqlite),
                Pools::Postgres(pool) => pool
                    .begin_with("BEGIN ISOLATION LEVEL READ COMMITTED")
                    .await
                    .map(Inner::Postgres),
            };
            self.transaction(begun)
        });
        self.telling(begin).await
    }

    /// Waits for whoever writes here, tells every two seconds who that is, and says so too where
    /// patience comes to its end.
    pub(super) async fn telling<T>(
        &self,
        mut waiting: Pin<Box<impl Future<Output = Result<T, StoreError>>>>,
    ) -> Result<T, StoreError> {
        let mut told = None;
        let done = loop {
            match tokio::time::timeout(TELL_EVERY, &mut waiting).await {
                Ok(done) => break done,
                Err(_) => tokio::select! {
                    // What was waited for is taken up at once, whatever becomes of the question.
                    biased;
                    done = &mut waiting => break done,
                    holder = self.holder() => {
                        self.tell(holder.as_ref());
                        told = holder.or(told);
                    }
                },
            }
        };
        match done {
            Err(StoreError::Busy { store, cause, .. }) => Err(StoreError::Busy {
                // A server has forgotten by now who was in the way; a file's lock is still held.
                holder: match self.engine() {
                    Engine::Sqlite => self.holder().await.or(told),
                    Engine::Postgres => told,
                },
                store,
                cause,
            }),
            done => done,
        }
    }

    /// Asked by one at a time: who waits beside them is told nothing, and a server that is short of
    /// connections is not asked for one by each.
    async fn holder(&self) -> Option<Holder> {
        let _turn = self.place.asking.try_lock().ok()?;
        let asked = tokio::time::timeout(TELL_EVERY, holder::holder(self)).await;
        asked.unwrap_or(None)
    }

    /// A wait for this process's own work, or for a connection that is only slow to come, is nothing that
    /// anybody could end.
    fn tell(&self, holder: Option<&Holder>) {
        let store = &self.place.name;
        let role = self.role.name();
        match holder {
            Some(Holder::Other(holder)) => {
                tracing::warn!(%holder, %store, "waiting for the {role}");
            }
            None if self.engine() == Engine::Sqlite => tracing::warn!(
                %store,
                "waiting for whoever writes the {role}: `gallra doctor` lists who works"
            ),
            Some(Holder::Own) | None => tracing::debug!(%store, "waiting for the {role}"),
        }
    }

    /// Begins to read one consistent view, fixed by the first statement. It cannot write.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        let begun = match &self.pools {
            Pools::Sqlite { readers, .. } => readers
                .begin_with("BEGIN DEFERRED")
                .await
                .map(Inner::Sqlite),
            Pools::Postgres(pool) => pool
                .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await
                .map(Inner::Postgres),
        };
        self.transaction(begun)
    }

    fn transaction(&self, begun: Result<Inner, sqlx::Error>) -> Result<Tx, StoreError> {
        match begun {
            Ok(inner) => Ok(Tx::new(inner, self.clone())),
            Err(error) => Err(self.place.classify(error)),
        }
    }

    /// Every row of the answer, read outside any transaction. To write, use [`Db::begin`].
    pub async fn fetch_all(
        &self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.read(Call::new(&self.place, sql, args)?).await
    }

    /// Runs a bulk statement that only reads, outside any transaction: what is asked about one row
    /// must not hang on the answer about another, for each chunk sees a moment of its own.
    pub async fn fetch_many(
        &self,
        bulk: &Bulk,
        head: Vec<Value>,
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut answer = Vec::new();
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let size = bulk.next_chunk(self.place.engine, rows.len());
            let mut chunk = rows.by_ref().take(size);
            let call = Call::bulk(&self.place, bulk, head.clone(), &mut chunk)?;
            answer.extend(self.read(call).await?);
        }
        Ok(answer)
    }

    async fn read(&self, call: Call) -> Result<Vec<Row>, StoreError> {
        let lost = |error| self.place.classify(error);
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let mut connection = readers.acquire().await.map_err(lost)?;
                Connection::Sqlite(&mut connection)
                    .fetch_all(&self.place, call)
                    .await
            }
            Pools::Postgres(pool) => {
                let mut connection = pool.acquire().await.map_err(lost)?;
                Connection::Postgres(&mut connection)
                    .fetch_all(&self.place, call)
                    .await
            }
        }
    }

    /// The first row of the answer, if there is one.
    pub async fn fetch_optional(
        &self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(sql, args).await?.into_iter().next())
    }

    /// The first row of the answer; none is an error.
    pub async fn fetch_one(&self, sql: &'static str, args: Vec<Value>) -> Result<Row, StoreError> {
        let row = self.fetch_optional(sql, args).await?;
        row.ok_or_else(|| StoreError::NoRow {
            statement: beginning(sql),
        })
    }

    /// Runs one writing statement as a transaction of its own; how many rows it changed.
    pub async fn execute(&self, sql: &'static str, args: Vec<Value>) -> Result<u64, StoreError> {
        let call = Call::new(&self.place, sql, args)?;
        self.telling(Box::pin(self.write(call))).await
    }

    async fn write(&self, call: Call) -> Result<u64, StoreError> {
        let lost = |error| self.place.classify(error);
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                let mut connection = writer.acquire().await.map_err(lost)?;
                Connection::Sqlite(&mut connection)
                    .execute(&self.place, call)
                    .await
            }
            Pools::Postgres(pool) => {
                let mut connection = pool.acquire().await.map_err(lost)?;
                Connection::Postgres(&mut connection)
                    .execute(&self.place, call)
                    .await
            }
        }
    }

    /// Moves deleted rows out of the engine's own copies: SQLite's write-ahead log is written back
    /// and cut to nothing, PostgreSQL vacuums every table of the schema. Tries until `patience` is
    /// over, because a reader may hold it up, and says what it reached.
    pub async fn checkpoint(&self, patience: Duration) -> Result<Checkpoint, StoreError> {
        checkpoint::run(self, patience).await
    }

    /// Tells the engine how full its tables are, after much was written to them. PostgreSQL plans by
    /// that, learns it by itself a minute late, and until then reads all rows of a tenant where a few
    /// were named. SQLite's plans follow from the texts and the indexes alone.
    pub async fn refresh_statistics(&self) -> Result<(), StoreError> {
        let Pools::Postgres(pool) = &self.pools else {
            return Ok(());
        };
        statistics::refresh(pool)
            .await
            .map_err(|error| self.place.classify(error))
    }

    /// Copies the whole store, as it is at one moment, into a new SQLite file while everybody goes
    /// on working. PostgreSQL has tools of its own for this and is refused.
    pub async fn copy_to(&self, target: &Path) -> Result<(), StoreError> {
        copy::run(self, target).await
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite {
                writer,
                readers,
                checkpointer,
            } => {
                checkpointer.close().await;
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

//! Transactions: all of it or nothing, and nothing after an error.

use sqlx::{Postgres, Sqlite, Transaction};

use super::connection::{Call, Connection};
use super::error::Place;
use super::statement::beginning;
use super::{Bulk, Db, Engine, Row, StoreError, Value};

/// A transaction. Dropped without [`Tx::commit`] it is rolled back.
///
/// After an error, or when a call was cancelled half way, it is given up: PostgreSQL would refuse
/// further statements and SQLite would go on with half of the work done, so both refuse here.
pub struct Tx {
    inner: Inner,
    db: Db,
    given_up: bool,
}

pub(super) enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) fn new(inner: Inner, db: Db) -> Self {
        Tx {
            inner,
            db,
            given_up: false,
        }
    }

    /// Every row of the answer.
    pub async fn fetch_all(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let call = self.call(|place| Call::new(place, sql, args))?;
        self.rows(call).await
    }

    /// The first row of the answer, if there is one.
    pub async fn fetch_optional(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(sql, args).await?.into_iter().next())
    }

    /// The first row of the answer; none is an error.
    pub async fn fetch_one(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<Row, StoreError> {
        let row = self.fetch_optional(sql, args).await?;
        row.ok_or_else(|| StoreError::NoRow {
            statement: beginning(sql),
        })
    }

    /// How many rows the statement changed.
    pub async fn execute(
        &mut self,
        sql: &'static str,
        args: Vec<Value>,
    ) -> Result<u64, StoreError> {
        let call = self.call(|place| Call::new(place, sql, args))?;
        self.changed(call).await
    }

    /// Runs a bulk statement, 500 rows at a time. Returns how many were changed. `head` are the
    /// arguments that stand before the rows.
    pub async fn execute_many(
        &mut self,
        bulk: &Bulk,
        head: Vec<Value>,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let size = bulk.next_chunk(self.db.place.engine, rows.len());
            let mut chunk = rows.by_ref().take(size);
            let call = self.call(|place| Call::bulk(place, bulk, head.clone(), &mut chunk))?;
            changed += self.changed(call).await?;
        }
        Ok(changed)
    }

    /// Runs a bulk statement that answers with rows: a list in a SELECT, or an insert with RETURNING.
    /// Each row that comes back costs about as much as one that is written.
    pub async fn fetch_many(
        &mut self,
        bulk: &Bulk,
        head: Vec<Value>,
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut answer = Vec::new();
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let size = bulk.next_chunk(self.db.place.engine, rows.len());
            let mut chunk = rows.by_ref().take(size);
            let call = self.call(|place| Call::bulk(place, bulk, head.clone(), &mut chunk))?;
            answer.extend(self.rows(call).await?);
        }
        Ok(answer)
    }

    /// On PostgreSQL a statement may have to wait for a row that somebody else has changed and not
    /// committed. On SQLite a transaction that has begun waits for nobody.
    async fn rows(&mut self, call: Call) -> Result<Vec<Row>, StoreError> {
        let run = self.inner.connection().fetch_all(&self.db.place, call);
        let rows = match self.db.engine() {
            Engine::Sqlite => run.await?,
            Engine::Postgres => self.db.telling(Box::pin(run)).await?,
        };
        self.given_up = false;
        Ok(rows)
    }

    async fn changed(&mut self, call: Call) -> Result<u64, StoreError> {
        let run = self.inner.connection().execute(&self.db.place, call);
        let changed = match self.db.engine() {
            Engine::Sqlite => run.await?,
            Engine::Postgres => self.db.telling(Box::pin(run)).await?,
        };
        self.given_up = false;
        Ok(changed)
    }

    /// Makes all of it durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.given_up {
            return Err(StoreError::GivenUp);
        }
        match self.inner {
            Inner::Sqlite(transaction) => transaction.commit().await,
            Inner::Postgres(transaction) => transaction.commit().await,
        }
        .map_err(|error| self.db.place.classify(error))
    }

    /// Undoes all of it.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::Sqlite(transaction) => transaction.rollback().await,
            Inner::Postgres(transaction) => transaction.rollback().await,
        }
        .map_err(|error| self.db.place.classify(error))
    }

    pub(super) async fn script(&mut self, sql: String) -> Result<(), StoreError> {
        self.call(|_| Ok(()))?;
        self.inner.connection().script(&self.db.place, sql).await?;
        self.given_up = false;
        Ok(())
    }

    /// Checks a call and marks the transaction as given up until the call has succeeded, so that
    /// an error and a future dropped half way leave the same mark.
    fn call<T>(
        &mut self,
        check: impl FnOnce(&Place) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.given_up {
            return Err(StoreError::GivenUp);
        }
        self.given_up = true;
        check(&self.db.place)
    }
}

impl Inner {
    fn connection(&mut self) -> Connection<'_> {
        match self {
            Inner::Sqlite(transaction) => Connection::Sqlite(transaction),
            Inner::Postgres(transaction) => Connection::Postgres(transaction),
        }
    }
}

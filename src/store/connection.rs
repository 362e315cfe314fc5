//! Statements on one connection of either engine. The only file that runs SQL.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Postgres, Sqlite, SqliteConnection};

use super::columns::{Column, columns_of};
use super::error::Place;
use super::statement::Prepared;
use super::{Bulk, Engine, Row, StoreError, Value};

/// One connection of either engine, borrowed for one statement.
pub(super) enum Connection<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

macro_rules! bind {
    ($query:expr, $args:expr) => {
        $args.into_iter().fold($query, |query, value| match value {
            Value::I64(it) => query.bind(it),
            Value::Text(it) => query.bind(it),
            Value::Blob(it) => query.bind(it),
            Value::Bool(it) => query.bind(it),
            Value::NullI64 => query.bind(None::<i64>),
            Value::NullText => query.bind(None::<String>),
            Value::NullBlob => query.bind(None::<Vec<u8>>),
            Value::NullBool => query.bind(None::<bool>),
        })
    };
}

fn bind_sqlite(
    query: Query<'static, Sqlite, SqliteArguments>,
    args: Vec<Value>,
) -> Query<'static, Sqlite, SqliteArguments> {
    bind!(query, args)
}

fn bind_postgres(
    query: Query<'static, Postgres, PgArguments>,
    args: Vec<Value>,
    columns: Vec<Column>,
) -> Query<'static, Postgres, PgArguments> {
    let query = bind!(query, args);
    columns
        .into_iter()
        .fold(query, |query, column| match column {
            Column::I64(all) => query.bind(all),
            Column::Text(all) => query.bind(all),
            Column::Blob(all) => query.bind(all),
            Column::Bool(all) => query.bind(all),
        })
}

/// A statement with its arguments, checked before it reaches an engine.
pub(super) struct Call {
    text: Text,
    args: Vec<Value>,
    /// What follows them on PostgreSQL: the rows of a bulk.
    columns: Vec<Column>,
}

enum Text {
    Constant(&'static str),
    /// Built for a number of rows that seldom comes again, so no connection keeps it prepared.
    Once(String),
}

impl Call {
    /// A registered statement with its arguments.
    pub fn new(place: &Place, sql: &'static str, args: Vec<Value>) -> Result<Self, StoreError> {
        let prepared = Prepared::of(sql, place.engine);
        prepared.check(args.len())?;
        refuse_nul(0, &args)?;
        Ok(Call {
            text: Text::Constant(prepared.sql),
            args,
            columns: Vec::new(),
        })
    }

    /// A bulk statement over these rows: one chunk.
    pub fn bulk(
        place: &Place,
        bulk: &Bulk,
        mut args: Vec<Value>,
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<Self, StoreError> {
        let arity = |expected, given| StoreError::Arity {
            statement: bulk.name.to_owned(),
            expected,
            given,
        };
        if args.len() != bulk.head_arguments() {
            return Err(arity(bulk.head_arguments(), args.len()));
        }
        refuse_nul(0, &args)?;
        let mut checked: Vec<Vec<Value>> = Vec::with_capacity(rows.size_hint().0);
        for row in rows {
            if row.len() != bulk.columns.len() {
                return Err(arity(bulk.columns.len(), row.len()));
            }
            let kinds = row.iter().map(Value::kind).zip(bulk.columns);
            if let Some(column) = kinds.into_iter().position(|(kind, wanted)| kind != *wanted) {
                return Err(StoreError::WrongKind {
                    statement: bulk.name.to_owned(),
                    argument: column + 1,
                });
            }
            refuse_nul(args.len() + checked.len() * row.len(), &row)?;
            checked.push(row);
        }
        if let Some(last) = checked.last().cloned() {
            checked.resize(bulk.padded(place.engine, checked.len()), last);
        }
        let text = match bulk.kept_sql(place.engine, checked.len()) {
            Some(sql) => Text::Constant(sql),
            None => Text::Once(bulk.sql(place.engine, checked.len())),
        };
        let mut columns = Vec::new();
        match place.engine {
            Engine::Sqlite => args.extend(checked.into_iter().flatten()),
            Engine::Postgres => columns = columns_of(bulk.columns, checked),
        }
        Ok(Call {
            text,
            args,
            columns,
        })
    }
}

/// PostgreSQL cannot store NUL in text and SQLite cuts such text short in places.
/// `before` arguments stand before these.
fn refuse_nul(before: usize, args: &[Value]) -> Result<(), StoreError> {
    let has_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    match args.iter().position(has_nul) {
        None => Ok(()),
        Some(index) => Err(StoreError::NulInText {
            argument: before + index + 1,
        }),
    }
}

impl Connection<'_> {
    /// Every row of the answer. A statement always runs to its end, also when one row is wanted.
    pub async fn fetch_all(self, place: &Place, call: Call) -> Result<Vec<Row>, StoreError> {
        match self {
            Connection::Sqlite(connection) => {
                let rows = connection.fetch_all(sqlite_query(call)).await;
                rows.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            Connection::Postgres(connection) => {
                let rows = connection.fetch_all(postgres_query(call)).await;
                rows.map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        }
        .map_err(|error| place.classify(error))
    }

    /// How many rows the statement changed.
    pub async fn execute(self, place: &Place, call: Call) -> Result<u64, StoreError> {
        match self {
            Connection::Sqlite(connection) => {
                let done = connection.execute(sqlite_query(call)).await;
                done.map(|done| done.rows_affected())
            }
            Connection::Postgres(connection) => {
                let done = connection.execute(postgres_query(call)).await;
                done.map(|done| done.rows_affected())
            }
        }
        .map_err(|error| place.classify(error))
    }

    /// Runs a script of several statements without arguments.
    pub async fn script(self, place: &Place, sql: String) -> Result<(), StoreError> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Connection::Sqlite(connection) => connection.execute(sql).await.map(drop),
            Connection::Postgres(connection) => connection.execute(sql).await.map(drop),
        }
        .map_err(|error| place.classify(error))
    }
}

fn sqlite_query(call: Call) -> Query<'static, Sqlite, SqliteArguments> {
    let query = match call.text {
        Text::Constant(sql) => sqlx::query(sql),
        Text::Once(sql) => sqlx::query(AssertSqlSafe(sql)).persistent(false),
    };
    bind_sqlite(query, call.args)
}

fn postgres_query(call: Call) -> Query<'static, Postgres, PgArguments> {
    let query = match call.text {
        Text::Constant(sql) => sqlx::query(sql),
        Text::Once(sql) => sqlx::query(AssertSqlSafe(sql)).persistent(false),
    };
    bind_postgres(query, call.args, call.columns)
}

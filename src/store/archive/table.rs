//! Reading single tables of a saved store, without putting it in any place.
//!
//! SQLite opens the file as one that nobody ever changes, so nothing is written beside it.
//! PostgreSQL's `pg_restore` writes a table's rows as text, which is read here.

use std::path::Path;
use std::process::Stdio;

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use super::super::error::Place;
use super::super::{Engine, Row, StoreError, StoredId, Value};
use super::address::Address;
use super::{engine_of, file_name, postgres};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// A BIGINT.
    Number,
    /// A TEXT.
    Text,
    /// A BLOB.
    Bytes,
    /// A BOOLEAN.
    Flag,
}

/// A table, and which of its columns to read.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The columns, in the order in which rows are to have them.
    pub columns: &'static [(&'static str, Column)],
}

/// One row of a saved table.
#[derive(Debug)]
pub struct SavedRow(Vec<Value>);

impl SavedRow {
    /// A number.
    pub fn i64(&self, column: usize) -> Result<i64, StoreError> {
        match self.0.get(column) {
            Some(Value::I64(number)) => Ok(*number),
            _ => Err(unreadable(column)),
        }
    }

    /// A text, or none.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::NullText) => Ok(None),
            _ => Err(unreadable(column)),
        }
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.opt_text(column)?.ok_or_else(|| unreadable(column))
    }

    /// A truth value.
    pub fn bool(&self, column: usize) -> Result<bool, StoreError> {
        match self.0.get(column) {
            Some(Value::Bool(truth)) => Ok(*truth),
            _ => Err(unreadable(column)),
        }
    }

    /// An id, or none.
    pub fn opt_id<T: StoredId>(&self, column: usize) -> Result<Option<T>, StoreError> {
        match self.0.get(column) {
            Some(Value::Blob(bytes)) => {
                let bytes = bytes.as_slice().try_into();
                let bytes = bytes.map_err(|_| unreadable(column))?;
                Ok(Some(T::from_stored(bytes)))
            }
            Some(Value::NullBlob) => Ok(None),
            _ => Err(unreadable(column)),
        }
    }

    /// An id.
    pub fn id<T: StoredId>(&self, column: usize) -> Result<T, StoreError> {
        self.opt_id(column)?.ok_or_else(|| unreadable(column))
    }
}

/// Reads a table of the store that was saved into `directory`, row by row. `url` is that of the store
/// it would be put back into.
pub async fn read(
    url: &str,
    directory: &Path,
    table: &Table,
    mut each: impl FnMut(SavedRow),
) -> Result<(), StoreError> {
    let engine = engine_of(url);
    let saved = directory.join(file_name(engine));
    match engine {
        Engine::Sqlite => read_sqlite(&saved, table, &mut each).await,
        Engine::Postgres => read_postgres(url, &saved, table, &mut each).await,
    }
}

async fn read_sqlite(
    saved: &Path,
    table: &Table,
    each: &mut impl FnMut(SavedRow),
) -> Result<(), StoreError> {
    let place = Place {
        engine: Engine::Sqlite,
        name: saved.display().to_string(),
        asking: Default::default(),
    };
    let file = SqliteConnectOptions::new().filename(saved);
    let file = file
        .read_only(true)
        .immutable(true)
        .disable_statement_logging();
    let refused = |error| place.classify(error);
    let mut connection: SqliteConnection = file.connect().await.map_err(refused)?;
    let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let sql = format!("SELECT {} FROM {}", names.join(", "), table.name);
    let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(&mut connection);
    while let Some(row) = rows.try_next().await.map_err(refused)? {
        let row = Row::Sqlite(row);
        let value = |(at, (_, column)): (usize, &(_, Column))| stored(&row, at, *column);
        let values = table.columns.iter().enumerate().map(value);
        each(SavedRow(values.collect::<Result<_, _>>()?));
    }
    drop(rows);
    connection.close().await.map_err(refused)
}

fn stored(row: &Row, at: usize, column: Column) -> Result<Value, StoreError> {
    Ok(match column {
        Column::Number => row.opt_i64(at)?.into(),
        Column::Text => row.opt_text(at)?.into(),
        Column::Bytes => row.opt_blob(at)?.into(),
        Column::Flag => row.opt_bool(at)?.into(),
    })
}

async fn read_postgres(
    url: &str,
    saved: &Path,
    table: &Table,
    each: &mut impl FnMut(SavedRow),
) -> Result<(), StoreError> {
    let address = Address::read(url)?;
    let mut command = address.command("pg_restore");
    command.args(["--data-only", "--file=-"]);
    command.arg(format!("--schema={}", address.schema));
    command.arg(format!("--table={}", table.name)).arg(saved);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = postgres::spawn("pg_restore", &mut command)?;
    let failed = |error: std::io::Error| postgres::tool("pg_restore", error);
    let Some(output) = child.stdout.take() else {
        return Err(postgres::tool("pg_restore", "it gives no output"));
    };
    let mut lines = BufReader::new(output).lines();
    let mut copied = None;
    while let Some(line) = lines.next_line().await.map_err(failed)? {
        match &copied {
            None => copied = places(&line, table),
            Some(_) if line == "\\." => break,
            Some(places) => {
                let fields: Vec<_> = line.split('\t').collect();
                let value = |(at, (_, column)): (&usize, &(_, Column))| {
                    written(fields.get(*at).copied(), *column)
                };
                let values = places.iter().zip(table.columns).map(value);
                let values: Option<_> = values.collect();
                each(SavedRow(values.ok_or_else(|| unreadable(0))?));
            }
        }
    }
    // To its end, so that it does not fail for want of a reader.
    let mut rest = lines.into_inner();
    tokio::io::copy(&mut rest, &mut tokio::io::sink())
        .await
        .map_err(failed)?;
    let mut said = Vec::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_end(&mut said).await.map_err(failed)?;
    }
    let ended = child.wait().await.map_err(failed)?;
    match (ended.success(), copied.is_some()) {
        (true, true) => Ok(()),
        (true, false) => Err(postgres::tool(
            "pg_restore",
            format!("no table {}", table.name),
        )),
        (false, _) => Err(postgres::tool("pg_restore", postgres::first_line(&said))),
    }
}

/// Where the wanted columns stand, from `COPY schema.table (column, …) FROM stdin;`.
fn places(line: &str, table: &Table) -> Option<Vec<usize>> {
    let (name, rest) = line.strip_prefix("COPY ")?.split_once(" (")?;
    let name = name.rsplit('.').next()?.trim_matches('"');
    let (columns, _) = rest.split_once(") FROM stdin;")?;
    let columns: Vec<_> = columns.split(", ").map(|it| it.trim_matches('"')).collect();
    let place = |(wanted, _): &(&str, Column)| columns.iter().position(|it| it == wanted);
    (name == table.name).then(|| table.columns.iter().map(place).collect())?
}

/// A value as COPY writes it.
fn written(field: Option<&str>, column: Column) -> Option<Value> {
    let field = field?;
    if field == "\\N" {
        return Some(match column {
            Column::Number => Value::NullI64,
            Column::Text => Value::NullText,
            Column::Bytes => Value::NullBlob,
            Column::Flag => Value::NullBool,
        });
    }
    Some(match column {
        Column::Number => Value::I64(field.parse().ok()?),
        Column::Text => Value::Text(unescaped(field)?),
        Column::Bytes => Value::Blob(hex::decode(field.strip_prefix("\\\\x")?).ok()?),
        Column::Flag => Value::Bool(field == "t"),
    })
}

fn unescaped(field: &str) -> Option<String> {
    let mut text = String::with_capacity(field.len());
    let mut letters = field.chars();
    while let Some(letter) = letters.next() {
        text.push(match letter {
            '\\' => match letters.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\u{b}',
                other => other,
            },
            letter => letter,
        });
    }
    Some(text)
}

fn unreadable(column: usize) -> StoreError {
    StoreError::Column {
        column,
        wanted: "value of another kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table {
        name: "erasure",
        columns: &[("facts", Column::Text), ("id", Column::Bytes)],
    };

    #[test]
    fn the_head_of_a_copied_table_says_where_its_columns_stand() {
        let head = "COPY desk.erasure (id, \"strict\", facts) FROM stdin;";
        assert_eq!(places(head, &TABLE), Some(vec![2, 0]));
        assert_eq!(
            places("COPY desk.unit (id, facts) FROM stdin;", &TABLE),
            None
        );
        assert_eq!(
            places("SELECT pg_catalog.set_config('x', '', false);", &TABLE),
            None
        );
    }

    #[test]
    fn values_are_read_as_they_were_copied() {
        for (field, column, value) in [
            ("42", Column::Number, Value::I64(42)),
            ("\\N", Column::Number, Value::NullI64),
            (
                "{\"a\":\"b\\\\nc\"}",
                Column::Text,
                Value::Text("{\"a\":\"b\\nc\"}".into()),
            ),
            ("å\\tb\\nc", Column::Text, Value::Text("å\tb\nc".into())),
            ("\\\\x00ff", Column::Bytes, Value::Blob(vec![0, 255])),
            ("t", Column::Flag, Value::Bool(true)),
        ] {
            assert_eq!(written(Some(field), column), Some(value), "{field}");
        }
        assert_eq!(written(Some("x"), Column::Number), None);
        assert_eq!(written(None, Column::Text), None);
    }
}

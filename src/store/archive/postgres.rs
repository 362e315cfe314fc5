//! Saving and putting back a schema on PostgreSQL.
//!
//! Everything a restore does is one transaction of `psql`: the schema in use is dropped, the saved one
//! made from what `pg_restore` writes, looked at, and marked. So whoever looks sees the old data or
//! the new with its mark, whenever a process or the server dies.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

use tokio::io::{AsyncWriteExt, copy};
use tokio::process::{Child, ChildStdin, Command};

use super::super::{Db, Role, StoreError, Value, args, migrate};
use super::Mark;
use super::address::Address;
use crate::vocabulary::fail_point;

pub(super) async fn dump(url: &str, target: &Path) -> Result<(), StoreError> {
    let address = Address::read(url)?;
    let mut command = address.command("pg_dump");
    command.args([
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        "--no-password",
    ]);
    command.arg(format!("--schema={}", address.schema));
    // Written by us, so that it is its owner's alone from the first moment.
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(target);
    let failed = |error: io::Error| tool("pg_dump", error);
    let file = file.map_err(failed)?;
    command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(Stdio::piped());
    let saved = spawn("pg_dump", &mut command)?.wait_with_output().await;
    said("pg_dump", &saved.map_err(failed)?)?;
    let synced = File::open(target).and_then(|file| file.sync_all());
    synced.map_err(failed)
}

pub(super) async fn put_back(
    url: &str,
    role: Role,
    saved: &Path,
    marks: Vec<Mark>,
) -> Result<(), StoreError> {
    let address = Address::read(url)?;
    let mut reader = address.command("pg_restore");
    reader.args(["--no-owner", "--no-privileges", "--file=-"]);
    reader
        .arg(format!("--schema={}", address.schema))
        .arg(saved);
    reader
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut writer = address.command("psql");
    writer.args([
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "--set=ON_ERROR_STOP=1",
    ]);
    writer
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let reader = spawn("pg_restore", &mut reader)?;
    let mut writer = spawn("psql", &mut writer)?;
    let Some(script) = writer.stdin.take() else {
        return Err(tool("psql", "it takes no input"));
    };
    let begin = begin(&address.schema);
    let end = end(&address.schema, role, &marks);
    let (fed, written) = tokio::join!(feed(script, begin, reader, end), writer.wait_with_output());
    let written = written.map_err(|error| tool("psql", error))?;
    match written.status.code() {
        Some(0) => fed?,
        // The server refused a statement, and so all of them.
        Some(3) => said("psql", &written)?,
        _ => {
            let reason = first_line(&written.stderr);
            return Err(StoreError::RestoreUnknown { reason });
        }
    }
    fail_point("restore:exchanged");
    Ok(())
}

/// Writes the transaction. Whatever keeps its last word from being written undoes all of it.
async fn feed(
    mut script: ChildStdin,
    begin: String,
    mut reader: Child,
    end: String,
) -> Result<(), StoreError> {
    let stopped = |error: io::Error| tool("psql", error);
    script.write_all(begin.as_bytes()).await.map_err(stopped)?;
    script.flush().await.map_err(stopped)?;
    fail_point("restore:aside");
    let Some(mut dump) = reader.stdout.take() else {
        return Err(tool("pg_restore", "it gives no output"));
    };
    let copied = async {
        let copied = copy(&mut dump, &mut script).await.map_err(stopped);
        drop(dump); // Nobody listens any more: it must not wait for us.
        copied
    };
    let (copied, read) = tokio::join!(copied, reader.wait_with_output());
    copied?;
    said(
        "pg_restore",
        &read.map_err(|error| tool("pg_restore", error))?,
    )?;
    fail_point("restore:loaded");
    script.write_all(end.as_bytes()).await.map_err(stopped)?;
    script.flush().await.map_err(stopped)?;
    fail_point("restore:marked");
    script.write_all(b"COMMIT;\n").await.map_err(stopped)?;
    script.shutdown().await.map_err(stopped)
}

/// Dropped inside the transaction, so until it commits everybody else sees the schema as it was.
fn begin(schema: &str) -> String {
    format!(
        "BEGIN;\n\
         SET LOCAL lock_timeout = '30s';\n\
         SELECT set_config('synchronous_commit', 'on', true)\n\
           WHERE current_setting('synchronous_commit') IN ('off', 'local');\n\
         DROP SCHEMA IF EXISTS \"{schema}\" CASCADE;\n\
         CREATE SCHEMA \"{schema}\";\n"
    )
}

/// Refuses what this program could not open afterwards, and marks the rest.
fn end(schema: &str, role: Role, marks: &[Mark]) -> String {
    let known: Vec<_> = migrate::embedded(role)
        .iter()
        .map(|file| {
            format!(
                "({}, '\\x{}'::bytea)",
                file.version,
                hex::encode(&file.checksum)
            )
        })
        .collect();
    let known = known.join(", ");
    let marks: String = marks.iter().map(run).collect();
    format!(
        "SET search_path = \"{schema}\";\n\
         DO $gallra$ BEGIN\n\
           IF EXISTS (SELECT FROM schema_migration\n\
             WHERE (version, CAST(checksum AS bytea)) NOT IN (VALUES {known})) THEN\n\
             RAISE EXCEPTION 'another release of Gallra made this backup';\n\
           END IF;\n\
         END $gallra$;\n\
         {marks}"
    )
}

fn run((sql, arguments): &Mark) -> String {
    let arguments: Vec<_> = arguments.iter().map(literal).collect();
    let arguments = arguments.join(", ");
    format!(
        "PREPARE gallra_mark AS {sql};\n\
         EXECUTE gallra_mark({arguments});\n\
         DEALLOCATE gallra_mark;\n"
    )
}

fn literal(value: &Value) -> String {
    match value {
        Value::I64(number) => number.to_string(),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Blob(bytes) => format!("'\\x{}'", hex::encode(bytes)),
        Value::Bool(truth) => truth.to_string(),
        Value::NullI64 | Value::NullText | Value::NullBlob | Value::NullBool => "NULL".to_owned(),
    }
}

const SCHEMAS: &str = "SELECT nspname FROM pg_namespace \
    WHERE nspname = current_schema() || '_before_restore'";

/// Releases before this one moved the schema in use aside.
pub(super) async fn left_over(db: &Db) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for row in db.fetch_all(SCHEMAS, args![]).await? {
        found.push(format!(
            "schema {0} is the data from before a restore that was cut off, and may be newer than \
             what is in use: take a dump of it, then `DROP SCHEMA {0} CASCADE`",
            row.text(0)?
        ));
    }
    Ok(found)
}

pub(super) fn spawn(name: &'static str, command: &mut Command) -> Result<Child, StoreError> {
    command.spawn().map_err(|error| tool(name, error))
}

fn said(name: &'static str, output: &Output) -> Result<(), StoreError> {
    match output.status.success() {
        true => Ok(()),
        false => Err(tool(name, first_line(&output.stderr))),
    }
}

/// The first line only: the next ones may quote a row.
pub(super) fn first_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    said.lines().next().unwrap_or("no reason given").to_owned()
}

pub(super) fn tool(tool: &'static str, reason: impl ToString) -> StoreError {
    StoreError::Tool {
        tool,
        reason: reason.to_string(),
    }
}

//! Saving a whole store to a file while it is in use, and putting such a file back in its place.
//!
//! SQLite: `VACUUM INTO`, and a rename. PostgreSQL: its own `pg_dump` and `pg_restore`, given the
//! address without the password, which goes through the environment where no process list shows it.
//! What was there before is kept until the restored store stands in its place.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection};
use tokio::process::Command;
use url::Url;

use super::{Db, Engine, Role, StoreError, Value, make_directory};

/// The file's name in a backup directory.
pub fn file_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "data.db",
        Engine::Postgres => "data.dump",
    }
}

/// Saves the store, as it is at one moment, into `directory`; answers the file.
pub async fn save(db: &Db, url: &str, directory: &Path) -> Result<PathBuf, StoreError> {
    let target = directory.join(file_name(db.engine()));
    match db.engine() {
        Engine::Sqlite => db.copy_to(&target).await?,
        Engine::Postgres => dump(url, &target).await?,
    }
    Ok(target)
}

/// Puts a saved store in the place that `url` names, and runs `mark` in it before anything else can
/// open it there. Nobody may have it open.
///
/// Killed at any moment, this leaves the old store, the new one, or none, which is refused as
/// missing; never one of the two with the other's log. Running it again finishes it.
pub async fn put_back(
    url: &str,
    role: Role,
    directory: &Path,
    mark: (&'static str, Vec<Value>),
) -> Result<(), StoreError> {
    if !url.starts_with("sqlite:") {
        return load(
            url,
            role,
            &directory.join(file_name(Engine::Postgres)),
            mark,
        )
        .await;
    }
    let parsed = SqliteConnectOptions::from_str(url).map_err(|_| StoreError::BadUrl {
        url: url.to_owned(),
    })?;
    let target = parsed.get_filename();
    let fresh = beside(target, ".restoring");
    let failed = |error| tool("putting the file in place", error);
    let saved = directory.join(file_name(Engine::Sqlite));
    prepare(&saved, &fresh).map_err(failed)?;
    let address = url.split('?').next().unwrap_or(url);
    run_mark(&format!("{address}.restoring"), role, mark).await?;
    exchange(&fresh, target).map_err(failed)
}

/// Brings a store that was just saved or restored up to date and marks it.
async fn run_mark(
    url: &str,
    role: Role,
    (sql, arguments): (&'static str, Vec<Value>),
) -> Result<(), StoreError> {
    let db = Db::open_existing(url, role).await?;
    db.migrate().await?;
    db.execute(sql, arguments).await?;
    db.checkpoint(Duration::from_secs(5)).await?;
    db.close().await;
    Ok(())
}

fn prepare(saved: &Path, fresh: &Path) -> io::Result<()> {
    if let Some(directory) = fresh.parent() {
        make_directory(directory)?;
    }
    for ending in ["", "-wal", "-shm"] {
        remove(&beside(fresh, ending))?;
    }
    fs::copy(saved, fresh).map(drop)
}

/// The old file goes aside before its log does, and the new one comes last: at no moment does a
/// store stand there without the log that belongs to it.
fn exchange(fresh: &Path, target: &Path) -> io::Result<()> {
    File::open(fresh)?.sync_all()?;
    for ending in ["-wal", "-shm"] {
        remove(&beside(fresh, ending))?;
    }
    for ending in ["", "-wal", "-shm"] {
        let aside = beside(target, &format!(".before-restore{ending}"));
        match fs::rename(beside(target, ending), aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(fresh, target)?;
    if let Some(directory) = target.parent() {
        File::open(directory)?.sync_all()?;
    }
    for ending in ["", "-wal", "-shm"] {
        remove(&beside(target, &format!(".before-restore{ending}")))?;
    }
    Ok(())
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn dump(url: &str, target: &Path) -> Result<(), StoreError> {
    let address = Address::read(url)?;
    let mut command = address.command("pg_dump");
    command.args(["--format=custom", "--no-owner", "--no-privileges"]);
    command
        .arg(format!("--schema={}", address.schema))
        .arg("--file")
        .arg(target);
    run("pg_dump", command).await
}

/// Restores beside the schema in use and exchanges the two, so that a dump that does not restore
/// changes nothing.
async fn load(
    url: &str,
    role: Role,
    saved: &Path,
    mark: (&'static str, Vec<Value>),
) -> Result<(), StoreError> {
    let address = Address::read(url)?;
    let schema = &address.schema;
    let aside = format!("{schema}_before_restore");
    let mut server = PgConnection::connect(url)
        .await
        .map_err(|error| tool("connecting", error))?;
    move_aside(&mut server, schema, &aside).await?;
    let mut command = address.command("pg_restore");
    command.args([
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--exit-on-error",
    ]);
    command.arg(format!("--schema={schema}")).arg(saved);
    let restored = match run("pg_restore", command).await {
        Ok(()) => run_mark(url, role, mark).await,
        failed => failed,
    };
    let then = match restored {
        Ok(()) => format!("DROP SCHEMA \"{aside}\" CASCADE"),
        Err(_) => format!(
            "DROP SCHEMA \"{schema}\" CASCADE; ALTER SCHEMA \"{aside}\" RENAME TO \"{schema}\""
        ),
    };
    let exchanged = server.execute(AssertSqlSafe(then)).await;
    restored?;
    exchanged.map_err(|error| tool("removing the old schema", error))?;
    server
        .close()
        .await
        .map_err(|error| tool("disconnecting", error))
}

async fn move_aside(
    server: &mut PgConnection,
    schema: &str,
    aside: &str,
) -> Result<(), StoreError> {
    // A schema aside is the original of a restore that was cut off: it must not be lost.
    let there = "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_namespace WHERE nspname = $1";
    let there: i64 = sqlx::query_scalar(there)
        .bind(aside)
        .fetch_one(&mut *server)
        .await
        .map_err(|error| tool("looking for an earlier restore", error))?;
    let away = match there {
        0 => format!("ALTER SCHEMA \"{schema}\" RENAME TO \"{aside}\""),
        _ => format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"),
    };
    let text = format!("{away}; CREATE SCHEMA \"{schema}\"");
    let moved = server.execute(AssertSqlSafe(text)).await;
    moved.map_err(|error| tool("moving the schema aside", error))?;
    Ok(())
}

/// A PostgreSQL address for its own programs.
struct Address {
    shown: String,
    password: Option<String>,
    schema: String,
}

impl Address {
    fn read(url: &str) -> Result<Self, StoreError> {
        let refuse = || StoreError::BadUrl {
            url: "the address of the data store".to_owned(),
        };
        let mut parsed = Url::parse(url).map_err(|_| refuse())?;
        let password = parsed.password().map(percent_decode);
        parsed.set_password(None).map_err(|()| refuse())?;
        let options = parsed.query_pairs().find(|(name, _)| name == "options");
        let path = options.and_then(|(_, value)| {
            let path = value.split("search_path=").nth(1)?.to_owned();
            path.split([' ', ',']).next().map(str::to_owned)
        });
        let schema = path.unwrap_or_else(|| "public".to_owned());
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if schema.is_empty() || !schema.chars().all(plain) {
            return Err(refuse());
        }
        parsed.set_query(None);
        Ok(Self {
            shown: parsed.to_string(),
            password,
            schema,
        })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .arg("--dbname")
            .arg(&self.shown)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password);
        }
        command
    }
}

fn percent_decode(text: &str) -> String {
    let pair = format!("p={}", text.replace('+', "%2B"));
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
    decoded
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

async fn run(name: &'static str, mut command: Command) -> Result<(), StoreError> {
    let output = command.output().await.map_err(|error| tool(name, error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(tool(name, said.lines().next().unwrap_or("no reason given")))
}

fn tool(tool: &'static str, reason: impl ToString) -> StoreError {
    StoreError::Tool {
        tool,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password_and_with_its_schema() {
        let url = "postgres://anna:p%40ss@db/gallra?options=-c%20search_path%3Ddesk";
        let address = Address::read(url).unwrap();
        assert_eq!(address.shown, "postgres://anna@db/gallra");
        assert_eq!(address.password.as_deref(), Some("p@ss"));
        assert_eq!(address.schema, "desk");
        assert_eq!(
            Address::read("postgres://db/gallra").unwrap().schema,
            "public"
        );
        assert!(Address::read("postgres://db/x?options=-c%20search_path%3Da%22b").is_err());
    }
}

//! Saving a whole store to a file while it is in use, and putting such a file back in its place.
//!
//! SQLite: `VACUUM INTO`, and a rename. PostgreSQL: its own `pg_dump`, `pg_restore` and `psql`, which
//! get the address through the environment, where no process list shows a password. What stood there
//! before stands there until the restored store, marked, takes its place.

mod address;
mod postgres;
mod sqlite;
mod table;

use std::path::{Path, PathBuf};

pub(super) use sqlite::is_cut_off;
pub use table::{Column, SavedRow, Table, read};

use super::{Db, Engine, Role, StoreError, Value};

/// What is run in a store that is put back before it stands in its place: a statement, its arguments.
pub type Mark = (&'static str, Vec<Value>);

/// The file's name in a backup directory.
pub fn file_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "data.db",
        Engine::Postgres => "data.dump",
    }
}

/// Which engine an address leads to.
pub fn engine_of(url: &str) -> Engine {
    match url.starts_with("sqlite:") {
        true => Engine::Sqlite,
        false => Engine::Postgres,
    }
}

/// The schema that an address on PostgreSQL leads to: a saved store can only be put back into one of
/// the same name. SQLite has none.
pub fn schema(url: &str) -> Result<Option<String>, StoreError> {
    match engine_of(url) {
        Engine::Sqlite => Ok(None),
        Engine::Postgres => Ok(Some(address::Address::read(url)?.schema)),
    }
}

/// Saves the store, as it is at one moment, into `directory`; answers the file.
pub async fn save(db: &Db, url: &str, directory: &Path) -> Result<PathBuf, StoreError> {
    let target = directory.join(file_name(db.engine()));
    match db.engine() {
        Engine::Sqlite => db.copy_to(&target).await?,
        Engine::Postgres => postgres::dump(url, &target).await?,
    }
    Ok(target)
}

/// Puts a saved store in the place that `url` names, and runs `marks` in it before anything else can
/// open it there. Nobody may have it open, nor open it meanwhile.
///
/// Killed at any moment, this leaves the old store or the new one with its marks; on SQLite, for an
/// instant, none, which is refused as cut off. Running it again finishes it.
pub async fn put_back(
    url: &str,
    role: Role,
    directory: &Path,
    marks: Vec<Mark>,
) -> Result<(), StoreError> {
    let engine = engine_of(url);
    let saved = directory.join(file_name(engine));
    match engine {
        Engine::Sqlite => sqlite::put_back(url, role, &saved, marks).await,
        Engine::Postgres => postgres::put_back(url, role, &saved, marks).await,
    }
}

/// What restores that were cut off left beside the store: each with what to do about it.
pub async fn left_over(db: &Db) -> Result<Vec<String>, StoreError> {
    match db.engine() {
        Engine::Sqlite => Ok(sqlite::left_over(Path::new(db.place()))),
        Engine::Postgres => postgres::left_over(db).await,
    }
}

//! A copy of a SQLite store, taken while it is in use.

use std::fs::{File, remove_file};
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _, Executor};

use super::db::Pools;
use super::error::Place;
use super::{Db, Engine, StoreError, open};

pub(super) async fn run(db: &Db, target: &Path) -> Result<(), StoreError> {
    let Pools::Sqlite { writer, .. } = &db.pools else {
        return Err(StoreError::CopyOnPostgres {
            store: db.place.name.clone(),
        });
    };
    let place = Place {
        engine: Engine::Sqlite,
        name: target.display().to_string(),
        asking: Default::default(),
    };
    if target.exists() {
        return Err(StoreError::CopyExists { target: place.name });
    }
    // SQLite fills an empty file; this one is its owner's alone from the first moment.
    open::create_file(target).map_err(|error| place.io(error))?;
    let copied = fill(&writer.connect_options(), &place.name).await;
    if let Err(error) = copied {
        let _ = remove_file(target); // Half a copy is worse than none.
        return Err(place.classify(error));
    }
    // SQLite does not make such a copy durable by itself.
    let synced = File::open(target).and_then(|copy| copy.sync_all());
    synced.map_err(|error| place.io(error))
}

async fn fill(from: &SqliteConnectOptions, target: &str) -> Result<(), sqlx::Error> {
    let mut connection = from.connect().await?;
    let vacuum = sqlx::query("VACUUM INTO $1").bind(target.to_owned());
    connection.execute(vacuum).await?;
    connection.close().await
}

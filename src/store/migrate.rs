//! Migrations: one folder per role, one text for both engines, embedded in the program.
//!
//! A file `NNNN_what.sql` in `migrations/ROLE` runs once, in the order of its number. All that wait
//! run in one transaction, so a store is never between two versions, and a lock held by that
//! transaction makes a second process wait and then find nothing to do. A file that ran may not be
//! edited: its checksum is stored beside its number, and another one is refused.

use sqlx::migrate::Migrator;

use super::{Db, Engine, Role, StoreError, Tx, args};

static DATA: Migrator = sqlx::migrate!("migrations/data");
static VAULT: Migrator = sqlx::migrate!("migrations/vault");
static INDEX: Migrator = sqlx::migrate!("migrations/index");

/// One embedded file.
#[derive(Debug, Clone)]
pub(super) struct Migration {
    pub version: i64,
    pub name: String,
    pub sql: &'static str,
    pub checksum: Vec<u8>,
}

/// The files of one role, in order.
pub(super) fn embedded(role: Role) -> Vec<Migration> {
    let migrator = match role {
        Role::Data => &DATA,
        Role::Vault => &VAULT,
        Role::Index => &INDEX,
    };
    migrator
        .iter()
        .map(|file| Migration {
            version: file.version,
            name: file.description.to_string(),
            sql: file.sql.as_str(),
            checksum: file.checksum.to_vec(),
        })
        .collect()
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration \
    (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum blob NOT NULL)";
const APPLIED: &str = "SELECT version, checksum FROM schema_migration ORDER BY version";
const RECORD: &str = "INSERT INTO schema_migration (version, name, checksum) VALUES ($1, $2, $3)";

/// PostgreSQL has no type `blob`; with this domain one text serves both engines.
const BLOB: &str = "CREATE DOMAIN blob AS bytea";
const HAS_BLOB: &str = "SELECT COUNT(*) FROM pg_type t JOIN pg_namespace n \
    ON n.oid = t.typnamespace WHERE t.typname = 'blob' AND n.nspname = current_schema()";
/// One migration at a time per schema; the lock ends with the transaction.
const LOCK: &str =
    "SELECT CAST(pg_advisory_xact_lock(hashtext('gallra ' || current_schema())) AS TEXT)";

pub(super) async fn run(db: &Db, migrations: Vec<Migration>) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    if db.engine() == Engine::Postgres {
        tx.fetch_all(LOCK, args![]).await?;
        if tx.fetch_one(HAS_BLOB, args![]).await?.i64(0)? == 0 {
            tx.script(BLOB).await?;
        }
    }
    tx.script(TABLE).await?;
    let applied = applied(&mut tx).await?;
    check(db, &migrations, &applied)?;
    for migration in migrations
        .iter()
        .filter(|file| !is_in(file.version, &applied))
    {
        tx.script(migration.sql).await?;
        let record = args![migration.version, &migration.name, &migration.checksum];
        tx.execute(RECORD, record).await?;
    }
    tx.commit().await
}

async fn applied(tx: &mut Tx) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let rows = tx.fetch_all(APPLIED, args![]).await?;
    rows.iter()
        .map(|row| Ok((row.i64(0)?, row.blob(1)?)))
        .collect()
}

fn is_in(version: i64, applied: &[(i64, Vec<u8>)]) -> bool {
    applied.iter().any(|(done, _)| *done == version)
}

/// What ran here must be known to this program, with the same text.
fn check(db: &Db, migrations: &[Migration], applied: &[(i64, Vec<u8>)]) -> Result<(), StoreError> {
    for (version, checksum) in applied {
        let store = db.place().to_owned();
        match migrations.iter().find(|file| file.version == *version) {
            None => {
                return Err(StoreError::MigrationUnknown {
                    store,
                    version: *version,
                });
            }
            Some(file) if file.checksum != *checksum => {
                return Err(StoreError::MigrationChanged {
                    store,
                    version: *version,
                });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Whether migrations ever ran here.
pub(super) async fn is_initialised(db: &Db) -> Result<bool, StoreError> {
    const SQLITE: &str = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_migration'";
    const POSTGRES: &str = "SELECT COUNT(*) FROM pg_tables \
        WHERE tablename = 'schema_migration' AND schemaname = current_schema()";
    let sql = match db.engine() {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    Ok(db.fetch_one(sql, args![]).await?.i64(0)? > 0)
}

//! Migrations: one folder per role, one text for both engines, embedded in the program.
//!
//! A file `NNNN_what.sql` in `migrations/ROLE` runs once, in the order of its number. All that wait
//! run in one transaction, so a store is never between two versions, and a lock held by that
//! transaction makes a second process wait and then find nothing to do. A file that ran may not be
//! edited: its checksum is stored beside its number, and another one is refused.
//!
//! A table of small rows that are found by their whole key may end in `/* SQLite: WITHOUT ROWID */`:
//! SQLite then keeps it in its primary key and not in a second tree.

use sqlx::migrate::Migrator;

use super::{Db, Engine, Role, Row, StoreError, args};

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

/// What only SQLite can be told about a table; PostgreSQL reads it as a comment.
const ROWLESS: (&str, &str) = ("/* SQLite: WITHOUT ROWID */", "WITHOUT ROWID");

impl Migration {
    /// The text as an engine runs it.
    fn text(&self, engine: Engine) -> String {
        match engine {
            Engine::Sqlite => self.sql.replace(ROWLESS.0, ROWLESS.1),
            Engine::Postgres => self.sql.to_owned(),
        }
    }
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
    (version BIGINT PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL, checksum blob NOT NULL)";
const APPLIED: &str = "SELECT version, checksum, role FROM schema_migration ORDER BY version";
const RECORD: &str =
    "INSERT INTO schema_migration (version, role, name, checksum) VALUES ($1, $2, $3, $4)";

/// PostgreSQL has no type `blob`; with this domain one text serves both engines.
const BLOB: &str = "CREATE DOMAIN blob AS bytea";
const HAS_BLOB: &str = "SELECT COUNT(*) FROM pg_type t JOIN pg_namespace n \
    ON n.oid = t.typnamespace WHERE t.typname = 'blob' AND n.nspname = current_schema()";
/// One migration at a time per schema; the lock ends with the transaction.
const LOCK: &str =
    "SELECT CAST(pg_advisory_xact_lock(hashtext('gallra ' || current_schema())) AS TEXT)";

/// A migration that ran here.
struct Applied {
    version: i64,
    checksum: Vec<u8>,
}

pub(super) async fn run(db: &Db, migrations: Vec<Migration>) -> Result<(), StoreError> {
    if is_up_to_date(db, &migrations).await? {
        return Ok(()); // Without a write, which on SQLite would wait for whoever is writing.
    }
    refuse_without_schema(db).await?;
    let mut tx = db.begin().await?;
    if db.engine() == Engine::Postgres {
        tx.fetch_all(LOCK, args![]).await?;
        if tx.fetch_one(HAS_BLOB, args![]).await?.i64(0)? == 0 {
            tx.script(BLOB.to_owned()).await?;
        }
    }
    tx.script(TABLE.to_owned()).await?;
    let applied = read(db, tx.fetch_all(APPLIED, args![]).await?)?;
    check(db, &migrations, &applied)?;
    let waits = |file: &&Migration| applied.iter().all(|done| done.version != file.version);
    for file in migrations.iter().filter(waits) {
        tx.script(file.text(db.engine())).await?;
        let record = args![file.version, db.role.name(), &file.name, &file.checksum];
        tx.execute(RECORD, record).await?;
    }
    tx.commit().await
}

/// What ran here, if this store is of the role it was opened for: two addresses may be swapped.
fn read(db: &Db, rows: Vec<Row>) -> Result<Vec<Applied>, StoreError> {
    let mut applied = Vec::with_capacity(rows.len());
    for row in rows {
        let role = row.text(2)?;
        if role != db.role.name() {
            let store = db.place().to_owned();
            return Err(StoreError::OtherRole {
                store,
                role,
                wanted: db.role.name(),
            });
        }
        applied.push(Applied {
            version: row.i64(0)?,
            checksum: row.blob(1)?,
        });
    }
    Ok(applied)
}

/// What ran here must be known to this program, with the same text.
fn check(db: &Db, migrations: &[Migration], applied: &[Applied]) -> Result<(), StoreError> {
    for done in applied {
        let (store, version) = (db.place().to_owned(), done.version);
        match migrations.iter().find(|file| file.version == version) {
            None => return Err(StoreError::MigrationUnknown { store, version }),
            Some(file) if file.checksum != done.checksum => {
                return Err(StoreError::MigrationChanged { store, version });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Whether every migration ran here already.
async fn is_up_to_date(db: &Db, migrations: &[Migration]) -> Result<bool, StoreError> {
    if !has_table(db).await? {
        return Ok(false);
    }
    let applied = read(db, db.fetch_all(APPLIED, args![]).await?)?;
    check(db, migrations, &applied)?;
    Ok(applied.len() == migrations.len())
}

/// Whether migrations ever ran here; those of another role are an error.
pub(super) async fn is_initialised(db: &Db) -> Result<bool, StoreError> {
    if !has_table(db).await? {
        return Ok(false);
    }
    Ok(!read(db, db.fetch_all(APPLIED, args![]).await?)?.is_empty())
}

/// On PostgreSQL an address may name a schema that nobody made. Then nothing can be made here either,
/// and to say "run `gallra init`" would send people in a circle.
pub(super) async fn refuse_without_schema(db: &Db) -> Result<(), StoreError> {
    const SCHEMA: &str = "SELECT current_schema() IS NULL, current_setting('search_path')";
    if db.engine() == Engine::Sqlite {
        return Ok(());
    }
    let row = db.fetch_one(SCHEMA, args![]).await?;
    match row.bool(0)? {
        false => Ok(()),
        true => Err(StoreError::NoSchema {
            store: db.place().to_owned(),
            schema: row.text(1)?,
        }),
    }
}

async fn has_table(db: &Db) -> Result<bool, StoreError> {
    const SQLITE: &str = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'schema_migration'";
    const POSTGRES: &str = "SELECT COUNT(*) FROM pg_tables \
        WHERE tablename = 'schema_migration' AND schemaname = current_schema()";
    let sql = match db.engine() {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    Ok(db.fetch_one(sql, args![]).await?.i64(0)? > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: i64, sql: &'static str) -> Migration {
        Migration {
            version,
            name: "test".to_owned(),
            sql,
            checksum: sql.into(),
        }
    }

    #[tokio::test]
    async fn what_fails_half_way_leaves_nothing_and_runs_again() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/store.db", directory.path().display());
        let db = Db::open(&url, Role::Data).await.unwrap();
        let first = file(1, "CREATE TABLE a (id BIGINT); CREATE TABLE b (id BIGINT);");
        let wrong = file(2, "CREATE TABLE c (id BIGINT); CREATE TABEL d (id BIGINT);");
        let failed = run(&db, vec![first.clone(), wrong]).await;
        assert!(
            matches!(failed, Err(StoreError::Refused { .. })),
            "{failed:?}"
        );
        assert!(!is_initialised(&db).await.unwrap());

        let mended = file(2, "CREATE TABLE c (id BIGINT); CREATE TABLE d (id BIGINT);");
        run(&db, vec![first, mended]).await.unwrap();
        assert!(is_initialised(&db).await.unwrap());
        for table in ["SELECT id FROM a", "SELECT id FROM b", "SELECT id FROM d"] {
            assert!(db.fetch_all(table, args![]).await.unwrap().is_empty());
        }
    }

    #[test]
    fn no_two_files_have_one_number() {
        for role in [Role::Data, Role::Vault, Role::Index] {
            let versions: Vec<i64> = embedded(role).iter().map(|file| file.version).collect();
            assert!(!versions.is_empty());
            assert!(
                versions.is_sorted_by(|one, next| one < next),
                "{role:?}: {versions:?}"
            );
        }
    }
}

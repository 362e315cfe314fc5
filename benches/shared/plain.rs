//! The baseline: the same records in plaintext, in one store, through sqlx alone.
//!
//! It does what an importer without encryption would do: the same unique external ids, the same
//! search rows over the same normal forms, the same secondary indexes, the same batches in one
//! durable transaction each, the fastest statements we know on each engine. It has no units, no key
//! leases, no second store.

mod reading;
mod tables;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use gallra::keyring::normalise;
use gallra::store::Engine;
use gallra::vocabulary::{Neighbourhood, Personal, Random, SystemRandom};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::SqliteSynchronous;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Executor, Row};
use tokio::sync::OwnedMutexGuard;

use self::tables::{AUDIT, CASES, CONTACTS, Cell, MESSAGES, Record, SCHEMA, SEARCH, Search};
use crate::support::{Bench, server};

/// Records of one transaction, as many as ours.
const BATCH: usize = 1_000;

macro_rules! bind {
    ($query:expr, $cells:expr) => {
        $cells.into_iter().fold($query, |query, cell| match cell {
            Cell::Int(it) => query.bind(it),
            Cell::Text(it) => query.bind(it),
            Cell::NoText => query.bind(None::<String>),
            Cell::Bytes(it) => query.bind(it),
        })
    };
}

enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

enum Tx {
    /// With the turn to write: waiting for it is cheaper than SQLite's own way, asking again and again.
    Sqlite(
        sqlx::Transaction<'static, sqlx::Sqlite>,
        OwnedMutexGuard<()>,
    ),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    async fn commit(self) {
        match self {
            Tx::Sqlite(tx, _) => tx.commit().await,
            Tx::Postgres(tx) => tx.commit().await,
        }
        .expect("it is committed");
    }
}

/// A plaintext store.
pub struct Plain {
    pool: Pool,
    schema: String,
    /// Texts by statement and number of rows, so that each is built and prepared once.
    texts: Mutex<HashMap<(&'static str, usize), &'static str>>,
    writer: Arc<tokio::sync::Mutex<()>>,
    tenant: [u8; 16],
}

impl Plain {
    /// An empty store beside ours, on the same disk or server.
    pub async fn new(bench: &Bench) -> Self {
        let schema = format!("plain_{}", std::process::id());
        let pool = match bench.engine() {
            Engine::Sqlite => {
                let file = SqliteConnectOptions::new()
                    .filename(bench.directory().join("plain.db"))
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("cache_size", "-16384")
                    .pragma("wal_autocheckpoint", "4000");
                let pool = SqlitePoolOptions::new().max_connections(4);
                Pool::Sqlite(pool.connect_with(file).await.expect("the file opens"))
            }
            Engine::Postgres => {
                let options: PgConnectOptions = server().parse().expect("a server's address");
                let options = options.options([("search_path", schema.as_str())]);
                let pool = PgPoolOptions::new().max_connections(8);
                Pool::Postgres(
                    pool.connect_with(options)
                        .await
                        .expect("the server answers"),
                )
            }
        };
        let mut tenant = [0; 16];
        SystemRandom.fill(&mut tenant);
        let plain = Self {
            pool,
            schema,
            texts: Mutex::default(),
            writer: Arc::default(),
            tenant,
        };
        plain.make().await;
        plain
    }

    async fn make(&self) {
        match &self.pool {
            Pool::Sqlite(pool) => drop(pool.execute(SCHEMA).await.expect("the schema is made")),
            Pool::Postgres(pool) => {
                let schema = &self.schema;
                let tables = SCHEMA.replace("BLOB", "BYTEA");
                let text = format!(
                    "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; {tables}"
                );
                let made = pool.execute(sqlx::raw_sql(AssertSqlSafe(text))).await;
                made.expect("the schema is made");
            }
        }
    }

    /// Removes what [`Plain::new`] made on a server.
    pub async fn remove(self) {
        match self.pool {
            Pool::Sqlite(pool) => pool.close().await,
            Pool::Postgres(pool) => {
                let text = format!("DROP SCHEMA {} CASCADE", self.schema);
                pool.execute(AssertSqlSafe(text)).await.expect("it goes");
                pool.close().await;
            }
        }
    }

    /// Imports gallra NDJSON.
    pub async fn import(&self, text: &str) {
        let records = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("a record"));
        let mut records = records.peekable();
        while records.peek().is_some() {
            let batch: Vec<Record> = records.by_ref().take(BATCH).collect();
            self.write(batch).await;
        }
    }

    async fn write(&self, batch: Vec<Record>) {
        let mut tx = self.begin().await;
        let ids = Neighbourhood::draw(&SystemRandom); // As ours are.
        let (contacts, search) = self.contact_rows(&batch, ids);
        let contacts = self.ids(&mut tx, CONTACTS, contacts).await;
        let cases = self.case_rows(&batch, ids, &contacts);
        let cases = self.ids(&mut tx, CASES, cases).await;
        let tenant = Cell::Bytes(self.tenant.to_vec());
        let messages = batch.into_iter().filter(|it| it.kind == "message");
        let messages = messages.map(|it| {
            vec![
                new_id(ids),
                tenant.clone(),
                Cell::Text(it.external_id),
                Cell::Bytes(cases[&it.case].clone()),
                Cell::Bytes(contacts[&it.contact].clone()),
                it.author.into(),
                Cell::Text(it.body),
                Cell::Text(it.direction),
                Cell::Text(it.channel),
                Cell::Int(it.sent_at.map_or(0, |at| at.0)),
            ]
        });
        let messages = messages.collect();
        self.execute(&mut tx, MESSAGES, messages).await;
        let search = search.into_iter().map(|it| {
            let contact = Cell::Bytes(contacts[&it.external_id].clone());
            vec![
                tenant.clone(),
                Cell::Int(it.field),
                Cell::Text(it.value),
                contact,
            ]
        });
        let search = search.collect();
        self.execute(&mut tx, SEARCH, search).await;
        let audit = vec![new_id(ids), Cell::Int(0), Cell::Text("a batch".to_owned())];
        self.execute(&mut tx, AUDIT, vec![audit]).await;
        tx.commit().await;
    }

    /// Rows of the contacts that a batch brings or names, and what they are searched by.
    fn contact_rows(&self, batch: &[Record], ids: Neighbourhood) -> (Vec<Vec<Cell>>, Vec<Search>) {
        let mut contacts: BTreeMap<&str, Option<&Record>> = BTreeMap::new();
        let mut search = Vec::new();
        for record in batch {
            if record.kind != "contact" {
                contacts.entry(&record.contact).or_insert(None);
                continue;
            }
            contacts.insert(&record.external_id, Some(record));
            let mut found = |field, value: &Personal| {
                search.push(Search {
                    field,
                    value: value.expose().to_owned(),
                    external_id: record.external_id.clone(),
                });
            };
            let email = record.email.as_deref().and_then(normalise::email);
            email.iter().for_each(|it| found(2, it));
            let phone = record.phone.as_deref();
            let phone = phone.and_then(|it| normalise::phone(it, "SE"));
            phone.iter().for_each(|it| found(3, it));
            let words = record.name.as_deref().map(normalise::name_words);
            words.iter().flatten().for_each(|it| found(4, it));
        }
        let rows = contacts.into_iter().map(|(external_id, record)| {
            let field = |of: fn(&Record) -> &Option<String>| record.and_then(|it| of(it).clone());
            vec![
                new_id(ids),
                Cell::Bytes(self.tenant.to_vec()),
                Cell::Text(external_id.to_owned()),
                field(|it| &it.name).into(),
                field(|it| &it.phone).into(),
                field(|it| &it.email).into(),
                field(|it| &it.source).into(),
                Cell::Int(record.and_then(|it| it.created_at).map_or(0, |at| at.0)),
                Cell::Int(0),
            ]
        });
        (rows.collect(), search)
    }

    fn case_rows(
        &self,
        batch: &[Record],
        ids: Neighbourhood,
        contacts: &HashMap<String, Vec<u8>>,
    ) -> Vec<Vec<Cell>> {
        let mut cases: BTreeMap<&str, &Record> = BTreeMap::new();
        for record in batch {
            match record.kind.as_str() {
                "case" => drop(cases.insert(&record.external_id, record)),
                "message" => drop(cases.entry(&record.case).or_insert(record)),
                _ => {}
            }
        }
        let rows = cases.into_iter().map(|(external_id, record)| {
            let opened_at = record.opened_at.or(record.sent_at);
            vec![
                new_id(ids),
                Cell::Bytes(self.tenant.to_vec()),
                Cell::Text(external_id.to_owned()),
                Cell::Bytes(contacts[&record.contact].clone()),
                record.subject.clone().into(),
                Cell::Text(record.channel.clone()),
                Cell::Text(record.state.clone()),
                Cell::Int(opened_at.map_or(0, |at| at.0)),
                Cell::Int(record.closed_at.map_or(0, |at| at.0)),
            ]
        });
        rows.collect()
    }

    async fn begin(&self) -> Tx {
        match &self.pool {
            Pool::Sqlite(pool) => {
                let turn = self.writer.clone().lock_owned().await;
                let begun = pool.begin_with("BEGIN IMMEDIATE").await;
                Tx::Sqlite(begun.expect("the lock is taken"), turn)
            }
            Pool::Postgres(pool) => Tx::Postgres(pool.begin().await.expect("it begins")),
        }
    }

    /// The text for so many rows.
    fn text(&self, statement: &'static str, rows: usize, columns: usize) -> &'static str {
        let postgres = matches!(self.pool, Pool::Postgres(_));
        let mut texts = self.texts.lock().expect("nobody panics with it");
        texts.entry((statement, rows)).or_insert_with(|| {
            let mut number = 0;
            let mut mark = || {
                number += 1;
                if postgres {
                    format!("${number}")
                } else {
                    "?".to_owned()
                }
            };
            let mut row = || {
                format!(
                    "({})",
                    (0..columns).map(|_| mark()).collect::<Vec<_>>().join(",")
                )
            };
            let all = (0..rows).map(|_| row()).collect::<Vec<_>>().join(",");
            statement.replace('…', &all).leak()
        })
    }

    /// Runs an upsert; the ids by external id.
    async fn ids(
        &self,
        tx: &mut Tx,
        statement: &'static str,
        rows: Vec<Vec<Cell>>,
    ) -> HashMap<String, Vec<u8>> {
        let Some(columns) = rows.first().map(Vec::len) else {
            return HashMap::new();
        };
        let text = self.text(statement, rows.len(), columns);
        let cells = rows.into_iter().flatten();
        match tx {
            Tx::Sqlite(tx, _) => {
                let rows = tx.fetch_all(bind!(sqlx::query(text), cells)).await;
                let rows = rows.expect("the upsert runs");
                rows.iter().map(|row| (row.get(1), row.get(0))).collect()
            }
            Tx::Postgres(tx) => {
                let rows = tx.fetch_all(bind!(sqlx::query(text), cells)).await;
                let rows = rows.expect("the upsert runs");
                rows.iter().map(|row| (row.get(1), row.get(0))).collect()
            }
        }
    }

    async fn execute(&self, tx: &mut Tx, statement: &'static str, rows: Vec<Vec<Cell>>) {
        for rows in rows.chunks(BATCH) {
            let text = self.text(statement, rows.len(), rows[0].len());
            let cells = rows.iter().flatten().cloned();
            macro_rules! execute {
                ($tx:expr) => {{
                    let done = $tx.execute(bind!(sqlx::query(text), cells)).await;
                    done.map(|done| done.rows_affected())
                }};
            }
            let done = match tx {
                Tx::Sqlite(tx, _) => execute!(tx),
                Tx::Postgres(tx) => execute!(tx),
            };
            done.expect("the statement runs");
        }
    }
}

fn new_id(ids: Neighbourhood) -> Cell {
    Cell::Bytes(ids.id(&SystemRandom).to_vec())
}

//! Every registered statement is prepared on both engines, so a wrong table, column or type shows
//! here and not in front of a customer.

mod support;

use gallra::store::{Engine, Role};
use sqlx::{
    AssertSqlSafe, Column, Connection, Either, Executor, PgConnection, Row, SqlSafeStr,
    SqliteConnection, Statement, TypeInfo,
};

/// A text to prepare, and whether it takes `$n` as `?`.
struct Text {
    name: String,
    sql: String,
}

/// Every text of one role, bulk statements with one row, with three, and with as many as they may have:
/// SQLite takes another index for a long list than for a short one.
fn texts(role: Role, engine: Engine) -> Vec<Text> {
    let single = gallra::every_statement()
        .into_iter()
        .filter(|statement| statement.role == role)
        .map(|it| Text {
            name: it.name.to_owned(),
            sql: it.sql.to_owned(),
        });
    let bulk = gallra::every_bulk()
        .into_iter()
        .filter(|bulk| bulk.role == role)
        .flat_map(|it| {
            [1, 3, it.chunk()].map(|rows| Text {
                name: format!("{} with {rows} rows", it.name),
                sql: it.sql(engine, rows),
            })
        });
    single.chain(bulk).collect()
}

/// The four kinds of value of the facade, as PostgreSQL calls them.
const KINDS: [&str; 5] = ["INT8", "TEXT", "BYTEA", "BOOL", "blob"];

async fn prepare_sqlite(connection: &mut SqliteConnection, text: &Text) -> Result<(), String> {
    let sql = AssertSqlSafe(text.sql.clone()).into_sql_str();
    let prepared = connection.prepare(sql).await;
    prepared
        .map(drop)
        .map_err(|error| format!("{}: {error}", text.name))
}

async fn prepare_postgres(connection: &mut PgConnection, text: &Text) -> Result<(), String> {
    let sql = AssertSqlSafe(text.sql.clone()).into_sql_str();
    let prepared = connection
        .prepare(sql)
        .await
        .map_err(|error| format!("{}: {error}", text.name))?;
    let other = |what: &str, kind: &str| {
        format!(
            "{}: {what} is {kind}, which is no BIGINT, TEXT, blob or BOOLEAN",
            text.name
        )
    };
    if let Some(Either::Left(parameters)) = prepared.parameters() {
        for (number, kind) in parameters.iter().enumerate() {
            // A bulk's rows come as an array for each column.
            if !KINDS.contains(&kind.name().trim_end_matches("[]")) {
                return Err(other(&format!("${}", number + 1), kind.name()));
            }
        }
    }
    for column in prepared.columns() {
        if !KINDS.contains(&column.type_info().name()) {
            return Err(other(
                &format!("column {}", column.name()),
                column.type_info().name(),
            ));
        }
    }
    Ok(())
}

/// What does not prepare, over these texts.
async fn refused(bench: &support::Bench, role: Role, texts: Vec<Text>) -> Vec<String> {
    bench.open(role).await.close().await;
    let url = bench.url(role);
    let mut wrong = Vec::new();
    match bench.engine() {
        Engine::Sqlite => {
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            for text in texts {
                wrong.extend(prepare_sqlite(&mut connection, &text).await.err());
            }
        }
        Engine::Postgres => {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            for text in texts {
                wrong.extend(prepare_postgres(&mut connection, &text).await.err());
            }
        }
    }
    wrong
}

both_engines! {
    async fn every_statement_prepares(bench) {
        for role in [Role::Data, Role::Vault, Role::Index] {
            let texts = texts(role, bench.engine());
            let wrong = refused(bench, role, texts).await;
            assert!(wrong.is_empty(), "{role:?}:\n{}", wrong.join("\n"));
        }
    }

    async fn a_wrong_column_would_be_found(bench) {
        let sql = "SELECT no_such_column FROM schema_migration WHERE version = $1".to_owned();
        let texts = vec![Text { name: "WRONG".to_owned(), sql }];
        let wrong = refused(bench, Role::Data, texts).await;
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].starts_with("WRONG"));
    }
}

#[test]
fn a_wrong_type_would_be_found() {
    support::run(Engine::Postgres, async |bench| {
        for sql in [
            "SELECT SUM(version) FROM schema_migration",
            "SELECT version FROM schema_migration WHERE CAST(version AS INTEGER) = $1",
        ] {
            let texts = vec![Text {
                name: "WRONG".to_owned(),
                sql: sql.to_owned(),
            }];
            assert_eq!(refused(bench, Role::Data, texts).await.len(), 1, "{sql}");
        }
    });
}

/// Statements that read a whole table, or all units of a tenant, and may: the table is small, or it is
/// what they are for.
const READ_ALL: &[&str] = &[
    "catalog::index::rows::ALL_GUARDS",           // a row a client
    "catalog::rows::ALL_INDEXES_REACHED",         // the same
    "catalog::index::rows::DELETE_EXPIRED_SALTS", // salts of a day
    "catalog::index::rows::SALTS_OF_TENANT",      // salts of a day
    "erasure::rows::TENANTS",
    "erasure::rows::LIVING_TENANTS",
    "erasure::rows::HIGHEST_BLOCK", // the last one of an index
    "erasure::rows::UNITS_OF_TENANT",
    "erasure::rows::LEFT_OF_TENANT",         // once a purge
    "erasure::rows::USED_BLOCKS",            // once a promotion
    "erasure::rows::DELETE_ENDPOINTS",       // a handful
    "erasure::rows::COUNT_TENANT",           // once a purge
    "erasure::rows::vault::WITHOUT_RECEIPT", // an index of those alone
    "erasure::rows::vault::ORDERS",
    "erasure::rows::vault::ALL_HOLDS",
    "keyring::mirror::rows::MIRRORS",
    "keyring::mirror::rows::FORGOTTEN_MIRRORS", // a few in a vault's life
    "keyring::mirror::rows::DESTROYED_FORGOTTEN",
    "catalog::index::rows::ALL_SUPPRESSIONS_LOST", // one row a client, when somebody looks
    "keyring::mirror::rows::NOTHING_ACKNOWLEDGED",
    "keyring::mirror::rows::READ_ORDERS",
    "keyring::mirror::rows::LOG_SIZE",
    "keyring::mirror::rows::READ_TILES",
    "keyring::mirror::rows::READ_LOG_HEAD",
    "keyring::rows::INSTANCES",
    "keyring::rows::COUNT_LEDGER", // when somebody looks at the house
    "catalog::rows::TENANTS",
    "catalog::inventory::rows::CHANNELS", // its own steps, one a channel
    "catalog::inventory::rows::GIVEN_TO", // its own steps, one a recipient
    "catalog::processing::rows::ALL_RECIPIENTS",
    "erasure::rows::vault::REHOUSING_OF", // orders that are under way
    "staff::rows::TOKENS",
    "webhooks::rows::ENDPOINTS", // a handful
    "webhooks::rows::ENDPOINTS_OF",
    "queue::rows::JOBS",                 // one page, in the order of its index
    "queue::rows::COUNT_JOBS", // an index of states; what ended is forgotten after a month
    "offboarding::rows::CHANNELS", // once an approval or purge
    "offboarding::rows::RECIPIENTS", // the same
    "offboarding::hooks::rows::EVENTS", // a page for a person
    "offboarding::hooks::rows::SECRETS", // a few
    "offboarding::hooks::rows::vault::ENDED_SECRETS", // a few
    "offboarding::rows::vault::OPEN", // one row a client that leaves
];

/// How SQLite would run a statement, step by step.
async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let plan = sqlx::query(plan).fetch_all(connection).await.unwrap();
    plan.iter().map(|step| step.get::<String, _>(3)).collect()
}

/// Whether a step reads more than it should: a whole table, all units of a tenant, or everything of a
/// tenant where a list of rows is given.
fn reads_all(step: &str, sql: &str) -> bool {
    let made_of_arguments = step.contains("CONSTANT ROW") || step.contains("VALUES CLAUSE");
    let has_list = sql.contains(" IN ( (");
    let units_of_tenant = step.contains("INDEX unit_") && step.ends_with("(tenant=?)");
    (step.starts_with("SCAN ") && !made_of_arguments)
        || units_of_tenant
        || (has_list && step.ends_with("(tenant=?)"))
}

/// Which columns of rows SQLite would read for a statement, from the program it makes of it: a table is
/// opened with a number of columns, an index with a key (`k(…)`).
async fn columns_of_rows(connection: &mut SqliteConnection, sql: &str) -> usize {
    let program = AssertSqlSafe(format!("EXPLAIN {sql}"));
    let program = sqlx::query(program).fetch_all(connection).await.unwrap();
    let steps: Vec<(String, i64, String)> = program
        .iter()
        .map(|step| {
            (
                step.get(1),
                step.get(2),
                step.try_get(5).unwrap_or_default(),
            )
        })
        .collect();
    let of_a_table = |cursor: i64| {
        let opened = steps.iter().find(|it| it.0 == "OpenRead" && it.1 == cursor);
        opened.is_some_and(|it| !it.2.starts_with("k("))
    };
    let reads = |it: &&(String, i64, String)| it.0 == "Column" && of_a_table(it.1);
    steps.iter().filter(reads).count()
}

/// The inventory counts what people wrote without reading it: all that is asked for stands in indexes.
/// A file's channel and time stand with its message, which is looked up by id.
#[test]
fn the_inventory_reads_indexes_only() {
    support::run(Engine::Sqlite, async |bench| {
        bench.open(Role::Data).await.close().await;
        let url = bench.url(Role::Data);
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let all = gallra::every_statement().into_iter();
        let own = all.filter(|it| it.name.contains("catalog::inventory::rows"));
        let mut looked_at = 0;
        for it in own.filter(|it| !it.name.ends_with("ATTACHMENTS_BY_CHANNEL")) {
            let read = columns_of_rows(&mut connection, it.sql).await;
            assert_eq!(read, 0, "{} reads rows", it.name);
            looked_at += 1;
        }
        assert!(looked_at >= 10, "{looked_at}");
        let a_row = "SELECT COUNT(phone) FROM contact WHERE tenant = $1";
        assert!(
            columns_of_rows(&mut connection, a_row).await > 0,
            "it would be noticed"
        );
    });
}

/// One erasure read every unit of its tenant, because SQLite took the index that has them in the order
/// that was asked for; another statement the whole ledger; and each batch of an import all reservations
/// of the tenant, because SQLite took the primary key's first column for the better index; and since then
/// everything that is asked of one contact all units again, because it took the index by case.
///
/// Only SQLite's plans are looked at: without statistics they follow from the text and the indexes.
/// PostgreSQL plans by how full its tables are, and rightly reads an empty one whole.
#[test]
fn no_statement_reads_a_whole_table_by_mistake() {
    support::run(Engine::Sqlite, async |bench| {
        let mut wrong = Vec::new();
        for role in [Role::Data, Role::Vault, Role::Index] {
            bench.open(role).await.close().await;
            let url = bench.url(role);
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            for Text { name, sql } in texts(role, Engine::Sqlite) {
                let name = name.trim_start_matches("gallra::");
                if !READ_ALL.contains(&name) {
                    let steps = plan(&mut connection, &sql).await;
                    let steps = steps.iter().filter(|step| reads_all(step, &sql));
                    wrong.extend(steps.map(|step| format!("{name}: {step}")));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
    let every: Vec<_> = gallra::every_statement().iter().map(|it| it.name).collect();
    for name in READ_ALL {
        let there = every
            .iter()
            .any(|it| it.trim_start_matches("gallra::") == *name);
        assert!(
            there,
            "{name} may read a whole table and is no statement any more"
        );
    }
}

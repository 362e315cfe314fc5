//! What PostgreSQL knows of how full its tables are.

use sqlx::{AssertSqlSafe, Connection, Executor, PgPool};

/// Tables whose files have grown by half since the server looked at them last, or that it never
/// looked at, with the columns of their indexes: ciphertext tells a planner nothing, and is most of
/// what a look would read. (The server's counters of changed rows would say the same a second late.)
const GROWN: &str = "SELECT quote_ident(c.relname) || ' (' || string_agg(DISTINCT quote_ident(a.attname), ', ') || ')' \
    FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) \
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind = 'r' \
    AND pg_relation_size(c.oid) > (8 + c.relpages + c.relpages / 2) \
        * CAST(current_setting('block_size') AS BIGINT) \
    GROUP BY c.relname ORDER BY 1";

/// Enough rows to see that few share a key; the server's own look, a minute later, takes ten times as
/// many.
const SAMPLE: &str = "SET LOCAL default_statistics_target = 10";

/// Looks at those tables one by one, each in a transaction of its own: nobody waits for all of them.
pub(super) async fn refresh(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let grown: Vec<String> = sqlx::query_scalar(GROWN)
        .fetch_all(&mut *connection)
        .await?;
    for table in grown {
        let mut tx = connection.begin().await?;
        tx.execute(SAMPLE).await?;
        tx.execute(AssertSqlSafe(format!("ANALYZE {table}")))
            .await?;
        tx.commit().await?;
    }
    Ok(())
}

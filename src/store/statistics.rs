//! What PostgreSQL knows of how full its tables are.

use sqlx::{AssertSqlSafe, Executor, PgPool};

/// Tables whose files have grown by half since the server looked at them last, or that it never
/// looked at. Its counters of changed rows would say the same a second late.
const GROWN: &str = "SELECT quote_ident(relname) FROM pg_class \
    WHERE relnamespace = CAST(current_schema() AS regnamespace) AND relkind = 'r' \
    AND pg_relation_size(oid) > (8 + relpages + relpages / 2) \
        * CAST(current_setting('block_size') AS BIGINT) \
    ORDER BY 1";

/// Looks at those tables one by one, each in a transaction of its own: nobody waits for all of them.
pub(super) async fn refresh(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let grown: Vec<String> = sqlx::query_scalar(GROWN)
        .fetch_all(&mut *connection)
        .await?;
    for table in grown {
        let analyze = AssertSqlSafe(format!("ANALYZE {table}"));
        connection.execute(analyze).await?;
    }
    Ok(())
}

//! What `gallra doctor` asks of a database server. SQLite has none.

use super::{Db, Engine, StoreError, args};

/// A PostgreSQL server, as far as it matters for erasing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Which cluster this is: databases of one cluster share one write-ahead log and its archive.
    pub cluster: String,
    /// Standbys that may lag behind: after failing over to one, commits are missing.
    pub asynchronous_standbys: i64,
}

const CLUSTER: &str = "SELECT CAST(system_identifier AS TEXT) FROM pg_control_system()";
const STANDBYS: &str =
    "SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state NOT IN ('sync', 'quorum')";

impl Db {
    /// The server behind this store; `None` for SQLite.
    pub async fn server(&self) -> Result<Option<Server>, StoreError> {
        if self.engine() == Engine::Sqlite {
            return Ok(None);
        }
        Ok(Some(Server {
            cluster: self.fetch_one(CLUSTER, args![]).await?.text(0)?,
            asynchronous_standbys: self.fetch_one(STANDBYS, args![]).await?.i64(0)?,
        }))
    }
}

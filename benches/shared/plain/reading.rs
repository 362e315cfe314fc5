//! What the baseline is asked, and its end.

use gallra::vocabulary::{Neighbourhood, SystemRandom};
use sqlx::{Executor, Row};

use super::tables::{AUDIT, Cell};
use super::{Plain, Pool, Tx, new_id};

impl Plain {
    /// Every contact's id.
    pub async fn contacts(&self) -> Vec<Vec<u8>> {
        const ALL: &str = "SELECT id FROM contact";
        match &self.pool {
            Pool::Sqlite(pool) => {
                let rows = pool.fetch_all(ALL).await.expect("the rows are read");
                rows.iter().map(|row| row.get(0)).collect()
            }
            Pool::Postgres(pool) => {
                let rows = pool.fetch_all(ALL).await.expect("the rows are read");
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Reads one contact by its id, every column.
    pub async fn read(&self, id: &[u8]) -> [Option<String>; 5] {
        const ONE: &str = "SELECT external_id, name, phone, email, source, created_at, updated_at \
            FROM contact WHERE tenant = $1 AND id = $2";
        macro_rules! read {
            ($pool:expr) => {{
                let query = sqlx::query(ONE).bind(&self.tenant[..]).bind(id);
                let row = $pool.fetch_one(query).await.expect("the contact is there");
                let _: (i64, i64) = (row.get(5), row.get(6));
                [0, 1, 2, 3, 4].map(|column| row.get(column))
            }};
        }
        match &self.pool {
            Pool::Sqlite(pool) => read!(pool),
            Pool::Postgres(pool) => read!(pool),
        }
    }

    /// Writes one audit row, durable on its own.
    pub async fn note(&self) {
        let mut tx = self.begin().await;
        let id = new_id(Neighbourhood::draw(&SystemRandom));
        let row = vec![id, Cell::Int(0), Cell::Text("a read".to_owned())];
        self.execute(&mut tx, AUDIT, vec![row]).await;
        tx.commit().await;
    }

    /// Finds contacts by their address, as it is normalised; every column.
    pub async fn find(&self, email: &str) -> Vec<[Option<String>; 5]> {
        const BY_VALUE: &str = "SELECT c.external_id, c.name, c.phone, c.email, c.source, c.created_at, \
            c.updated_at FROM search s JOIN contact c ON c.id = s.contact \
            WHERE s.tenant = $1 AND s.field = 2 AND s.value = $2";
        macro_rules! find {
            ($pool:expr) => {{
                let query = sqlx::query(BY_VALUE).bind(&self.tenant[..]).bind(email);
                let rows = $pool.fetch_all(query).await.expect("the store answers");
                let row = |row: &_| [0, 1, 2, 3, 4].map(|column| Row::get(row, column));
                rows.iter().map(row).collect()
            }};
        }
        match &self.pool {
            Pool::Sqlite(pool) => find!(pool),
            Pool::Postgres(pool) => find!(pool),
        }
    }

    /// Deletes everything, a thousand contacts to a transaction; how many rows.
    pub async fn delete_all(&self) -> u64 {
        const SOME: [&str; 4] = [
            "DELETE FROM message WHERE contact IN (SELECT id FROM contact ORDER BY id LIMIT 1000)",
            "DELETE FROM support_case WHERE requester IN \
             (SELECT id FROM contact ORDER BY id LIMIT 1000)",
            "DELETE FROM search WHERE contact IN (SELECT id FROM contact ORDER BY id LIMIT 1000)",
            "DELETE FROM contact WHERE id IN (SELECT id FROM contact ORDER BY id LIMIT 1000)",
        ];
        let mut all = 0;
        loop {
            let mut deleted = 0;
            let mut tx = self.begin().await;
            for statement in SOME {
                deleted += match &mut tx {
                    Tx::Sqlite(tx, _) => tx.execute(statement).await.unwrap().rows_affected(),
                    Tx::Postgres(tx) => tx.execute(statement).await.unwrap().rows_affected(),
                };
            }
            tx.commit().await;
            if deleted == 0 {
                return all;
            }
            all += deleted;
        }
    }
}

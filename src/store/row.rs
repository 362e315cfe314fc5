//! One row of an answer, read by column number.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row as _, Type};

use super::{StoreError, StoredId};
use crate::vocabulary::Timestamp;

/// One row of an answer. Columns are counted from 0, in the order of the SELECT or RETURNING.
pub enum Row {
    /// From SQLite.
    #[doc(hidden)]
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    #[doc(hidden)]
    Postgres(PgRow),
}

macro_rules! columns {
    ($($(#[$doc:meta])* $get:ident, $optional:ident: $kind:ty, $wanted:literal;)+) => {$(
        $(#[$doc])*
        pub fn $get(&self, column: usize) -> Result<$kind, StoreError> {
            // sqlx reads NULL as empty text on SQLite: ask for an option and look.
            self.get::<Option<$kind>>(column, $wanted)?
                .ok_or(StoreError::Column { column, wanted: $wanted })
        }

        #[doc = concat!("The same, or `None` for NULL: an optional ", $wanted, ".")]
        pub fn $optional(&self, column: usize) -> Result<Option<$kind>, StoreError> {
            self.get(column, $wanted)
        }
    )+};
}

impl Row {
    columns! {
        /// A BIGINT.
        i64, opt_i64: i64, "integer";
        /// A TEXT.
        text, opt_text: String, "text";
        /// A BLOB.
        blob, opt_blob: Vec<u8>, "blob";
        /// A BOOLEAN.
        bool, opt_bool: bool, "truth value";
    }

    /// A BIGINT of microseconds as an instant.
    pub fn timestamp(&self, column: usize) -> Result<Timestamp, StoreError> {
        self.i64(column).map(Timestamp)
    }

    /// The same, or `None` for NULL.
    pub fn opt_timestamp(&self, column: usize) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.opt_i64(column)?.map(Timestamp))
    }

    /// A BLOB of exactly `N` bytes.
    pub fn bytes<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        let wrong = |_| StoreError::Column {
            column,
            wanted: "blob of the right length",
        };
        self.blob(column)?.try_into().map_err(wrong)
    }

    /// A BLOB of sixteen bytes as an identifier.
    pub fn id<T: StoredId>(&self, column: usize) -> Result<T, StoreError> {
        self.bytes(column).map(T::from_stored)
    }

    /// The same, or `None` for NULL.
    pub fn opt_id<T: StoredId>(&self, column: usize) -> Result<Option<T>, StoreError> {
        match self.opt_blob(column)? {
            None => Ok(None),
            Some(_) => self.id(column).map(Some),
        }
    }

    /// A BIGINT that is a count or a number from 0 up.
    pub fn u64(&self, column: usize) -> Result<u64, StoreError> {
        let wrong = |_| StoreError::Column {
            column,
            wanted: "number from 0 up",
        };
        self.i64(column)?.try_into().map_err(wrong)
    }

    /// A BIGINT that fits 32 bits without a sign.
    pub fn u32(&self, column: usize) -> Result<u32, StoreError> {
        let wrong = |_| StoreError::Column {
            column,
            wanted: "number of 32 bits",
        };
        self.i64(column)?.try_into().map_err(wrong)
    }

    fn get<T>(&self, column: usize, wanted: &'static str) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, sqlx::Sqlite> + Type<sqlx::Sqlite>,
        T: for<'r> Decode<'r, sqlx::Postgres> + Type<sqlx::Postgres>,
        usize: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    {
        match self {
            Row::Sqlite(row) => row.try_get(column),
            Row::Postgres(row) => row.try_get(column),
        }
        .map_err(|_| StoreError::Column { column, wanted })
    }
}

//! The stores: one facade over SQLite and PostgreSQL, and the only room that knows there are two.
//!
//! SQL is written once, in a room's `rows.rs`, with `$1 … $n`:
//!
//! ```text
//! crate::store::statements! { data:
//!     /// One contact of one tenant.
//!     FIND_CONTACT = "SELECT id, created_at FROM contact WHERE tenant = $1 AND id = $2";
//! }
//! let row = tx.fetch_optional(FIND_CONTACT, args![tenant, contact]).await?;
//! ```
//!
//! What keeps one text right on both engines: BIGINT, TEXT, BOOLEAN and `blob` only; times as
//! microseconds; truth values bound, never `= 1`; sums and counts of expressions CAST to BIGINT; no
//! `::`, USING, FOR UPDATE, writable CTE, or ON CONFLICT after a SELECT without WHERE TRUE. Register
//! a new `rows.rs` in `gallra::every_statement` and a test prepares it on both.
//!
//! A writer's first statement is an `UPDATE … RETURNING` of the row that everything hangs on. It is
//! the lock and the check in one; a SELECT first loses races.

use std::time::Duration;

pub mod archive;
mod checkpoint;
mod columns;
mod connection;
mod copy;
mod db;
mod error;
mod holder;
mod migrate;
mod open;
mod row;
mod server;
mod statement;
mod statistics;
mod tx;
mod value;

pub use crate::__args as args;
pub use crate::__bulk as bulk;
pub use crate::__statements as statements;
pub use checkpoint::Checkpoint;
pub use db::Db;
pub use error::{Cause, StoreError};
pub use holder::Holder;
pub use open::{directory_of, make_directory};
pub use row::Row;
pub use server::Server;
pub use statement::{Bulk, CHUNK, Statement};
pub use tx::Tx;
pub use value::{Kind, StoredId, Value};

/// The two engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Embedded, the default.
    Sqlite,
    /// For more than one machine.
    Postgres,
}

/// The three stores; each has its migrations in `migrations/ROLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ciphertext and structure.
    Data,
    /// The key tree, the ledger, the log.
    Vault,
    /// Tokens for exact search.
    Index,
}

impl Role {
    /// The role in one word, as its migrations folder is called.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Data => "data",
            Role::Vault => "vault",
            Role::Index => "index",
        }
    }

    /// For `statements! { data: … }`.
    #[doc(hidden)]
    pub const fn data() -> Role {
        Role::Data
    }

    /// For `statements! { vault: … }`.
    #[doc(hidden)]
    pub const fn vault() -> Role {
        Role::Vault
    }

    /// For `statements! { index: … }`.
    #[doc(hidden)]
    pub const fn index() -> Role {
        Role::Index
    }
}

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether a missing SQLite file is made, and an empty store accepted.
    pub create: bool,
    /// How many connections read at once; one more writes. 4, or 7 on PostgreSQL, where reading
    /// and writing share them.
    pub readers: Option<u32>,
    /// How long to wait for a lock that another transaction holds, and for a free connection.
    pub patience: Duration,
}

impl Default for Options {
    /// Nothing is created; half a minute of patience.
    fn default() -> Self {
        Options {
            create: false,
            readers: None,
            patience: Duration::from_secs(30),
        }
    }
}

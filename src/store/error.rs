//! What can go wrong with a store, and what to do about it.

use std::fmt;

use super::{Engine, Holder};

/// An error of a store. Each says what is wrong and then the remedy; none carries a stored value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of a store is not understood.
    #[error("{url} is no address of a store: write sqlite:PATH or postgres://USER@HOST/DATABASE")]
    BadUrl {
        /// The address without a password.
        url: String,
    },
    /// There is no store where one was expected. Nothing is initialised anew.
    #[error(
        "{store} does not exist or is empty: run `gallra init` for a new installation; \
         for an old one correct the address, or put data back with `gallra restore DIR` and the \
         vault with `gallra mirror promote DIR`"
    )]
    Missing {
        /// Which store.
        store: String,
    },
    /// The server has no database of that name.
    #[error(
        "{store}: the server has no such database: create it (`createdb`) or correct the address; \
         then run `gallra init` for a new installation; for an old one `gallra restore DIR` (data), \
         `gallra mirror promote DIR` (vault), `gallra reconcile --full` (index)"
    )]
    NoDatabase {
        /// Which store.
        store: String,
    },
    /// The database has none of the schemas that the address names: nothing can be made in it.
    #[error(
        "{store} has no schema {schema}: create it (`CREATE SCHEMA`) or correct search_path in the \
         address; then run `gallra init` for a new installation; for an old one `gallra restore DIR` \
         (data), `gallra mirror promote DIR` (vault), `gallra reconcile --full` (index)"
    )]
    NoSchema {
        /// Which store.
        store: String,
        /// What the address names.
        schema: String,
    },
    /// The server does not answer.
    #[error("{store} cannot be reached: start the server or correct the address")]
    Unreachable {
        /// Which store.
        store: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// The disk has no room.
    #[error(
        "{store}: the disk is full or a file size limit is reached: free space and try again; \
         nothing of this transaction was kept"
    )]
    DiskFull {
        /// Which store.
        store: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// The file, its directory or the server takes no writes.
    #[error(
        "{store} cannot be written: give this user write access to the file and its directory \
         (on PostgreSQL: connect to the primary)"
    )]
    ReadOnly {
        /// Which store.
        store: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// The file is damaged or is no store at all.
    #[error(
        "{store} is damaged: stop every Gallra process, keep a copy of the file, and run \
         `gallra restore DIR` for data, `gallra mirror promote` for the vault, \
         `gallra reconcile --full` to rebuild the index"
    )]
    Corrupt {
        /// Which store.
        store: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// The disk failed to read or write.
    #[error("{store}: the disk gave an error: look in the system's log and run `gallra doctor`")]
    Disk {
        /// Which store.
        store: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// Somebody else holds what this needs, for longer than the patience allowed.
    #[error("{store} is busy: {}", whom_to_wait_for(.holder))]
    Busy {
        /// Which store.
        store: String,
        /// Who holds it, where anybody knows.
        holder: Option<Holder>,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// A program of PostgreSQL that copies stores is missing or failed.
    #[error(
        "{tool} failed ({reason}): install the PostgreSQL client programs of the server's version \
         and repeat; nothing was changed"
    )]
    Tool {
        /// `pg_dump`, `pg_restore` or a step between them.
        tool: &'static str,
        /// What it said, without the address.
        reason: String,
    },
    /// The connection ended while a restore was under way.
    #[error(
        "psql failed ({reason}): the data is as it was, or restored whole; repeat \
         `gallra restore DIR`"
    )]
    RestoreUnknown {
        /// What it said, without the address.
        reason: String,
    },
    /// A restore was killed between its two renames.
    #[error(
        "{store}: a restore was cut off before the backup stood here: repeat `gallra restore DIR`; \
         what was here before is in {store}.before-restore, and stands here again once you rename it \
         back, then -wal and -shm beside it"
    )]
    RestoreCutOff {
        /// Which store.
        store: String,
    },
    /// The address of a store asks for something that PostgreSQL's own programs cannot be told.
    #[error(
        "the parameter {0} of the address is not known: correct it or leave it out; known are \
         host, hostaddr, port, user, password, dbname, sslmode, sslrootcert, sslcert, sslkey, \
         application_name, options"
    )]
    UnknownParameter(String),
    /// Two transactions got in each other's way and this one gave in.
    #[error("{store}: another transaction came first: run this one again from its beginning")]
    Conflict {
        /// Which store.
        store: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// A unique key is taken already.
    #[error("{store}: a row with this key exists: read it instead of writing it again")]
    Duplicate {
        /// Which store.
        store: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// A row breaks another rule of the schema.
    #[error("{store}: a row breaks a rule of the schema: this is a fault in Gallra, report it")]
    Constraint {
        /// Which store.
        store: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
    /// The address leads to another of the three stores.
    #[error("{store} is the {role} store, not the {wanted} store: correct the addresses")]
    OtherRole {
        /// Which store.
        store: String,
        /// What it is.
        role: String,
        /// What it was opened as.
        wanted: &'static str,
    },
    /// A migration that ran here has another text now.
    #[error(
        "{store}: migration {version} differs from the one that ran here: use the Gallra release \
         that made this store, or a newer one"
    )]
    MigrationChanged {
        /// Which store.
        store: String,
        /// The migration's number.
        version: i64,
    },
    /// The store is newer than this program.
    #[error(
        "{store} has migration {version}, which this Gallra does not know: run a newer release"
    )]
    MigrationUnknown {
        /// Which store.
        store: String,
        /// The migration's number.
        version: i64,
    },
    /// A caller's mistake: arguments and placeholders do not match.
    #[error("\"{statement} …\" takes {expected} arguments, {given} were given: correct the call")]
    Arity {
        /// How the statement begins.
        statement: String,
        /// How many it takes.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// A row of a bulk has a value of another kind than its column.
    #[error(
        "{statement}: argument {argument} of a row is of another kind than its column: correct the call"
    )]
    WrongKind {
        /// Which statement.
        statement: String,
        /// Which argument of the row, from 1.
        argument: usize,
    },
    /// Text with a NUL byte, which PostgreSQL cannot hold.
    #[error("argument {argument} contains a NUL character: remove it from the text")]
    NulInText {
        /// Which argument, counted from 1.
        argument: usize,
    },
    /// A row was expected and there was none.
    #[error("\"{statement} …\" found no row: this is a fault in Gallra or a damaged store")]
    NoRow {
        /// How the statement begins.
        statement: String,
    },
    /// A column holds something else than was asked for.
    #[error("column {column} is not the {wanted} it should be: run `gallra doctor`")]
    Column {
        /// Counted from 0.
        column: usize,
        /// The kind that was asked for.
        wanted: &'static str,
    },
    /// An earlier statement of this transaction failed.
    #[error("this transaction failed before and was given up: run it again from its beginning")]
    GivenUp,
    /// The copy of a SQLite file would overwrite another file.
    #[error("{target} exists: name a new file for the copy")]
    CopyExists {
        /// The file that is there.
        target: String,
    },
    /// PostgreSQL is not copied by us.
    #[error("{store} is on PostgreSQL: copy it with `pg_dump`")]
    CopyOnPostgres {
        /// Which store.
        store: String,
    },
    /// Anything else the engine refused.
    #[error("{store} refused a statement: this is a fault in Gallra, report it")]
    Refused {
        /// Which store.
        store: String,
        /// What the engine said.
        #[source]
        cause: Cause,
    },
}

impl StoreError {
    /// Whether there is no store at the address, whatever is missing of it.
    pub fn is_absence(&self) -> bool {
        matches!(
            self,
            StoreError::Missing { .. }
                | StoreError::NoDatabase { .. }
                | StoreError::NoSchema { .. }
        )
    }

    /// Whether there is no room: running it again succeeds once somebody has made some.
    pub fn is_full_disk(&self) -> bool {
        matches!(self, StoreError::DiskFull { .. })
    }

    /// Whether running the whole transaction again may succeed.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            StoreError::Busy { .. } | StoreError::Conflict { .. } | StoreError::Unreachable { .. }
        )
    }
}

/// Of its own tasks nobody can end one: what holds for anybody unknown holds for them too.
fn whom_to_wait_for(holder: &Option<Holder>) -> String {
    match holder {
        Some(Holder::Other(holder)) => {
            format!("{holder} holds it and does not end: repeat when it has ended")
        }
        Some(Holder::Own) | None => {
            "try again; if it stays so, a process holds a transaction open: find it with \
                 `gallra doctor` and end it"
                .to_owned()
        }
    }
}

/// What the engine said, without the details it adds about values ("Key (email)=(…) exists").
#[derive(Clone, PartialEq, Eq)]
pub struct Cause(pub(super) String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

/// Where a store is, as errors name it: its file, or its server and database without a password.
#[derive(Debug)]
pub(super) struct Place {
    pub engine: Engine,
    pub name: String,
    /// Held while somebody asks who is in the way here.
    pub asking: tokio::sync::Mutex<()>,
}

impl Place {
    /// Sorts an engine's error by what a person can do about it.
    pub fn classify(&self, error: sqlx::Error) -> StoreError {
        let cause = Cause(error.to_string());
        let store = self.name.clone();
        match &error {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                match self.engine {
                    Engine::Sqlite => sqlite(store, code.parse().unwrap_or(0), cause),
                    Engine::Postgres => postgres(store, &code, cause),
                }
            }
            sqlx::Error::PoolTimedOut => busy(store, cause),
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => {
                StoreError::Unreachable { store, cause }
            }
            _ => StoreError::Refused { store, cause },
        }
    }
}

/// Nobody is named yet: [`Db::telling`](super::Db) knows whom it waited for.
fn busy(store: String, cause: Cause) -> StoreError {
    StoreError::Busy {
        store,
        holder: None,
        cause,
    }
}

/// SQLite's extended result codes: the low byte is the kind.
fn sqlite(store: String, code: i32, cause: Cause) -> StoreError {
    const IOERR_WRITE: i32 = 778;
    const IOERR_SHMSIZE: i32 = 4874;
    const READONLY_DBMOVED: i32 = 1032;
    const CONSTRAINT_PRIMARYKEY: i32 = 1555;
    const CONSTRAINT_UNIQUE: i32 = 2067;
    match code {
        READONLY_DBMOVED => return StoreError::Missing { store },
        IOERR_WRITE | IOERR_SHMSIZE => return StoreError::DiskFull { store, cause },
        CONSTRAINT_PRIMARYKEY | CONSTRAINT_UNIQUE => return StoreError::Duplicate { store, cause },
        _ => {}
    }
    match code & 0xff {
        5 | 6 | 15 => busy(store, cause),
        8 | 14 => StoreError::ReadOnly { store, cause },
        10 => StoreError::Disk { store, cause },
        11 | 26 => StoreError::Corrupt { store, cause },
        13 => StoreError::DiskFull { store, cause },
        19 => StoreError::Constraint { store, cause },
        _ => StoreError::Refused { store, cause },
    }
}

/// PostgreSQL's SQLSTATE codes: the first two characters are the class.
fn postgres(store: String, code: &str, cause: Cause) -> StoreError {
    match code {
        "53100" => StoreError::DiskFull { store, cause },
        "25006" => StoreError::ReadOnly { store, cause },
        "40001" | "40P01" => StoreError::Conflict { store, cause },
        "23505" => StoreError::Duplicate { store, cause },
        "3D000" => StoreError::NoDatabase { store },
        "53300" | "55P03" | "57014" => busy(store, cause),
        _ => match code.get(..2) {
            Some("08" | "28" | "57") => StoreError::Unreachable { store, cause },
            Some("23") => StoreError::Constraint { store, cause },
            Some("58") => StoreError::Disk { store, cause },
            Some("XX") => StoreError::Corrupt { store, cause },
            _ => StoreError::Refused { store, cause },
        },
    }
}

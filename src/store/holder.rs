//! Who holds what somebody waits for, as SQLite's lock or PostgreSQL's server tells it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, FromRow, PgConnection};

use super::db::Pools;
use super::error::Place;
use super::{Db, Role};
use crate::vocabulary::Process;

/// The byte of SQLite's shared memory that its one writer holds locked (`UNIX_SHM_BASE`, the first of
/// the locks that "WAL-mode file format" lists).
const WRITER: u64 = 120;

/// Who is in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Another task of this process: nobody whom its user could look for.
    Own,
    /// Somebody else, in words.
    Other(String),
}

/// Who is in the way of this store's pool; `None` where nobody is, or nobody says. It is asked while
/// somebody waits: a moment later it may be somebody else.
pub(super) async fn holder(db: &Db) -> Option<Holder> {
    match &db.pools {
        Pools::Sqlite { .. } => of_file(&db.place),
        Pools::Postgres(pool) => of_server(&pool.connect_options()).await,
    }
}

/// The process that holds the writer's lock. Only the system's own list of locks is read: whoever opens
/// and closes the locked file itself gives up the locks that this process has on it.
fn of_file(place: &Place) -> Option<Holder> {
    let shared = fs::metadata(format!("{}-shm", place.name)).ok()?;
    let device = (
        rustix::fs::major(shared.dev()),
        rustix::fs::minor(shared.dev()),
    );
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let id = writer_of(&locks, device, shared.ino())?;
    let process = Process::running(id);
    Some(match process.is_own() {
        true => Holder::Own,
        false => Holder::Other(process.to_string()),
    })
}

/// Finds the writer in Linux's list of locks (proc_locks(5)), by the device and the inode of the file:
///
/// ```text
/// 1: POSIX  ADVISORY  WRITE 4711 08:02:1048 120 120
/// 1: -> POSIX  ADVISORY  WRITE 4712 08:02:1048 120 120      one that waits
/// ```
fn writer_of(locks: &str, (major, minor): (u32, u32), inode: u64) -> Option<&str> {
    let file = format!("{major:02x}:{minor:02x}:{inode}");
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "POSIX", _, "WRITE", id, of, first, last] = words[..] else {
            return None;
        };
        let first: u64 = first.parse().ok()?;
        let reaches = last == "EOF" || last.parse::<u64>().ok()? >= WRITER;
        (of == file && first <= WRITER && reaches).then_some(id)
    })
}

/// What the server calls the connections of this pool, and of no other: the store, the process, the
/// pool's number in it and the command. The server keeps 63 bytes of it.
pub(super) fn connection_name(role: Role) -> String {
    static POOLS: AtomicU32 = AtomicU32::new(0);
    let pool = POOLS.fetch_add(1, Ordering::Relaxed);
    let own = Process::own();
    format!("gallra {} {}.{pool} {}", role.name(), own.id, own.command)
}

/// Those of the server's connections that are in the way of this pool's and do not wait themselves.
const IN_THE_WAY: &str = "WITH RECURSIVE waiting (pid) AS ( \
        SELECT pid FROM pg_stat_activity \
        WHERE application_name = current_setting('application_name') \
        AND cardinality(pg_blocking_pids(pid)) > 0 \
        UNION SELECT unnest(pg_blocking_pids(pid)) FROM waiting) \
    SELECT a.pid, a.application_name AS name, \
        a.client_addr IS NOT DISTINCT FROM me.client_addr AS is_near, \
        COALESCE(host(a.client_addr), 'the server') AS place \
    FROM waiting JOIN pg_stat_activity a ON a.pid = waiting.pid \
    JOIN pg_stat_activity me ON me.pid = pg_backend_pid() \
    WHERE cardinality(pg_blocking_pids(a.pid)) = 0 ORDER BY a.pid";

#[derive(FromRow)]
struct InTheWay {
    pid: i32,
    name: String,
    is_near: bool,
    place: String,
}

/// Asks over a connection of its own: those of the pool may all be waiting.
async fn of_server(options: &PgConnectOptions) -> Option<Holder> {
    let mut connection: PgConnection = options.connect().await.ok()?;
    let asked = sqlx::query_as::<_, InTheWay>(IN_THE_WAY);
    let found = asked.fetch_all(&mut connection).await;
    let _ = connection.close().await;
    let mut others = found.ok()?;
    let all = others.len();
    others.retain(|it| !it.is_own());
    let names: Vec<String> = others.iter().map(InTheWay::words).collect();
    match (all, names.is_empty()) {
        (0, _) => None,
        (_, true) => Some(Holder::Own),
        _ => Some(Holder::Other(names.join(", or "))),
    }
}

impl InTheWay {
    fn words(&self) -> String {
        let Some(process) = self.process() else {
            let Self { pid, name, .. } = self;
            return format!(
                "connection {pid} of the server ({name}): end it with `SELECT pg_terminate_backend({pid})`"
            );
        };
        match self.is_near {
            true => process.to_string(),
            // Its number means something there only: nothing of this machine is asked about it.
            false => format!(
                "process {} ({}) on {}",
                process.id, process.command, self.place
            ),
        }
    }

    fn is_own(&self) -> bool {
        self.is_near && self.process().is_some_and(|it| it.is_own())
    }

    /// One of Gallra's, by the name that [`connection_name`] gave it.
    fn process(&self) -> Option<Process> {
        let (_, named) = self.name.strip_prefix("gallra ")?.split_once(' ')?;
        let (id, command) = named.split_once(' ')?;
        let (id, _pool) = id.split_once('.')?;
        Some(Process {
            id: id.to_owned(),
            command: command.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_is_found_among_those_who_read_and_those_who_wait() {
        let locks = "1: FLOCK  ADVISORY  WRITE 1 08:02:77 0 EOF\n\
            2: POSIX  ADVISORY  READ  2 08:02:77 123 123\n\
            3: POSIX  ADVISORY  WRITE 3 08:02:78 120 120\n\
            4: POSIX  ADVISORY  WRITE 4 08:12:77 120 120\n\
            5: POSIX  ADVISORY  WRITE 5 08:02:77 121 121\n\
            6: POSIX  ADVISORY  WRITE 6 08:02:77 120 120\n\
            6: -> POSIX  ADVISORY  WRITE 7 08:02:77 120 120\n";
        assert_eq!(writer_of(locks, (8, 2), 77), Some("6"));
        let last = "1: POSIX  ADVISORY  WRITE 9 fd:00:77 0 EOF\n";
        assert_eq!(writer_of(last, (0xfd, 0), 77), Some("9"));
        assert_eq!(writer_of(locks, (8, 2), 79), None);
        assert_eq!(writer_of("what is this\n\n", (8, 2), 77), None);
    }

    fn named(name: &str, is_near: bool) -> String {
        let in_the_way = InTheWay {
            pid: 812,
            name: name.to_owned(),
            is_near,
            place: "10.0.0.7".to_owned(),
        };
        in_the_way.words()
    }

    #[test]
    fn connections_are_told_by_the_process_that_has_them() {
        let ours = "gallra vault 4194305.3 gallra erase";
        assert_eq!(named(ours, true), "process 4194305 (gallra erase)");
        assert_eq!(
            named(ours, false),
            "process 4194305 (gallra erase) on 10.0.0.7"
        );
        assert_eq!(
            named("psql", true),
            "connection 812 of the server (psql): end it with `SELECT pg_terminate_backend(812)`"
        );
        assert!(named(&connection_name(Role::Index), true).contains("process "));
    }
}

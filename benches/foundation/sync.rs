//! What a disk flush costs here, and how many of them something needs.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use gallra::store::Engine;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection, Row};

use crate::shared::table::{middle, time};
use crate::support::{Bench, server};

/// One small write made durable, the middle of many.
pub async fn one(directory: &Path) -> Duration {
    let mut file = File::create(directory.join("sync")).expect("a file can be made");
    let mut times = Vec::new();
    for _ in 0..200 {
        let write = async {
            file.write_all(&[7; 4096]).expect("the file takes bytes");
            file.sync_data().expect("the file can be flushed");
        };
        times.push(time(write).await.0);
    }
    middle(&times)
}

/// How many times `work` flushed a file, in this process or, on PostgreSQL, the server its log;
/// `None` where `strace` is missing or may not look.
pub async fn count(bench: &Bench, work: impl Future<Output = ()>) -> Option<u64> {
    let log = bench.directory().join("strace");
    let before = server_flushes(bench).await;
    let pid = std::process::id().to_string();
    let mut strace = Command::new("strace")
        .args(["-f", "-q", "-e", "trace=fsync,fdatasync", "-p", &pid, "-o"])
        .arg(&log)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    tokio::time::sleep(Duration::from_millis(700)).await;
    work.await;
    // A trace that could not begin has ended by now.
    let ended = strace.try_wait().ok().flatten().is_some();
    let pid = Pid::from_child(&strace);
    let _ = kill_process(pid, Signal::INT);
    let _ = strace.wait();
    if ended {
        return None;
    }
    let calls = std::fs::read_to_string(&log).ok()?;
    let here = calls.lines().filter(|line| line.contains("sync(")).count() as u64;
    Some(here + server_flushes(bench).await - before)
}

/// Flushes of PostgreSQL's write-ahead log so far.
async fn server_flushes(bench: &Bench) -> u64 {
    if bench.engine() == Engine::Sqlite {
        return 0;
    }
    // The server's processes hand in their figures once a second.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut connection = PgConnection::connect(&server()).await.expect("it answers");
    let row = sqlx::query("SELECT wal_sync FROM pg_stat_wal");
    let row = row.fetch_one(&mut connection).await.expect("it counts");
    let count: i64 = row.get(0);
    connection.close().await.expect("it closes");
    count.unsigned_abs()
}

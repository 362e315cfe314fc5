//! Putting a SQLite file back: copied beside the one in use, marked there, then exchanged for it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;

use super::super::error::Place;
use super::super::{Db, Engine, Role, StoreError, make_directory, open};
use super::Mark;
use crate::vocabulary::fail_point;

/// A store is its file and two logs.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];
const FRESH: &str = ".restoring";
const ASIDE: &str = ".before-restore";

pub(super) async fn put_back(
    url: &str,
    role: Role,
    saved: &Path,
    marks: Vec<Mark>,
) -> Result<(), StoreError> {
    let parsed = SqliteConnectOptions::from_str(url).map_err(|_| StoreError::BadUrl {
        url: url.to_owned(),
    })?;
    let target = parsed.get_filename();
    let place = Place {
        engine: Engine::Sqlite,
        name: target.display().to_string(),
        asking: Default::default(),
    };
    let fresh = beside(target, FRESH);
    prepare(saved, &fresh).map_err(|error| place.io(error))?;
    fail_point("restore:loaded");
    let address = url.split('?').next().unwrap_or(url);
    run_marks(&format!("{address}{FRESH}"), role, marks).await?;
    fail_point("restore:marked");
    exchange(&fresh, target).map_err(|error| place.io(error))
}

/// Brings the copy up to date and marks it.
async fn run_marks(url: &str, role: Role, marks: Vec<Mark>) -> Result<(), StoreError> {
    let db = Db::open_existing(url, role).await?;
    db.migrate().await?;
    let mut tx = db.begin().await?;
    for (sql, arguments) in marks {
        tx.execute(sql, arguments).await?;
    }
    tx.commit().await?;
    db.checkpoint(Duration::from_secs(5)).await?;
    db.close().await;
    Ok(())
}

fn prepare(saved: &Path, fresh: &Path) -> io::Result<()> {
    if let Some(directory) = fresh.parent() {
        make_directory(directory)?;
    }
    remove_all(fresh)?;
    open::create_file(fresh)?;
    io::copy(&mut File::open(saved)?, &mut File::create(fresh)?).map(drop)
}

/// The old file goes aside before its log does, and the new one comes last: at no moment does a
/// store stand there without the log that belongs to it. When that fails, the old one comes back.
fn exchange(fresh: &Path, target: &Path) -> io::Result<()> {
    File::open(fresh)?.sync_all()?;
    for log in &PARTS[1..] {
        remove(&beside(fresh, log))?;
    }
    let aside = beside(target, ASIDE);
    if target.exists() {
        remove_all(&aside)?; // Of a restore that only did not come to remove it.
    }
    let exchanged = move_all(target, &aside).and_then(|()| {
        fail_point("restore:aside");
        fs::rename(fresh, target)
    });
    if let Err(error) = exchanged {
        for part in PARTS.iter().rev() {
            let _ = rename(&beside(&aside, part), &beside(target, part));
        }
        return Err(error);
    }
    fail_point("restore:exchanged");
    if let Some(directory) = target.parent() {
        File::open(directory)?.sync_all()?;
    }
    remove_all(&aside)
}

fn move_all(from: &Path, to: &Path) -> io::Result<()> {
    let mut parts = PARTS.iter();
    parts.try_for_each(|part| rename(&beside(from, part), &beside(to, part)))
}

fn remove_all(store: &Path) -> io::Result<()> {
    let mut parts = PARTS.iter();
    parts.try_for_each(|part| remove(&beside(store, part)))
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    unless_missing(fs::rename(from, to))
}

fn remove(path: &Path) -> io::Result<()> {
    unless_missing(fs::remove_file(path))
}

fn unless_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether what is missing here stands aside, because a restore was cut off between its two renames.
pub(in super::super) fn is_cut_off(target: &Path) -> bool {
    beside(target, ASIDE).exists()
}

pub(super) fn left_over(target: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let (aside, fresh) = (beside(target, ASIDE), beside(target, FRESH));
    if aside.exists() {
        found.push(format!(
            "{} is the data from before a restore that is complete: remove it, with -wal and -shm \
             beside it",
            aside.display()
        ));
    }
    if fresh.exists() {
        found.push(format!(
            "{} is of a restore that was cut off and changed nothing: repeat `gallra restore DIR`, \
             or remove the file",
            fresh.display()
        ));
    }
    found
}

//! What stood where a promotion writes is set aside, never overwritten; and a root that was set aside
//! is not forgotten as long as it holds a key.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::super::FileRoot;
use super::MirrorError;
use super::home::io_error;

/// Moves a directory out of the way, to the first free name of `NAME.lost-1`, `NAME.lost-2`, …, and
/// answers where it went; `None` when there is none. Nothing is ever overwritten.
pub fn set_aside(directory: &Path) -> Result<Option<PathBuf>, MirrorError> {
    if !directory.exists() {
        return Ok(None);
    }
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let free = (1..u32::MAX)
        .map(|number| directory.with_file_name(format!("{name}.lost-{number}")))
        .find(|place| !place.exists());
    let moved = free
        .ok_or_else(|| io::Error::from(io::ErrorKind::AlreadyExists))
        .and_then(|place| {
            fs::rename(directory, &place)?;
            sync_parent(&place)?;
            Ok(place)
        });
    moved.map(Some).map_err(|error| io_error(directory, error))
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// The directories beside a root that were set aside and still hold a key. As long as there is one,
/// an old copy of the vault may open with it: receipts must not claim otherwise.
pub fn remains(root: &FileRoot) -> Result<Vec<PathBuf>, MirrorError> {
    let directory = root.directory();
    let parent = match directory.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let begin = format!(
        "{}.lost-",
        directory.file_name().unwrap_or_default().to_string_lossy()
    );
    let entries = fs::read_dir(parent).map_err(|error| io_error(parent, error))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| io_error(parent, error))?;
        let is_one = entry.file_name().to_string_lossy().starts_with(&begin);
        if is_one && !root.at(entry.path()).slots()?.is_empty() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Overwrites the keys in every root directory that was set aside; answers which those were.
pub fn destroy_remains(root: &FileRoot) -> Result<Vec<PathBuf>, MirrorError> {
    let found = remains(root)?;
    for directory in &found {
        root.at(directory.clone()).wipe_all()?;
    }
    Ok(found)
}

//! A file for what is handed out: a new one, for its owner only, and whole or not at all.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::failure::{Exit, Failure};

/// Makes a file where there is none.
pub fn create(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    options.open(path).map_err(|error| cannot(path, &error))
}

/// Ends a file that was written: durable when it was written to its end, gone when it was not, because
/// half a file is of use to nobody.
pub fn end<T>(path: &Path, written: Result<T, Failure>) -> Result<T, Failure> {
    let ended = written.and_then(|it| {
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map(|()| it).map_err(|error| cannot(path, &error))
    });
    if ended.is_err() {
        let _ = std::fs::remove_file(path);
    }
    ended
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    let remedy = "name a new file in a directory that can be written";
    Failure::new(
        Exit::Failed,
        format!("{}: {error}: {remedy}", path.display()),
    )
}

//! The program of known care that the proofs are tried on; see `saver.c`.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::tools::lostwrites::compile;

/// A command that saves these numbers in a directory with this care.
pub fn saver(directory: &Path, numbers: RangeInclusive<u64>, how: &str) -> Command {
    static SAVER: OnceLock<PathBuf> = OnceLock::new();
    let program = SAVER.get_or_init(|| compile("tests/proofs/saver.c", &[], "saver"));
    let mut command = Command::new(program);
    command.arg(directory);
    command.args([numbers.start().to_string(), numbers.end().to_string()]);
    command.arg(how);
    command
}

/// The number that is saved in a directory, if any; an error when the file is not whole.
pub fn saved(directory: &Path) -> Option<Result<u64, String>> {
    let text = std::fs::read_to_string(directory.join("number")).ok()?;
    if text.is_empty() {
        return Some(Err("the file is empty".into()));
    }
    let number = text.lines().next().and_then(|line| line.parse().ok());
    let whole = text.len() == 1536 && text.lines().all(|line| line.parse().ok() == number);
    let number = number.filter(|_| whole);
    Some(number.ok_or_else(|| "the file is torn".into()))
}

/// The highest number in lines that begin with these words; 0 when there is none.
pub fn last_number(said: &str, before: &str) -> u64 {
    let numbers = said.lines().filter_map(|line| line.strip_prefix(before));
    numbers
        .filter_map(|text| text.parse().ok())
        .max()
        .unwrap_or(0)
}

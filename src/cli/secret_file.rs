//! Secrets from a file or standard input: never an argument, which anybody on the machine could read.

use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::failure::{Exit, Failure};

/// No secret is longer.
const LONGEST: u64 = 4096;

/// What a file holds, or standard input for `-`; the line's end does not belong to it.
pub fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().take(LONGEST).read_to_string(&mut text),
        false => {
            std::fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        }
    };
    read.map_err(|error| Failure::new(Exit::Failed, format!("{}: {error}", path.display())))?;
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    Ok(text)
}

//! A process of this machine, as whoever waits for it tells of it.

use std::fmt;
use std::fs;
use std::path::Path;

/// A process: its number, and what it was started as. Nothing depends on it but words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number, as the system writes it.
    pub id: String,
    /// The program's name and its first argument.
    pub command: String,
}

impl Process {
    /// This process.
    pub fn own() -> Self {
        Self {
            id: std::process::id().to_string(),
            command: shortened(std::env::args()),
        }
    }

    /// Any process that runs here, by what Linux says of it; one that it says nothing of goes unnamed.
    pub fn running(id: &str) -> Self {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        let words = line.split('\0').filter(|word| !word.is_empty());
        Self {
            id: id.to_owned(),
            command: shortened(words.map(str::to_owned)),
        }
    }

    /// What [`Process::signature`] wrote.
    pub fn read(text: &str) -> Self {
        let (id, command) = text.split_once(' ').unwrap_or((text, UNKNOWN));
        Self {
            id: id.to_owned(),
            command: command.to_owned(),
        }
    }

    /// Its number and its command: what it leaves in a file that it locks.
    pub fn signature(&self) -> String {
        format!("{} {}", self.id, self.command)
    }

    /// Whether it is the one that asks.
    pub fn is_own(&self) -> bool {
        self.id == std::process::id().to_string()
    }

    /// Whether it stands still, as far as Linux tells.
    pub fn is_stopped(&self) -> bool {
        matches!(state_of(&self.id), Some('T' | 't'))
    }
}

/// "process 4711 (gallra erase), stopped": what a waiter tells.
impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.id, self.command)?;
        match self.is_stopped() {
            true => f.write_str(", stopped: continue it with SIGCONT or end it with SIGKILL"),
            false => Ok(()),
        }
    }
}

const UNKNOWN: &str = "unknown command";

/// The program without its directory, and the first argument that is a bare word, which is the command:
/// no more, for the others may name a person.
fn shortened(mut words: impl Iterator<Item = String>) -> String {
    let Some(program) = words.next() else {
        return UNKNOWN.to_owned();
    };
    let name = Path::new(&program).file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let is_bare = |word: &String| {
        let letters = |it: char| it.is_ascii_lowercase() || it == '-';
        word.starts_with(|it: char| it.is_ascii_lowercase()) && word.chars().all(letters)
    };
    match words.find(is_bare) {
        Some(argument) => format!("{name} {argument}"),
        None => name,
    }
}

/// The state letter of a process on Linux; `None` elsewhere or when it is gone.
fn state_of(id: &str) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_by_number_program_and_one_argument() {
        let words = [
            "/usr/bin/gallra",
            "--data-dir=/home/anna",
            "erase",
            "Anna Andersson",
        ];
        let words = words.map(str::to_owned);
        assert_eq!(shortened(words.into_iter()), "gallra erase");
        let told = Process::read("4194305 gallra erase").to_string();
        assert_eq!(told, "process 4194305 (gallra erase)");
    }

    #[test]
    fn this_process_reads_the_same_from_outside() {
        let own = Process::own();
        assert!(own.is_own() && !own.is_stopped());
        assert_eq!(Process::read(&own.signature()), own);
        if Path::new("/proc/self/cmdline").exists() {
            assert_eq!(Process::running(&own.id), own);
        }
    }
}

//! The trace as the shim writes it: records in order, each a header, a path and a payload.

use std::fmt;
use std::path::Path;

/// One thing a process did below the traced directory, or said to the world.
pub struct Event {
    /// What was done.
    pub kind: Kind,
    /// Path relative to the root; `.` is the root itself. At the time of the event.
    pub path: String,
    /// The number the file system gave the file; 0 where the event concerns a name.
    pub inode: u64,
    /// Where in the trace the process was that did it.
    pub pid: u32,
    /// Offset of a write, size of a truncation, mode, or the token that pairs a sync's two records.
    pub number: u64,
    /// Bytes written; the other name of a rename or link; text that was output.
    pub data: Vec<u8>,
}

/// What an [`Event`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file came into being under a name.
    Create,
    /// Bytes were written at an offset.
    Write,
    /// The size was set.
    Truncate,
    /// A sync was asked for: it covers everything before this record …
    SyncBegin,
    /// … and has done so by this one.
    SyncEnd,
    /// A name was moved, replacing what stood there.
    Rename,
    /// A name was removed.
    Unlink,
    /// A directory was made.
    MakeDirectory,
    /// An empty directory was removed.
    RemoveDirectory,
    /// A second name was given.
    Link,
    /// The process wrote to its standard output: a promise to the world.
    Output,
    /// Permission bits were set.
    Mode,
    /// The test left a mark ([`super::Recording::mark`]).
    Mark,
    /// Something the model does not know; replay refuses it.
    Unsupported,
}

const KINDS: [Kind; 14] = [
    Kind::Create,
    Kind::Write,
    Kind::Truncate,
    Kind::SyncBegin,
    Kind::SyncEnd,
    Kind::Rename,
    Kind::Unlink,
    Kind::MakeDirectory,
    Kind::RemoveDirectory,
    Kind::Link,
    Kind::Output,
    Kind::Mode,
    Kind::Mark,
    Kind::Unsupported,
];

const MAGIC: u32 = 0x474c_5731;
const HEADER: usize = 40;

impl Event {
    /// A mark of the test's own.
    pub fn mark(text: &str) -> Self {
        Self {
            kind: Kind::Mark,
            path: String::new(),
            inode: 0,
            pid: std::process::id(),
            number: 0,
            data: text.as_bytes().to_vec(),
        }
    }

    /// The payload as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.data).into_owned()
    }

    /// Whether a power cut after this event may leave another disk than one before it.
    pub fn touches_the_disk(&self) -> bool {
        !matches!(
            self.kind,
            Kind::SyncBegin | Kind::Output | Kind::Mark | Kind::Mode
        )
    }

    /// The record as bytes, as the shim would write it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let kind = KINDS.iter().position(|kind| *kind == self.kind).unwrap() as u32 + 1;
        let mut bytes = Vec::with_capacity(HEADER + self.path.len() + self.data.len());
        for part in [MAGIC, kind, self.pid, self.path.len() as u32] {
            bytes.extend(part.to_ne_bytes());
        }
        for part in [self.data.len() as u64, self.inode, self.number] {
            bytes.extend(part.to_ne_bytes());
        }
        bytes.extend(self.path.as_bytes());
        bytes.extend(&self.data);
        bytes
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} inode {}", self.kind, self.path, self.inode)?;
        match self.kind {
            Kind::Write => write!(f, " at {} length {}", self.number, self.data.len()),
            Kind::Rename | Kind::Link | Kind::Unsupported | Kind::Output | Kind::Mark => {
                write!(f, " {:?}", self.text())
            }
            _ => write!(f, " {}", self.number),
        }
    }
}

/// Reads every record of a trace file.
///
/// # Panics
/// When a record is cut short: a traced process was killed inside the shim.
pub fn read(file: &Path) -> Vec<Event> {
    let bytes = std::fs::read(file).expect("the trace file is readable");
    let mut rest = bytes.as_slice();
    let mut events = Vec::new();
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        let event = take(&mut rest).unwrap_or_else(|| {
            panic!(
                "the trace breaks off at byte {at} of {}: a traced process was killed inside a \
                 record; trace whole runs instead",
                bytes.len()
            )
        });
        events.push(event);
    }
    events
}

fn take(rest: &mut &[u8]) -> Option<Event> {
    let header = rest.get(..HEADER)?;
    let word = |at: usize| u32::from_ne_bytes(header[at..at + 4].try_into().unwrap());
    let long = |at: usize| u64::from_ne_bytes(header[at..at + 8].try_into().unwrap());
    if word(0) != MAGIC {
        return None;
    }
    let path_end = HEADER + word(12) as usize;
    let end = path_end.checked_add(usize::try_from(long(16)).ok()?)?;
    let event = Event {
        kind: *KINDS.get((word(4) as usize).checked_sub(1)?)?,
        path: String::from_utf8(rest.get(HEADER..path_end)?.to_vec()).ok()?,
        inode: long(24),
        pid: word(8),
        number: long(32),
        data: rest.get(path_end..end)?.to_vec(),
    };
    *rest = &rest[end..];
    Some(event)
}

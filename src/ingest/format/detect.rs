//! Which format a source has, by its beginning.

use std::collections::BTreeSet;

use super::{FORMATS, Format, Framing};
use crate::ingest::source::{Beginning, Encoding, Table};
use crate::ingest::{IngestError, gallra};

/// Header lines that begin mails.
const HEADERS: &[&str] = &[
    "from",
    "to",
    "date",
    "subject",
    "received",
    "return-path",
    "message-id",
    "delivered-to",
    "mime-version",
    "content-type",
    "reply-to",
    "cc",
    "x-original-to",
    "dkim-signature",
    "sender",
];

/// The format of a source.
pub fn detect(beginning: &Beginning) -> Result<&'static Format, IngestError> {
    if beginning.is_archive() {
        return Err(IngestError::Archive);
    }
    if beginning.is_utf16() {
        return Err(IngestError::Utf16);
    }
    if beginning.bytes.trim_ascii().is_empty() {
        return Format::named("gallra").ok_or(IngestError::Unrecognised);
    }
    let names = names(beginning);
    let found = FORMATS.iter().find(|it| match it.framing {
        Framing::Gallra => is_gallra(beginning),
        Framing::Mail => is_mail(beginning),
        Framing::Table => is_table(beginning),
        Framing::Objects { .. } => it
            .signs
            .iter()
            .any(|set| set.iter().all(|name| names.contains(*name))),
    });
    found.ok_or(IngestError::Unrecognised)
}

fn is_gallra(beginning: &Beginning) -> bool {
    let lines = beginning.lines().filter(|it| !it.trim_ascii().is_empty());
    lines.take(20).any(|line| gallra::read(line).is_ok())
}

fn is_mail(beginning: &Beginning) -> bool {
    if beginning.bytes.starts_with(b"From ") {
        return true;
    }
    let mut known = 0;
    for line in beginning.lines() {
        match line {
            [] => break,
            [b' ' | b'\t', ..] => {}
            _ => {
                let end = line.iter().position(|it| *it == b':');
                let name = String::from_utf8_lossy(&line[..end.unwrap_or(0)]).to_lowercase();
                let letters = |it: char| it.is_ascii_graphic();
                if name.is_empty() || !name.chars().all(letters) {
                    break;
                }
                known += usize::from(HEADERS.contains(&name.as_str()));
            }
        }
    }
    known >= 2
}

fn is_table(beginning: &Beginning) -> bool {
    let mut lines = beginning.lines().filter(|it| !it.trim_ascii().is_empty());
    let header = lines.next().unwrap_or_default();
    let delimiter = Table::detect(beginning).delimiter;
    let text = !beginning.bytes.contains(&0);
    let json = matches!(header.trim_ascii().first(), Some(b'{' | b'[' | b'<'));
    text && !json && header.contains(&delimiter)
}

/// The names of fields in the beginning: of JSON objects, else of a table's header.
fn names(beginning: &Beginning) -> BTreeSet<String> {
    let is_json = matches!(
        beginning.bytes.trim_ascii_start().first(),
        Some(b'{' | b'[')
    );
    match is_json {
        true => names_of_json(&beginning.bytes),
        false => names_of_table(beginning),
    }
}

fn names_of_table(beginning: &Beginning) -> BTreeSet<String> {
    let table = Table {
        encoding: Encoding::Utf8,
        ..Table::detect(beginning)
    };
    let mut lines = beginning.lines().filter(|it| !it.trim_ascii().is_empty());
    let header = lines.next().unwrap_or_default();
    let names = header.split(|it| *it == table.delimiter);
    names
        .map(|it| {
            String::from_utf8_lossy(it)
                .trim()
                .trim_matches('"')
                .to_owned()
        })
        .collect()
}

/// Every string before a colon.
fn names_of_json(bytes: &[u8]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut at = 0;
    while let Some(begin) = bytes[at..].iter().position(|it| *it == b'"') {
        let start = at + begin + 1;
        let mut end = start;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let Some(string) = bytes.get(start..end) else {
            break;
        };
        at = (end + 1).min(bytes.len());
        if bytes[at..].trim_ascii_start().first() == Some(&b':') && string.len() < 64 {
            names.insert(String::from_utf8_lossy(string).into_owned());
        }
    }
    names
}

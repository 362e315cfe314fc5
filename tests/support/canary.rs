//! The search for what must not be there: names, addresses, numbers, bodies and key bytes, in files,
//! buffers and PostgreSQL tables, plain or in any dress they might wear.
//!
//! ```ignore
//! let canaries = Canaries::new(["Wilhelmina Kanariefågel", "kanarie@voliere.example"], [&key[..]]);
//! let finds = canaries.in_directory(bench.directory());
//! assert!(finds.is_empty(), "{finds:#?}");
//! ```
//!
//! A test shows first that its canaries can be found where they may be (in the import file, in the
//! answer of `access`): a search that cannot succeed proves nothing.
//!
//! Not looked through: compression. A value that PostgreSQL has compressed is found by
//! [`Canaries::in_postgres`], which reads it as text, and not in the server's files.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Shorter needles would turn up by chance, in base64 above all.
const SHORTEST: usize = 6;
/// Read at a time; each piece repeats the end of the one before.
const PIECE: usize = 4 << 20;

/// Needles in every encoding, ready to search for.
pub struct Canaries {
    automaton: AhoCorasick,
    /// Which needle, in which dress, each pattern of the automaton is.
    meaning: Vec<(String, String)>,
    longest: usize,
}

/// A canary that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// The file, or the name of the buffer or table.
    pub place: String,
    /// Where its first byte stands.
    pub offset: usize,
    /// Which canary: its text, or its bytes in hexadecimal.
    pub canary: String,
    /// In which dress, such as `base64 (url), alignment 2`.
    pub encoding: String,
}

impl Canaries {
    /// Texts are searched for as given and in lower and upper case; bytes as they are; each in UTF-16,
    /// base64, hexadecimal and percent-encoding too.
    ///
    /// # Panics
    /// When one is shorter than six bytes.
    pub fn new<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        bytes: impl IntoIterator<Item = &'a [u8]>,
    ) -> Self {
        let mut patterns = Patterns::default();
        for text in texts {
            patterns.add_text(text);
        }
        for needle in bytes {
            patterns.add_bytes(&hex::encode(needle), "", needle);
        }
        Self {
            longest: patterns.bytes.iter().map(Vec::len).max().unwrap_or(0),
            automaton: AhoCorasick::new(&patterns.bytes).expect("the patterns fit an automaton"),
            meaning: patterns.meaning,
        }
    }

    /// Searches a buffer, which the finds call `place`.
    pub fn in_bytes(&self, place: &str, bytes: &[u8]) -> Vec<Find> {
        let mut finds = Vec::new();
        self.search(place, bytes, 0, 0, &mut finds);
        finds
    }

    /// Searches every file below a directory, and the names of files and directories too.
    pub fn in_directory(&self, directory: &Path) -> Vec<Find> {
        let mut finds = Vec::new();
        let entries = std::fs::read_dir(directory);
        let entries = entries.unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().expect("an entry has a name");
            let place = format!("name of {}", path.display());
            finds.extend(self.in_bytes(&place, name.as_encoded_bytes()));
            // SQLite may remove its log of writes while we look.
            let Ok(metadata) = std::fs::symlink_metadata(&path) else {
                continue;
            };
            let kind = metadata.file_type();
            if kind.is_dir() {
                finds.extend(self.in_directory(&path));
            } else if kind.is_file() {
                finds.extend(self.in_file(&path));
            }
        }
        finds
    }

    /// Searches one file of any size.
    pub fn in_file(&self, path: &Path) -> Vec<Find> {
        let place = path.display().to_string();
        let mut finds = Vec::new();
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return finds,
            Err(e) => panic!("{place}: {e}"),
        };
        let (mut piece, mut start, mut old) = (Vec::new(), 0, 0);
        loop {
            let read = { &mut file }.take(PIECE as u64).read_to_end(&mut piece);
            if read.unwrap_or_else(|e| panic!("{place}: {e}")) == 0 {
                return finds;
            }
            self.search(&place, &piece, start, old, &mut finds);
            old = self.longest.saturating_sub(1).min(piece.len());
            start += piece.len() - old;
            piece.drain(..piece.len() - old);
        }
    }

    /// Searches every table of the schemas that the URL's `search_path` names, row by row as text;
    /// what a bytea column holds is searched as the bytes it is.
    pub async fn in_postgres(&self, url: &str) -> Vec<Find> {
        let mut connection = PgConnection::connect(url)
            .await
            .expect("the server answers");
        let tables: Vec<(String, String)> = sqlx::query_as(
            "SELECT schemaname::text, tablename::text FROM pg_tables
             WHERE schemaname = ANY (current_schemas(false)) ORDER BY 1, 2",
        )
        .fetch_all(&mut connection)
        .await
        .expect("the catalogue is readable");
        let mut finds = Vec::new();
        for (schema, table) in tables {
            let sql = format!("SELECT t::text FROM \"{schema}\".\"{table}\" t");
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_all(&mut connection)
                .await
                .expect("the table is readable");
            for (number, row) in rows.iter().enumerate() {
                let place = format!("table {schema}.{table}, row {number}");
                finds.extend(self.in_bytes(&place, row.as_bytes()));
                for bytes in byteas(row) {
                    finds.extend(self.in_bytes(&format!("{place}, as bytes"), &bytes));
                }
            }
        }
        connection.close().await.expect("the connection closes");
        finds
    }

    /// Finds in `piece`, which begins at `start` of the whole. A find that ends within the first `old`
    /// bytes was made in the piece before.
    fn search(&self, place: &str, piece: &[u8], start: usize, old: usize, finds: &mut Vec<Find>) {
        for found in self.automaton.find_overlapping_iter(piece) {
            if found.end() > old {
                let (canary, encoding) = self.meaning[found.pattern().as_usize()].clone();
                finds.push(Find {
                    place: place.to_owned(),
                    offset: start + found.start(),
                    canary,
                    encoding,
                });
            }
        }
    }
}

/// The bytea values of a row that PostgreSQL has written as text: `(…,"\\x00ff",…)`.
fn byteas(row: &str) -> impl Iterator<Item = Vec<u8>> + '_ {
    row.split("\\x").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_hexdigit());
        hex::decode(&rest[..end.unwrap_or(rest.len())]).unwrap_or_default()
    })
}

/// Byte strings to look for, each once.
#[derive(Default)]
struct Patterns {
    bytes: Vec<Vec<u8>>,
    meaning: Vec<(String, String)>,
    known: HashSet<Vec<u8>>,
}

impl Patterns {
    fn add_text(&mut self, text: &str) {
        let cases = [
            ("", text.to_owned()),
            ("lower case ", text.to_lowercase()),
            ("upper case ", text.to_uppercase()),
        ];
        for (case, text_in_case) in &cases {
            self.add_bytes(text, case, text_in_case.as_bytes());
            let wide = |unit: u16| unit.to_le_bytes();
            let utf16: Vec<u8> = text_in_case.encode_utf16().flat_map(wide).collect();
            self.add_bytes(text, &format!("{case}UTF-16 "), &utf16);
            for (digits, upper) in [("lower", false), ("upper", true)] {
                let json = json_escaped(text_in_case, upper);
                self.add(text, &format!("{case}JSON escapes, {digits}"), json);
            }
        }
    }

    fn add_bytes(&mut self, canary: &str, dress: &str, needle: &[u8]) {
        assert!(
            needle.len() >= SHORTEST,
            "the canary {canary} is too short: take one of at least {SHORTEST} bytes"
        );
        self.add(canary, &format!("{dress}plain"), needle.to_vec());
        let upper = hex::encode_upper(needle).into_bytes();
        self.add(canary, &format!("{dress}hex"), hex::encode(needle).into());
        self.add(canary, &format!("{dress}HEX"), upper);
        for alignment in 0..3 {
            for (alphabet, engine) in [("std", STANDARD_NO_PAD), ("url", URL_SAFE_NO_PAD)] {
                let name = format!("{dress}base64 ({alphabet}), alignment {alignment}");
                self.add(canary, &name, base64_inside(&engine, needle, alignment));
            }
        }
        for upper in [true, false] {
            for everything in [true, false] {
                let name = format!("{dress}percent-encoding");
                self.add(canary, &name, percent(needle, upper, everything));
            }
        }
    }

    fn add(&mut self, canary: &str, encoding: &str, bytes: Vec<u8>) {
        if self.known.insert(bytes.clone()) {
            self.bytes.push(bytes);
            self.meaning.push((canary.into(), encoding.into()));
        }
    }
}

/// What stands in a base64 text whatever surrounds the needle: without the characters that hold bits
/// of what comes before it (`alignment` bytes past a multiple of three) or after.
fn base64_inside(engine: &impl Engine, needle: &[u8], alignment: usize) -> Vec<u8> {
    let mut padded = vec![0; alignment];
    padded.extend(needle);
    let encoded = engine.encode(&padded).into_bytes();
    let foreign_start = [0, 2, 3][alignment];
    let foreign_end = usize::from(!padded.len().is_multiple_of(3));
    encoded[foreign_start..encoded.len() - foreign_end].to_vec()
}

/// Percent-encoded: all bytes, or only those that a URL has no letter for.
fn percent(needle: &[u8], upper: bool, everything: bool) -> Vec<u8> {
    let mut encoded = String::new();
    for byte in needle {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' if !everything => {
                encoded.push(char::from(*byte));
            }
            byte if upper => encoded.push_str(&format!("%{byte:02X}")),
            byte => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    encoded.into_bytes()
}

/// As a JSON writer that keeps to ASCII writes it.
fn json_escaped(text: &str, upper: bool) -> Vec<u8> {
    let mut escaped = String::new();
    for unit in text.encode_utf16() {
        match char::from_u32(unit.into()) {
            Some(character @ ('"' | '\\')) => escaped.extend(['\\', character]),
            Some('\n') => escaped.push_str("\\n"),
            Some(character @ ' '..='~') => escaped.push(character),
            _ if upper => escaped.push_str(&format!("\\u{unit:04X}")),
            _ => escaped.push_str(&format!("\\u{unit:04x}")),
        }
    }
    escaped.into_bytes()
}

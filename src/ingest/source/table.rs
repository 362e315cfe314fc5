//! Tables: rows of fields between commas, semicolons, tabs or bars, with quotation marks (RFC 4180).

use std::borrow::Cow;
use std::collections::VecDeque;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs::WINDOWS_1252;
use tokio::io::AsyncBufRead;

use super::beginning::has_utf8;
use super::lines::{LONGEST_RECORD, Line, Lines};
use super::{Beginning, KEPT};
use crate::ingest::Reason;

/// More fields than any table of contacts has.
const MOST_FIELDS: usize = 1_000;

/// A row goes over no more lines than this.
const MOST_LINES: usize = 5_000;

/// How the bytes of a table are letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// What Windows programs of western Europe write.
    Windows1252,
}

impl Encoding {
    /// Its name as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Windows1252 => "windows-1252",
        }
    }

    /// The encoding of this name.
    pub fn named(name: &str) -> Option<Self> {
        let known = [Encoding::Utf8, Encoding::Windows1252];
        known.into_iter().find(|it| it.name() == name)
    }

    /// The letters of a field. UTF-8 is read as such in any table: by chance almost no text in another
    /// encoding is valid UTF-8.
    fn read(self, bytes: Vec<u8>) -> Result<String, Reason> {
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => return Ok(text),
            Err(error) => error.into_bytes(),
        };
        // Five bytes mean nothing in Windows-1252: the standard for the web maps them to controls.
        let has_gap = |it: &u8| matches!(it, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
        match self {
            Encoding::Windows1252 if !bytes.iter().any(has_gap) && !has_utf8(&bytes) => {
                match WINDOWS_1252.decode_without_bom_handling(&bytes) {
                    (Cow::Borrowed(text), _) => Ok(text.to_owned()),
                    (Cow::Owned(text), _) => Ok(text),
                }
            }
            _ => Err(Reason::NotInEncoding),
        }
    }
}

/// How a table is written: as asked for, else as its beginning shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Between fields.
    pub delimiter: u8,
    /// How bytes are letters.
    pub encoding: Encoding,
}

impl Table {
    /// Looks at the beginning of a table.
    pub fn detect(beginning: &Beginning) -> Self {
        let header = beginning.lines().find(|it| !it.trim_ascii().is_empty());
        let header = header.unwrap_or_default();
        let outside: Vec<u8> = header
            .split(|it| *it == b'"')
            .step_by(2)
            .flatten()
            .copied()
            .collect();
        let count = |delimiter: u8| outside.iter().filter(|it| **it == delimiter).count();
        // The first of those that are most frequent.
        let delimiters = [b',', b';', b'\t', b'|'];
        let most = delimiters.iter().map(|it| count(*it)).max().unwrap_or(0);
        let delimiter = delimiters.into_iter().find(|it| count(*it) == most);
        Self {
            delimiter: delimiter.unwrap_or(b','),
            // UTF-8 with some bytes that are not stays UTF-8: those rows are bad, the others are not.
            encoding: match beginning.marked || beginning.is_utf8() || beginning.has_utf8() {
                true => Encoding::Utf8,
                false => Encoding::Windows1252,
            },
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// Its fields.
    Fields(Vec<String>),
    /// What could not be read, and why.
    Bad(Reason, Vec<u8>),
}

/// Reads rows, the header first.
pub struct Rows<R> {
    lines: Lines<R>,
    table: Table,
    reader: Reader,
    /// Lines that were read for a row that turned out to have no end.
    again: VecDeque<Vec<u8>>,
    /// How many lines of the source belong to rows that were given out.
    number: u64,
    line: u64,
}

impl<R: AsyncBufRead + Unpin> Rows<R> {
    /// Rows of this source.
    pub fn new(source: R, table: Table) -> Self {
        Self {
            lines: Lines::new(source),
            table,
            reader: ReaderBuilder::new().delimiter(table.delimiter).build(),
            again: VecDeque::new(),
            number: 0,
            line: 0,
        }
    }

    /// The line on which the row given out last began, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    async fn next_line(&mut self) -> std::io::Result<Option<Line>> {
        match self.again.pop_front() {
            Some(line) => Ok(Some(Line::Whole(line))),
            None => self.lines.next().await,
        }
    }

    /// The next row that is not empty.
    pub async fn next(&mut self) -> std::io::Result<Option<Row>> {
        loop {
            let line = match self.next_line().await? {
                None => return Ok(None),
                Some(line) => line,
            };
            self.number += 1;
            self.line = self.number;
            match line {
                Line::TooLong(mut bytes) => {
                    bytes.truncate(KEPT);
                    return Ok(Some(Row::Bad(Reason::TooLong, bytes)));
                }
                Line::Whole(line) if line.trim_ascii().is_empty() => {}
                Line::Whole(line) => return self.row(line).await.map(Some),
            }
        }
    }

    /// A row that begins with this line and may go on over the next ones.
    async fn row(&mut self, first: Vec<u8>) -> std::io::Result<Row> {
        self.reader.reset();
        let mut fields = Fields::default();
        let mut taken: Vec<Vec<u8>> = Vec::new();
        let (mut line, mut length) = (first, 0);
        loop {
            let ended = fields.feed(&mut self.reader, &line);
            length += line.len() + 1;
            taken.push(line);
            match ended {
                Ended::Row => return Ok(self.read(fields, &taken)),
                Ended::TooManyFields => return Ok(Row::Bad(Reason::FieldCount, taken.remove(0))),
                Ended::Not => {}
            }
            let next = match length < LONGEST_RECORD && taken.len() < MOST_LINES {
                true => self.next_line().await?,
                false => None,
            };
            match next {
                Some(Line::Whole(next)) => line = next,
                // No end in sight: only its first line is given up, the others are rows of their own.
                over => {
                    if let Some(Line::TooLong(bytes)) = over {
                        taken.push(bytes);
                    }
                    let first = taken.remove(0);
                    for line in taken.into_iter().rev() {
                        self.again.push_front(line);
                    }
                    self.number = self.line;
                    return Ok(Row::Bad(Reason::OpenQuote, first));
                }
            }
            self.number += 1;
        }
    }

    fn read(&self, fields: Fields, taken: &[Vec<u8>]) -> Row {
        let encoding = self.table.encoding;
        let read: Result<Vec<_>, _> = fields.split().map(|it| encoding.read(it)).collect();
        match read {
            Ok(fields) => Row::Fields(fields),
            Err(reason) => Row::Bad(reason, taken.join(&b'\n')),
        }
    }
}

enum Ended {
    Row,
    Not,
    TooManyFields,
}

/// Fields of a row, unquoted.
#[derive(Default)]
struct Fields {
    bytes: Vec<u8>,
    used: usize,
    ends: Vec<usize>,
    count: usize,
}

impl Fields {
    /// Takes the next line of a row in.
    fn feed(&mut self, reader: &mut Reader, line: &[u8]) -> Ended {
        self.bytes.resize(self.used + line.len() + 2, 0);
        if self.ends.is_empty() {
            self.ends.resize(MOST_FIELDS, 0);
        }
        for part in [line, b"\n"] {
            let (bytes, ends) = (&mut self.bytes[self.used..], &mut self.ends[self.count..]);
            let (result, _, written, found) = reader.read_record(part, bytes, ends);
            self.used += written;
            self.count += found;
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => return Ended::Row,
                ReadRecordResult::OutputEndsFull => return Ended::TooManyFields,
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull => {}
            }
        }
        Ended::Not
    }

    fn split(&self) -> impl Iterator<Item = Vec<u8>> {
        let ends = &self.ends[..self.count];
        let starts = std::iter::once(&0).chain(ends);
        starts.zip(ends).map(|(start, end)| {
            let field = self.bytes.get(*start..*end);
            field.unwrap_or_default().to_vec()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::source::open;

    async fn all(text: &[u8]) -> (Table, Vec<Row>) {
        let (beginning, source) = open(text).await.unwrap();
        let table = Table::detect(&beginning);
        let mut rows = Rows::new(source, table);
        let mut found = Vec::new();
        while let Some(row) = rows.next().await.unwrap() {
            found.push(row);
        }
        (table, found)
    }

    fn fields(fields: &[&str]) -> Row {
        Row::Fields(fields.iter().map(|it| (*it).to_owned()).collect())
    }

    #[tokio::test]
    async fn delimiters_marks_and_quotes() {
        let (table, rows) =
            all("\u{feff}namn;\"a;b\"\r\n\r\nÅsa;\"x\"\"y\nz\"\r\n".as_bytes()).await;
        assert_eq!(table.delimiter, b';');
        assert_eq!(
            rows,
            [fields(&["namn", "a;b"]), fields(&["Åsa", "x\"y\nz"])]
        );
        assert_eq!(all(b"a\tb\n1\t2").await.1[1], fields(&["1", "2"]));
        assert_eq!(
            all(b"name\nAnna").await.1,
            [fields(&["name"]), fields(&["Anna"])]
        );
    }

    #[tokio::test]
    async fn windows_1252_is_seen_and_its_gaps_are_refused() {
        let (table, rows) = all(b"namn,ort\n\xc5sa,Malm\xf6\n\x81,x\n").await;
        assert_eq!(table.encoding, Encoding::Windows1252);
        assert_eq!(rows[1], fields(&["Åsa", "Malmö"]));
        assert!(matches!(rows[2], Row::Bad(Reason::NotInEncoding, _)));
    }

    #[tokio::test]
    async fn bytes_that_are_none_in_a_file_of_utf_8_cost_their_row() {
        let mut text = "namn,ort\nÅsa Öberg 😀,Malmö\nSm?rg?,x\nBo,Umeå\n"
            .to_owned()
            .into_bytes();
        let bad = text.iter().enumerate().filter(|(_, it)| **it == b'?');
        let bad: Vec<usize> = bad.map(|(at, _)| at).collect();
        (text[bad[0]], text[bad[1]]) = (0xe5, 0xff);
        let (table, rows) = all(&text).await;
        assert_eq!(table.encoding, Encoding::Utf8);
        assert_eq!(rows[1], fields(&["Åsa Öberg 😀", "Malmö"]));
        assert!(matches!(rows[2], Row::Bad(Reason::NotInEncoding, _)));
        assert_eq!(rows[3], fields(&["Bo", "Umeå"]));
        // Where the file as a whole is Windows-1252, a field with both is neither.
        let (table, rows) = all(b"namn,ort\n\xc5sa,x\n".as_slice()).await;
        assert_eq!((table.encoding, rows.len()), (Encoding::Windows1252, 2));
        assert!(
            Encoding::Windows1252
                .read(b"\xc3\xb6 \xe5".to_vec())
                .is_err()
        );
    }

    #[tokio::test]
    async fn a_quote_that_is_never_closed_costs_one_row() {
        let (_, rows) = all(b"a,b\n1,\"open\n2,two\n3,three\n").await;
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[1], Row::Bad(Reason::OpenQuote, b"1,\"open".to_vec()));
        assert_eq!(rows[3], fields(&["3", "three"]));
    }
}

//! What a command writes to standard output: one JSON document, or text for a person.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write as _};

use serde::Serialize;

use super::failure::{Exit, Failure};
use crate::vocabulary::Timestamp;

/// Where answers go, and in which form.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// `--json`.
    pub json: bool,
}

impl Output {
    /// Gives the answer: `value` as one line of JSON, or what `text` makes of it.
    pub fn give<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&T) -> Text,
    ) -> Result<(), Failure> {
        if self.json {
            self.document(value)
        } else {
            write(text(value).0.as_bytes())
        }
    }

    /// One JSON document on a line of its own, with or without `--json`.
    pub fn document<T: Serialize>(&self, value: &T) -> Result<(), Failure> {
        let mut line =
            serde_json::to_vec(value).map_err(|error| Failure::from_error(Exit::Failed, &error))?;
        line.push(b'\n');
        write(&line)
    }

    /// Bytes as they are: a file that was asked for on standard output.
    pub fn raw(&self, bytes: &[u8]) -> Result<(), Failure> {
        write(bytes)
    }
}

/// Whoever reads our output may stop reading (`gallra receipt list | head`); that is no failure.
fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Failed,
            format!("standard output takes no more: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Text for a person, at most 80 columns where the content allows.
#[derive(Debug, Default)]
pub struct Text(String);

/// Where a paragraph is broken.
const WIDTH: usize = 80;

impl Text {
    /// Begins with a line.
    pub fn line(line: impl Display) -> Self {
        Self::default().and(line)
    }

    /// What is laid out already.
    pub fn verbatim(text: String) -> Self {
        Self(text)
    }

    /// One more line.
    pub fn and(mut self, line: impl Display) -> Self {
        let _ = writeln!(self.0, "{line}"); // Writing to a String does not fail.
        self
    }

    /// An empty line.
    pub fn gap(self) -> Self {
        self.and("")
    }

    /// Numbers of things, a line each.
    pub fn counted(self, rows: Vec<(u64, &str, &str)>) -> Self {
        rows.into_iter().fold(self, |text, (number, one, many)| {
            text.and(format!("  {}", count(number, one, many)))
        })
    }

    /// A paragraph, broken at words, each line indented.
    pub fn paragraph(mut self, indent: usize, words: &str) -> Self {
        let margin = " ".repeat(indent);
        let mut length = 0;
        for word in words.split_whitespace() {
            let wanted = word.chars().count();
            if length == 0 {
                self.0.push_str(&margin);
                length = indent;
            } else if length + 1 + wanted > WIDTH {
                self.0.push('\n');
                self.0.push_str(&margin);
                length = indent;
            } else {
                self.0.push(' ');
                length += 1;
            }
            self.0.push_str(word);
            length += wanted;
        }
        self.0.push('\n');
        self
    }

    /// A paragraph that begins beside a label.
    pub fn labelled(self, label: &str, indent: usize, words: &str) -> Self {
        let paragraph = Self::default().paragraph(indent, words).0;
        let label = format!("{label:<indent$}");
        Self(self.0 + &label + &paragraph[indent.min(paragraph.len())..])
    }

    /// Names and values, the values below each other.
    pub fn pairs<N: Display, V: Display>(self, pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs: Vec<(String, String)> = pairs
            .into_iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        let width = pairs
            .iter()
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        pairs.iter().fold(self, |text, (name, value)| {
            let line = format!("  {name:width$}  {value}");
            text.and(line.trim_end())
        })
    }

    /// A table with headings; the last column takes what room there is.
    pub fn table<const N: usize>(self, headings: [&str; N], rows: &[[String; N]]) -> Self {
        let mut widths = headings.map(|heading| heading.chars().count());
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let line = |cells: [&str; N]| {
            let cells = cells
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        rows.iter().fold(self.and(line(headings)), |text, row| {
            text.and(line(row.each_ref().map(String::as_str)))
        })
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A time for a person: `2026-03-01 09:30 UTC`.
pub fn moment(time: Timestamp) -> String {
    time.to_utc().format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `1 contact`, `2 contacts`, `12 000 contacts`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// A number in groups of three, with a thin gap as is the custom in Sweden.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_pairs_stand_in_columns() {
        let rows = [
            ["åäö".to_owned(), "1".to_owned()],
            ["longer name".to_owned(), String::new()],
        ];
        let text = Text::default()
            .table(["NAME", "N"], &rows)
            .pairs([("a", "1"), ("bcd", "2")]);
        assert_eq!(
            text.to_string(),
            "NAME         N\nåäö          1\nlonger name\n  a    1\n  bcd  2\n"
        );
    }

    #[test]
    fn a_paragraph_keeps_to_eighty_columns() {
        let text = Text::default()
            .paragraph(4, &"nine char ".repeat(30))
            .to_string();
        assert!(text.lines().all(|line| line.len() <= WIDTH
            && line.starts_with("    ")
            && !line.starts_with("     ")));
        assert!(text.lines().count() > 3);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(1, "contact", "contacts"), "1 contact");
        assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
    }
}

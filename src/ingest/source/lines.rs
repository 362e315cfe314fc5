//! Lines of a stream, none of them longer in memory than a limit.

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use super::KEPT;

/// A record may be this long; of a longer one only the beginning is kept.
pub const LONGEST_RECORD: usize = 1 << 20;

/// One line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// As it came.
    Whole(Vec<u8>),
    /// The beginning of one that is longer than the limit.
    TooLong(Vec<u8>),
}

/// Reads lines and counts them.
pub struct Lines<R> {
    source: R,
    number: u64,
    limit: usize,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// Lines of this source, none longer than [`LONGEST_RECORD`].
    pub fn new(source: R) -> Self {
        Self::within(LONGEST_RECORD, source)
    }

    /// Lines of this source, none longer than a limit.
    pub fn within(limit: usize, source: R) -> Self {
        Self {
            source,
            number: 0,
            limit,
        }
    }

    /// The number of the line read last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next line; `None` at the end. A last line needs no line end.
    pub async fn next(&mut self) -> std::io::Result<Option<Line>> {
        let mut line = Vec::new();
        let mut length = 0;
        loop {
            let chunk = self.source.fill_buf().await?;
            if chunk.is_empty() && length == 0 {
                return Ok(None);
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            let ended = end.is_some() || chunk.is_empty();
            let room = self.limit.saturating_sub(line.len());
            line.extend_from_slice(&part[..part.len().min(room)]);
            length += part.len() + usize::from(end.is_some());
            let used = part.len() + usize::from(end.is_some());
            let over = length - usize::from(end.is_some()) > self.limit;
            self.source.consume(used);
            if ended {
                self.number += 1;
                return Ok(Some(finish(line, over)));
            }
        }
    }
}

fn finish(mut line: Vec<u8>, over: bool) -> Line {
    if over {
        line.truncate(KEPT);
        return Line::TooLong(line);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Line::Whole(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(text: &[u8], buffer: usize) -> Vec<Line> {
        let mut lines = Lines::new(tokio::io::BufReader::with_capacity(buffer, text));
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            found.push(line);
        }
        assert_eq!(lines.number(), found.len() as u64);
        found
    }

    #[tokio::test]
    async fn lines_do_not_depend_on_the_buffer() {
        for buffer in [1, 2, 3, 100] {
            let whole = |text: &str| Line::Whole(text.into());
            let found = all(b"one\r\n\ntwo\nthree", buffer).await;
            assert_eq!(
                found,
                [whole("one"), whole(""), whole("two"), whole("three")]
            );
            assert_eq!(all(b"", buffer).await, []);
            assert_eq!(all(b"\n", buffer).await, [whole("")]);
        }
    }

    #[tokio::test]
    async fn an_over_long_line_is_cut_and_the_next_one_is_whole() {
        let mut text = vec![b'x'; LONGEST_RECORD];
        text.push(b'\n');
        assert_eq!(
            all(&text, 4096).await,
            [Line::Whole(vec![b'x'; LONGEST_RECORD])]
        );
        let mut text = vec![b'x'; LONGEST_RECORD + 1];
        text.extend_from_slice(b"\nnext\n");
        let found = all(&text, 4096).await;
        assert_eq!(
            found,
            [
                Line::TooLong(vec![b'x'; KEPT]),
                Line::Whole(b"next".to_vec())
            ]
        );
    }
}

//! Mails of a file: one, or those of an mbox, whose `>From ` lines are put right.

use tokio::io::AsyncBufRead;

use super::lines::{Line, Lines};
use super::{Beginning, KEPT, LONGEST_MAIL};

/// A line of a mail may be as long as the mail.
const LONGEST_LINE: usize = LONGEST_MAIL;

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mail {
    /// As it came; of an mbox, with the date of the line that begins it.
    Whole {
        /// The mail.
        bytes: Vec<u8>,
        /// What the `From ` line says after the sender.
        stamp: Option<String>,
    },
    /// The beginning of one that is too long.
    TooLong(Vec<u8>),
}

/// Reads mails.
pub struct Mails<R> {
    lines: Lines<R>,
    mbox: bool,
    /// The `From ` line of the mail that comes next.
    stamp: Option<String>,
    ended: bool,
}

impl<R: AsyncBufRead + Unpin> Mails<R> {
    /// Mails of this source.
    pub fn new(beginning: &Beginning, source: R) -> Self {
        Self {
            lines: Lines::within(LONGEST_LINE, source),
            mbox: beginning.bytes.starts_with(b"From "),
            stamp: None,
            ended: false,
        }
    }

    /// The next mail.
    pub async fn next(&mut self) -> std::io::Result<Option<Mail>> {
        if self.ended {
            return Ok(None);
        }
        let mut bytes: Vec<u8> = Vec::new();
        let (mut over, mut blank, mut empty) = (false, true, true);
        let mut stamp = self.stamp.take();
        loop {
            let line = match self.lines.next().await? {
                Some(Line::Whole(line)) => line,
                Some(Line::TooLong(line)) => {
                    over = true;
                    line
                }
                None => {
                    self.ended = true;
                    break;
                }
            };
            if self.mbox && blank && line.starts_with(b"From ") {
                let next = String::from_utf8_lossy(&line);
                let next = next.splitn(3, ' ').nth(2).map(str::to_owned);
                if empty {
                    stamp = next; // The line before the first mail.
                    continue;
                }
                self.stamp = next;
                break;
            }
            blank = line.is_empty();
            empty = false;
            let escaped = line.iter().position(|it| *it != b'>').unwrap_or(0);
            let quoted = self.mbox && escaped > 0 && line[escaped..].starts_with(b"From ");
            let line = if quoted { &line[1..] } else { &line[..] };
            if bytes.len() + line.len() < LONGEST_MAIL {
                bytes.extend_from_slice(line);
                bytes.extend_from_slice(b"\r\n");
            } else {
                over = true;
            }
        }
        Ok(match (empty, over) {
            (true, _) => None,
            (false, false) => Some(Mail::Whole { bytes, stamp }),
            (false, true) => {
                bytes.truncate(KEPT);
                Some(Mail::TooLong(bytes))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::source::open;

    async fn all(text: &str) -> Vec<(String, Option<String>)> {
        let (beginning, source) = open(text.as_bytes()).await.unwrap();
        let mut mails = Mails::new(&beginning, source);
        let mut found = Vec::new();
        while let Some(Mail::Whole { bytes, stamp }) = mails.next().await.unwrap() {
            found.push((String::from_utf8(bytes).unwrap(), stamp));
        }
        found
    }

    #[tokio::test]
    async fn an_mbox_is_taken_apart_and_a_mail_is_left_whole() {
        let mbox = "From a@example.se Sat Jan 10 08:15:00 2026\nA: 1\n\n>From here\nFrom there\n\
                    \nFrom b Sun Jan 11 09:00:00 2026\nB: 2\n\nx\n";
        let found = all(mbox).await;
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, "A: 1\r\n\r\nFrom here\r\nFrom there\r\n\r\n");
        assert_eq!(found[0].1.as_deref(), Some("Sat Jan 10 08:15:00 2026"));
        assert_eq!(found[1].0, "B: 2\r\n\r\nx\r\n");
        let found = all("A: 1\n\nFrom here on\n").await;
        assert_eq!(found, [("A: 1\r\n\r\nFrom here on\r\n".to_owned(), None)]);
        assert_eq!(all("").await, []);
    }
}

//! The beginning of a source, looked at before the whole is read.

use std::io::Cursor;

use tokio::io::{AsyncBufRead, AsyncReadExt, Chain};

/// How much is looked at.
const LENGTH: usize = 64 << 10;

/// The first bytes of a source.
#[derive(Debug, Clone, Default)]
pub struct Beginning {
    /// The bytes, without a byte order mark of UTF-8.
    pub bytes: Vec<u8>,
    /// Whether there was a byte order mark of UTF-8.
    pub marked: bool,
    /// Whether this is all there is.
    pub whole: bool,
}

impl Beginning {
    /// Whether these are the bytes of an archive: those are not unpacked.
    pub fn is_archive(&self) -> bool {
        const MARKS: [&[u8]; 6] = [
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"\x1f\x8b",
            b"BZh",
            b"\xfd7zXZ",
            b"7z\xbc\xaf",
        ];
        MARKS.iter().any(|mark| self.bytes.starts_with(mark))
    }

    /// Whether these are the bytes of a text in UTF-16.
    pub fn is_utf16(&self) -> bool {
        self.bytes.starts_with(b"\xff\xfe") || self.bytes.starts_with(b"\xfe\xff")
    }

    /// Whether all of it is UTF-8; the last character may be cut.
    pub fn is_utf8(&self) -> bool {
        match std::str::from_utf8(&self.bytes) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none() && !self.whole,
        }
    }

    /// Whether some of it can only be UTF-8: by chance almost no text in another encoding has a sequence of
    /// it.
    pub fn has_utf8(&self) -> bool {
        has_utf8(&self.bytes)
    }

    /// Its lines, the last one left out when it may be cut.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let end = match self.bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) if !self.whole => end,
            _ => self.bytes.len(),
        };
        let lines = self.bytes[..end].split(|byte| *byte == b'\n');
        lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// Whether some letter beyond ASCII is written as UTF-8 writes it.
pub(super) fn has_utf8(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

/// Reads the beginning of a source and gives it back to be read again in front of the rest.
pub async fn open<R: AsyncBufRead + Unpin>(
    mut source: R,
) -> std::io::Result<(Beginning, Chain<Cursor<Vec<u8>>, R>)> {
    let mut bytes = Vec::new();
    let length = (&mut source)
        .take(LENGTH as u64)
        .read_to_end(&mut bytes)
        .await?;
    let marked = bytes.starts_with(b"\xef\xbb\xbf");
    if marked {
        bytes.drain(..3);
    }
    let beginning = Beginning {
        bytes: bytes.clone(),
        marked,
        whole: length < LENGTH,
    };
    Ok((beginning, Cursor::new(bytes).chain(source)))
}

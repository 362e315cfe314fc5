//! A zip, written as a stream over whatever encrypts it, or over nothing. What is finished is collected
//! and sent on piece by piece.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

/// Bytes that are collected before they are sent on.
const COLLECTED: usize = 256 << 10;

/// What stands between the zip and the shelf.
pub(crate) trait Layer: Write {
    /// Writes what is left of it.
    fn end(self) -> io::Result<()>;
}

/// Where bytes are collected until they are sent on.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Vec<u8>>>);

impl Shelf {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Write for Shelf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Nothing stands between: the zip is read by whoever has it.
impl Layer for Shelf {
    fn end(self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive under way.
pub(crate) struct Archive<L: Layer, W> {
    zip: ZipWriter<StreamWriter<L>>,
    shelf: Shelf,
    sent: Sent<W>,
}

/// Where it goes, and what went there.
struct Sent<W> {
    out: W,
    hash: Sha256,
    bytes: u64,
}

impl<L: Layer, W: AsyncWrite + Unpin> Archive<L, W> {
    /// Begins one over a layer that writes to this shelf.
    pub fn over(layer: L, shelf: Shelf, out: W) -> Self {
        Self {
            zip: ZipWriter::new_stream(layer),
            shelf,
            sent: Sent {
                out,
                hash: Sha256::new(),
                bytes: 0,
            },
        }
    }

    /// Begins a file in it.
    pub async fn file(&mut self, name: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(true);
        self.zip.start_file(name, options)?;
        self.pass_on(COLLECTED).await
    }

    /// Writes to the file that was begun last.
    pub async fn write(&mut self, plain: &[u8]) -> io::Result<()> {
        self.zip.write_all(plain)?;
        self.pass_on(COLLECTED).await
    }

    /// Ends it: its SHA-256 as it was sent, and its length.
    pub async fn finish(mut self) -> io::Result<(String, u64)> {
        self.zip.finish()?.into_inner().end()?;
        self.sent.send(self.shelf.take()).await?;
        self.sent.out.shutdown().await?;
        Ok((hex::encode(self.sent.hash.finalize()), self.sent.bytes))
    }

    async fn pass_on(&mut self, from: usize) -> io::Result<()> {
        match self.shelf.len() >= from {
            true => self.sent.send(self.shelf.take()).await,
            false => Ok(()),
        }
    }
}

impl<W: AsyncWrite + Unpin> Sent<W> {
    async fn send(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        self.hash.update(&bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(&bytes).await
    }
}

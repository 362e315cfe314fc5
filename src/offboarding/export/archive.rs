//! The archive: zip within age, written as a stream. Plaintext exists in memory only, a page at a time.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use age::secrecy::{ExposeSecret, SecretString};
use age::stream::StreamWriter as AgeWriter;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use crate::offboarding::OffboardingError;

/// How many characters a passphrase has at least.
pub const PASSPHRASE: usize = 12;
/// Ciphertext that is collected before it is sent on.
const COLLECTED: usize = 256 << 10;

/// What the archive is encrypted to.
pub enum ExportKey {
    /// The client's public key, `age1…`.
    Recipient(Box<age::x25519::Recipient>),
    /// A passphrase that both know.
    Passphrase(SecretString),
}

impl ExportKey {
    /// A public key as age writes it.
    pub fn recipient(text: &str) -> Result<Self, OffboardingError> {
        let recipient = text
            .trim()
            .parse()
            .map_err(|_| OffboardingError::Recipient)?;
        Ok(ExportKey::Recipient(Box::new(recipient)))
    }

    /// A passphrase; the line's end does not belong to it.
    pub fn passphrase(text: String) -> Result<Self, OffboardingError> {
        let text = SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned());
        match text.expose_secret().chars().count() >= PASSPHRASE {
            true => Ok(ExportKey::Passphrase(text)),
            false => Err(OffboardingError::Passphrase),
        }
    }

    /// Begins an age file. A passphrase costs about a second of work, by design.
    fn begin(self, shelf: Shelf) -> io::Result<AgeWriter<Shelf>> {
        let encryptor = match self {
            ExportKey::Passphrase(text) => age::Encryptor::with_user_passphrase(text),
            ExportKey::Recipient(recipient) => {
                let recipients = std::iter::once(recipient.as_ref() as &dyn age::Recipient);
                age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?
            }
        };
        encryptor.wrap_output(shelf)
    }
}

/// Where ciphertext is collected until it is sent on.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Vec<u8>>>);

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

/// An archive under way.
pub struct Archive<W> {
    zip: ZipWriter<StreamWriter<AgeWriter<Shelf>>>,
    shelf: Shelf,
    sent: Sent<W>,
}

/// Where ciphertext goes, and what went there.
struct Sent<W> {
    out: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: AsyncWrite + Unpin> Archive<W> {
    /// Begins one.
    pub async fn begin(key: ExportKey, out: W) -> Result<Self, OffboardingError> {
        let shelf = Shelf::default();
        let to = shelf.clone();
        let begun = tokio::task::spawn_blocking(move || key.begin(to)).await;
        let encrypted = begun.map_err(io::Error::other).flatten();
        Ok(Self {
            zip: ZipWriter::new_stream(encrypted.map_err(OffboardingError::Export)?),
            shelf,
            sent: Sent {
                out,
                hash: Sha256::new(),
                bytes: 0,
            },
        })
    }

    /// Begins a file in it.
    pub async fn file(&mut self, name: &str) -> Result<(), OffboardingError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(true);
        let begun = self.zip.start_file(name, options);
        begun.map_err(|error| OffboardingError::Export(error.into()))?;
        self.pass_on(COLLECTED).await
    }

    /// Writes to the file that was begun last.
    pub async fn write(&mut self, plain: &[u8]) -> Result<(), OffboardingError> {
        self.zip
            .write_all(plain)
            .map_err(OffboardingError::Export)?;
        self.pass_on(COLLECTED).await
    }

    /// Ends it: its SHA-256 as it was sent, and its length.
    pub async fn finish(mut self) -> Result<(String, u64), OffboardingError> {
        let zip = self
            .zip
            .finish()
            .map_err(|error| OffboardingError::Export(error.into()))?;
        zip.into_inner()
            .finish()
            .map_err(OffboardingError::Export)?;
        self.sent.send(self.shelf.take()).await?;
        self.sent
            .out
            .shutdown()
            .await
            .map_err(OffboardingError::Export)?;
        Ok((hex::encode(self.sent.hash.finalize()), self.sent.bytes))
    }

    async fn pass_on(&mut self, from: usize) -> Result<(), OffboardingError> {
        match self.shelf.len() >= from {
            true => self.sent.send(self.shelf.take()).await,
            false => Ok(()),
        }
    }
}

impl<W: AsyncWrite + Unpin> Sent<W> {
    async fn send(&mut self, bytes: Vec<u8>) -> Result<(), OffboardingError> {
        self.hash.update(&bytes);
        self.bytes += bytes.len() as u64;
        self.out
            .write_all(&bytes)
            .await
            .map_err(OffboardingError::Export)
    }
}

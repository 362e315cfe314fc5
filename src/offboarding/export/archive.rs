//! The archive: zip within age, written as a stream. Plaintext exists in memory only, a page at a time.

use std::io;

use age::secrecy::{ExposeSecret, SecretString};
use age::stream::StreamWriter as AgeWriter;
use tokio::io::AsyncWrite;

use crate::catalog::outgoing::archive::{self, Layer, Shelf};
use crate::offboarding::OffboardingError;

/// How many characters a passphrase has at least.
pub const PASSPHRASE: usize = 12;

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

impl Layer for AgeWriter<Shelf> {
    fn end(self) -> io::Result<()> {
        self.finish().map(drop)
    }
}

/// An archive under way.
pub struct Archive<W>(archive::Archive<AgeWriter<Shelf>, W>);

impl<W: AsyncWrite + Unpin> Archive<W> {
    /// Begins one.
    pub async fn begin(key: ExportKey, out: W) -> Result<Self, OffboardingError> {
        let shelf = Shelf::default();
        let to = shelf.clone();
        let begun = tokio::task::spawn_blocking(move || key.begin(to)).await;
        let encrypted = begun.map_err(io::Error::other).flatten();
        let encrypted = encrypted.map_err(OffboardingError::Export)?;
        Ok(Self(archive::Archive::over(encrypted, shelf, out)))
    }

    /// Begins a file in it.
    pub async fn file(&mut self, name: &str) -> Result<(), OffboardingError> {
        self.0.file(name).await.map_err(OffboardingError::Export)
    }

    /// Writes to the file that was begun last.
    pub async fn write(&mut self, plain: &[u8]) -> Result<(), OffboardingError> {
        self.0.write(plain).await.map_err(OffboardingError::Export)
    }

    /// Ends it: its SHA-256 as it was sent, and its length.
    pub async fn finish(self) -> Result<(String, u64), OffboardingError> {
        self.0.finish().await.map_err(OffboardingError::Export)
    }
}

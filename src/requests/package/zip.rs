//! The zip and its manifest: every file with its length and SHA-256.

use std::io;

use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWrite;

use crate::catalog::outgoing::archive::{Archive, Shelf};
use crate::receipts::Log;
use crate::requests::RequestError;
use crate::vocabulary::{ContactId, Lang, Timestamp};

/// One file of the manifest.
#[derive(Serialize)]
struct Listed {
    path: String,
    bytes: u64,
    sha256: String,
}

/// What the manifest says besides.
#[derive(Serialize)]
pub struct About<'a> {
    pub schema: &'static str,
    pub tenant: &'a str,
    pub contact: ContactId,
    pub case_no: Option<&'a str>,
    pub snapshot_at: Timestamp,
    pub language: Lang,
    pub tool: &'static str,
}

#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(flatten)]
    about: About<'a>,
    files: &'a [Listed],
    /// A signed note over the same list; null where the log's key is not there.
    note: Option<String>,
    /// The key that signed it, for convenience: whose it is must be known from elsewhere.
    key: Option<String>,
}

/// A package under way.
pub struct Package<W> {
    archive: Archive<Shelf, W>,
    listed: Vec<Listed>,
    hash: Sha256,
}

impl<W: AsyncWrite + Unpin> Package<W> {
    pub fn begin(out: W) -> Self {
        let shelf = Shelf::default();
        Self {
            archive: Archive::over(shelf.clone(), shelf, out),
            listed: Vec::new(),
            hash: Sha256::new(),
        }
    }

    /// Begins a file; the one before is listed.
    pub async fn file(&mut self, path: &str) -> io::Result<()> {
        self.close();
        self.listed.push(Listed {
            path: path.to_owned(),
            bytes: 0,
            sha256: String::new(),
        });
        self.archive.file(path).await
    }

    /// Writes to the file that was begun last.
    pub async fn write(&mut self, plain: impl AsRef<[u8]>) -> io::Result<()> {
        let plain = plain.as_ref();
        self.hash.update(plain);
        if let Some(file) = self.listed.last_mut() {
            file.bytes += plain.len() as u64;
        }
        self.archive.write(plain).await
    }

    /// A file that is there as a whole.
    pub async fn whole(&mut self, path: &str, plain: impl AsRef<[u8]>) -> io::Result<()> {
        self.file(path).await?;
        self.write(plain).await
    }

    fn close(&mut self) {
        let hash = std::mem::take(&mut self.hash).finalize();
        if let Some(file) = self.listed.last_mut() {
            file.sha256 = hex::encode(hash);
        }
    }

    /// The list of all files, signed. It does not list itself.
    pub async fn manifest(&mut self, about: About<'_>, log: &Log) -> Result<(), RequestError> {
        self.close();
        let line = |it: &Listed| format!("{}  {}\n", it.sha256, it.path);
        let lines: String = self.listed.iter().map(line).collect();
        let note = log.sign_package(&lines);
        let manifest = Manifest {
            about,
            files: &self.listed,
            key: note.is_some().then(|| log.verifier().to_string()),
            note,
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from)?;
        self.archive.file("manifest.json").await?;
        Ok(self.archive.write(&text).await?)
    }

    /// How many files, the manifest among them.
    pub fn files(&self) -> u64 {
        self.listed.len() as u64 + 1
    }

    /// The zip's SHA-256 and length.
    pub async fn finish(self) -> io::Result<(String, u64)> {
        self.archive.finish().await
    }
}

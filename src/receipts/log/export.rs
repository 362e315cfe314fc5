//! Writing the log out as files, for backups and for a static web server.

use std::io;
use std::path::Path;

use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::super::Policy;
use super::super::tiles::TilePath;
use super::{Log, ReceiptError};

impl Log {
    /// Writes the log into a directory laid out as c2sp.org/tlog-tiles serves it: `tile/…` with every
    /// receipt in `tile/entries/…`, `checkpoint`, and `log.policy` with the log's key. The
    /// checkpoint comes last, so whoever finds it finds all it speaks of. Full tiles that are there
    /// already are kept: they cannot have changed. Returns how many receipts were written out.
    pub async fn export(&self, directory: &Path) -> Result<u64, ReceiptError> {
        let (size, checkpoint) = self.head().await?;
        for tile in TilePath::all(size) {
            let path = directory.join(tile.to_string());
            if !fs::try_exists(&path).await.unwrap_or(false) {
                write(&path, &self.tile(tile).await?).await?;
            }
        }
        let policy = Policy::of_log(&self.verifier).to_string();
        write(&directory.join("log.policy"), policy.as_bytes()).await?;
        write(&directory.join("checkpoint"), checkpoint.as_bytes()).await?;
        Ok(size)
    }
}

/// Writes a file under another name first, so that a torn one is never taken for it.
async fn write(path: &Path, bytes: &[u8]) -> Result<(), ReceiptError> {
    let written = async {
        let directory = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory).await?;
        let unfinished = path.with_extension("unfinished");
        let mut file = fs::File::create(&unfinished).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        fs::rename(&unfinished, path).await?;
        fs::File::open(directory).await?.sync_all().await
    };
    written.await.map_err(|source: io::Error| ReceiptError::Io {
        path: path.to_owned(),
        source,
    })
}

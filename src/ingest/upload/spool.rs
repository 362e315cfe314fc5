//! An uploaded file as a stream: piece by piece, opened in memory only.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use zeroize::Zeroizing;

use super::{Upload, Uploads, rows};
use crate::catalog::{CatalogError, opened::UnitRow};
use crate::keyring::columns;
use crate::store::args;
use crate::vocabulary::{ImportId, TenantId};

type Piece = Zeroizing<Vec<u8>>;
type Reading = Pin<Box<dyn Future<Output = io::Result<Piece>> + Send>>;

/// An uploaded file, read from its beginning. A piece that cannot be read is an error of the stream and
/// never its end: half a record must not pass for a whole one.
pub struct Spool<'p> {
    uploads: Uploads,
    tenant: TenantId,
    import: ImportId,
    chunks: u64,
    /// Pieces that were read.
    done: u64,
    piece: Piece,
    at: usize,
    reading: Option<Reading>,
    read: u64,
    progress: &'p (dyn Fn(u64) + Sync),
}

impl Uploads {
    /// Opens a file that is here as a whole; `progress` hears how many bytes were read.
    pub fn open<'p>(&self, upload: &Upload, progress: &'p (dyn Fn(u64) + Sync)) -> Spool<'p> {
        Spool {
            uploads: self.clone(),
            tenant: upload.tenant,
            import: upload.id,
            chunks: upload.chunks,
            done: 0,
            piece: Piece::default(),
            at: 0,
            reading: None,
            read: 0,
            progress,
        }
    }

    async fn piece(self, tenant: TenantId, import: ImportId, number: u64) -> io::Result<Piece> {
        let read = async || {
            let wanted = args![import, number as i64];
            let row = self
                .catalog
                .data
                .fetch_optional(rows::CHUNK, wanted)
                .await?;
            let Some(row) = row else { return Ok(None) };
            let sealer = self
                .catalog
                .sealer(&UnitRow::read(tenant, &row, 2)?)
                .await?;
            let field = columns::IMPORT_CHUNK.of(&row.bytes(0)?, 1);
            Ok::<_, CatalogError>(Some(sealer.open(field, &row.blob(1)?)?))
        };
        let piece = read().await.map_err(io::Error::other)?;
        piece.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

impl AsyncRead for Spool<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let it = &mut *self;
        loop {
            let left = &it.piece[it.at..];
            if !left.is_empty() {
                let some = left.len().min(into.remaining());
                into.put_slice(&left[..some]);
                it.at += some;
                return Poll::Ready(Ok(()));
            }
            if it.done == it.chunks {
                return Poll::Ready(Ok(()));
            }
            let (uploads, next) = (&it.uploads, it.done + 1);
            let reading = it
                .reading
                .get_or_insert_with(|| Box::pin(uploads.clone().piece(it.tenant, it.import, next)));
            let piece = ready!(reading.as_mut().poll(context));
            it.reading = None;
            it.piece = piece?;
            (it.at, it.done) = (0, next);
            it.read += it.piece.len() as u64;
            (it.progress)(it.read);
        }
    }
}

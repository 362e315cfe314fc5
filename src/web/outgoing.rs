//! Files that are sent as they are made, in constant memory.

use std::fmt::Display;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::task::JoinHandle;

/// Bytes under way between who writes and the connection.
const UNDER_WAY: usize = 256 << 10;

/// A file of this media type and name, written by `write`. Whoever stops listening ends the writing.
pub fn streamed<W, F, E>(kind: &'static str, name: &'static str, write: W) -> Response
where
    W: FnOnce(DuplexStream) -> F,
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Display + Send + 'static,
{
    let (ours, theirs) = tokio::io::duplex(UNDER_WAY);
    let written = tokio::spawn(write(ours));
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(chunks(theirs, written))).into_response()
}

/// The file as it comes; an error at the end when it broke off, so that nobody takes a part for all.
fn chunks<E: Display + Send + 'static>(
    from: DuplexStream,
    written: JoinHandle<Result<(), E>>,
) -> impl Stream<Item = std::io::Result<Vec<u8>>> {
    stream::unfold(
        (from, Some(written)),
        |(mut from, mut written)| async move {
            let mut chunk = vec![0; 64 << 10];
            match from.read(&mut chunk).await {
                Ok(0) => match written.take()?.await {
                    Ok(Ok(())) => None,
                    Ok(Err(error)) => {
                        tracing::error!(%error, "a file broke off");
                        Some((Err(std::io::Error::other("broken off")), (from, None)))
                    }
                    Err(error) => Some((Err(std::io::Error::other(error)), (from, None))),
                },
                Ok(length) => {
                    chunk.truncate(length);
                    Some((Ok(chunk), (from, written)))
                }
                Err(error) => Some((Err(error), (from, None))),
            }
        },
    )
}

//! Who is connected. Nobody may hold a connection without a word, all of them, or the server's end.
//!
//! A call that was begun may take as long as [`limits`](super::limits) lets it; what is limited here is
//! what no call limits: a head that never ends, a connection on which nothing comes, and how long the
//! server waits for the answers under way when it is told to end.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::{Service, ServiceExt};

/// How long the head of a call may take to come, from the first byte or from the answer before.
const HEAD: Duration = Duration::from_secs(30);
/// How many may be connected; others wait to be let in.
const MOST: usize = 1024;
/// How long answers under way are waited for at the end: as long as a call may take, and less than
/// service managers wait before they kill (`TimeoutStopSec` in deploy/gallra.service).
const END: Duration = Duration::from_secs(90);
/// Before another try to let somebody in: it failed for want of something that may come back.
const WANT: Duration = Duration::from_secs(1);

/// Serves whoever connects until `ended` completes.
pub async fn serve<S>(listener: TcpListener, service: S, ended: impl Future<Output = ()>)
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static,
{
    let room = Arc::new(Semaphore::new(MOST));
    let graceful = GracefulShutdown::new();
    let mut connected = JoinSet::new();
    let mut ended = pin!(ended);
    loop {
        tokio::select! {
            () = &mut ended => break,
            Some(_) = connected.join_next() => {}
            (stream, peer, place) = let_in(&listener, &room) => {
                let talk = talk(stream, peer, service.clone(), graceful.watcher());
                connected.spawn(async move {
                    talk.await;
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(END, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("answers under way are given up: their callers took too long");
    }
    connected.shutdown().await;
}

/// The next who connects, once there is room.
async fn let_in(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let place = room.clone().acquire_owned().await;
    let place = place.expect("nobody closes the room");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) if gave_up(&error) => {}
            Err(error) => {
                tracing::error!(%error, "nobody can be let in");
                tokio::time::sleep(WANT).await;
            }
        }
    }
}

/// Whether the one who wanted in went away meanwhile.
fn gave_up(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Answers the calls on one connection until it ends.
async fn talk<S>(stream: TcpStream, peer: SocketAddr, service: S, watcher: Watcher)
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static,
{
    let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        service.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), answer);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke off");
    }
}

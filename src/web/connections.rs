//! Who is connected. Nobody may hold a connection without a word, all of them, or the server's end.
//!
//! A call that was begun may take as long as [`limits`](super::limits) lets it; what is limited here is
//! what no call limits: a head that never ends, a connection on which nothing comes, and how long the
//! server waits for the answers under way when it is told to end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::{Service, ServiceExt};

/// How long whoever is connected may keep the server waiting.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a call, from the first byte or from the answer before.
    pub head: Duration,
    /// For answers under way, once the server is told to end.
    pub end: Duration,
}

impl Default for Patience {
    /// At the end as long as a call may take, and less than service managers wait before they kill
    /// (`TimeoutStopSec` in deploy/gallra.service).
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            end: Duration::from_secs(90),
        }
    }
}

/// How many may be connected; others wait to be let in.
const MOST: usize = 1024;
/// Before another try to let somebody in: it failed for want of something that may come back.
const WANT: Duration = Duration::from_secs(1);

/// Serves whoever connects until `ended` completes.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    patience: Patience,
    ended: impl Future<Output = ()>,
) where
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
            (stream, place) = let_in(&listener, &room) => {
                let talk = talk(stream, service.clone(), patience.head, graceful.watcher());
                connected.spawn(async move {
                    talk.await;
                    drop(place);
                });
            }
        }
    }
    drop(listener);
    let answered = tokio::time::timeout(patience.end, graceful.shutdown());
    if answered.await.is_err() {
        tracing::warn!("answers under way are given up: their callers took too long");
    }
    connected.shutdown().await;
}

/// The next who connects, once there is room.
async fn let_in(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    let place = room.clone().acquire_owned().await.ok(); // Nobody closes the room.
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
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
async fn talk<S>(stream: TcpStream, service: S, head: Duration, watcher: Watcher)
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static,
{
    let peer = stream.peer_addr().ok().map(ConnectInfo);
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        service.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), answer);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);
    const SHORT: Duration = Duration::from_millis(50);

    /// A server whose only answer waits until it is let go.
    struct Slow {
        address: SocketAddr,
        asked: Arc<Notify>,
        let_go: Arc<Notify>,
        end: Arc<Notify>,
        served: JoinHandle<()>,
    }

    impl Slow {
        async fn start(patience: Patience) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let [asked, let_go, end] = [(); 3].map(|()| Arc::new(Notify::new()));
            let (told, waits, ended) = (asked.clone(), let_go.clone(), end.clone());
            let answer = async move || {
                told.notify_one();
                waits.notified().await;
                "at last"
            };
            let router = Router::new().route("/", get(answer));
            let served = serve(
                listener,
                router,
                patience,
                async move { ended.notified().await },
            );
            Self {
                address,
                asked,
                let_go,
                end,
                served: tokio::spawn(served),
            }
        }

        async fn send(&self, text: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            stream
        }
    }

    async fn rest(mut stream: TcpStream) -> String {
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text).await; // Closed in our face it ends as well.
        text
    }

    #[tokio::test]
    async fn a_head_that_never_ends_ends_the_connection() {
        let slow = Slow::start(Patience {
            head: SHORT,
            end: LONG,
        })
        .await;
        let half = slow.send("GET / HTTP/1.1\r\nHost: gallra\r\nX-A: ").await;
        assert!(!rest(half).await.contains("at last"));
        slow.end.notify_one();
        slow.served.await.unwrap();
    }

    #[tokio::test]
    async fn an_answer_under_way_is_given_at_the_end() {
        let slow = Slow::start(Patience {
            head: LONG,
            end: LONG,
        })
        .await;
        let stream = slow.send("GET / HTTP/1.1\r\nHost: gallra\r\n\r\n").await;
        slow.asked.notified().await;
        slow.end.notify_one();
        slow.let_go.notify_one();
        assert!(rest(stream).await.contains("at last"));
        slow.served.await.unwrap();
    }

    #[tokio::test]
    async fn the_end_waits_for_nobody_for_ever() {
        let slow = Slow::start(Patience {
            head: LONG,
            end: SHORT,
        })
        .await;
        let _half = slow.send("GET / HTTP/1.1\r\nHost: gallra\r\n").await;
        let _asked = slow.send("GET / HTTP/1.1\r\nHost: gallra\r\n\r\n").await;
        slow.asked.notified().await;
        slow.end.notify_one();
        slow.served.await.unwrap();
    }
}

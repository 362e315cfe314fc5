//! The web. Routes are named here and in [`api`], handlers stand in a file per subject: extractors, one
//! call of the domain, view.
//!
//! | File | Does |
//! |---|---|
//! | [`api`] | the API under `/api/v1` and its OpenAPI description |
//! | `caller` | who calls, and what the call may touch |
//! | `address`, `body`, `accept`, `listing`, `once` | what comes in and how lists go out |
//! | `problem` | errors as RFC 9457 |
//! | `connections` | who is connected, for how long without a word, and until when after the end |
//! | `limits`, `rate` | how long a call may take, how large it may be, how often it may be made |
//! | `edited` | versions of what is edited |
//! | `health`, `metrics`, `log` | what operations and verifiers need, without a client |
//! | `public` | what anybody may read: clients' notices |

mod accept;
mod address;
pub mod api;
mod body;
mod caller;
mod connections;
mod edited;
mod health;
mod limits;
mod listing;
mod log;
mod metrics;
mod once;
mod outgoing;
mod problem;
mod public;
mod rate;
mod trace;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::routing::get;
use axum::{Extension, Router, middleware};
use tokio::net::TcpListener;
use tower::util::MapRequestLayer;
use tower::{Layer, Service};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;

use address::Address;
use body::Body;
use caller::Caller;
use connections::Patience;
use edited::{IfMatch, tagged};
pub use listing::table as csv_table;
use listing::{Listing, PageQuery, Wanted};
use metrics::Metrics;
pub use problem::Problem;
use rate::{Meter, Quotas};

/// How often unfinished erasures and late receipts are looked for.
const SETTLE: Duration = Duration::from_secs(10);

/// Every route.
pub fn router(app: Arc<App>) -> Router {
    let api = api::routes();
    let clock = app.clock.clone();
    let metrics = Metrics::default();
    let quotas = Quotas {
        token: app.settings.rate_limit,
        address: app.settings.rate_limit_address,
    };
    let meter = Arc::new(Meter::new(clock.clone(), quotas));
    Router::new()
        .route("/healthz", get(health::process))
        .route("/readyz", get(health::ready))
        .route("/version", get(health::version))
        .route("/metrics", get(metrics::show))
        .route("/log/checkpoint", get(log::checkpoint))
        .route("/log/tile/{*path}", get(log::tile))
        .route("/.well-known/gallra-log.json", get(log::description))
        .route("/n/{name}", get(public::notice::show))
        .route("/n/{slug}/v/{name}", get(public::notice::version))
        .merge(api)
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::wrong_method)
        .with_state(app)
        .layer(DefaultBodyLimit::max(limits::LARGEST_BODY))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(middleware::from_fn(limits::in_time))
        .layer(middleware::from_fn_with_state(meter, rate::metered))
        .layer(Extension(metrics.clone()))
        .layer(middleware::from_fn_with_state(
            (clock, metrics),
            trace::each_request,
        ))
}

/// The routes behind what makes `…/{id}:erase` one of them.
pub fn service(
    app: Arc<App>,
) -> impl Service<Request, Response = axum::response::Response, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let split = |mut request: Request| {
        if let Some(uri) = address::split_act(request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    };
    MapRequestLayer::new(split).layer(router(app))
}

/// Serves until `ended` completes and the answers under way are given, or it took too long.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    ended: impl Future<Output = ()> + Send + 'static,
) {
    let settling = tokio::spawn(keep_settling(app.clone()));
    let (end, told) = tokio::sync::watch::channel(false);
    let worker = app.worker();
    let working = tokio::spawn(async move { worker.run_until(told).await });
    connections::serve(listener, service(app), Patience::default(), ended).await;
    settling.abort();
    let _ = end.send(true);
    let _ = working.await; // Work under way goes back to the queue; a panic was logged.
}

/// Finishes what other processes began and did not end, and receipts that waited for a mirror;
/// replaces index keys that are old; tells of requests that are due.
async fn keep_settling(app: Arc<App>) {
    loop {
        tokio::time::sleep(SETTLE).await;
        match app.settle_where_needed().await {
            Ok(Some(report)) => {
                tracing::info!(
                    receipts = report.receipts,
                    pending = report.pending,
                    "settled"
                );
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "erasures could not be finished"),
        }
        app.keep_index_keys_young().await;
        app.tell_of_days().await;
        if let Err(error) = app.queue().forget_old().await {
            tracing::warn!(%error, "old jobs are not forgotten yet");
        }
    }
}

//! The web: for now what operations and verifiers need. Routes are named here, handlers stand in a
//! file per subject: extractors, one call, view.

mod health;
mod log;
mod problem;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::app::App;

pub use problem::Problem;

/// How often unfinished erasures and late receipts are looked for.
const SETTLE: Duration = Duration::from_secs(10);

/// Every route.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(health::process))
        .route("/readyz", get(health::ready))
        .route("/version", get(health::version))
        .route("/log/checkpoint", get(log::checkpoint))
        .route("/log/tile/{*path}", get(log::tile))
        .route("/.well-known/gallra-log.json", get(log::description))
        .fallback(problem::not_found)
        .with_state(app)
}

/// Serves until `ended` completes and the answers under way are given.
pub async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    ended: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let settling = tokio::spawn(keep_settling(app.clone()));
    let served = axum::serve(listener, router(app))
        .with_graceful_shutdown(ended)
        .await;
    settling.abort();
    served
}

/// Finishes what other processes began and did not end, and receipts that waited for a mirror.
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
    }
}

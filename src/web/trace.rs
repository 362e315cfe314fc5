//! One line in the log and one count per request: its route template, never its address, its query or its headers.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::Metrics;
use super::address::documented;
use crate::vocabulary::Clock;

/// Logs a request once it is answered.
pub async fn each_request(
    State((clock, metrics)): State<(Arc<dyn Clock>, Metrics)>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "-".to_owned(), |it| documented(it.as_str()));
    let method = request.method().clone();
    let begun = clock.uptime();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let seconds = clock.uptime().saturating_sub(begun).as_secs_f64();
    metrics.answered(&method, &route, status, seconds);
    let milliseconds = seconds * 1e3;
    tracing::info!(%method, route, status, milliseconds, "answered");
    response
}

//! How long a call may take.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Problem;

/// How long a call may take. Less than [`crate::staff`] takes a call with a key for dead.
const LONGEST: Duration = Duration::from_secs(90);

/// Calls that may take longer: their body is streamed, and ends by itself when it falls silent.
const STREAMED: &[(&str, Duration)] = &[(
    "/api/v1/tenants/{slug}/imports",
    Duration::from_secs(6 * 60 * 60),
)];

/// Ends a call that takes too long; what it began is rolled back.
pub async fn in_time(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let longest = route.map_or(LONGEST, |route| longest(route.as_str()));
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = "this took too long and was given up: send it again, in smaller parts";
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "too-slow", detail).into_response()
        }
    }
}

fn longest(route: &str) -> Duration {
    let streamed = STREAMED.iter().find(|(of, _)| *of == route);
    streamed.map_or(LONGEST, |(_, longest)| *longest)
}

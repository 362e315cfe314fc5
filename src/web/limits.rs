//! How long a call may take, and how large it may be.

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

/// The largest body of a call, in bytes, where nothing else is said. What is larger is imported.
pub const LARGEST_BODY: usize = 2 << 20;
/// What has no long text in it has no long body.
pub const SMALL_BODY: usize = 64 << 10;
/// Calls whose body may be large: a message, a letter's text.
const LARGE: &[&str] = &["/messages", "/requests"];

/// The largest body of a route.
pub fn largest(route: &str) -> usize {
    match LARGE.iter().any(|end| route.ends_with(end)) {
        true => LARGEST_BODY,
        false => SMALL_BODY,
    }
}

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

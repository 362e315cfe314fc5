//! What contract and billing systems announce. The one route of the API without a [`super::Caller`]: a
//! signature over the raw body takes the place of a token, and all that it opens is scheduling.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::super::body::whole;
use super::super::problem;
use super::{Address, Problem};
use crate::app::App;
use crate::offboarding::hooks::signature::Headers;
use crate::offboarding::hooks::{Received, Source};
use crate::vocabulary::HookEventId;

/// The longest event that is taken. Events of contracts are small.
const LONGEST: usize = 256 * 1024;

/// An event that was taken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Taken {
    /// Under which id it is stored.
    id: HookEventId,
}

/// Announce a contract event; signed, never purges
#[utoipa::path(post, path = "/api/v1/hooks/{source}", tag = "hooks",
    params(("source" = String, Path, description = "standard-webhooks, stripe or cloudevents")),
    request_body(content = serde_json::Value, description = "as the source sends it, signed"),
    security(()), responses(
    (status = 202, body = Taken, description = "stored; an announced end is scheduled"),
    (status = 200, body = Taken, description = "it came before, and nothing was done"),
    (status = 400, body = Problem, description = "signed more than five minutes from now"),
    (status = 401, body = Problem, description = "the signature does not fit"),
    (status = 408, body = Problem, description = "it did not come in time"),
    (status = 409, body = Problem, description = "its id came before with another body"),
    (status = 413, body = Problem, description = "over 256 KiB"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn receive(
    State(app): State<Arc<App>>,
    Address(source): Address<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let source: Source = source.parse().map_err(|_| problem::nothing_here())?;
    let body = whole(request, LONGEST).await?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let headers = Headers {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signature: text("webhook-signature"),
        stripe: text("stripe-signature"),
    };
    let (status, id) = match app
        .offboarder()
        .receive_hook(source, headers, &body)
        .await?
    {
        Received::New(id) => (StatusCode::ACCEPTED, id),
        Received::Repeat(id) => (StatusCode::OK, id),
    };
    Ok((status, Json(Taken { id })).into_response())
}

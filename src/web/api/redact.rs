//! Taking out of a message what should never have been written.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::once::{Once, made};
use super::{Address, Body, Caller, Problem, erase};
use crate::erasure::redact::{Redacted, Redaction, RedactionPreview};
use crate::staff::Act;
use crate::vocabulary::{ErasureId, MessageId, Personal};

/// What goes of a message: some words, or all of it.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Words that go wherever they stand in its text.
    #[serde(default)]
    words: Vec<Personal>,
    /// All of it goes, with its files.
    #[serde(default)]
    whole: bool,
    /// The client's instruction, as a reference that names no person.
    instruction: String,
    /// Show what would be done, and do nothing.
    #[serde(default)]
    dry_run: bool,
}

/// What was done, or with `dry_run` what would be.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // What was done is answered as every erasure is; the description is made of this.
pub enum Outcome {
    /// It was done.
    Done(erase::Erased),
    /// It was looked at.
    Shown(RedactionPreview),
}

/// Redact a message: 202 while its receipt is pending
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/messages/{id}/~redact", tag = "messages",
    params(("slug" = String, Path), ("id" = MessageId, Path)), request_body = Order, responses(
    (status = 200, body = Outcome, description = "redacted; with dry_run: what would be"),
    (status = 202, body = erase::Erased, description = "the key is destroyed, the receipt is pending"),
    (status = 409, body = Problem, description = "a hold stands in the way"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn redact(
    caller: Caller,
    Address((slug, id)): Address<(String, MessageId)>,
    once: Once,
    body: Body<Order>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::Erase).await?;
    let it = body.value;
    if it.whole && !it.words.is_empty() {
        let detail = "whole: say which words go, or that all of it goes, not both";
        return Err(Problem::unusable("/whole", detail));
    }
    let order = Redaction {
        tenant,
        message: id,
        what: match it.whole {
            true => Redacted::Whole,
            false => Redacted::Words(it.words),
        },
        instruction: it.instruction,
    };
    let eraser = caller.eraser();
    if it.dry_run {
        let preview = eraser.preview_redaction(&order).await?;
        return Ok(Json(Outcome::Shown(preview)).into_response());
    }
    let work = async {
        let outcome = Box::pin(eraser.redact(order)).await?;
        Ok(made(StatusCode::OK, outcome.erasure.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    erase::erased(&caller, ErasureId(done.object)).await
}

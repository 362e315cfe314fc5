//! Making a person gone for good.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::super::once::{Once, made};
use super::{Address, Body, Caller, Problem};
use crate::erasure::{EraseRequest, Preview};
use crate::staff::Act;
use crate::vocabulary::{ContactId, ErasureId, Personal};

/// An order to erase.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The client's instruction, as a reference that names no person.
    instruction: String,
    /// Replace the search keys too: not even an old index confirms the person.
    #[serde(default)]
    strict: bool,
    /// Show what would be erased, and do nothing.
    #[serde(default)]
    dry_run: bool,
}

/// An erasure.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Erased {
    /// The receipt: `GET /api/v1/receipts/{id}`.
    receipt_id: ErasureId,
    /// Opens the receipt's subject commitment. Readable for a day and then gone.
    salt: Option<String>,
    /// Why the receipt is not issued yet, though the keys are destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
}

/// What was done, or with `dry_run` what would be.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Answer {
    /// It was done.
    Erased(Erased),
    /// It was looked at.
    Preview(Preview),
}

/// Erase a contact: 202 while its receipt is pending
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/contacts/{id}/~erase", tag = "contacts",
    params(("slug" = String, Path), ("id" = ContactId, Path)),
    request_body = Order, responses(
    (status = 200, body = Answer, description = "erased; with dry_run: what would be"),
    (status = 202, body = Erased, description = "the keys are destroyed, the receipt is pending"),
    (status = 409, body = Problem, description = "a hold stands in the way"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn contact(
    caller: Caller,
    Address((slug, id)): Address<(String, ContactId)>,
    once: Once,
    body: Body<Order>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::Erase).await?;
    let order = body.value;
    if order.dry_run {
        let preview = caller
            .eraser()
            .preview_contact(tenant.id, id, &order.instruction)
            .await?;
        return Ok(Json(Answer::Preview(preview)).into_response());
    }
    let request = EraseRequest {
        tenant: tenant.id,
        contact: id,
        named_by: Personal::new(id.to_string()),
        instruction: order.instruction,
        strict: order.strict,
    };
    let work = async {
        let outcome = caller.eraser().erase_contact(request).await?;
        Ok(made(StatusCode::OK, outcome.erasure.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    erased(&caller, ErasureId(done.object)).await
}

/// How far the erasure has come by now.
pub async fn erased(caller: &Caller, id: ErasureId) -> Result<Response, Problem> {
    let outcome = caller.eraser().outcome(id).await?;
    let status = match outcome.pending {
        Some(_) => StatusCode::ACCEPTED,
        None => StatusCode::OK,
    };
    let erased = Erased {
        receipt_id: id,
        salt: outcome.salt.map(|salt| hex::encode(salt.expose())),
        pending: outcome.pending,
    };
    let location = [(header::LOCATION, format!("/api/v1/receipts/{id}"))];
    Ok((status, location, Json(Answer::Erased(erased))).into_response())
}

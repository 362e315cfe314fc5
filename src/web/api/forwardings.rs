//! Who was given what (Art. 15(1)(c), 19).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::super::once::{Once, made, status};
use super::{Address, Body, Caller, Problem};
use crate::catalog::write::ForwardingChange;
use crate::staff::Act;
use crate::vocabulary::{CaseId, ForwardingId, Personal, Timestamp};

/// Something of a case that went to somebody.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// To whom: a company or a role, no person.
    recipient: String,
    /// Why.
    reason: Option<Personal>,
    /// When.
    at: Timestamp,
    /// The message's external id, when it was one message.
    message_id: Option<Personal>,
}

/// What was recorded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Recorded {
    /// The forwarding.
    id: ForwardingId,
}

/// Record that something of a case went to somebody
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/cases/{id}/forwardings", tag = "cases",
    params(("slug" = String, Path), ("id" = CaseId, Path)),
    request_body = Record, responses(
    (status = 201, body = Recorded), (status = 200, body = Recorded, description = "it was there"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn record(
    caller: Caller,
    Address((slug, id)): Address<(String, CaseId)>,
    once: Once,
    body: Body<Record>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::WritePeople).await?;
    let case = caller.catalog().read_case(&tenant, id).await?;
    let Some(case) = case.external_id else {
        let detail = "the case was taken over from an erased person and has no external id";
        return Err(Problem::new(StatusCode::CONFLICT, "no-external-id", detail));
    };
    let it = body.value;
    let forwarding = ForwardingChange {
        case,
        recipient: it.recipient,
        reason: it.reason,
        at: it.at,
        message: it.message_id,
    };
    let work = async {
        let recorded = caller
            .catalog()
            .record_forwarding(&tenant, forwarding)
            .await?;
        let status = if recorded.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(made(status, recorded.id.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let id = ForwardingId(done.object);
    Ok((status(&done), Json(Recorded { id })).into_response())
}

//! Recording messages.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::super::once::{Once, made, status};
use super::{Address, Body, Caller, Problem};
use crate::catalog::types::{Channel, Direction};
use crate::catalog::write::MessageChange;
use crate::staff::Act;
use crate::vocabulary::{CaseId, MessageId, Personal, Timestamp};

/// A message. Its contact and case are made when they are not there.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The case's external id.
    case: Personal,
    /// The contact's external id.
    contact: Personal,
    /// What the case is about, when it is new.
    subject: Option<Personal>,
    /// Which way it went.
    direction: Direction,
    /// How.
    channel: Channel,
    /// When.
    sent_at: Timestamp,
    /// The text.
    body: Personal,
    /// Another system's id; without one a message is known by its content.
    external_id: Option<Personal>,
    /// Who wrote it.
    author: Option<Personal>,
}

/// What was recorded.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Recorded {
    /// The message.
    id: MessageId,
    /// Its case.
    case_id: Option<CaseId>,
}

/// Record a message
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/messages", tag = "messages",
    params(("slug" = String, Path)),
    request_body = Record, responses(
    (status = 201, body = Recorded), (status = 200, body = Recorded, description = "it was there"),
    (status = 409, body = Problem, description = "another message has this external id"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn record(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
    body: Body<Record>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::WritePeople).await?;
    let it = body.value;
    let message = MessageChange {
        case: it.case,
        contact: it.contact,
        external_id: it.external_id,
        subject: it.subject,
        author: it.author,
        author_kind: None,
        attachments: Vec::new(),
        body: it.body,
        direction: it.direction,
        channel: it.channel,
        sent_at: it.sent_at,
    };
    let catalog = caller.catalog();
    let work = async {
        let recorded = catalog.record_message(&tenant, message).await?;
        let status = if recorded.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(made(status, recorded.id.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let id = MessageId(done.object);
    let case_id = catalog.case_of_message(&tenant, id).await?;
    Ok((status(&done), Json(Recorded { id, case_id })).into_response())
}

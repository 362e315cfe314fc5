//! Reasons why something may not be erased yet.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::once::{Once, made, status};
use super::super::{Listing, PageQuery, problem};
use super::{Address, Body, Caller, Problem, Wanted};
use crate::erasure::hold::Hold;
use crate::staff::Act;
use crate::vocabulary::{ContactId, HoldId};

/// A hold to place.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// On which client's data.
    tenant: String,
    /// On this contact only.
    contact: Option<ContactId>,
    /// Why, as a reference that names no person.
    reason: String,
}

/// Holds in force, the oldest first
#[utoipa::path(get, path = "/api/v1/holds", tag = "holds", params(PageQuery), responses(
    (status = 200, body = Listing<Hold>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn list(caller: Caller, wanted: Wanted) -> Result<Response, Problem> {
    caller.may(Act::Hold)?;
    let from: usize = wanted.after(0)?;
    let all = caller.eraser().holds(caller.pass.tenant).await?;
    let until = from.saturating_add(usize::from(wanted.limit));
    let next = (all.len() > until).then(|| until.to_string());
    let page = all
        .into_iter()
        .skip(from)
        .take(usize::from(wanted.limit))
        .collect();
    Ok(wanted.answer(page, next))
}

/// Place a hold on a client's data or on one contact
#[utoipa::path(post, path = "/api/v1/holds", tag = "holds", request_body = Place, responses(
    (status = 201, body = Hold),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn place(caller: Caller, once: Once, body: Body<Place>) -> Result<Response, Problem> {
    let Place {
        tenant,
        contact,
        reason,
    } = body.value;
    let tenant = caller.tenant(&tenant, Act::Hold).await?;
    let work = async {
        let placed = caller.eraser().add_hold(tenant.id, contact, &reason).await;
        let id = placed.map_err(|error| Problem::from(error).at("/reason"))?;
        Ok(made(StatusCode::CREATED, id.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let id = HoldId(done.object);
    let placed = caller.eraser().holds(Some(tenant.id)).await?;
    let placed = placed.into_iter().find(|hold| hold.id == id);
    let placed = placed.ok_or_else(problem::nothing_here)?;
    Ok((status(&done), Json(placed)).into_response())
}

/// Release a hold
#[utoipa::path(delete, path = "/api/v1/holds/{id}", tag = "holds", params(("id" = HoldId, Path)), responses(
    (status = 204, description = "released"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn release(caller: Caller, Address(id): Address<HoldId>) -> Result<StatusCode, Problem> {
    caller.may(Act::Hold)?;
    let ours = caller.eraser().holds(caller.pass.tenant).await?;
    if !ours.iter().any(|hold| hold.id == id) || !caller.eraser().release_hold(id).await? {
        return Err(problem::nothing_here());
    }
    Ok(StatusCode::NO_CONTENT)
}

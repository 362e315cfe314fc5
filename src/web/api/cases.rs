//! Cases: one matter from first message to closing.

use axum::response::Response;

use super::super::{Listing, PageQuery};
use super::{Address, Body, Caller, IfMatch, Problem, Wanted, tagged};
use crate::catalog::types::{CaseState, Custody};
use crate::catalog::{Case, CasePatch, Message};
use crate::staff::Act;
use crate::vocabulary::{CaseId, MessageId, Timestamp};

/// What is to change; what is absent stays.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Where it stands. Closing without a time closes it now.
    state: Option<CaseState>,
    /// Who has it.
    custody: Option<Custody>,
    /// When it was closed.
    closed_at: Option<Timestamp>,
}

/// Cases in order of id
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/cases", tag = "cases",
    params(("slug" = String, Path), PageQuery), responses(
    (status = 200, body = Listing<Case>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn list(
    caller: Caller,
    Address(slug): Address<String>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::ReadPeople).await?;
    let after = wanted.after(CaseId([0; 16]))?;
    let page = caller
        .catalog()
        .list_cases(&tenant, after, wanted.limit)
        .await?;
    Ok(wanted.answer(page.items, page.next.map(|id| id.to_string())))
}

/// One case
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/cases/{id}", tag = "cases",
    params(("slug" = String, Path), ("id" = CaseId, Path)), responses(
    (status = 200, body = Case, headers(("ETag" = String, description = "its version, for If-Match"))),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(
    caller: Caller,
    Address((slug, id)): Address<(String, CaseId)>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::ReadPeople).await?;
    let case = caller.catalog().read_case(&tenant, id).await?;
    Ok(tagged(&case.version(), &case))
}

/// Change where a case stands or who has it
#[utoipa::path(patch, path = "/api/v1/tenants/{slug}/cases/{id}", tag = "cases",
    params(("slug" = String, Path), ("id" = CaseId, Path), ("If-Match" = Option<String>, Header)),
    request_body = Change, responses(
    (status = 200, body = Case, headers(("ETag" = String, description = "its new version"))),
    (status = 412, body = Problem, description = "it was changed since it was read"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn change(
    caller: Caller,
    Address((slug, id)): Address<(String, CaseId)>,
    IfMatch(expected): IfMatch,
    body: Body<Change>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::WritePeople).await?;
    let Change {
        state,
        custody,
        closed_at,
    } = body.value;
    let patch = CasePatch {
        state,
        custody,
        closed_at,
    };
    let catalog = caller.catalog();
    catalog.change_case(&tenant, id, patch, &expected).await?;
    let case = catalog.read_case(&tenant, id).await?;
    Ok(tagged(&case.version(), &case))
}

/// Messages of a case, of everybody in it, in order of id
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/cases/{id}/messages", tag = "cases",
    params(("slug" = String, Path), ("id" = CaseId, Path), PageQuery), responses(
    (status = 200, body = Listing<Message>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn messages(
    caller: Caller,
    Address((slug, id)): Address<(String, CaseId)>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::ReadPeople).await?;
    let after = wanted.after(MessageId([0; 16]))?;
    let page = caller
        .catalog()
        .list_messages(&tenant, id, after, wanted.limit)
        .await?;
    Ok(wanted.answer(page.items, page.next.map(|id| id.to_string())))
}

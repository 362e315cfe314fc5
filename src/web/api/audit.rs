//! Who did what.

use axum::response::Response;

use super::super::{Listing, PageQuery};
use super::{Caller, Problem, Wanted};
use crate::audit::{self, Record};
use crate::staff::Act;

/// Acts, the newest first
#[utoipa::path(get, path = "/api/v1/audit-events", tag = "audit", params(PageQuery), responses(
    (status = 200, body = Listing<Record>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn list(caller: Caller, wanted: Wanted) -> Result<Response, Problem> {
    caller.may(Act::ReadAudit)?;
    let after = wanted.after(audit::Cursor::NEWEST)?;
    let limit = u32::from(wanted.limit);
    let page = audit::page(&caller.app.data, caller.pass.tenant, after, limit).await;
    let page = page.map_err(|error| Problem::hidden(&error))?;
    Ok(wanted.answer(page.records, page.next.map(|next| next.to_string())))
}

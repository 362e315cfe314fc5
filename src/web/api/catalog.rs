//! What is held of a client: counts by category, and whether its notice tells of them.

use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::super::listing;
use super::{Address, Caller, Problem};
use crate::disclosure::DeclaredInventory;
use crate::staff::Act;

/// The inventory, counted now; as a table when `text/csv` is accepted
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/catalog", tag = "clients",
    params(("slug" = String, Path)), responses(
    (status = 200, body = DeclaredInventory),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(
    caller: Caller,
    Address(slug): Address<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::SeeTenants).await?;
    let inventory = caller.notices().inventory(&tenant).await?;
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    if accept.is_none_or(|it| !it.starts_with("text/csv")) {
        return Ok(Json(inventory).into_response());
    }
    let table = listing::table(&inventory.categories);
    let table = table.ok_or_else(|| Problem::hidden(&std::fmt::Error))?;
    Ok(([(header::CONTENT_TYPE, listing::CSV)], table).into_response())
}

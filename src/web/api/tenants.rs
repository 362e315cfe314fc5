//! Clients.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{Address, Body, Caller, Problem, Wanted};
use crate::catalog::{NewTenant, Tenant, TenantSummary};
use crate::staff::Act;
use crate::vocabulary::Personal;

/// A client to add.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// Lower-case letters, digits and hyphens.
    slug: String,
    /// The company's name.
    name: String,
    /// Its registration number.
    org_no: String,
    /// Where to write to.
    email: Personal,
    /// ISO 3166 code, SE when not said; telephone numbers are read as from there.
    #[serde(default = "sweden")]
    country: String,
    /// ISO 639 codes of its notices, Swedish and English when not said.
    #[serde(default = "languages")]
    languages: Vec<String>,
    /// IANA time zone.
    #[serde(default = "timezone")]
    timezone: String,
}

fn sweden() -> String {
    "SE".to_owned()
}

fn languages() -> Vec<String> {
    vec!["sv".to_owned(), "en".to_owned()]
}

fn timezone() -> String {
    "Europe/Stockholm".to_owned()
}

/// Add a client
#[utoipa::path(post, path = "/api/v1/tenants", tag = "clients", request_body = New, responses(
    (status = 201, body = Tenant),
    (status = 409, body = Problem, description = "the slug is taken"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn add(caller: Caller, body: Body<New>) -> Result<Response, Problem> {
    caller.may_everywhere(Act::ChangeTenants)?;
    let new = body.value;
    let new = NewTenant {
        slug: new.slug,
        name: new.name,
        org_no: new.org_no,
        email: new.email,
        country: new.country,
        languages: new.languages,
        timezone: new.timezone,
    };
    let tenant = caller.catalog().add_tenant(new).await?;
    Ok((StatusCode::CREATED, Json(tenant)).into_response())
}

/// Clients this token covers, in order of slug
#[utoipa::path(get, path = "/api/v1/tenants", tag = "clients", params(super::super::PageQuery), responses(
    (status = 200, body = super::super::Listing<TenantSummary>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn list(caller: Caller, wanted: Wanted) -> Result<Response, Problem> {
    caller.may(Act::SeeTenants)?;
    let after: String = wanted.after(String::new())?;
    let all = caller.catalog().list_tenants().await?;
    let mut items: Vec<TenantSummary> = all
        .into_iter()
        .filter(|tenant| caller.pass.covers(tenant.id) && tenant.slug > after)
        .take(usize::from(wanted.limit) + 1)
        .collect();
    let more = items.len() > usize::from(wanted.limit);
    items.truncate(usize::from(wanted.limit));
    let next = items
        .last()
        .filter(|_| more)
        .map(|tenant| tenant.slug.clone());
    Ok(wanted.answer(items, next))
}

/// One client
#[utoipa::path(get, path = "/api/v1/tenants/{slug}", tag = "clients",
    params(("slug" = String, Path)), responses(
    (status = 200, body = Tenant),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(caller: Caller, Address(slug): Address<String>) -> Result<Json<Tenant>, Problem> {
    caller.tenant(&slug, Act::SeeTenants).await?;
    Ok(Json(caller.catalog().show_tenant(&slug).await?))
}

//! Clients.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::once::{Once, made, status};
use super::{Address, Body, Caller, IfMatch, Problem, Wanted, tagged};
use crate::catalog::{NewTenant, Tenant, TenantPatch, TenantSummary};
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
pub async fn add(caller: Caller, once: Once, body: Body<New>) -> Result<Response, Problem> {
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
    let catalog = caller.catalog();
    let slug = new.slug.clone();
    let work = async {
        let added = catalog.add_tenant(new).await?;
        Ok(made(StatusCode::CREATED, added.summary.id.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let tenant = catalog.show_tenant(&slug).await?;
    Ok((status(&done), Json(tenant)).into_response())
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
    (status = 200, body = Tenant, headers(("ETag" = String, description = "its version, for If-Match"))),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(caller: Caller, Address(slug): Address<String>) -> Result<Response, Problem> {
    caller.tenant(&slug, Act::SeeTenants).await?;
    let tenant = caller.catalog().show_tenant(&slug).await?;
    Ok(tagged(&tenant.version(), &tenant))
}

/// What is to change of a client; what is absent stays. Slug and country cannot change.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The company's name.
    name: Option<String>,
    /// Its registration number.
    org_no: Option<String>,
    /// Where to write to.
    email: Option<Personal>,
    /// ISO 639 codes of its notices.
    languages: Option<Vec<String>>,
    /// IANA time zone.
    timezone: Option<String>,
}

/// Change what is known of a client
#[utoipa::path(patch, path = "/api/v1/tenants/{slug}", tag = "clients",
    params(("slug" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = Change, responses(
    (status = 200, body = Tenant, headers(("ETag" = String, description = "its new version"))),
    (status = 412, body = Problem, description = "it was changed since it was read"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn change(
    caller: Caller,
    Address(slug): Address<String>,
    IfMatch(expected): IfMatch,
    body: Body<Change>,
) -> Result<Response, Problem> {
    caller.tenant(&slug, Act::ChangeTenants).await?;
    let Change {
        name,
        org_no,
        email,
        languages,
        timezone,
    } = body.value;
    let patch = TenantPatch {
        name,
        org_no,
        email,
        languages,
        timezone,
    };
    let catalog = caller.catalog();
    let tenant = catalog.change_tenant(&slug, patch, &expected).await?;
    Ok(tagged(&tenant.version(), &tenant))
}

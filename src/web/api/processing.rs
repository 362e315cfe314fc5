//! How clients' data is processed: to whom it may go, what for, for how long.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::super::once::{Once, made, status};
use super::super::{Listing, PageQuery, problem};
use super::{Address, Body, Caller, Problem, Wanted};
use crate::catalog::processing::{
    Period, PurposeOf, Recipient, RecipientRole, RetentionRule, Starts,
};
use crate::catalog::{Category, Controller, Tenant};
use crate::staff::Act;
use crate::vocabulary::RecipientId;

/// Change what a client's notice says of the client; an empty text takes a value out
#[utoipa::path(patch, path = "/api/v1/tenants/{slug}/controller", tag = "processing",
    params(("slug" = String, Path)), request_body = Controller, responses(
    (status = 200, body = Tenant),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn change_controller(
    caller: Caller,
    Address(slug): Address<String>,
    body: Body<Controller>,
) -> Result<Json<Tenant>, Problem> {
    let tenant = caller.tenant(&slug, Act::Describe).await?;
    let catalog = caller.catalog();
    let changed = catalog.change_controller(&tenant, body.value).await?;
    Ok(Json(changed))
}

/// A recipient to add.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecipient {
    /// For this client only, by slug; absent: for all.
    tenant: Option<String>,
    /// A company or a role, no person.
    name: String,
    /// What it is to the client.
    role: RecipientRole,
    /// ISO 3166 code of where it works, SE when not said.
    #[serde(default = "sweden")]
    country: String,
    /// What protects the data outside the EEA.
    safeguard: Option<String>,
}

fn sweden() -> String {
    "SE".to_owned()
}

/// The register of recipients, sub-processors among them, in order of name
#[utoipa::path(get, path = "/api/v1/recipients", tag = "processing", params(PageQuery), responses(
    (status = 200, body = Listing<Recipient>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn recipients(caller: Caller, wanted: Wanted) -> Result<Response, Problem> {
    caller.may(Act::SeeTenants)?;
    let all = caller.catalog().recipients(caller.pass.tenant).await?;
    wanted.part_of(all)
}

/// Add a recipient
#[utoipa::path(post, path = "/api/v1/recipients", tag = "processing", request_body = NewRecipient, responses(
    (status = 201, body = Recipient),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn add_recipient(
    caller: Caller,
    once: Once,
    body: Body<NewRecipient>,
) -> Result<Response, Problem> {
    let it = body.value;
    let tenant = match &it.tenant {
        Some(slug) => Some(caller.tenant(slug, Act::Describe).await?.id),
        None => {
            caller.may_everywhere(Act::Describe)?;
            None
        }
    };
    let new = Recipient {
        id: None,
        tenant,
        name: it.name,
        role: it.role,
        country: it.country,
        safeguard: it.safeguard,
        added_at: None,
    };
    let catalog = caller.catalog();
    let work = async {
        let added = catalog.add_recipient(new).await?;
        let id = added.id.ok_or_else(problem::nothing_here)?;
        Ok(made(StatusCode::CREATED, id.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let added = catalog.recipient(RecipientId(done.object)).await?;
    let added = added.ok_or_else(problem::nothing_here)?;
    Ok((status(&done), Json(added)).into_response())
}

/// Take a recipient out of the register
#[utoipa::path(delete, path = "/api/v1/recipients/{id}", tag = "processing",
    params(("id" = RecipientId, Path)), responses(
    (status = 204, description = "taken out"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn remove_recipient(
    caller: Caller,
    Address(id): Address<RecipientId>,
) -> Result<StatusCode, Problem> {
    caller.may(Act::Describe)?;
    let own = |it: &Recipient| match (caller.pass.tenant, it.tenant) {
        (None, _) => true,
        (Some(own), tenant) => tenant == Some(own),
    };
    let known = caller.catalog().recipient(id).await?;
    if !known.as_ref().is_some_and(own) || caller.catalog().remove_recipient(id).await?.is_none() {
        return Err(problem::nothing_here());
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What a client's data is processed for.
#[derive(Debug, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Purposes {
    /// Each with its grounds; none: what is usual at a support desk.
    purposes: Vec<PurposeOf>,
}

/// What a client's data is processed for, and on which grounds
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/purposes", tag = "processing",
    params(("slug" = String, Path)), responses(
    (status = 200, body = Purposes),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn purposes(
    caller: Caller,
    Address(slug): Address<String>,
) -> Result<Json<Purposes>, Problem> {
    let tenant = caller.tenant(&slug, Act::SeeTenants).await?;
    let catalog = caller.catalog();
    let channels = catalog.holdings(&tenant).await?.channels;
    let purposes = catalog.purposes(&tenant, &channels).await?;
    Ok(Json(Purposes { purposes }))
}

/// Say what a client's data is processed for
#[utoipa::path(put, path = "/api/v1/tenants/{slug}/purposes", tag = "processing",
    params(("slug" = String, Path)), request_body = Purposes, responses(
    (status = 200, body = Purposes),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn set_purposes(
    caller: Caller,
    Address(slug): Address<String>,
    body: Body<Purposes>,
) -> Result<Json<Purposes>, Problem> {
    let tenant = caller.tenant(&slug, Act::Describe).await?;
    caller
        .catalog()
        .set_purposes(&tenant, &body.value.purposes)
        .await?;
    purposes(caller, Address(slug)).await
}

/// How long a client keeps one category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Kept {
    /// Whose, by slug.
    tenant: String,
    /// Of which kind.
    category: Category,
    /// How long.
    period: Period,
    /// From when.
    starts: Starts,
}

/// Rules of one client.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRules {
    /// Whose, by slug.
    tenant: String,
    /// The rules; what they do not name is kept as long as is usual.
    rules: Vec<RetentionRule>,
}

/// How long each category is kept, client by client
#[utoipa::path(get, path = "/api/v1/retention-rules", tag = "processing", params(PageQuery), responses(
    (status = 200, body = Listing<Kept>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn retention_rules(caller: Caller, wanted: Wanted) -> Result<Response, Problem> {
    caller.may(Act::SeeTenants)?;
    let mut all = Vec::new();
    for tenant in caller.catalog().tenant_refs().await? {
        if caller.pass.covers(tenant.id) {
            let rules = caller.catalog().retention_rules(&tenant).await?;
            all.extend(rules.into_iter().map(|rule| Kept {
                tenant: tenant.slug.clone(),
                category: rule.category,
                period: rule.period,
                starts: rule.starts,
            }));
        }
    }
    wanted.part_of(all)
}

/// Say how long a client's data is kept
#[utoipa::path(put, path = "/api/v1/retention-rules", tag = "processing", request_body = NewRules, responses(
    (status = 200, body = Vec<RetentionRule>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn set_retention_rules(
    caller: Caller,
    body: Body<NewRules>,
) -> Result<Json<Vec<RetentionRule>>, Problem> {
    let NewRules { tenant, rules } = body.value;
    let tenant = caller.tenant(&tenant, Act::Describe).await?;
    caller
        .catalog()
        .set_retention_rules(&tenant, &rules)
        .await?;
    Ok(Json(caller.catalog().retention_rules(&tenant).await?))
}

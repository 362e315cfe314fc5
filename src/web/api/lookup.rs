//! Looking a person up by what is known: in the body, because an address would be logged.

use axum::Json;

use super::{Body, Caller, Problem};
use crate::catalog::{Finding, Identifier};
use crate::staff::Act;
use crate::vocabulary::Personal;

/// By what, one of these; and in which client's data.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// An e-mail address.
    email: Option<Personal>,
    /// A telephone number, read as from the client's country.
    phone: Option<Personal>,
    /// Words of a name; all must be there.
    name: Option<Personal>,
    /// Another system's id.
    external_id: Option<Personal>,
    /// In this client's data only, by slug.
    tenant: Option<String>,
}

/// Who fits, and what is held of them
#[utoipa::path(post, path = "/api/v1/contacts:lookup", tag = "contacts", request_body = Lookup, responses(
    (status = 200, body = Finding),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn contacts(caller: Caller, body: Body<Lookup>) -> Result<Json<Finding>, Problem> {
    let lookup = body.value;
    let tenant = match &lookup.tenant {
        Some(slug) => Some(caller.tenant(slug, Act::ReadPeople).await?),
        None => own_tenant(&caller).await?,
    };
    let identifier = identifier(lookup)?;
    Ok(Json(
        caller.catalog().find(&identifier, tenant.as_ref()).await?,
    ))
}

/// The client that the token is bound to; `None` for one that covers all.
async fn own_tenant(caller: &Caller) -> Result<Option<crate::catalog::TenantRef>, Problem> {
    caller.may(Act::ReadPeople)?;
    let Some(own) = caller.pass.tenant else {
        return Ok(None);
    };
    let tenants = caller.app.catalog.tenant_refs().await?;
    let own = tenants.into_iter().find(|tenant| tenant.id == own);
    Ok(Some(own.ok_or_else(|| Problem::gone(None))?))
}

fn identifier(lookup: Lookup) -> Result<Identifier, Problem> {
    type Make = fn(Personal) -> Identifier;
    let ways: [(Option<Personal>, Make); 4] = [
        (lookup.email, Identifier::Email),
        (lookup.phone, Identifier::Phone),
        (lookup.name, Identifier::Name),
        (lookup.external_id, Identifier::ExternalId),
    ];
    let mut given = ways.into_iter().filter_map(|(value, make)| value.map(make));
    match (given.next(), given.next()) {
        (Some(identifier), None) => Ok(identifier),
        _ => Err(Problem::unusable(
            "",
            "give one of email, phone, name and external_id",
        )),
    }
}

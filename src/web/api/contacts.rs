//! Contacts: the people who wrote or called.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::once::{Once, made, status};
use super::super::{Listing, PageQuery};
use super::{Address, Body, Caller, Problem, Wanted};
use crate::catalog::write::ContactChange;
use crate::catalog::{CatalogError, Contact, TenantRef};
use crate::staff::Act;
use crate::vocabulary::{ContactId, Personal};

/// A contact to record, known by its external id. What is absent stays as it is.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Another system's id.
    external_id: Personal,
    /// Name as written.
    name: Option<Personal>,
    /// Telephone number as written.
    phone: Option<Personal>,
    /// E-mail address as written.
    email: Option<Personal>,
    /// Where the data came from.
    source: Option<String>,
}

/// Record a contact: a new one, or what is new about the one with this external id
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/contacts", tag = "contacts",
    params(("slug" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Record, responses(
    (status = 201, body = Contact), (status = 200, body = Contact, description = "it was there"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn upsert(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
    body: Body<Record>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::WritePeople).await?;
    let Record {
        external_id,
        name,
        phone,
        email,
        source,
    } = body.value;
    let change = ContactChange {
        external_id: Some(external_id),
        name,
        phone,
        email,
        source,
        dated: None,
        fill_in: false,
    };
    let work = async {
        let upserted = caller.catalog().upsert_contact(&tenant, change).await?;
        let status = if upserted.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(made(status, upserted.id.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let contact = read(&caller, &tenant, ContactId(done.object)).await?;
    Ok((status(&done), Json(contact)).into_response())
}

/// Contacts in order of id
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/contacts", tag = "contacts",
    params(("slug" = String, Path), PageQuery), responses(
    (status = 200, body = Listing<Contact>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn list(
    caller: Caller,
    Address(slug): Address<String>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::ReadPeople).await?;
    let after = wanted.after(ContactId([0; 16]))?;
    let page = caller
        .catalog()
        .list_contacts(&tenant, after, wanted.limit)
        .await?;
    Ok(wanted.answer(page.items, page.next.map(|id| id.to_string())))
}

/// One contact; 410 with the receipt's id once it is erased
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/contacts/{id}", tag = "contacts",
    params(("slug" = String, Path), ("id" = ContactId, Path)), responses(
    (status = 200, body = Contact),
    (status = 410, body = Problem, description = "erased"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(
    caller: Caller,
    Address((slug, id)): Address<(String, ContactId)>,
) -> Result<Json<Contact>, Problem> {
    let tenant = caller.tenant(&slug, Act::ReadPeople).await?;
    Ok(Json(read(&caller, &tenant, id).await?))
}

/// A contact, or which receipt says that it is gone.
async fn read(caller: &Caller, tenant: &TenantRef, id: ContactId) -> Result<Contact, Problem> {
    match caller.catalog().read_contact(tenant, id).await {
        Err(CatalogError::ContactUnknown(_) | CatalogError::ContactBeingErased(_)) => {
            let erased = caller
                .app
                .keyring
                .erasure_of(tenant.id, id.as_bytes())
                .await?;
            match erased {
                Some(entry) => Err(Problem::gone(Some(entry.erasure))),
                None => Ok(caller.catalog().read_contact(tenant, id).await?),
            }
        }
        answer => Ok(answer?),
    }
}

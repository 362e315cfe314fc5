//! Contacts: the people who wrote or called.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::once::{Once, made, status};
use super::super::{Listing, PageQuery};
use super::{Address, Body, Caller, IfMatch, Problem, Wanted, tagged};
use crate::catalog::further::Further;
use crate::catalog::rehouse::Fate;
use crate::catalog::types::Category;
use crate::catalog::write::ContactChange;
use crate::catalog::{CatalogError, Contact, TenantRef};
use crate::erasure::rectify::{Rectification, Step};
use crate::receipts::places::STANDING_CORRECTION;
use crate::staff::Act;
use crate::vocabulary::{ContactId, ErasureId, Personal};

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
    /// Further addresses, numbers and ids: added to those that are there.
    further: Option<Further>,
    /// Where the data came from.
    source: Option<String>,
}

/// Record a contact: a new one, or what is new about the one with this external id
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/contacts", tag = "contacts",
    params(("slug" = String, Path)),
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
        further,
        source,
    } = body.value;
    let change = ContactChange {
        external_id: Some(external_id),
        name,
        phone,
        email,
        further: further.unwrap_or_default(),
        source,
        dated: None,
        fill_in: false,
    };
    let mut fresh = false;
    let work = async {
        let upserted = caller.catalog().upsert_contact(&tenant, change).await?;
        fresh = upserted.created;
        let status = if upserted.created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(made(status, upserted.id.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let id = ContactId(done.object);
    let contact = match fresh {
        true => caller.catalog().read_back(&tenant, id).await?,
        false => read(&caller, &tenant, id).await?,
    };
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
    (status = 200, body = Contact, headers(("ETag" = String, description = "its version, for If-Match"))),
    (status = 410, body = Problem, description = "erased"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(
    caller: Caller,
    Address((slug, id)): Address<(String, ContactId)>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::ReadPeople).await?;
    let contact = read(&caller, &tenant, id).await?;
    Ok(tagged(&contact.tag(), &contact))
}

/// What is right; what is absent stays, what is null is taken out.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Name as written.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<Personal>>,
    /// Telephone number as written.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<Personal>>,
    /// E-mail address as written.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<Personal>>,
    /// Further addresses, numbers and ids: a list that is given takes the place of the one that is there.
    further: Option<FurtherLists>,
    /// The client's instruction, as a reference that names no person.
    instruction: Option<String>,
}

/// The further ones of each kind as they should be; a kind that is absent stays.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FurtherLists {
    /// E-mail addresses.
    emails: Option<Vec<Personal>>,
    /// Telephone numbers.
    phones: Option<Vec<Personal>>,
    /// Other systems' ids.
    external_ids: Option<Vec<Personal>>,
}

impl FurtherLists {
    fn steps(self) -> Vec<Step> {
        let lists = [
            (Category::Email, self.emails),
            (Category::Phone, self.phones),
            (Category::ExternalId, self.external_ids),
        ];
        let lists = lists.into_iter();
        lists
            .filter_map(|(kind, list)| Some(Step::Only(kind, list?)))
            .collect()
    }
}

/// A value that stands in the body, also where it is null.
fn said<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<Personal>>, D::Error> {
    serde::Deserialize::deserialize(from).map(Some)
}

/// A contact whose profile is right now.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Corrected {
    #[serde(flatten)]
    contact: Contact,
    /// The receipt for what was wrong and is gone: `GET /api/v1/receipts/{id}`; null where nothing was.
    receipt_id: Option<ErasureId>,
    /// Why the receipt is not issued yet, though the key is destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
}

/// Correct a contact (Art. 16): the old value is gone for good, also from old backups
#[utoipa::path(patch, path = "/api/v1/tenants/{slug}/contacts/{id}", tag = "contacts",
    params(("slug" = String, Path), ("id" = ContactId, Path), ("If-Match" = Option<String>, Header)),
    request_body = Correction, responses(
    (status = 200, body = Corrected, headers(("ETag" = String, description = "its new version"))),
    (status = 409, body = Problem, description = "a hold stands in the way, or somebody else is known by this"),
    (status = 410, body = Problem, description = "erased"),
    (status = 412, body = Problem, description = "it was changed since it was read"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn change(
    caller: Caller,
    Address((slug, id)): Address<(String, ContactId)>,
    IfMatch(expected): IfMatch,
    body: Body<Correction>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::WritePeople).await?;
    read(&caller, &tenant, id).await?; // Who is erased is gone with a receipt.
    let it = body.value;
    let order = Rectification {
        contact: id,
        name: fate(it.name),
        phone: fate(it.phone),
        email: fate(it.email),
        further: it.further.unwrap_or_default().steps(),
        expected,
        instruction: (it.instruction).unwrap_or_else(|| STANDING_CORRECTION.to_owned()),
        tenant: tenant.clone(),
    };
    let outcome = Box::pin(caller.eraser().rectify(order)).await?;
    let contact = read(&caller, &tenant, id).await?;
    let tag = contact.tag();
    let (receipt_id, pending) = match outcome {
        Some(outcome) => (Some(outcome.erasure), outcome.pending),
        None => (None, None),
    };
    let corrected = Corrected {
        contact,
        receipt_id,
        pending,
    };
    Ok(tagged(&tag, &corrected))
}

fn fate(said: Option<Option<Personal>>) -> Fate {
    match said {
        None => Fate::Keep,
        Some(None) => Fate::Drop,
        Some(Some(value)) => Fate::Replace(value),
    }
}

/// A contact, or which receipt says that it is gone.
pub(super) async fn read(
    caller: &Caller,
    tenant: &TenantRef,
    id: ContactId,
) -> Result<Contact, Problem> {
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

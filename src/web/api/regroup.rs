//! Merging two contacts who are one person, and splitting one who is two: shown first, then carried out as
//! it was shown.

use std::collections::BTreeSet;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::super::once::{Once, kept};
use super::{Address, Body, Caller, Problem, contacts};
use crate::catalog::types::Category;
use crate::requests::regroup::{How, Preview, Regrouped, Regrouping};
use crate::staff::Act;
use crate::vocabulary::{CaseId, ContactId, Personal};

/// Two contacts who are one person.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Whose cases come here, and who is erased then.
    from: ContactId,
    /// The client's instruction, as a reference that names no person.
    instruction: String,
    /// Show what would be done, and do nothing.
    #[serde(default)]
    dry_run: bool,
    /// The `version` of what was shown; needed to carry it out.
    version: Option<String>,
}

/// One contact who is two people.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The other person's contact: record it first, if it is not there.
    into: ContactId,
    /// The other person's cases.
    cases: BTreeSet<CaseId>,
    /// Kinds of which everything is the other person's: name, phone, email, external_id. It goes from this
    /// profile to theirs; a name only where they have none.
    #[serde(default)]
    remove: BTreeSet<Category>,
    /// Single addresses, numbers and ids that are the other person's, and go to their profile.
    #[serde(default)]
    identifiers: Vec<Personal>,
    /// The client's instruction, as a reference that names no person.
    instruction: String,
    /// Show what would be done, and do nothing.
    #[serde(default)]
    dry_run: bool,
    /// The `version` of what was shown; needed to carry it out.
    version: Option<String>,
}

/// What is said of carrying it out.
struct Said {
    instruction: String,
    dry_run: bool,
    version: Option<String>,
}

/// Merge another contact into this one; with `dry_run` what that would do
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/contacts/{id}/~merge", tag = "contacts",
    params(("slug" = String, Path), ("id" = ContactId, Path)), request_body = Merge, responses(
    (status = 200, description = "done; with dry_run: what would be", content(
        (Outcome = "application/json"))),
    (status = 409, body = Problem, description = "something is in the way, or it is not as it was shown"),
    (status = 410, body = Problem, description = "one of them is erased"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn merge(
    caller: Caller,
    Address((slug, id)): Address<(String, ContactId)>,
    once: Once,
    body: Body<Merge>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::Erase).await?;
    let it = body.value;
    let order = Regrouping {
        tenant,
        from: it.from,
        into: id,
        how: How::Merge,
    };
    let said = Said {
        instruction: it.instruction,
        dry_run: it.dry_run,
        version: it.version,
    };
    regroup(&caller, &order, said, (once, &body.bytes)).await
}

/// Give cases of this contact to another, and take out what was the other's; with `dry_run` what that
/// would do
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/contacts/{id}/~split", tag = "contacts",
    params(("slug" = String, Path), ("id" = ContactId, Path)), request_body = Split, responses(
    (status = 200, description = "done; with dry_run: what would be", content(
        (Outcome = "application/json"))),
    (status = 409, body = Problem, description = "something is in the way, or it is not as it was shown"),
    (status = 410, body = Problem, description = "one of them is erased"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn split(
    caller: Caller,
    Address((slug, id)): Address<(String, ContactId)>,
    once: Once,
    body: Body<Split>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::Erase).await?;
    let it = body.value;
    let order = Regrouping {
        tenant,
        from: id,
        into: it.into,
        how: How::Split {
            cases: it.cases,
            remove: it.remove,
            identifiers: it.identifiers,
        },
    };
    let said = Said {
        instruction: it.instruction,
        dry_run: it.dry_run,
        version: it.version,
    };
    regroup(&caller, &order, said, (once, &body.bytes)).await
}

/// What was done, or what would be.
#[allow(dead_code)] // What was done is answered as it was kept; the description is made of this.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Outcome {
    /// What would be.
    Shown(Preview),
    /// What was done.
    Done(Regrouped),
}

async fn regroup(
    caller: &Caller,
    order: &Regrouping,
    said: Said,
    (once, sent): (Once, &[u8]),
) -> Result<Response, Problem> {
    let requests = caller.requests();
    if said.dry_run {
        both_are_there(caller, order).await?;
        let preview = requests.preview_regrouping(order, &said.instruction);
        return Ok(Json(Outcome::Shown(preview.await?)).into_response());
    }
    let version = said.version.ok_or_else(|| {
        let detail = "version is missing: send it with dry_run first, and then as it was shown";
        Problem::unusable("/version", detail)
    })?;
    let work = async {
        both_are_there(caller, order).await?;
        let done = requests.regroup(order, &version, &said.instruction);
        let done: Regrouped = Box::pin(done).await?;
        kept(done.into.0, &done)
    };
    let done = once.run(caller, sent, work).await?;
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((json, done.answer.unwrap_or_default()).into_response())
}

/// Who is erased is gone with a receipt.
async fn both_are_there(caller: &Caller, order: &Regrouping) -> Result<(), Problem> {
    for id in [order.from, order.into] {
        contacts::read(caller, &order.tenant, id).await?;
    }
    Ok(())
}

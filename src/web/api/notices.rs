//! The versions of a client's notice: drafted, approved by the client, published.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::once::{Once, made};
use super::super::public;
use super::notice::Wanted as Form;
use super::{Address, Body, Caller, Problem};
use crate::disclosure::{Change, Version};
use crate::receipts::body::Reference;
use crate::staff::{Act, Made};

/// Every version, the newest first.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Versions {
    items: Vec<Version>,
}

/// What changed, section by section.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Changes {
    items: Vec<Change>,
}

/// From which version, and in which language.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct From {
    /// The older version.
    from: u32,
    /// `sv` or `en`; the client's first language when not said.
    lang: Option<String>,
}

/// An approval.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Which version.
    version: u32,
    /// Who at the client, as a reference that names no person.
    by: String,
}

/// A publication.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// Which version.
    version: u32,
    /// Why, although the law asks for what is missing in it: a reference, which stays with the version.
    in_spite_of: Option<String>,
}

/// The versions of the notice, the newest first
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/notices", tag = "clients",
    params(("slug" = String, Path)), responses(
    (status = 200, body = Versions),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn list(
    caller: Caller,
    Address(slug): Address<String>,
) -> Result<Json<Versions>, Problem> {
    caller.tenant(&slug, Act::SeeTenants).await?;
    let items = caller.notices().versions(&slug).await?;
    Ok(Json(Versions { items }))
}

/// Write a version as the notice is now; the newest, when nothing has changed since
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/notices", tag = "clients",
    params(("slug" = String, Path), ("Idempotency-Key" = Option<String>, Header)), responses(
    (status = 200, body = Version),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn draft(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
) -> Result<Json<Version>, Problem> {
    caller.tenant(&slug, Act::Describe).await?;
    let work = async { Ok(numbered(&caller.notices().draft(&slug).await?)) };
    let done = once.run(&caller, &[], work).await?;
    told(&caller, &slug, &done).await
}

/// What is remembered of a call: which version it was about.
fn numbered(version: &Version) -> Made {
    made(StatusCode::OK, u128::from(version.number).to_be_bytes())
}

/// That version as it is now.
async fn told(caller: &Caller, slug: &str, done: &Made) -> Result<Json<Version>, Problem> {
    let number = u64::try_from(u128::from_be_bytes(done.object)).unwrap_or(u64::MAX);
    Ok(Json(caller.notices().version(slug, number).await?))
}

/// One version as it was written
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/notices/{version}", tag = "clients",
    params(("slug" = String, Path), ("version" = u32, Path), Form), responses(
    (status = 200, body = String, content_type = "text/html"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(
    caller: Caller,
    Address((slug, version)): Address<(String, u32)>,
    form: Result<Query<Form>, QueryRejection>,
) -> Result<Response, Problem> {
    caller.tenant(&slug, Act::SeeTenants).await?;
    let (lang, format) = Form::read(form)?;
    let written = caller.notices().written(&slug, version.into()).await?;
    public::notice::answer(&written.in_language(lang), format, None)
}

/// What changed since an older version
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/notices/{version}/diff", tag = "clients",
    params(("slug" = String, Path), ("version" = u32, Path), From), responses(
    (status = 200, body = Changes),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn changes(
    caller: Caller,
    Address((slug, version)): Address<(String, u32)>,
    from: Result<Query<From>, QueryRejection>,
) -> Result<Json<Changes>, Problem> {
    caller.tenant(&slug, Act::SeeTenants).await?;
    let unusable = |detail: String| Problem::unusable("", detail);
    let from =
        from.map_err(|_| unusable("the query: from, a version's number, and lang".to_owned()));
    let Query(From { from, lang }) = from?;
    let lang = lang.map(|it| it.parse()).transpose().map_err(unusable)?;
    let notices = caller.notices();
    let items = notices.changes(&slug, from.into(), version.into(), lang);
    Ok(Json(Changes {
        items: items.await?,
    }))
}

/// Record that the client approved a version; again, it is as it was
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/notice:approve", tag = "clients",
    params(("slug" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = Approval, responses(
    (status = 200, body = Version),
    (status = 409, body = Problem, description = "the version is over"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn approve(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
    body: Body<Approval>,
) -> Result<Json<Version>, Problem> {
    caller.tenant(&slug, Act::Describe).await?;
    let Approval { version, by } = body.value;
    let by = Reference::new(by).map_err(|error| Problem::unusable("/by", error.to_string()))?;
    let room = caller.notices();
    let work = async { Ok(numbered(&room.approve(&slug, version.into(), by).await?)) };
    let done = once.run(&caller, &body.bytes, work).await?;
    told(&caller, &slug, &done).await
}

/// Put an approved version in force; again, it is as it was
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/notice:publish", tag = "clients",
    params(("slug" = String, Path), ("Idempotency-Key" = Option<String>, Header)), request_body = Publication, responses(
    (status = 200, body = Version),
    (status = 409, body = Problem, description = "nobody approved it, it is over, or something is missing in it"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn publish(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
    body: Body<Publication>,
) -> Result<Json<Version>, Problem> {
    caller.tenant(&slug, Act::Describe).await?;
    let reason = body.value.in_spite_of.map(Reference::new).transpose();
    let reason = reason.map_err(|error| Problem::unusable("/in_spite_of", error.to_string()))?;
    let (room, version) = (caller.notices(), body.value.version.into());
    let work = async { Ok(numbered(&room.publish(&slug, version, reason).await?)) };
    let done = once.run(&caller, &body.bytes, work).await?;
    told(&caller, &slug, &done).await
}

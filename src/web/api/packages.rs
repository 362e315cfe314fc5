//! What is handed out on a request: the package of Art. 15.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::super::accept;
use super::super::outgoing::streamed;
use super::requests::own;
use super::{Address, Caller, Problem};
use crate::requests::package::PackageOrder;
use crate::vocabulary::RequestId;

/// The record alone.
const JSON: &str = "application/json";

/// In which language.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct InLanguage {
    /// `sv` or `en`; the client's first language when not said.
    lang: Option<String>,
}

/// Everything held about the person, to hand over: the zip of Art. 15, or with `Accept:
/// application/json` the record alone; 204 where nobody is held
#[utoipa::path(get, path = "/api/v1/requests/{id}/package", tag = "requests",
    params(("id" = RequestId, Path), InLanguage), responses(
    (status = 200, description = "the package, as it is made", content(
        (Vec<u8> = "application/zip"), (serde_json::Value = "application/json"))),
    (status = 204, description = "nobody is held"),
    (status = 406, body = Problem, description = "it comes in no such form"),
    (status = 409, body = Problem, description = "the client has not instructed it"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn package(
    caller: Caller,
    Address(id): Address<RequestId>,
    wanted: Result<Query<InLanguage>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (requests, tenant) = own(&caller, id).await?;
    let unusable = |detail: String| Problem::unusable("", detail);
    let Query(wanted) = wanted.map_err(|_| unusable("the query: lang only".to_owned()))?;
    let lang = wanted.lang.map(|it| it.parse()).transpose();
    let lang = lang.map_err(unusable)?;
    if accept::best(&headers, &["application/zip", JSON])? == JSON {
        return Ok(match requests.package(&tenant, id).await? {
            Some(record) => Json(record).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        });
    }
    let Some(order) = requests.packageable(&tenant, id).await? else {
        requests.packaged(id).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let order = PackageOrder { lang, ..order };
    // Whoever stops listening has not taken it out.
    Ok(streamed(
        "application/zip",
        "package.zip",
        async move |out| {
            Box::pin(requests.write_package(&order, out)).await?;
            requests.packaged(id).await
        },
    ))
}

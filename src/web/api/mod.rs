//! The API, base `/api/v1`: a file per subject. A handler is extractors, one call of the domain, view.
//!
//! **To add a route**: a handler with `#[utoipa::path]` whose first extractor is a [`Caller`], which it
//! asks by [`Caller::tenant`], [`Caller::may`] or [`Caller::may_everywhere`] before anything else; and a
//! line in [`ROUTES`]. The description at `/api/v1/openapi.json` is made from the same lines, and a test
//! calls every address in it with another client's token (`tests/http/strangers.rs`).

mod audit;
mod cases;
mod catalog;
mod contacts;
mod erase;
mod forwardings;
mod holds;
mod hooks;
mod imports;
mod lookup;
mod messages;
mod notice;
mod notices;
mod offboarding;
mod packages;
mod processing;
pub mod reading;
mod reading_of;
mod receipts;
mod redact;
mod regroup;
mod requests;
mod tenants;
mod webhooks;

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, PathItem, RefOr, Required, SecurityRequirement};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::address::documented;
use super::once::UNKEYED;
use super::{Address, Body, Caller, IfMatch, Problem, Wanted, tagged};
use crate::app::App;

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Gallra",
    description = "What a support desk holds about people, and making it gone for good. \
        Times are RFC 3339 in UTC, ids 32 hexadecimal digits. Addresses hold ids and slugs only; names, \
        numbers, addresses and other systems' ids travel in bodies."
))]
struct Description;

/// Every route of the API: what is called, and how it is described.
const ROUTES: &[fn() -> UtoipaMethodRouter<Arc<App>>] = &[
    || routes!(tenants::list, tenants::add),
    || routes!(tenants::show, tenants::change),
    || routes!(processing::change_controller),
    || routes!(catalog::show),
    || routes!(notice::show),
    || routes!(notices::list, notices::draft),
    || routes!(notices::show),
    || routes!(notices::changes),
    || routes!(notices::approve),
    || routes!(notices::publish),
    || routes!(processing::purposes, processing::set_purposes),
    || routes!(processing::recipients, processing::add_recipient),
    || routes!(processing::remove_recipient),
    || routes!(processing::retention_rules, processing::set_retention_rules),
    || routes!(contacts::list, contacts::upsert),
    || routes!(contacts::show, contacts::change),
    || routes!(erase::contact),
    || routes!(regroup::merge),
    || routes!(regroup::split),
    || routes!(lookup::contacts),
    || routes!(messages::record),
    || routes!(redact::redact),
    || routes!(cases::list),
    || routes!(cases::show, cases::change),
    || routes!(cases::messages),
    || routes!(forwardings::record),
    || routes!(imports::receive),
    || routes!(imports::show),
    || routes!(imports::rejects),
    || routes!(receipts::list),
    || routes!(receipts::show),
    || routes!(requests::list, requests::register),
    || routes!(requests::show),
    || routes!(requests::verify),
    || routes!(requests::forward),
    || routes!(requests::instruct),
    || routes!(requests::extend),
    || routes!(requests::refuse),
    || routes!(packages::package),
    || routes!(requests::deliver),
    || routes!(requests::withdraw),
    || routes!(requests::reopen),
    || routes!(holds::list, holds::place),
    || routes!(holds::release),
    || routes!(offboarding::begin, offboarding::show),
    || routes!(offboarding::approve),
    || routes!(offboarding::hold),
    || routes!(offboarding::release),
    || routes!(offboarding::cancel),
    || routes!(offboarding::execute),
    || routes!(offboarding::export),
    || routes!(offboarding::confirm_task),
    || routes!(hooks::receive),
    || routes!(audit::list),
    || routes!(webhooks::list, webhooks::add),
    || routes!(webhooks::show, webhooks::remove),
    || routes!(webhooks::deliveries),
    || routes!(webhooks::test),
    || routes!(webhooks::redeliver),
    || routes!(webhooks::rotate_secret),
];

/// The API. What describes a route is dropped with each line: all of it at once would take megabytes that
/// a server keeps from then on, and few ever ask for it.
pub fn routes() -> axum::Router<Arc<App>> {
    let described = "/api/v1/openapi.json";
    let router = axum::Router::new().route(described, get(describe));
    ROUTES.iter().fold(router, |router, route| {
        router.merge(OpenApiRouter::new().routes(route()).split_for_parts().0)
    })
}

/// The description of the API, made when somebody first asks.
async fn describe() -> Result<Response, Problem> {
    static DESCRIPTION: OnceLock<Bytes> = OnceLock::new();
    let made = match DESCRIPTION.get() {
        Some(made) => made,
        None => {
            let json = description().to_json();
            let json = json.map_err(|error| Problem::hidden(&error))?;
            DESCRIPTION.get_or_init(|| json.into())
        }
    };
    let headers = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_TYPE, "application/json"),
    ];
    Ok((headers, made.clone()).into_response())
}

fn description() -> OpenApi {
    let empty = OpenApiRouter::with_openapi(Description::openapi());
    let router = ROUTES
        .iter()
        .fold(empty, |router, route| router.routes(route()));
    finish(router.into_openapi())
}

/// What the macros do not know: every response has a description (OpenAPI 3.1, Response Object), and every
/// error is `application/problem+json`.
fn complete(item: &mut PathItem) {
    let operations = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ];
    for operation in operations.into_iter().flatten() {
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else {
                continue;
            };
            if response.description.is_empty() {
                response.description = usual(status).to_owned();
            }
            if !status.starts_with(['4', '5']) {
                continue;
            }
            if let Some(content) = response.content.swap_remove("application/json") {
                let problem = "application/problem+json".to_owned();
                response.content.insert(problem, content);
            }
        }
    }
}

/// The key that every call takes which makes or starts something.
fn keyed(post: &mut Operation) {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "1 to 255 visible characters: the same key and body, the same answer for a day",
        ))
        .schema(Some(text));
    let key = RefOr::T(key.build());
    post.parameters.get_or_insert_default().push(key);
}

/// What a status means where a route says no more.
fn usual(status: &str) -> &'static str {
    match status {
        "4XX" => "refused: the detail says why and what to do",
        "5XX" => {
            "not done: send it again when `Retry-After` says so, else the server's log has the cause"
        }
        "202" => "taken; it goes on",
        "204" => "done",
        "410" => "erased; `receipt_id` names the receipt",
        _ => "done; what there is",
    }
}

/// What is the same for every route: the token, and addresses as people outside write them.
fn finish(mut description: OpenApi) -> OpenApi {
    let paths = std::mem::take(&mut description.paths.paths);
    let paths = paths.into_iter().map(|(path, mut item)| {
        complete(&mut item);
        let path = documented(&path);
        if let Some(post) = item
            .post
            .as_mut()
            .filter(|_| !UNKEYED.contains(&path.as_str()))
        {
            keyed(post);
        }
        (path, item)
    });
    description.paths.paths = paths.collect();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("token", bearer);
    description.security = Some(vec![SecurityRequirement::new("token", [] as [&str; 0])]);
    description
}

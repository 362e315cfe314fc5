//! The API, base `/api/v1`: a file per subject. A handler is extractors, one call of the domain, view.
//!
//! **To add a route**: a handler with `#[utoipa::path]` whose first extractor is a [`Caller`], which it
//! asks by [`Caller::tenant`], [`Caller::may`] or [`Caller::may_everywhere`] before anything else; and a
//! line in [`routes`]. The description at `/api/v1/openapi.json` is made from the same lines, and a test
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
mod offboarding;
mod processing;
pub mod reading;
mod receipts;
mod regroup;
mod requests;
mod tenants;
mod webhooks;

use std::sync::Arc;

use axum::Json;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, PathItem, RefOr, SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::address::documented;
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

/// Every route of the API, and its description.
pub fn routes() -> (axum::Router<Arc<App>>, OpenApi) {
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(tenants::list, tenants::add))
        .routes(routes!(tenants::show, tenants::change))
        .routes(routes!(processing::change_controller))
        .routes(routes!(catalog::show))
        .routes(routes!(notice::show))
        .routes(routes!(processing::purposes, processing::set_purposes))
        .routes(routes!(processing::recipients, processing::add_recipient))
        .routes(routes!(processing::remove_recipient))
        .routes(routes!(
            processing::retention_rules,
            processing::set_retention_rules
        ))
        .routes(routes!(contacts::list, contacts::upsert))
        .routes(routes!(contacts::show, contacts::change))
        .routes(routes!(erase::contact))
        .routes(routes!(regroup::merge))
        .routes(routes!(regroup::split))
        .routes(routes!(lookup::contacts))
        .routes(routes!(messages::record))
        .routes(routes!(cases::list))
        .routes(routes!(cases::show, cases::change))
        .routes(routes!(cases::messages))
        .routes(routes!(forwardings::record))
        .routes(routes!(imports::receive))
        .routes(routes!(imports::show))
        .routes(routes!(imports::rejects))
        .routes(routes!(receipts::list))
        .routes(routes!(receipts::show))
        .routes(routes!(requests::list, requests::register))
        .routes(routes!(requests::show))
        .routes(routes!(requests::verify))
        .routes(routes!(requests::forward))
        .routes(routes!(requests::instruct))
        .routes(routes!(requests::extend))
        .routes(routes!(requests::refuse))
        .routes(routes!(requests::package))
        .routes(routes!(requests::deliver))
        .routes(routes!(requests::withdraw))
        .routes(routes!(requests::reopen))
        .routes(routes!(holds::list, holds::place))
        .routes(routes!(holds::release))
        .routes(routes!(offboarding::begin, offboarding::show))
        .routes(routes!(offboarding::approve))
        .routes(routes!(offboarding::hold))
        .routes(routes!(offboarding::release))
        .routes(routes!(offboarding::cancel))
        .routes(routes!(offboarding::execute))
        .routes(routes!(offboarding::export))
        .routes(routes!(offboarding::confirm_task))
        .routes(routes!(hooks::receive))
        .routes(routes!(audit::list))
        .routes(routes!(webhooks::list, webhooks::add))
        .routes(routes!(webhooks::show, webhooks::remove))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::redeliver))
        .routes(routes!(webhooks::rotate_secret))
        .split_for_parts();
    let description = finish(description);
    let served = description.clone();
    let router = router.route(
        "/api/v1/openapi.json",
        get(async move || ([(header::CACHE_CONTROL, "no-cache")], Json(served)).into_response()),
    );
    (router, description)
}

/// Every error is `application/problem+json`, which the macros do not know.
fn errors_are_problems(item: &mut PathItem) {
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

/// What is the same for every route: the token, and addresses as people outside write them.
fn finish(mut description: OpenApi) -> OpenApi {
    let paths = std::mem::take(&mut description.paths.paths);
    let paths = paths.into_iter().map(|(path, mut item)| {
        errors_are_problems(&mut item);
        (documented(&path), item)
    });
    description.paths.paths = paths.collect();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("token", bearer);
    description.security = Some(vec![SecurityRequirement::new("token", [] as [&str; 0])]);
    description
}

//! Endpoints of other systems that are told of what happens, and what is on its way to them.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::super::once::{Once, made, status};
use super::super::{Listing, PageQuery, problem};
use super::{Address, Body, Caller, Problem, Wanted};
use crate::audit::{Action, Entry};
use crate::staff::{Act, Made};
use crate::vocabulary::{DeliveryId, EndpointId, EventId, Personal, TenantId, Timestamp};
use crate::webhooks::{self, DeliveryState, Kind, NewEndpoint, Webhooks};

/// An endpoint to make.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// Where to post: https, and an address of the public internet.
    url: Personal,
    /// Slug of the one client whose events are told; of all when absent.
    tenant: Option<String>,
    /// Which events; all when absent.
    events: Option<Vec<String>>,
}

/// An endpoint.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Endpoint {
    /// Its id.
    id: EndpointId,
    /// The one client whose events are told; of all when null.
    tenant_id: Option<TenantId>,
    /// Where is posted.
    url: Personal,
    /// Which events are told.
    events: Vec<&'static str>,
    /// When it was made.
    created_at: Timestamp,
    /// Until when the secret before signs too.
    old_secret_until: Option<Timestamp>,
    /// The secret, in the answer that makes it and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<webhooks::Endpoint> for Endpoint {
    fn from(it: webhooks::Endpoint) -> Self {
        Self {
            id: it.id,
            tenant_id: it.tenant,
            url: it.url,
            events: it.events.into_iter().map(Kind::word).collect(),
            created_at: it.created_at,
            old_secret_until: it.old_until,
            secret: None,
        }
    }
}

/// One event on its way to an endpoint.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Delivery {
    /// Its id.
    id: DeliveryId,
    /// What is told: the same when it is sent again.
    event_id: EventId,
    /// Which kind of event.
    r#type: &'static str,
    /// How it stands.
    state: DeliveryState,
    /// How often it was tried.
    attempts: u32,
    /// What the endpoint answered last.
    status: Option<u16>,
    /// Why the last attempt failed.
    reason: Option<String>,
    /// The delivery that this one repeats.
    repeat_of: Option<DeliveryId>,
    /// When it was begun.
    created_at: Timestamp,
    /// When it ended.
    ended_at: Option<Timestamp>,
}

impl From<webhooks::Delivery> for Delivery {
    fn from(it: webhooks::Delivery) -> Self {
        Self {
            id: it.id,
            event_id: it.event,
            r#type: it.kind.word(),
            state: it.state,
            attempts: it.attempts,
            status: it.status,
            reason: it.reason,
            repeat_of: it.repeat_of,
            created_at: it.created_at,
            ended_at: it.ended_at,
        }
    }
}

/// What is on its way.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Sent {
    /// The delivery.
    id: DeliveryId,
}

/// Which delivery is to be sent again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// The delivery.
    delivery: DeliveryId,
}

/// The endpoint of this id, when the token covers it.
async fn endpoint(
    caller: &Caller,
    id: EndpointId,
) -> Result<(Webhooks, webhooks::Endpoint), Problem> {
    caller.may(Act::ChangeTenants)?;
    let webhooks = caller.app.webhooks();
    let endpoint = webhooks.endpoint(id).await?;
    match covers(caller, &endpoint) {
        true => Ok((webhooks, endpoint)),
        false => Err(problem::nothing_here()),
    }
}

fn covers(caller: &Caller, endpoint: &webhooks::Endpoint) -> bool {
    match (caller.pass.tenant, endpoint.tenant) {
        (None, _) => true,
        (Some(own), of) => of == Some(own),
    }
}

async fn note(caller: &Caller, action: Action, id: EndpointId) -> Result<(), Problem> {
    let catalog = caller.catalog();
    let entry = Entry::new(catalog.actor, action).to(id.as_bytes());
    let recorded = catalog.recorder.record(&entry).await;
    recorded.map_err(|error| Problem::hidden(error.as_ref()))
}

/// Endpoints, in the order in which they were made
#[utoipa::path(get, path = "/api/v1/webhook-endpoints", tag = "webhooks", params(PageQuery), responses(
    (status = 200, body = Listing<Endpoint>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn list(caller: Caller, wanted: Wanted) -> Result<Response, Problem> {
    caller.may(Act::ChangeTenants)?;
    let after: usize = wanted.after(0)?;
    let all = caller.app.webhooks().endpoints().await?;
    let all = all.into_iter().filter(|it| covers(&caller, it)).skip(after);
    let limit = usize::from(wanted.limit);
    let mut page: Vec<Endpoint> = all.take(limit + 1).map(Endpoint::from).collect();
    let more = page.len() > limit;
    page.truncate(limit);
    Ok(wanted.answer(page, more.then(|| after.saturating_add(limit).to_string())))
}

/// Make an endpoint: the answer holds its secret, once
#[utoipa::path(post, path = "/api/v1/webhook-endpoints", tag = "webhooks", request_body = New, responses(
    (status = 201, body = Endpoint),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn add(caller: Caller, once: Once, body: Body<New>) -> Result<Response, Problem> {
    caller.may(Act::ChangeTenants)?;
    let New {
        url,
        tenant,
        events,
    } = body.value;
    let tenant = match tenant {
        Some(slug) => Some(caller.tenant(&slug, Act::ChangeTenants).await?.id),
        None => caller.pass.tenant,
    };
    let unknown = || Problem::from(webhooks::WebhookError::Event);
    let events = match events {
        Some(words) => words.iter().map(|word| Kind::from_word(word)).collect(),
        None => Some(Kind::ALL.to_vec()),
    };
    let events = events.ok_or_else(unknown)?;
    let new = NewEndpoint {
        url,
        tenant,
        events,
    };
    let webhooks = caller.app.webhooks();
    let work = async {
        let (id, _) = webhooks.add(new).await?;
        note(&caller, Action::WebhookAdded, id).await?;
        Ok(made(StatusCode::CREATED, id.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let endpoint = webhooks.endpoint(EndpointId(done.object)).await?;
    Ok((status(&done), Json(with_secret(endpoint))).into_response())
}

/// For who made the endpoint or changed its secret, also when the answer got lost and is asked for again.
fn with_secret(endpoint: webhooks::Endpoint) -> Endpoint {
    Endpoint {
        secret: Some(endpoint.secret().shown().to_string()),
        ..endpoint.into()
    }
}

/// One endpoint
#[utoipa::path(get, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = EndpointId, Path)), responses(
    (status = 200, body = Endpoint),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(
    caller: Caller,
    Address(id): Address<EndpointId>,
) -> Result<Json<Endpoint>, Problem> {
    Ok(Json(endpoint(&caller, id).await?.1.into()))
}

/// Remove an endpoint, and what was on its way to it
#[utoipa::path(delete, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks",
    params(("id" = EndpointId, Path)), responses(
    (status = 204, description = "removed"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn remove(
    caller: Caller,
    Address(id): Address<EndpointId>,
) -> Result<StatusCode, Problem> {
    endpoint(&caller, id).await?.0.remove(id).await?;
    note(&caller, Action::WebhookRemoved, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was sent to an endpoint, and what came of it
#[utoipa::path(get, path = "/api/v1/webhook-endpoints/{id}/deliveries", tag = "webhooks",
    params(("id" = EndpointId, Path), PageQuery), responses(
    (status = 200, body = Listing<Delivery>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn deliveries(
    caller: Caller,
    Address(id): Address<EndpointId>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    let (webhooks, _) = endpoint(&caller, id).await?;
    let after = wanted.after(DeliveryId([0; 16]))?;
    let page = webhooks.deliveries(id, after, wanted.limit).await?;
    let full = page.len() == usize::from(wanted.limit);
    let next = page.last().filter(|_| full).map(|last| last.id.to_string());
    Ok(wanted.answer(page.into_iter().map(Delivery::from).collect(), next))
}

/// Send an endpoint something to try it with
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/~test", tag = "webhooks",
    params(("id" = EndpointId, Path)), responses(
    (status = 202, body = Sent),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn test(
    caller: Caller,
    Address(id): Address<EndpointId>,
    once: Once,
) -> Result<Response, Problem> {
    let (webhooks, _) = endpoint(&caller, id).await?;
    let work = async {
        let sent = webhooks.test(id).await?;
        Ok(made(StatusCode::ACCEPTED, sent.0))
    };
    sent(&once.run(&caller, &[], work).await?)
}

/// Send something once more, as the same message
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/~redeliver", tag = "webhooks",
    params(("id" = EndpointId, Path)), request_body = Again, responses(
    (status = 202, body = Sent),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn redeliver(
    caller: Caller,
    Address(id): Address<EndpointId>,
    once: Once,
    body: Body<Again>,
) -> Result<Response, Problem> {
    let (webhooks, _) = endpoint(&caller, id).await?;
    let work = async {
        let sent = webhooks.redeliver(id, body.value.delivery).await?;
        Ok(made(StatusCode::ACCEPTED, sent.0))
    };
    sent(&once.run(&caller, &body.bytes, work).await?)
}

fn sent(done: &Made) -> Result<Response, Problem> {
    let id = DeliveryId(done.object);
    Ok((status(done), Json(Sent { id })).into_response())
}

/// Give an endpoint another secret; the one before signs too for a day
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/~rotate-secret", tag = "webhooks",
    params(("id" = EndpointId, Path)), responses(
    (status = 200, body = Endpoint),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn rotate_secret(
    caller: Caller,
    Address(id): Address<EndpointId>,
    once: Once,
) -> Result<Json<Endpoint>, Problem> {
    let (webhooks, _) = endpoint(&caller, id).await?;
    let work = async {
        webhooks.rotate_secret(id).await?;
        note(&caller, Action::WebhookRotated, id).await?;
        Ok(made(StatusCode::OK, id.0))
    };
    once.run(&caller, &[], work).await?;
    Ok(Json(with_secret(webhooks.endpoint(id).await?)))
}

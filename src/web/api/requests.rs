//! Data subjects' requests: registering them, the client's decisions, handing out and erasing.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::super::once::{Once, made, status};
use super::super::{Listing, PageQuery, problem};
use super::{Address, Body, Caller, Problem, Wanted};
use crate::catalog::TenantRef;
use crate::catalog::types::Channel;
use crate::requests::types::{ExtensionReason, RefusalGround};
use crate::requests::{Identifiers, NewRequest, Request, RequestInFull, Requests, Right, Step};
use crate::staff::Act;
use crate::vocabulary::{ContactId, Personal, RequestId, Timestamp};

/// A request to register.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// At which client, by slug.
    tenant: String,
    /// Which rights.
    rights: Vec<Right>,
    /// How it came in.
    channel: Channel,
    /// When it reached the support desk: the clock runs from then.
    received_at: Timestamp,
    /// By what the person is known.
    identifiers: Identifiers,
    /// What the person wrote, word for word.
    text: Option<Personal>,
}

/// Register a request
#[utoipa::path(post, path = "/api/v1/requests", tag = "requests",
    request_body = New, responses(
    (status = 201, body = Request),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn register(caller: Caller, once: Once, body: Body<New>) -> Result<Response, Problem> {
    let it = body.value;
    let tenant = caller.tenant(&it.tenant, Act::HandleRequests).await?;
    let new = NewRequest {
        rights: it.rights,
        channel: it.channel,
        received_at: it.received_at,
        identifiers: it.identifiers,
        text: it.text,
    };
    let requests = caller.requests();
    let work = async {
        let registered = requests.register(&tenant, new).await?;
        Ok(made(StatusCode::CREATED, registered.id.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let request = requests.one(&tenant, RequestId(done.object)).await?;
    Ok((status(&done), Json(request)).into_response())
}

/// Requests in order of id, closed ones too, without who asked
#[utoipa::path(get, path = "/api/v1/requests", tag = "requests", params(PageQuery), responses(
    (status = 200, body = Listing<Request>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn list(caller: Caller, wanted: Wanted) -> Result<Response, Problem> {
    caller.may(Act::HandleRequests)?;
    let after = wanted.after(RequestId([0; 16]))?;
    let requests = caller.requests();
    let page = requests
        .list(caller.pass.tenant, true, after, wanted.limit)
        .await?;
    Ok(wanted.answer(page.items, page.next.map(|id| id.to_string())))
}

/// One request with who asked, what was written and every step
#[utoipa::path(get, path = "/api/v1/requests/{id}", tag = "requests", params(("id" = RequestId, Path)), responses(
    (status = 200, body = RequestInFull),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(
    caller: Caller,
    Address(id): Address<RequestId>,
) -> Result<Json<RequestInFull>, Problem> {
    let (requests, tenant) = own(&caller, id).await?;
    Ok(Json(requests.show(&tenant, id).await?))
}

/// The request's client, when the token covers it. Another client's request and one that never was are
/// answered alike.
pub(super) async fn own(caller: &Caller, id: RequestId) -> Result<(Requests, TenantRef), Problem> {
    let requests = caller.requests();
    let tenant = requests.tenant_of(id).await?;
    if !caller.pass.covers(tenant.id) {
        return Err(problem::nothing_here());
    }
    caller.may(Act::HandleRequests)?;
    Ok((requests, tenant))
}

async fn step(
    caller: &Caller,
    id: RequestId,
    (once, sent): (Once, &[u8]),
    step: Step,
) -> Result<Json<Request>, Problem> {
    let (requests, tenant) = own(caller, id).await?;
    let work = async {
        requests.step(&tenant, id, step).await?;
        Ok(made(StatusCode::OK, id.0))
    };
    once.run(caller, sent, work).await?;
    Ok(Json(requests.one(&tenant, id).await?))
}

/// Whether it is known who the person is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Which contact, where several fitted or none.
    contact: Option<ContactId>,
    /// Why it is doubted, as a reference that names nobody; the person is asked and the clock stands
    /// still. Absent: it is known.
    doubt: Option<String>,
}

/// Say that it is known who the person is, or why that is doubted
#[utoipa::path(post, path = "/api/v1/requests/{id}/~verify", tag = "requests",
    params(("id" = RequestId, Path)), request_body = Verification, responses(
    (status = 200, body = Request),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn verify(
    caller: Caller,
    Address(id): Address<RequestId>,
    once: Once,
    body: Body<Verification>,
) -> Result<Json<Request>, Problem> {
    let Verification { contact, doubt } = body.value;
    let taken = match doubt {
        Some(reason) => Step::Doubt { reason },
        None => Step::Verify { contact },
    };
    step(&caller, id, (once, &body.bytes), taken).await
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Note that the client was told
#[utoipa::path(post, path = "/api/v1/requests/{id}/~forward", tag = "requests",
    params(("id" = RequestId, Path)), request_body = Nothing, responses(
    (status = 200, body = Request),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn forward(
    caller: Caller,
    Address(id): Address<RequestId>,
    once: Once,
    body: Body<Nothing>,
) -> Result<Json<Request>, Problem> {
    step(&caller, id, (once, &body.bytes), Step::Forward).await
}

/// What the client decided.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Instruction {
    /// The client's instruction, as a reference that names nobody.
    instruction: Option<String>,
}

/// Record the client's instruction to carry the request out
#[utoipa::path(post, path = "/api/v1/requests/{id}/~instruct", tag = "requests",
    params(("id" = RequestId, Path)), request_body = Instruction, responses(
    (status = 200, body = Request),
    (status = 409, body = Problem, description = "without an instruction, or not its turn"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn instruct(
    caller: Caller,
    Address(id): Address<RequestId>,
    once: Once,
    body: Body<Instruction>,
) -> Result<Json<Request>, Problem> {
    let instruction = body.value.instruction;
    let taken = Step::Instruct { instruction };
    step(&caller, id, (once, &body.bytes), taken).await
}

/// Why the client takes longer.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The client's instruction.
    instruction: Option<String>,
    /// There are no other reasons.
    reason: ExtensionReason,
    /// What is complex about it, in forty characters or more that name nobody.
    facts: String,
}

/// Take up to two months longer, told within the first
#[utoipa::path(post, path = "/api/v1/requests/{id}/~extend", tag = "requests",
    params(("id" = RequestId, Path)), request_body = Extension, responses(
    (status = 200, body = Request),
    (status = 409, body = Problem, description = "without an instruction, or too late"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn extend(
    caller: Caller,
    Address(id): Address<RequestId>,
    once: Once,
    body: Body<Extension>,
) -> Result<Json<Request>, Problem> {
    let Extension {
        instruction,
        reason,
        facts,
    } = body.value;
    let taken = Step::Extend {
        instruction,
        reason,
        facts,
    };
    step(&caller, id, (once, &body.bytes), taken).await
}

/// Why the client refuses.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The client's instruction.
    instruction: Option<String>,
    /// Why.
    ground: RefusalGround,
}

/// Record the client's refusal
#[utoipa::path(post, path = "/api/v1/requests/{id}/~refuse", tag = "requests",
    params(("id" = RequestId, Path)), request_body = Refusal, responses(
    (status = 200, body = Request),
    (status = 409, body = Problem, description = "without an instruction, or not its turn"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn refuse(
    caller: Caller,
    Address(id): Address<RequestId>,
    once: Once,
    body: Body<Refusal>,
) -> Result<Json<Request>, Problem> {
    let Refusal {
        instruction,
        ground,
    } = body.value;
    let taken = Step::Refuse {
        instruction,
        ground,
    };
    step(&caller, id, (once, &body.bytes), taken).await
}

/// A request that was carried out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Carried {
    #[serde(flatten)]
    request: Request,
    /// Opens the receipt's subject commitment. Readable for a day and then gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    /// Why the receipt is not issued yet, though the keys are destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
}

/// Carry the request out and close it: handed over, then erased where that was asked for
#[utoipa::path(post, path = "/api/v1/requests/{id}/~deliver", tag = "requests",
    params(("id" = RequestId, Path)), request_body = Nothing, responses(
    (status = 200, body = Carried),
    (status = 409, body = Problem, description = "not instructed, not taken out, or a hold stands in the way"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn deliver(
    caller: Caller,
    Address(id): Address<RequestId>,
    once: Once,
    body: Body<Nothing>,
) -> Result<Json<Carried>, Problem> {
    let (requests, tenant) = own(&caller, id).await?;
    let work = async {
        requests.deliver(&tenant, id).await?;
        Ok(made(StatusCode::OK, id.0))
    };
    Box::pin(once.run(&caller, &body.bytes, work)).await?;
    let request = requests.one(&tenant, id).await?;
    let (salt, pending) = match request.receipt_id {
        Some(erasure) => {
            let outcome = caller.eraser().outcome(erasure).await?;
            (outcome.salt, outcome.pending)
        }
        None => (None, None),
    };
    Ok(Json(Carried {
        request,
        salt: salt.map(|salt| hex::encode(salt.expose())),
        pending,
    }))
}

/// Note that the person took the request back
#[utoipa::path(post, path = "/api/v1/requests/{id}/~withdraw", tag = "requests",
    params(("id" = RequestId, Path)), request_body = Nothing, responses(
    (status = 200, body = Request),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn withdraw(
    caller: Caller,
    Address(id): Address<RequestId>,
    once: Once,
    body: Body<Nothing>,
) -> Result<Json<Request>, Problem> {
    step(&caller, id, (once, &body.bytes), Step::Withdraw).await
}

/// Why a request is taken up again.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reopening {
    /// A reference that names nobody, such as a letter's number.
    reason: String,
}

/// Take a closed request up again: its days stay
#[utoipa::path(post, path = "/api/v1/requests/{id}/~reopen", tag = "requests",
    params(("id" = RequestId, Path)), request_body = Reopening, responses(
    (status = 200, body = Request),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn reopen(
    caller: Caller,
    Address(id): Address<RequestId>,
    once: Once,
    body: Body<Reopening>,
) -> Result<Json<Request>, Problem> {
    let reason = body.value.reason;
    step(&caller, id, (once, &body.bytes), Step::Reopen { reason }).await
}

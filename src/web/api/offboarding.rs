//! The end of a client's contract. Who approves is whose token it is, never a name in a body.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;

use super::super::once::{Once, made};
use super::super::outgoing::streamed;
use super::super::problem;
use super::{Address, Body, Caller, Problem, erase};
use crate::offboarding::export::ExportKey;
use crate::offboarding::{Begin, Client, Person, Status, Task};
use crate::receipts::body::Choice;
use crate::receipts::places::BY_TOKEN;
use crate::staff::Act;
use crate::vocabulary::{ErasureId, HoldId, TaskId};

/// What the client chose.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// Delete, or return and then delete.
    choice: Choice,
    /// The contract's last day; what an event announced, or today, when not said.
    #[schema(value_type = Option<String>, format = Date)]
    contract_ends: Option<NaiveDate>,
    /// Days to wait after it, 30 when not said.
    #[schema(maximum = 90)]
    grace_days: Option<u16>,
    /// The client's instruction, as a reference that names no person.
    instruction: String,
}

/// Why it is stopped or called off.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// A reference that names no person.
    reason: String,
}

/// A hold that was placed.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Held {
    /// Its id.
    hold: HoldId,
}

/// An order to purge.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Purge {
    /// The client's name, typed exactly.
    confirm: Option<String>,
    /// Show what would be purged, and do nothing.
    #[serde(default)]
    dry_run: bool,
}

/// To whom the export is encrypted: one of the two.
#[derive(serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct To {
    /// The client's public key of age, age1….
    recipient: Option<String>,
    /// A passphrase of 12 characters or more.
    passphrase: Option<String>,
}

/// What shows that a copy is gone.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// A reference that names no person.
    evidence: Option<String>,
}

/// Record what a client chose at its contract's end
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/offboarding", tag = "offboarding",
    params(("slug" = String, Path)), request_body = Chosen, responses(
    (status = 202, body = Status, description = "recorded; nothing is erased", headers(
        ("Location" = String, description = "where its state is"))),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn begin(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
    body: Body<Chosen>,
) -> Result<Response, Problem> {
    let client = client(&caller, &slug, Act::Offboard).await?;
    let it = body.value;
    let begin = Begin {
        choice: it.choice,
        contract_ends: it.contract_ends,
        grace_days: it.grace_days,
        instruction: it.instruction,
    };
    let room = caller.offboarder();
    let work = async {
        let begun = room.begin(&client, begin).await?;
        Ok(made(StatusCode::ACCEPTED, begun.id.0))
    };
    once.run(&caller, &body.bytes, work).await?;
    let status = room.status(&client).await?;
    let location = format!("/api/v1/tenants/{}/offboarding", client.slug);
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::ACCEPTED, location, Json(status)).into_response())
}

/// How far a client's offboarding has come, and what stands in the way of the purge
#[utoipa::path(get, path = "/api/v1/tenants/{slug}/offboarding", tag = "offboarding",
    params(("slug" = String, Path)), responses(
    (status = 200, body = Status),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(caller: Caller, Address(slug): Address<String>) -> Result<Json<Status>, Problem> {
    let client = client(&caller, &slug, Act::Offboard).await?;
    Ok(Json(caller.offboarder().status(&client).await?))
}

/// Approve the purge of what is there now: two tokens of different names must
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/offboarding:approve", tag = "offboarding",
    params(("slug" = String, Path)), responses(
    (status = 200, body = Status),
    (status = 409, body = Problem, description = "this person approved it already, or nothing is chosen"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn approve(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
) -> Result<Json<Status>, Problem> {
    let client = client(&caller, &slug, Act::Purge).await?;
    let person = Person {
        name: caller.pass_name().await?,
        known_by: format!("{BY_TOKEN} {}", caller.pass.role.word()),
    };
    let room = caller.offboarder();
    let work = async {
        let approved = room.approve(&client, person).await?;
        Ok(made(StatusCode::OK, approved.id.0))
    };
    once.run(&caller, &[], work).await?;
    Ok(Json(room.status(&client).await?))
}

/// Stop: nothing of the client is erased until it is released
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/offboarding:hold", tag = "offboarding",
    params(("slug" = String, Path)), request_body = Why, responses(
    (status = 201, body = Held),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn hold(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
    body: Body<Why>,
) -> Result<Response, Problem> {
    let client = client(&caller, &slug, Act::Purge).await?;
    let work = async {
        let room = caller.offboarder();
        let hold = room.hold(&client, &body.value.reason).await?;
        Ok(made(StatusCode::CREATED, hold.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    let hold = HoldId(done.object);
    Ok((StatusCode::CREATED, Json(Held { hold })).into_response())
}

/// Release the holds on all of the client
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/offboarding:release", tag = "offboarding",
    params(("slug" = String, Path)), responses(
    (status = 200, body = Status),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn release(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
) -> Result<Json<Status>, Problem> {
    let client = client(&caller, &slug, Act::Purge).await?;
    let room = caller.offboarder();
    let work = async {
        room.release(&client).await?;
        Ok(made(StatusCode::OK, client.id.0))
    };
    once.run(&caller, &[], work).await?;
    Ok(Json(room.status(&client).await?))
}

/// Call it off: the contract goes on
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/offboarding:cancel", tag = "offboarding",
    params(("slug" = String, Path)), request_body = Why, responses(
    (status = 200, body = Status),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn cancel(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
    body: Body<Why>,
) -> Result<Json<Status>, Problem> {
    let client = client(&caller, &slug, Act::Purge).await?;
    let room = caller.offboarder();
    let work = async {
        let cancelled = room.cancel(&client, &body.value.reason).await;
        let cancelled = cancelled.map_err(|error| Problem::from(error).at("/reason"))?;
        Ok(made(StatusCode::OK, cancelled.id.0))
    };
    once.run(&caller, &body.bytes, work).await?;
    Ok(Json(room.status(&client).await?))
}

/// Purge the client: refused while anything stands in the way
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/offboarding:execute", tag = "offboarding",
    params(("slug" = String, Path)), request_body = Purge, responses(
    (status = 200, body = erase::Answer, description = "purged; with dry_run: what would be"),
    (status = 202, body = erase::Erased, description = "the keys are destroyed, the receipt is pending"),
    (status = 409, body = Problem, description = "something stands in the way; the detail names all of it"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn execute(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
    body: Body<Purge>,
) -> Result<Response, Problem> {
    let client = client(&caller, &slug, Act::Purge).await?;
    if body.value.dry_run {
        let preview = caller.offboarder().preview(&client).await?;
        return Ok(Json(erase::Answer::Preview(preview)).into_response());
    }
    let confirm = body.value.confirm;
    let confirm = confirm.ok_or_else(|| {
        Problem::unusable(
            "/confirm",
            "confirm is missing: type the client's name exactly",
        )
    })?;
    let room = caller.offboarder();
    let work = async {
        let outcome = Box::pin(room.execute(&client, confirm)).await?;
        Ok(made(StatusCode::OK, outcome.erasure.0))
    };
    let done = once.run(&caller, &body.bytes, work).await?;
    erase::erased(&caller, ErasureId(done.object)).await
}

/// Return: everything that is held of the client, as one encrypted archive
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/offboarding:export", tag = "offboarding",
    params(("slug" = String, Path)), request_body = To, responses(
    (status = 200, description = "zip within age, as it is made; its SHA-256 stands in the offboarding \
        afterwards", content_type = "application/octet-stream"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn export(
    caller: Caller,
    Address(slug): Address<String>,
    body: Body<To>,
) -> Result<Response, Problem> {
    let client = client(&caller, &slug, Act::Offboard).await?;
    let key = match (body.value.recipient, body.value.passphrase) {
        (Some(recipient), None) => ExportKey::recipient(&recipient)?,
        (None, Some(passphrase)) => ExportKey::passphrase(passphrase)?,
        _ => {
            return Err(Problem::unusable(
                "",
                "give one of recipient and passphrase",
            ));
        }
    };
    let room = caller.offboarder();
    room.exportable(&client).await?;
    let kind = "application/octet-stream";
    // Whoever stops listening ends it; then nothing is on record.
    Ok(streamed(kind, "export.zip.age", async move |out| {
        Box::pin(room.export(&client, key, out)).await.map(drop)
    }))
}

/// Confirm that a copy elsewhere is gone, before the purge or after it
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/offboarding/tasks/{id}/~confirm", tag = "offboarding",
    params(("slug" = String, Path), ("id" = TaskId, Path)), request_body = Word, responses(
    (status = 200, body = Task),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn confirm_task(
    caller: Caller,
    Address((slug, id)): Address<(String, TaskId)>,
    once: Once,
    body: Body<Word>,
) -> Result<Json<Task>, Problem> {
    let client = client(&caller, &slug, Act::Purge).await?;
    let by = caller.pass_name().await?;
    let evidence = body.value.evidence;
    let room = caller.offboarder();
    let work = async {
        room.confirm_task(&client, id, &by, evidence).await?;
        Ok(made(StatusCode::OK, id.0))
    };
    once.run(&caller, &body.bytes, work).await?;
    let tasks = room.status(&client).await?.tasks;
    let confirmed = tasks.into_iter().find(|task| task.id == id);
    Ok(Json(confirmed.ok_or_else(problem::nothing_here)?))
}

/// The client of this slug, also when it is purged, when the token covers it and its role may do this.
async fn client(caller: &Caller, slug: &str, act: Act) -> Result<Client, Problem> {
    let client = caller.offboarder().client(slug).await?;
    match caller.pass.covers(client.id) {
        true => caller.may(act).map(|()| client),
        false => Err(problem::nothing_here()),
    }
}

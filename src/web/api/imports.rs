//! Imports: a file is sent in, kept sealed, and taken in by a job.

use std::time::Duration;

use axum::Json;
use axum::body::Body as Bytes;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::body::announced;
use super::super::once::{Once, made};
use super::super::{Listing, PageQuery, problem};
use super::reading_of::{Asked, Reading};
use super::{Address, Caller, Problem, Wanted};
use crate::catalog::TenantRef;
use crate::ingest::upload::{
    Ended, LARGEST, Receiving, Reject, Upload, UploadState, Uploads, Wishes,
};
use crate::queue::{Kind, State};
use crate::staff::Act;
use crate::vocabulary::{ImportId, Timestamp};

/// What a client reads of a failure that is not its file's.
const TRIED: &str =
    "the server could not take it in yet: `gallra jobs list` says why, and when it is tried again";
/// Why a file is not taken for its length.
const OVER: &str = "the file is over 1 GiB: send it in parts, or use `gallra import`";
/// How long may pass between two pieces of a body.
const SILENCE: Duration = Duration::from_secs(60);

/// An import.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Import {
    /// Its id.
    id: ImportId,
    /// Into whose data.
    tenant: String,
    /// The format that was asked for.
    format: String,
    /// How it is to be read, as it was asked for.
    wishes: Wishes,
    /// How it stands.
    state: UploadState,
    /// How long the file is, as far as it has come in.
    bytes: u64,
    /// How much of it was taken in.
    bytes_read: u64,
    /// What became of its records, once it is done.
    report: Option<Value>,
    /// Why it failed, broke off, or is tried again.
    reason: Option<String>,
    /// When it is tried again.
    next_attempt_at: Option<Timestamp>,
    /// When it began.
    created_at: Timestamp,
    /// When it ended.
    ended_at: Option<Timestamp>,
}

/// Send in a file; it is taken in as soon as it is here as a whole
#[utoipa::path(post, path = "/api/v1/tenants/{slug}/imports", tag = "imports",
    params(("slug" = String, Path), Asked),
    request_body(content = String, content_type = "application/octet-stream",
        description = "the file, streamed: at most 1 GiB"), responses(
    (status = 202, body = Import, headers(("Location" = String, description = "where its state is"))),
    (status = 413, body = Problem, description = "over 1 GiB: nothing was taken in"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn receive(
    caller: Caller,
    Address(slug): Address<String>,
    once: Once,
    asked: Result<Query<Vec<(String, String)>>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let tenant = caller.tenant(&slug, Act::WritePeople).await?;
    let uploads = uploads(&caller);
    let reading = Reading::asked(asked)?;
    if announced(&headers) > LARGEST {
        return Err(too_large());
    }
    // Apart from this call: when whoever sends breaks off, the call ends at once, and somebody must
    // still say so in the upload's row.
    let into = uploads.clone();
    let received = tokio::spawn(async move { take(&into, &tenant, &reading, body).await });
    let (receiving, digest) = received.await.map_err(|error| Problem::hidden(&error))??;
    let id = receiving.id();
    // A file that came before with this key is sealed, as any is, before that can be known.
    let work = async {
        let id = receiving.finish().await?;
        Ok(made(StatusCode::ACCEPTED, id.0))
    };
    let done = once.run(&caller, &digest, work).await;
    if done.as_ref().map_or(true, |done| done.object != id.0) {
        let why = "the file came before, with the same key";
        uploads.end(id, Ended::CutOff(why)).await?;
    }
    let id = ImportId(done?.object);
    let import = import(&caller, id).await?;
    let location = [(header::LOCATION, format!("/api/v1/imports/{id}"))];
    Ok((StatusCode::ACCEPTED, location, Json(import)).into_response())
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", OVER)
}

/// Takes the file, and what it is known by when it is sent again.
async fn take(
    uploads: &Uploads,
    tenant: &TenantRef,
    reading: &Reading,
    body: Bytes,
) -> Result<(Receiving, [u8; 32]), Problem> {
    let begun = uploads.begin(tenant, &reading.format, &reading.wishes);
    let mut receiving = begun.await?;
    match pour(&mut receiving, body).await {
        Ok(digest) => Ok((receiving, digest)),
        Err(Broken::Off(why, problem)) => {
            receiving.cut_off(why).await?;
            Err(problem)
        }
        Err(Broken::Ours(problem)) => {
            let why = "the server could not take it: send the file again";
            receiving.cut_off(why).await?;
            Err(problem)
        }
    }
}

/// Why a file is not here as a whole.
enum Broken {
    /// The sender's side.
    Off(&'static str, Problem),
    /// Our side.
    Ours(Problem),
}

async fn pour(receiving: &mut Receiving, body: Bytes) -> Result<[u8; 32], Broken> {
    let (mut body, mut digest) = (body.into_data_stream(), Sha256::new());
    loop {
        let next = tokio::time::timeout(SILENCE, body.next()).await;
        let bytes = match next {
            Ok(None) => return Ok(digest.finalize().into()),
            Ok(Some(Ok(bytes))) => bytes,
            Ok(Some(Err(_))) | Err(_) => {
                let why = "the upload broke off: send the file again";
                let problem = Problem::new(StatusCode::BAD_REQUEST, "cut-off", why);
                return Err(Broken::Off(why, problem));
            }
        };
        if receiving.bytes() + bytes.len() as u64 > LARGEST {
            return Err(Broken::Off(OVER, too_large()));
        }
        digest.update(&bytes);
        let pushed = receiving.push(&bytes).await;
        pushed.map_err(|error| Broken::Ours(error.into()))?;
    }
}

fn uploads(caller: &Caller) -> Uploads {
    Uploads {
        catalog: caller.catalog(),
    }
}

/// The upload of this id, when the token covers it.
async fn upload(caller: &Caller, id: ImportId) -> Result<Upload, Problem> {
    caller.may(Act::WritePeople)?;
    let found = uploads(caller).find(id).await?;
    let covered = found.filter(|it| caller.pass.covers(it.tenant));
    covered.ok_or_else(problem::nothing_here)
}

async fn import(caller: &Caller, id: ImportId) -> Result<Import, Problem> {
    let upload = upload(caller, id).await?;
    let job = caller.app.queue().job_of(Kind::Import, id.0).await;
    let job = job.map_err(|error| Problem::hidden(&error))?;
    let waits = upload.state == UploadState::Received;
    let given_up = job.as_ref().is_some_and(|job| job.state == State::Failed);
    let due = job.as_ref().filter(|job| job.state == State::Waiting);
    let next_attempt_at = due.filter(|_| waits).and_then(|job| job.due_at);
    Ok(Import {
        id,
        tenant: upload.slug,
        format: upload.format,
        wishes: upload.wishes,
        state: match upload.state {
            UploadState::Received if given_up => UploadState::Failed,
            state => state,
        },
        bytes: upload.bytes,
        bytes_read: match upload.state {
            UploadState::Done => upload.bytes,
            _ => job.as_ref().map_or(0, |job| job.progress),
        },
        report: upload.report,
        // What the job says is about the operator's machine, and for the operator.
        reason: upload.reason.or_else(|| {
            let failed = job.and_then(|job| job.reason).filter(|_| waits);
            failed.map(|_| TRIED.to_owned())
        }),
        next_attempt_at,
        created_at: upload.created_at,
        ended_at: upload.ended_at,
    })
}

/// How an import stands
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "imports",
    params(("id" = ImportId, Path)), responses(
    (status = 200, body = Import),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(caller: Caller, Address(id): Address<ImportId>) -> Result<Json<Import>, Problem> {
    Ok(Json(import(&caller, id).await?))
}

/// Lines of an import that could not be read, and why; what stands in them is kept sealed
#[utoipa::path(get, path = "/api/v1/imports/{id}/rejects", tag = "imports",
    params(("id" = ImportId, Path), PageQuery), responses(
    (status = 200, body = Listing<Reject>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn rejects(
    caller: Caller,
    Address(id): Address<ImportId>,
    wanted: Wanted,
) -> Result<Response, Problem> {
    upload(&caller, id).await?;
    let after = wanted.after(0)?;
    let page = uploads(&caller).rejects(id, after, wanted.limit).await?;
    let full = page.len() == usize::from(wanted.limit);
    let next = page.last().filter(|_| full);
    let next = next.map(|last| last.number.to_string());
    Ok(wanted.answer(page, next))
}

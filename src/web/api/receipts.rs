//! The proofs of what was erased.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::super::{Listing, PageQuery, accept, problem};
use super::{Address, Caller, Problem, Wanted};
use crate::receipts::render::html;
use crate::receipts::{Body, Receipt, ReceiptError};
use crate::staff::Act;
use crate::vocabulary::{ErasureId, Lang, TenantId, Timestamp};

/// A receipt in the list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Item {
    /// Its place in the log.
    seq: u64,
    /// The erasure it proves.
    id: ErasureId,
    /// What was erased.
    kind: String,
    /// Whose data it was.
    tenant_id: TenantId,
    /// When it was composed.
    issued_at: Timestamp,
}

impl From<&Receipt> for Item {
    fn from(receipt: &Receipt) -> Self {
        Self {
            seq: receipt.seq,
            id: receipt.id,
            kind: receipt.kind.clone(),
            tenant_id: receipt.tenant,
            issued_at: receipt.issued_at,
        }
    }
}

/// Receipts in the order of the log
#[utoipa::path(get, path = "/api/v1/receipts", tag = "receipts", params(PageQuery), responses(
    (status = 200, body = Listing<Item>),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn list(caller: Caller, wanted: Wanted) -> Result<Response, Problem> {
    caller.may(Act::ReadReceipts)?;
    let from: u64 = wanted.after(0)?;
    let limit = u32::from(wanted.limit);
    let page = caller.app.log.list(caller.pass.tenant, from, limit).await?;
    let full = page.len() == usize::from(wanted.limit);
    let next = page
        .last()
        .filter(|_| full)
        .map(|last| (last.seq + 1).to_string());
    Ok(wanted.answer(page.iter().map(Item::from).collect(), next))
}

/// One receipt: its content as JSON, as `text/plain` the file to hand over, as `text/html` a certificate
#[utoipa::path(get, path = "/api/v1/receipts/{id}", tag = "receipts",
    params(("id" = ErasureId, Path)), responses(
    (status = 200, description = "the receipt", content(
        (serde_json::Value = "application/json"), (String = "text/plain"), (String = "text/html"))),
    (status = 202, description = "the keys are destroyed, the receipt is pending"),
    (status = 406, body = Problem, description = "it comes in no such form"),
    (status = 501, body = Problem, description = "this build makes no such form"),
    (status = "4XX", body = Problem), (status = "5XX", body = Problem),
))]
pub async fn show(
    caller: Caller,
    Address(id): Address<ErasureId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.may(Act::ReadReceipts)?;
    let form = accept::best(&headers, &["application/json", "text/plain", "text/html"])?;
    let receipt = match caller.app.log.find(id).await {
        Ok(receipt) => receipt,
        Err(ReceiptError::Unknown(_)) => return pending(&caller, id).await,
        Err(error) => return Err(error.into()),
    };
    if !caller.pass.covers(receipt.tenant) {
        return Err(problem::nothing_here());
    }
    match form {
        "text/html" => certificate(&caller, &receipt.body()?, &headers).await,
        "text/plain" => {
            let file = caller.app.log.receipt_file(id).await?;
            let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            Ok((kind, file).into_response())
        }
        _ => Ok(Json(receipt.body()?).into_response()),
    }
}

/// The certificate as a page, in the language the caller reads first of those there are.
async fn certificate(
    caller: &Caller,
    body: &Body,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let wanted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|it| it.to_str().ok());
    let wanted = wanted.unwrap_or_default().to_ascii_lowercase();
    let first = wanted.split(',').find_map(|one| match one.trim().get(..2) {
        Some("sv") => Some(Lang::Sv),
        Some("en") => Some(Lang::En),
        _ => None,
    });
    let since = caller.offboarder().confirmed_since(body).await?;
    let page = html::page(body, first.unwrap_or(Lang::Sv), &since);
    let kind = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
        (header::VARY, "accept, accept-language"),
    ];
    Ok((kind, page).into_response())
}

/// The keys may be destroyed before the receipt is there.
async fn pending(caller: &Caller, id: ErasureId) -> Result<Response, Problem> {
    let entry = caller.app.keyring.ledger_entry(id).await?;
    match entry.filter(|entry| caller.pass.covers(entry.tenant)) {
        Some(_) => {
            let retry = [(header::RETRY_AFTER, "10")];
            let body = serde_json::json!({ "receipt_id": id, "state": "pending" });
            Ok((StatusCode::ACCEPTED, retry, Json(body)).into_response())
        }
        None => Err(problem::nothing_here()),
    }
}

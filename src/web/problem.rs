//! Errors as RFC 9457 problem details: a stable `type`, what is wrong, and the remedy. What a 5xx is
//! about stands in the log only.

use std::error::Error;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::app::AppError;
use crate::catalog::CatalogError;
use crate::disclosure::DisclosureError;
use crate::erasure::EraseError;
use crate::keyring::KeyringError;
use crate::offboarding::OffboardingError;
use crate::offboarding::hooks::HookError;
use crate::receipts::ReceiptError;
use crate::requests::RequestError;
use crate::staff::StaffError;
use crate::store::StoreError;
use crate::vocabulary::ErasureId;
use crate::webhooks::WebhookError;

/// An error as it is answered. Boxed, because every handler's result carries the room for one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Problem(Box<Details>);

/// What an error says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Details {
    #[serde(skip)]
    status: StatusCode,
    /// Which kind of problem: stable, and the same for every occurrence.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not-found")]
    kind: String,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    #[serde(rename = "status")]
    code: u16,
    /// What is wrong here, and what to do.
    detail: String,
    /// Where in the body, as a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// The receipt of what was asked for and is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_id: Option<ErasureId>,
    #[serde(skip)]
    header: Option<(HeaderName, &'static str)>,
}

impl Problem {
    /// An error that the caller may read.
    pub fn new(status: StatusCode, slug: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Details {
            status,
            kind: format!("/problems/{slug}"),
            title: status.canonical_reason().unwrap_or_default(),
            code: status.as_u16(),
            detail: detail.into(),
            pointer: None,
            receipt_id: None,
            header: None,
        }))
    }

    /// Something in the body or the query that cannot be used.
    pub fn unusable(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail);
        problem.0.pointer = Some(pointer.into());
        problem
    }

    /// The same, where the body calls the field something else than the domain does.
    pub fn at(mut self, pointer: &str) -> Self {
        if self.0.pointer.is_some() {
            self.0.pointer = Some(pointer.to_owned());
        }
        self
    }

    /// What was here is erased.
    pub fn gone(receipt: Option<ErasureId>) -> Self {
        let detail = match receipt {
            Some(_) => "this is erased; the receipt says when and on whose instruction",
            None => "this is being erased; the receipt follows",
        };
        let mut problem = Self::new(StatusCode::GONE, "erased", detail);
        problem.0.receipt_id = receipt;
        problem
    }

    /// Nobody is let in without a good token.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
        problem.0.header = Some((header::WWW_AUTHENTICATE, "Bearer realm=\"gallra\""));
        problem
    }

    /// Try again: nothing was done.
    pub fn try_again(detail: impl Into<String>) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "try-again", detail);
        problem.0.header = Some((header::RETRY_AFTER, "1"));
        problem
    }

    /// An error of ours: logged with everything behind it, answered without.
    pub fn hidden(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(%error, causes = ?causes(error), "a request failed");
        let detail = "something is wrong on our side; the server's log says what";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

fn causes(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    causes
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let (status, extra) = (self.0.status, self.0.header.clone());
        let mut response = (status, kind, Json(self)).into_response();
        if let Some((name, value)) = extra {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Any other path. It is not repeated: it may hold what somebody typed.
pub fn nothing_here() -> Problem {
    let detail = "there is nothing at this address, or it is another client's";
    Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
}

/// The router's last resort.
pub async fn not_found() -> Problem {
    nothing_here()
}

/// A handler panicked: a fault of ours. What it said stands in the log only, by the panic hook.
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    let detail = "something is wrong on our side; the server's log says what";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
}

/// The path is known, the method is not.
pub async fn wrong_method() -> Problem {
    let detail = "this address does not take this method: /api/v1/openapi.json lists what it takes";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", detail)
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Erase(error) => error.into(),
            AppError::Staff(error) => error.into(),
            AppError::Keyring(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match &error {
            CatalogError::TenantUnknown(_)
            | CatalogError::ContactUnknown(_)
            | CatalogError::CaseUnknown(_) => nothing_here(),
            CatalogError::TenantBeingErased
            | CatalogError::ContactBeingErased(_)
            | CatalogError::CaseBeingErased(_) => Self::gone(None),
            CatalogError::ChangedMeanwhile => {
                let status = StatusCode::PRECONDITION_FAILED;
                Self::new(status, "changed-meanwhile", error.to_string())
            }
            CatalogError::IdentifierTaken(other) => {
                let detail = format!("contact {other} is known by this: merge the two instead");
                Self::new(StatusCode::CONFLICT, "identifier-taken", detail)
            }
            CatalogError::SlugTaken(_) => {
                let detail = "a client with this slug exists: choose another, or change that one";
                Self::new(StatusCode::CONFLICT, "slug-taken", detail)
            }
            CatalogError::SuppressionsLost(_) => {
                let detail = "the search index was lost, and with it by what erased people are known \
                    again: ask the operator to allow imports";
                Self::new(StatusCode::CONFLICT, "suppressions-lost", detail)
            }
            CatalogError::Invalid { field, reason } => {
                Self::unusable(format!("/{field}"), format!("{field}: {reason}"))
            }
            CatalogError::Store(StoreError::NulInText { .. }) => {
                Self::unusable("", "a text holds a NUL character: leave it out")
            }
            CatalogError::CaseUnknownByExternalId => {
                Self::unusable("/case", "no such case: record its first message before")
            }
            CatalogError::BeingErased => {
                let detail = "the contact or case is being erased: wait for the receipt; recorded \
                    again then, it gets new keys";
                Self::new(StatusCode::CONFLICT, "being-erased", detail)
            }
            error if error.is_transient() => {
                tracing::warn!(%error, causes = ?causes(error), "busy");
                Self::try_again("other work came first: send this again")
            }
            _ => match error {
                CatalogError::Keyring(error) => error.into(),
                error => Self::hidden(&error),
            },
        }
    }
}

impl From<DisclosureError> for Problem {
    fn from(error: DisclosureError) -> Self {
        match error {
            DisclosureError::Catalog(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug, error.to_string());
        match error {
            RequestError::Unknown => nothing_here(),
            RequestError::WrongState { .. } => conflict("wrong-state"),
            RequestError::NotInstructed | RequestError::InstructionMissing => {
                let detail = "the client has not instructed this: only the client decides it; give its \
                    instruction as a reference";
                Self::new(StatusCode::CONFLICT, "not-instructed", detail)
            }
            RequestError::NotPackaged => {
                let detail =
                    "the person asked for the data and nobody has taken it out: GET …/package";
                Self::new(StatusCode::CONFLICT, "not-packaged", detail)
            }
            RequestError::SeveralFit(several) => {
                let detail = format!("{several} contacts fit: choose one with POST …:verify");
                Self::new(StatusCode::CONFLICT, "several-fit", detail)
            }
            RequestError::TooLate(_) => conflict("too-late"),
            RequestError::NotAsShown => conflict("not-as-shown"),
            RequestError::InTheWay(_) => conflict("in-the-way"),
            RequestError::Invalid { field, reason } => {
                Self::unusable(format!("/{field}"), format!("{field}: {reason}"))
            }
            RequestError::Reference(error @ ReceiptError::Reference(_)) => {
                Self::unusable("", error.to_string())
            }
            RequestError::Reference(error) => error.into(),
            RequestError::Catalog(error) => error.into(),
            RequestError::Erase(error) => error.into(),
            RequestError::Keyring(error) => error.into(),
            RequestError::Disclosure(error) => error.into(),
            RequestError::Store(error) => CatalogError::from(error).into(),
            error => Self::hidden(&error),
        }
    }
}

fn held() -> Problem {
    let detail = "a hold stands in the way: GET /api/v1/holds shows it";
    Problem::new(StatusCode::CONFLICT, "held", detail)
}

impl From<KeyringError> for Problem {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Held(_) => held(),
            KeyringError::EpochChanged
            | KeyringError::IndexKeysChanged
            | KeyringError::RootBusy(_)
            | KeyringError::BarrierTimeout(_) => {
                tracing::warn!(%error, "busy with keys");
                Self::try_again("keys are being replaced at this moment: send this again")
            }
            error => Self::hidden(&error),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::UnknownContact(_) | EraseError::UnknownTenant => nothing_here(),
            EraseError::Held(_) => held(),
            EraseError::Changed { .. } | EraseError::NotConfirmed(_) => {
                Self::new(StatusCode::CONFLICT, "refused", error.to_string())
            }
            EraseError::BeingRehoused => Self::try_again(error.to_string()),
            EraseError::Receipt(error @ ReceiptError::Reference(_)) => {
                Self::unusable("/instruction", error.to_string())
            }
            EraseError::Catalog(error) => error.into(),
            EraseError::Keyring(error) => error.into(),
            EraseError::Receipt(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<ReceiptError> for Problem {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::NoSuchTile => {
                Self::new(StatusCode::NOT_FOUND, "no-such-tile", error.to_string())
            }
            ReceiptError::Unknown(_) => nothing_here(),
            error => Self::hidden(&error),
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::UnknownEndpoint(_) | WebhookError::UnknownDelivery(_) => nothing_here(),
            WebhookError::Url | WebhookError::Unresolved | WebhookError::Inside => {
                Self::unusable("/url", error.to_string())
            }
            WebhookError::Event => Self::unusable("/events", error.to_string()),
            WebhookError::Keyring(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<OffboardingError> for Problem {
    fn from(error: OffboardingError) -> Self {
        use OffboardingError as E;
        let conflict = |slug| Self::new(StatusCode::CONFLICT, slug, error.to_string());
        match error {
            E::Unknown(_) | E::UnknownTask { .. } | E::NoHold(_) => nothing_here(),
            E::NotBegun(_) => conflict("not-begun"),
            E::OwnData | E::Refused { .. } => conflict("refused"),
            E::TooLate(_) => conflict("too-late"),
            E::SamePerson { .. } => conflict("same-person"),
            E::Grace => Self::unusable("/grace_days", error.to_string()),
            E::Day => Self::unusable("/contract_ends", error.to_string()),
            E::Recipient => Self::unusable("/recipient", error.to_string()),
            E::Passphrase => Self::unusable("/passphrase", error.to_string()),
            E::Text { field, .. } => Self::unusable(format!("/{field}"), error.to_string()),
            E::Erase(error) => error.into(),
            E::Catalog(error) => error.into(),
            E::Keyring(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<HookError> for Problem {
    fn from(error: HookError) -> Self {
        let answer = |status, slug| Self::new(status, slug, error.to_string());
        match error {
            HookError::Signature => answer(StatusCode::UNAUTHORIZED, "bad-signature"),
            HookError::Late => answer(StatusCode::BAD_REQUEST, "late"),
            HookError::OtherBody => answer(StatusCode::CONFLICT, "other-body"),
            HookError::Offboarding(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

impl From<StaffError> for Problem {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::NotKnown | StaffError::Revoked | StaffError::Expired => {
                Self::unauthorized(error.to_string())
            }
            StaffError::StillRunning => {
                Self::new(StatusCode::CONFLICT, "still-running", error.to_string())
            }
            StaffError::OtherRequest => Self::unusable("", error.to_string()),
            StaffError::Keyring(error) => error.into(),
            error => Self::hidden(&error),
        }
    }
}

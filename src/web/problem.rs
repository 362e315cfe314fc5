//! Errors as RFC 9457 problem details: a stable `type`, what is wrong, and the remedy. What a 5xx is
//! about stands in the log only.

mod refusals;

use std::error::Error;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::vocabulary::ErasureId;

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

    /// A form that a build of this program may have and this one has not.
    pub fn not_built(form: &str) -> Self {
        let detail = format!("this build makes no {form}: take html, and print or save that");
        Self::new(StatusCode::NOT_IMPLEMENTED, "not-built", detail)
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

impl Problem {
    /// Which status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }
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

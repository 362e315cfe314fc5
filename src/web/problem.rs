//! Errors as RFC 9457 problem details. What a 5xx is about stands in the log only.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::AppError;
use crate::receipts::ReceiptError;

/// An error as it is answered.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    slug: &'static str,
    detail: String,
}

impl Problem {
    /// An error that the caller may read.
    pub fn new(status: StatusCode, slug: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            slug,
            detail: detail.into(),
        }
    }

    /// An error of ours: logged with everything behind it, answered without.
    pub fn hidden(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut source = error.source();
        let mut causes = Vec::new();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        tracing::error!(%error, ?causes, "a request failed");
        let detail = "something is wrong on our side; the server's log says what";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("/problems/{}", self.slug),
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, kind, Json(body)).into_response()
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        Self::hidden(&error)
    }
}

impl From<ReceiptError> for Problem {
    fn from(error: ReceiptError) -> Self {
        match error {
            ReceiptError::NoSuchTile => {
                Self::new(StatusCode::NOT_FOUND, "no-such-tile", error.to_string())
            }
            error => Self::hidden(&error),
        }
    }
}

/// Any other path. It is not repeated: it may hold what somebody typed.
pub async fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "there is nothing at this address",
    )
}

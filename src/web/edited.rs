//! `ETag` and `If-Match`: nobody overwrites what they have not seen.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Problem;
use crate::catalog::Expected;

/// Which versions the caller has seen; without `If-Match`, or with `*`, any will do.
pub struct IfMatch(pub Expected);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(Expected::Any));
        };
        let wrong = || Problem::unusable("", "If-Match: give the ETag of what you have read");
        let text = value.to_str().map_err(|_| wrong())?.trim();
        if text == "*" {
            return Ok(Self(Expected::Any));
        }
        let tags = text.split(',').map(|tag| {
            let tag = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
            Some(tag.to_owned())
        });
        let tags: Option<Vec<String>> = tags.collect();
        Ok(Self(Expected::OneOf(tags.ok_or_else(wrong)?)))
    }
}

/// An answer that may be edited, with its version.
pub fn tagged<T: Serialize>(version: &str, it: &T) -> Response {
    ([(header::ETAG, format!("\"{version}\""))], Json(it)).into_response()
}

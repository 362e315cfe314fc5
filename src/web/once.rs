//! `Idempotency-Key`: work that is done once, however often it is sent (CONTRACT, HTTP).
//!
//! The stored mark of a call is made with the caller's token, which the server does not keep: what
//! was sent cannot be guessed from it. Of the answer nothing is kept but its status and the id of
//! what was made; a repeated call reads that again, so it shows nothing that was erased since.
//!
//! Every POST takes the key, but for those of [`UNKEYED`]: the description says so, and a test calls each
//! of them with a key that was used for something else (`tests/http/once.rs`).

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::{Caller, Problem};
use crate::staff::{Call, Calls, Made};

/// Longest key.
const LONGEST: usize = 255;

/// POSTs without a key, and why they need none.
pub const UNKEYED: &[&str] = &[
    "/api/v1/contacts:lookup",                   // Reads.
    "/api/v1/tenants/{slug}/offboarding:export", // Reads: what it writes is the answer itself.
    "/api/v1/hooks/{source}",                    // An event has an id of its own, which is the key.
];

/// The key of a call, if it has one, and where it goes.
pub struct Once {
    key: Option<String>,
    address: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Once {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let key = parts.headers.get("idempotency-key").map(|value| {
            let text = value
                .to_str()
                .ok()
                .filter(|text| (1..=LONGEST).contains(&text.len()));
            text.map(str::to_owned).ok_or_else(|| {
                Problem::unusable("", "Idempotency-Key: 1 to 255 visible characters")
            })
        });
        let called = parts.uri.path_and_query();
        let called = called.map_or(parts.uri.path(), |it| it.as_str());
        let address = format!("{} {called}", parts.method);
        Ok(Self {
            key: key.transpose()?,
            address,
        })
    }
}

impl Once {
    /// Does the work, or says what it made when it was done before.
    pub async fn run<F>(self, caller: &Caller, body: &[u8], work: F) -> Result<Made, Problem>
    where
        F: Future<Output = Result<Made, Problem>>,
    {
        let Some(key) = self.key else {
            return work.await;
        };
        let calls = Calls {
            data: caller.app.data.clone(),
            clock: caller.app.clock.clone(),
        };
        let call = Call {
            key: caller.token.mark(&[b"call", key.as_bytes()]),
            request: caller
                .token
                .mark(&[b"request", self.address.as_bytes(), body]),
        };
        if let Some(made) = calls.begin(call).await? {
            return Ok(made);
        }
        let done = work.await;
        match &done {
            Ok(made) => calls.end(call, made).await?,
            Err(_) => calls.abandon(call).await?,
        }
        done
    }
}

/// What a handler's work made.
pub fn made(status: StatusCode, object: [u8; 16]) -> Made {
    Made {
        status: status.as_u16(),
        object,
        answer: None,
    }
}

/// The same, with an answer that is kept: ids and counts, no personal data.
pub fn kept(object: [u8; 16], answer: &impl serde::Serialize) -> Result<Made, Problem> {
    let answer = serde_json::to_string(answer).map_err(|error| Problem::hidden(&error))?;
    Ok(Made {
        answer: Some(answer),
        ..made(StatusCode::OK, object)
    })
}

/// The status of an answer, also of one that is given again.
pub fn status(made: &Made) -> StatusCode {
    StatusCode::from_u16(made.status).unwrap_or(StatusCode::OK)
}

//! The body of a request as JSON. What cannot be used is answered with where it stands, and without
//! what was sent: that may be about a person.

use std::time::Duration;

use axum::body::{Body as Stream, Bytes};
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::Problem;
use super::limits::{LARGEST_BODY, SMALL_BODY, largest};

/// Of a body that is too large so much is read before the answer.
const LET_GO: usize = 32 << 20;
/// How long a small body may take to come in.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a large one may.
const PATIENCE_FOR_LARGE: Duration = Duration::from_secs(60);
/// For how long one that says itself that it is too large is heard out.
const HEARD_OUT: Duration = Duration::from_secs(5);

/// A body of JSON, and its bytes as they came.
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// How it was said, for an idempotency key.
    pub bytes: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let detail = "send JSON with `Content-Type: application/json`";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                detail,
            ));
        }
        let route = request.extensions().get::<MatchedPath>();
        let most = route.map_or(LARGEST_BODY, |route| largest(route.as_str()));
        let bytes = whole(request, most).await?;
        let value = read(&bytes)?;
        Ok(Self { value, bytes })
    }
}

/// The bytes of a body that is not too large and comes in time. Of one that is too large, the rest is
/// heard out for a moment: closed in its face, the connection would take our answer along.
pub async fn whole(request: Request, most: usize) -> Result<Bytes, Problem> {
    let patience = match most > SMALL_BODY {
        true => PATIENCE_FOR_LARGE,
        false => PATIENCE,
    };
    within(request, most, patience).await
}

async fn within(request: Request, most: usize, patience: Duration) -> Result<Bytes, Problem> {
    let announced = announced(request.headers());
    if announced > LET_GO as u64 {
        return Err(too_large(most));
    }
    let is_over = announced > most as u64;
    let patience = if is_over {
        patience.min(HEARD_OUT)
    } else {
        patience
    };
    let body = tokio::time::timeout(patience, collect(request.into_body(), most));
    match body.await {
        Ok(body) => body,
        Err(_) if is_over => Err(too_large(most)),
        Err(_) => {
            let detail = "the body did not come in time: send it again, without a pause";
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "too-slow",
                detail,
            ))
        }
    }
}

/// How long a body says that it is; 0 where it does not say.
pub fn announced(headers: &HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|it| it.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}

async fn collect(body: Stream, most: usize) -> Result<Bytes, Problem> {
    let mut body = body.into_data_stream();
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(some) = body.next().await {
        let some = some.map_err(|_| {
            let detail = "the body broke off: send it again";
            Problem::new(StatusCode::BAD_REQUEST, "cut-off", detail)
        })?;
        length += some.len();
        match length > most {
            false => bytes.extend_from_slice(&some),
            true if length > LET_GO => break,
            true => {}
        }
    }
    match length > most {
        true => Err(too_large(most)),
        false => Ok(bytes.into()),
    }
}

fn too_large(most: usize) -> Problem {
    let detail = format!("the body is too large: at most {} KiB here", most >> 10);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader);
    let value = value.map_err(|error| explain(error.path(), error.inner()))?;
    reader.end().map_err(|_| malformed())?;
    match nul(bytes) {
        Some(pointer) => {
            let detail = "this contains a NUL character: take it out";
            Err(Problem::unusable(pointer, detail))
        }
        None => Ok(value),
    }
}

/// Where a text with a NUL character stands. No import takes one, and the return of a client's data is an import.
fn nul(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    // The only way to write one in JSON; most bodies are looked at no further.
    let may = text.contains("\\u0000");
    let value = may.then(|| serde_json::from_str(text).ok()).flatten()?;
    nul_in(&value, String::new())
}

fn nul_in(value: &Value, at: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(at),
        Value::Array(values) => {
            let mut places = values.iter().enumerate();
            places.find_map(|(place, value)| nul_in(value, format!("{at}/{place}")))
        }
        Value::Object(fields) => fields
            .iter()
            .find_map(|(name, value)| nul_in(value, format!("{at}/{}", escaped(name)))),
        _ => None,
    }
}

/// A name as RFC 6901 writes it in a pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn malformed() -> Problem {
    let detail = "the body is no JSON: check quotes, commas, and that it is UTF-8";
    Problem::new(StatusCode::BAD_REQUEST, "malformed", detail)
}

fn explain(path: &serde_path_to_error::Path, error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        return malformed();
    }
    let mut pointer = pointer(path);
    let said = error.to_string();
    let name = said.split('`').nth(1).unwrap_or_default();
    let detail = if said.starts_with("unknown field") {
        "there is no such field here: leave it out".to_owned()
    } else if said.starts_with("missing field") {
        pointer = format!("{pointer}/{name}");
        format!("{name} is missing: add it")
    } else if said.starts_with("unknown variant") {
        let choices = said.split("expected ").last().unwrap_or_default();
        let choices = choices.split(" at line").next().unwrap_or_default();
        format!("choose {choices}")
    } else if said.starts_with("invalid type") {
        let expected = said.split("expected ").last().unwrap_or_default();
        let expected = expected.split(" at line").next().unwrap_or_default();
        format!("this is of another type: expected {expected}")
    } else {
        // Our own words, such as those of a time that is none; never the value.
        said.split(" at line").next().unwrap_or_default().to_owned()
    };
    Problem::unusable(pointer, detail)
}

/// RFC 6901. Names of fields only: they are ours or, when unknown, the caller's own.
fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .fold(String::new(), |pointer, segment| match segment {
            Segment::Seq { index } => format!("{pointer}/{index}"),
            Segment::Map { key } => format!("{pointer}/{}", escaped(key)),
            Segment::Enum { .. } | Segment::Unknown => pointer,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)] // Only its errors are looked at.
    struct Person {
        name: String,
        age: Option<u8>,
        since: Option<crate::vocabulary::Timestamp>,
    }

    fn refused(text: &str) -> String {
        let problem = read::<Person>(text.as_bytes()).unwrap_err();
        serde_json::to_string(&problem).unwrap()
    }

    #[test]
    fn an_error_says_where_and_never_what_was_sent() {
        for (text, pointer, words) in [
            (r#"{"name":"Anna","Anna":1}"#, r#""/Anna""#, "leave it out"),
            (r#"{"age":3}"#, r#""/name""#, "is missing"),
            (r#"{"name":"Anna","age":"Bo"}"#, r#""/age""#, "another type"),
            (r#"{"name":"Anna","age":300}"#, r#""/age""#, ""),
            (r#"{"name":"Anna","since":"Bo"}"#, r#""/since""#, "RFC 3339"),
            (r#"{"name":"Bo\u0000"}"#, r#""/name""#, "NUL"),
        ] {
            let said = refused(text);
            assert!(said.contains(pointer) && said.contains(words), "{said}");
            assert!(!said.contains("Bo"), "{said}");
        }
        assert!(
            read::<Person>(br#"{"name":"\\u0000"}"#).is_ok(),
            "as letters"
        );
        for text in ["", "{", "{\"name\":\"a\"} x", "\u{feff}{}"] {
            assert!(refused(text).contains("malformed"), "{text}");
        }
    }

    /// A body of which something comes, and then nothing.
    fn stalled(announced: &str) -> Request {
        let first = futures_util::stream::iter([Ok::<_, std::io::Error>("{")]);
        let body = Stream::from_stream(first.chain(futures_util::stream::pending()));
        let mut request = Request::new(body);
        let length = announced.parse().unwrap();
        request.headers_mut().insert(header::CONTENT_LENGTH, length);
        request
    }

    #[tokio::test]
    async fn nobody_waits_for_a_body_that_does_not_come() {
        let short = Duration::from_millis(20);
        for (announced, status) in [("10", 408), ("2000", 413), ("9999999999", 413)] {
            let refused = within(stalled(announced), 1000, short).await.unwrap_err();
            assert_eq!(refused.status().as_u16(), status, "{announced}");
        }
        let long = Duration::from_secs(3600);
        let refused = within(stalled("9999999999"), 1000, long).await;
        assert_eq!(
            refused.unwrap_err().status().as_u16(),
            413,
            "it is not waited for"
        );
    }
}

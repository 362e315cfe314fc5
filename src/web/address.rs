//! What stands in an address: ids and slugs, never a person. And acts on one thing, `…/{id}:erase`.

use axum::extract::{FromRequestParts, Path};
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Problem, problem};

/// A NUL as addresses write it, which no slug has and no store can be asked for.
const NUL: &str = "%00";

/// The parameters of a route. What does not read as an id is an address where nothing is.
pub struct Address<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Address<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let has_nul = parts.uri.path().contains(NUL);
        match Path::from_request_parts(parts, state).await {
            Ok(Path(it)) if !has_nul => Ok(Self(it)),
            _ => Err(problem::nothing_here()),
        }
    }
}

/// How an act is written in a route: the router takes no parameter and text in one segment.
const ACT: &str = "/~";

/// Turns `…/{id}:act` into `…/{id}/~act`, which is how the routes name it. Only after an id: in
/// `contacts:lookup` the colon is part of a fixed name.
pub fn split_act(uri: &Uri) -> Option<Uri> {
    let (thing, act) = uri.path().rsplit_once(':')?;
    let id = thing.rsplit('/').next().unwrap_or_default();
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let plain = !act.is_empty() && act.bytes().all(letter);
    if !is_id || !plain {
        return None;
    }
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    format!("{thing}{ACT}{act}{query}").parse().ok()
}

/// A route as people outside know it.
pub fn documented(route: &str) -> String {
    route.replace(ACT, ":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_split_from_an_id_and_from_nothing_else() {
        let id = "0".repeat(32);
        let split = |path: &str| split_act(&path.parse().unwrap()).map(|uri| uri.to_string());
        let erase = format!("/api/v1/tenants/a/contacts/{id}:erase?x=1");
        let expected = format!("/api/v1/tenants/a/contacts/{id}/~erase?x=1");
        assert_eq!(split(&erase), Some(expected));
        for path in ["/api/v1/contacts:lookup", "/a:b:c", "/", &format!("/{id}:")] {
            assert_eq!(split(path), None, "{path}");
        }
        assert_eq!(documented("/contacts/{id}/~erase"), "/contacts/{id}:erase");
    }
}

//! What a call brings, read with no house behind it: every reader of a head and of a body, without a
//! token being looked up or anything done. `fuzz/` gives it any bytes.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;

use super::super::{Body, IfMatch, Wanted, address, caller, once::Once, public::notice};
use super::{Problem, contacts, erase, forwardings, lookup, messages, offboarding};
use super::{processing, redact, requests, tenants, webhooks};
use crate::vocabulary::ContactId;

/// Reads a head as handlers do: address, page of a list, version, key of a call, token, language.
/// Gives what was refused.
pub async fn head(request: Request) -> Vec<Problem> {
    let (mut parts, _) = request.into_parts();
    if let Some(uri) = address::split_act(&parts.uri) {
        parts.uri = uri;
    }
    let page = Wanted::from_request_parts(&mut parts, &()).await;
    let page = page.and_then(|page| {
        page.after(ContactId([0; 16]))?;
        page.part_of(vec!["first", "second"])
    });
    let version = IfMatch::from_request_parts(&mut parts, &()).await;
    let key = Once::from_request_parts(&mut parts, &()).await;
    let token = caller::bearer(&parts.headers);
    language(&parts.headers);
    let refused = [page.err(), version.err(), key.err(), token.err()];
    refused.into_iter().flatten().collect()
}

fn language(headers: &HeaderMap) {
    let _ = notice::understood(headers);
}

/// Reads a body as each kind of call that takes one. Gives what was refused.
pub async fn body(bytes: &[u8]) -> Vec<Problem> {
    let mut refused = Vec::new();
    /// Reads the same bytes as each of these.
    macro_rules! as_each {
        ($($body:ty),+ $(,)?) => {$(
            let json = Request::post("/").header("content-type", "application/json");
            if let Ok(request) = json.body(bytes.to_vec().into()) {
                refused.extend(Body::<$body>::from_request(request, &()).await.err());
            }
        )+};
    }
    as_each!(
        contacts::Record,
        erase::Order,
        forwardings::Record,
        lookup::Lookup,
        messages::Record,
        offboarding::Chosen,
        offboarding::Purge,
        processing::NewRecipient,
        processing::NewRules,
        redact::Order,
        requests::New,
        requests::Extension,
        tenants::New,
        webhooks::New,
    );
    refused
}

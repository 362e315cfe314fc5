//! Signatures of contract events: one published, the others recomputed by `cross_check.py`.

use gallra::offboarding::hooks::Source;
use gallra::offboarding::hooks::signature::{Headers, key, verify};
use gallra::vocabulary::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vectors {
    signatures: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    source: Source,
    secret: String,
    id: Option<String>,
    timestamp: i64,
    body: String,
    signature: String,
}

#[test]
fn each_signature_fits_its_body_and_no_other() {
    let vectors: Vectors = super::vectors(include_str!("hooks.json"));
    assert_eq!(vectors.signatures.len(), 5);
    for case in &vectors.signatures {
        let keys = [((), key(case.source, &case.secret).expect("a secret"))];
        let timestamp = case.timestamp.to_string();
        let stripe = (case.source == Source::Stripe).then_some(case.signature.as_str());
        let headers = Headers {
            id: case.id.as_deref(),
            timestamp: Some(&timestamp),
            signature: Some(&case.signature),
            stripe,
        };
        let now = Timestamp(case.timestamp * 1_000_000);
        let verified =
            |body: &str| verify(case.source, headers, body.as_bytes(), &keys, now).is_ok();
        assert!(verified(&case.body), "{}", case.about);
        assert!(!verified(&format!("{} ", case.body)), "{}", case.about);
    }
}

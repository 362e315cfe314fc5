//! One entry for every reader of bytes from outside. `fuzz/` feeds them what libFuzzer makes up, and
//! `tests/vectors/corpus.rs` what stands in `fuzz/corpus`, with the usual toolchain.
//!
//! **To add one**: a line in [`ENTRIES`], a file in `fuzz_targets/` and its `[[bin]]` in `Cargo.toml`, a
//! directory in `corpus/` with at least one file that is read to the end. The test says what is missing.

use std::fmt::Debug;
use std::path::Path;
use std::str::FromStr;

use gallra::config::Settings;
use gallra::ingest::{self, Format, Options, Session};
use gallra::keyring::{self, DataKey, KeyRef, Padding, Place, Sealer, columns, normalise};
use gallra::offboarding::export::ExportKey;
use gallra::offboarding::hooks::{Source, event, signature};
use gallra::receipts::checkpoint::Checkpoint;
use gallra::receipts::note::{KeyKind, Note};
use gallra::receipts::proof::Proof;
use gallra::receipts::tiles::{TilePath, entries_of, hashes_of, push_entry};
use gallra::receipts::{self, Body, Policy, VerifierKey};
use gallra::staff::BearerToken;
use gallra::vocabulary::{ContactId, Day, Lang, SeededRandom, TenantId, Timestamp, UnitId};
use gallra::web::Problem;
use gallra::web::api::reading;
use gallra::webhooks::{Networks, address, sign::SigningSecret};

/// Reads bytes to the end; panics when what must hold does not.
pub type Entry = fn(&[u8]);

/// Every entry by its name, which is that of its corpus.
pub const ENTRIES: &[(&str, Entry)] = &[
    ("gallra", |bytes| import(Some("gallra"), bytes)),
    ("csv", |bytes| import(Some("csv"), bytes)),
    ("zendesk", |bytes| import(Some("zendesk"), bytes)),
    ("freshdesk", |bytes| import(Some("freshdesk"), bytes)),
    ("zammad", |bytes| import(Some("zammad"), bytes)),
    ("chatwoot", |bytes| import(Some("chatwoot"), bytes)),
    ("helpscout", |bytes| import(Some("helpscout"), bytes)),
    ("front", |bytes| import(Some("front"), bytes)),
    ("otrs", |bytes| import(Some("otrs"), bytes)),
    ("mail", |bytes| import(Some("mail"), bytes)),
    ("twilio", |bytes| import(Some("twilio"), bytes)),
    ("46elks", |bytes| import(Some("46elks"), bytes)),
    ("auto", |bytes| import(None, bytes)),
    ("receipt", receipt),
    ("note", note),
    ("proof", proof),
    ("policy", policy),
    ("tile", tile),
    ("hook-signature", hook_signature),
    ("hook-event", hook_event),
    ("http-head", http_head),
    ("http-body", http_body),
    ("key-tree", key_tree),
    ("field", field),
    ("config", config),
    ("words", words),
];

/// The entry of this name.
pub fn entry(name: &str) -> Entry {
    let found = ENTRIES.iter().find(|(known, _)| *known == name);
    found.expect("there is such an entry").1
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime").block_on(future)
}

/// Reads bytes as one format, or as what they look like: no more comes out than can have been in them.
fn import(format: Option<&str>, bytes: &[u8]) {
    let format = format.map(|name| Format::named(name).expect("there is such a format"));
    let mut session = Session::reading(ingest::Settings::default());
    let read = session.import(bytes, format, Options::default(), |_| {});
    if let Ok(report) = wait(read) {
        assert!(report.records + report.quarantined_total() <= bytes.len() as u64 + 1);
    }
}

/// What is read as text is written as the same text: there is one spelling only.
fn one_spelling<T: FromStr + ToString>(text: &str) {
    if let Ok(it) = text.parse::<T>() {
        assert_eq!(it.to_string(), text);
    }
}

/// What is read as text may be written otherwise, but says the same.
fn same_again<T: FromStr<Err: Debug> + ToString + PartialEq + Debug>(text: &str) {
    if let Ok(it) = text.parse::<T>() {
        assert_eq!(it.to_string().parse::<T>().expect("it reads its own"), it);
    }
}

fn receipt(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let report = receipts::verify(text, None);
    assert!(!report.complete || report.passed);
    if let Some(line) = text.lines().nth(1) {
        let _ = Body::from_canonical_json(line);
    }
    // Who believes another log believes none of this.
    let mut point = [0x66; 32];
    point[0] = 0x58;
    let other = VerifierKey::new("other.example", KeyKind::Ed25519, &point).expect("a point");
    assert!(!receipts::verify(text, Some(&Policy::of_log(&other))).passed);
}

fn note(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(note) = Note::parse(text) {
            assert_eq!(note.to_string(), text);
        }
        one_spelling::<VerifierKey>(text);
        one_spelling::<Checkpoint>(text);
    }
}

fn proof(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        one_spelling::<Proof>(text);
    }
}

fn policy(bytes: &[u8]) {
    if let Ok(Ok(policy)) = std::str::from_utf8(bytes).map(str::parse::<Policy>) {
        let all = policy.witnesses().map(|(name, _)| name).collect();
        assert!(policy.is_met(&all), "every witness is enough");
    }
}

fn tile(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        one_spelling::<TilePath>(text);
    }
    let _ = hashes_of(bytes);
    if let Some(entries) = entries_of(bytes) {
        let mut again = Vec::new();
        for entry in entries {
            push_entry(&mut again, entry).expect("it was an entry");
        }
        assert_eq!(again, bytes);
    }
}

/// Four headers, a line each, then the body.
fn hook_signature(bytes: &[u8]) {
    let mut parts = bytes.splitn(5, |byte| *byte == b'\n');
    let mut header = || {
        std::str::from_utf8(parts.next()?)
            .ok()
            .filter(|it| !it.is_empty())
    };
    let headers = signature::Headers {
        id: header(),
        timestamp: header(),
        signature: header(),
        stripe: header(),
    };
    let body = parts.next().unwrap_or_default();
    let now = Timestamp(1_767_225_600_000_000);
    for source in Source::ALL {
        let _ = signature::key(source, &String::from_utf8_lossy(body));
        let keys = [("a", vec![7; 32])];
        // Nobody has this key, so nobody is let in.
        assert!(signature::verify(source, headers, body, &keys, now).is_err());
    }
}

fn hook_event(bytes: &[u8]) {
    for source in Source::ALL {
        let event = event::read(source, bytes);
        assert!(event.id.is_none_or(|id| !id.is_empty()));
    }
}

/// What is refused is the caller's fault, and no value of it is said again (a name of a field is).
fn is_refused_well(refused: Vec<Problem>) {
    use axum::response::IntoResponse;
    for problem in refused {
        let said = serde_json::to_value(&problem).expect("a problem is JSON");
        let detail = said["detail"].as_str().expect("it says what to do");
        assert!(!detail.contains("kanariefågel"), "{detail}");
        assert!(problem.into_response().status().is_client_error());
    }
}

/// The address on the first line, then a header on each.
fn http_head(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut request = axum::http::Request::get(lines.next().unwrap_or_default());
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':');
        if let Some((name, value)) = colon.and_then(|at| Some((&line[..at], line.get(at + 2..)?))) {
            request = request.header(name, value);
        }
    }
    if let Ok(request) = request.body(axum::body::Body::empty()) {
        is_refused_well(wait(reading::head(request)));
    }
}

fn http_body(bytes: &[u8]) {
    is_refused_well(wait(reading::body(bytes)));
}

fn key_tree(bytes: &[u8]) {
    for again in keyring::reading::written_again(bytes) {
        let once_more = keyring::reading::written_again(&again);
        assert!(once_more.contains(&again), "it says the same again");
    }
}

fn field(bytes: &[u8]) {
    let place = Place {
        tenant: TenantId([1; 16]),
        unit: UnitId([2; 16]),
        key: KeyRef { block: 3, leaf: 4 },
    };
    let key = DataKey::from_slice(&[5; 32]).expect("32 bytes");
    let sealer = Sealer::new(place, &key);
    let field = columns::CONTACT_NAME.of(&[6; 16], 7);
    let _ = sealer.open_text(field, bytes);
    for padding in [Padding::Short, Padding::Padme] {
        let sealed = sealer.seal(field, bytes, padding, &SeededRandom::new(8));
        let opened = sealer.open(field, &sealed).expect("it opens its own");
        assert_eq!(*opened, bytes);
    }
}

fn config(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let read = Settings::of_text(Path::new("gallra.toml"), text);
        let shown = read.map(|settings| settings.shown());
        assert!(shown.is_ok_and(|it| !it.is_empty()) || !text.is_empty());
    }
}

/// Short texts that travel alone: keys, addresses, ids, days, times, people's identifiers.
fn words(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = ExportKey::recipient(text);
    let _ = BearerToken::parse(text);
    let _ = SigningSecret::parse(text);
    for networks in [Networks::Public, Networks::Loopback] {
        if let Ok(url) = address::read(text, networks) {
            assert!(url.username().is_empty() && url.password().is_none());
        }
    }
    same_again::<ContactId>(text);
    same_again::<Day>(text);
    let _ = text.parse::<Lang>();
    let _ = Timestamp::parse(text);
    for once in [normalise::email(text), normalise::external_id(text)] {
        let once = once.map(|it| it.expose().to_owned());
        assert!(once.is_none_or(|it| !it.is_empty()));
    }
    let _ = normalise::phone(text, "SE");
    let _ = normalise::name_words(text);
}

//! What a receipt says, and in which spelling.

use gallra::receipts::body::*;
use gallra::receipts::{Body, Commitment, Reference};
use gallra::vocabulary::{Personal, Secret};
use serde_json::Value;

use crate::sample;

/// The examples of RFC 8785, sections 3.2.2 and 3.2.3 (input, canonical form).
#[test]
fn the_vectors_of_rfc_8785() {
    let sections = [
        (
            r#"{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
                "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
                "literals": [null, true, false]}"#,
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
             \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}",
        ),
        (
            r#"{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
                "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
                "\u00f6": "Latin Small Letter O With Diaeresis"}"#,
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
             \"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\
             \"😀\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
        ),
    ];
    for (input, canonical) in sections {
        let value: Value = serde_json::from_str(input).unwrap();
        assert_eq!(
            serde_json_canonicalizer::to_string(&value).unwrap(),
            canonical
        );
    }
}

/// The sample once and for all: a changed spelling breaks every receipt there is.
#[test]
fn the_spelling_of_a_receipt() {
    insta::assert_snapshot!(sample::body(5).to_canonical_json().unwrap());
}

#[test]
fn a_body_survives_its_text() {
    let body = sample::body(5);
    let text = body.to_canonical_json().unwrap();
    assert_eq!(Body::from_canonical_json(&text).unwrap(), body);
    assert!(!text.contains('\n'));
}

#[test]
fn another_spelling_of_the_same_content_is_refused() {
    let text = sample::body(5).to_canonical_json().unwrap();
    for (from, to) in [
        (r#""seq":5"#, r#""seq": 5"#),
        (r#""seq":5"#, r#""seq":5.0"#),
        (r#""seq":5"#, r#""seq":5e0"#),
        (r#""seq":5"#, r#""seq":5,"seq":5"#),
        (r#""seq":5"#, r#""seq":5,"unknown":1"#),
        (r#""seq":5"#, r#""seq":-5"#),
        (r#""seq":5"#, r#""seq":9007199254740993"#),
        (r#""epoch":12"#, r#""epoch":12,"epoch":12"#),
        (r#""epoch":12"#, r#""epoch":12,"extra":true"#),
        (r#""evidence":"task 881""#, r#""evidence":null"#),
        (r#""kind":"re_erasure""#, r#""kind":"forgotten""#),
        ("2026-03-01T09:00:02Z", "2026-03-01T10:00:02+01:00"),
        ("2026-03-01T09:00:02Z", "2026-03-01T09:00:02.000Z"),
        ("Växjö", r"V\u00e4xj\u00f6"),
        (r#"{"again""#, r#" {"again""#),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        assert!(Body::from_canonical_json(&other).is_err(), "{to}");
    }
    assert!(Body::from_canonical_json(&format!("{text} ")).is_err());
    assert!(Body::from_canonical_json(&format!("{text}{text}")).is_err());
}

#[test]
fn an_integer_that_others_would_round_is_never_signed() {
    let mut body = sample::body(5);
    body.people = (1 << 53) - 1;
    assert!(body.to_canonical_json().is_ok());
    body.people = (1 << 53) + 1;
    assert!(body.to_canonical_json().is_err());
}

/// Where text stands in a receipt that is neither a word of ours, an id, a time nor a digest. Each is
/// about a company, a system or staff; a new one needs a reason here.
const FREE_TEXT: &[&str] = &[
    "/approvers/*/name",      // staff
    "/approvers/*/role",      // staff
    "/categories/*/category", // the catalog's word
    "/copies/*/evidence",     // a reference
    "/copies/*/place",        // a recipient of the register
    "/instruction",           // a reference
    "/kept/*/law",            // a provision
    "/kept/*/what",           // a kind of record
    "/legal_basis",           // a provision
    "/method/cipher",         // ours
    "/operator/name",         // a company
    "/operator/org_no",       // a company
    "/root/provider",         // ours
    "/stores/*/store",        // ours
    "/tenant/name",           // a company
    "/tenant/org_no",         // a company
    "/tenant/slug",           // a company
    "/tool/name",             // ours
    "/tool/version",          // ours
];

fn walk(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(name, value)| walk(&format!("{path}/{name}"), value, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| walk(&format!("{path}/*"), item, found)),
        Value::String(text) => {
            let is_hex = text.len() >= 32 && text.chars().all(|c| c.is_ascii_hexdigit());
            let is_time = gallra::vocabulary::Timestamp::parse(text).is_some();
            if !is_hex && !is_time && !is_our_word(path) {
                found.push(path.to_owned());
            }
        }
        Value::Number(number) => assert!(number.is_u64(), "{path} is no integer"),
        Value::Bool(_) => {}
        Value::Null => panic!("{path} is null"),
    }
}

/// Fields of a closed list of words: reading any other word is an error.
fn is_our_word(path: &str) -> bool {
    let mut body = serde_json::to_value(sample::body(5)).unwrap();
    let pointer = path.replace('*', "0");
    *body.pointer_mut(&pointer).unwrap() = "a word of nobody".into();
    serde_json::from_value::<Body>(body).is_err()
}

#[test]
fn a_receipt_has_no_place_for_personal_data() {
    let mut found = Vec::new();
    walk(
        "",
        &serde_json::to_value(sample::body(5)).unwrap(),
        &mut found,
    );
    found.sort();
    found.dedup();
    assert_eq!(found, FREE_TEXT);
}

#[test]
fn what_staff_write_may_not_name_a_person() {
    for text in [
        "anna@example.se",
        "ring +46 70 123 45 67",
        "+46701234567",
        "",
        "  ",
        "a\nb",
    ] {
        assert!(Reference::new(text).is_err(), "{text:?}");
    }
    assert!(Reference::new("x".repeat(201)).is_err());
    for text in [
        "INS-2026-0042",
        "avtal 12+3, bilaga 2",
        "bokföringslagen 7 kap. 2 §",
    ] {
        assert_eq!(Reference::new(text).unwrap().as_str(), text);
    }
    let body = sample::body(5).to_canonical_json().unwrap();
    let body = body.replace("INS-2026-0042", "anna@example.se");
    assert!(Body::from_canonical_json(&body).is_err());
}

#[test]
fn a_commitment_opens_with_its_salt_only() {
    let salt = |byte| Secret::from_slice(&[byte; 32]).unwrap();
    let commit = |byte, who: &str| Commitment::new(&salt(byte), &Personal::new(who));
    assert_eq!(commit(1, "anna@example.se"), commit(1, "anna@example.se"));
    assert_ne!(commit(1, "anna@example.se"), commit(2, "anna@example.se"));
    assert_ne!(commit(1, "anna@example.se"), commit(1, "bo@example.se"));
}

#[test]
fn nothing_is_complete_while_something_is_open() {
    let body = sample::body(5);
    assert!(body.is_complete());
    for (state, open) in [
        (CopyState::Erased, false),
        (CopyState::Unreadable, false),
        (CopyState::Ordered, true),
        (CopyState::NotOrdered, true),
        (CopyState::Refused, true),
    ] {
        let mut body = body.clone();
        body.copies[0].state = state;
        assert_eq!(body.is_complete(), !open, "{state:?}");
    }
    let mut late = body.clone();
    late.mirrors.acknowledged = 0;
    assert!(!late.is_complete());
    let mut failed = body;
    failed.verification[0].passed = false;
    assert!(!failed.is_complete());
}

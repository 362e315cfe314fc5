//! Index tokens, suppression tokens and their move to new keys.

use std::collections::HashMap;

use gallra::keyring::{Domain, IndexKeys, carry_over};
use serde::Deserialize;

use crate::{array, bytes, vectors};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    keys: Vec<Keys>,
    tokens: Vec<Token>,
    suppressions: Vec<Token>,
    carried_over: Vec<Carried>,
}

#[derive(Deserialize)]
struct Keys {
    name: String,
    generation: u32,
    page: String,
}

#[derive(Deserialize)]
struct Token {
    keys: String,
    domain: u16,
    value: String,
    token: String,
}

#[derive(Deserialize)]
struct Carried {
    from: String,
    to: String,
    domain: u16,
    value: String,
    before: String,
    after: String,
}

fn file() -> (File, HashMap<String, IndexKeys>) {
    let file: File = vectors(include_str!("tokens.json"));
    let keys = file.keys.iter().map(|keys| {
        let read = IndexKeys::decode(&bytes(&keys.page)).expect("a tenant page's keys");
        assert_eq!(read.generation, keys.generation);
        assert_eq!(hex::encode(read.encode().as_slice()), keys.page);
        (keys.name.clone(), read)
    });
    let keys = keys.collect();
    (file, keys)
}

fn domain(code: u16) -> Domain {
    let found = Domain::ALL.into_iter().find(|domain| domain.code() == code);
    found.expect("a known domain code")
}

#[test]
fn index_tokens_stay_the_same() {
    let (file, keys) = file();
    assert!(!file.tokens.is_empty());
    for case in file.tokens {
        let made = keys[&case.keys].token(domain(case.domain), &case.value);
        assert_eq!(hex::encode(made), case.token, "{}", case.value);
    }
}

#[test]
fn suppression_tokens_stay_the_same() {
    let (file, keys) = file();
    assert!(!file.suppressions.is_empty());
    for case in file.suppressions {
        let made = keys[&case.keys].suppression(domain(case.domain), &case.value);
        assert_eq!(hex::encode(made), case.token, "{}", case.value);
    }
}

#[test]
fn suppression_tokens_move_to_the_same_points() {
    let (file, keys) = file();
    assert!(!file.carried_over.is_empty());
    for case in file.carried_over {
        let (from, to) = (&keys[&case.from], &keys[&case.to]);
        let carried = carry_over(from, to, &array(&case.before)).expect("a point");
        assert_eq!(hex::encode(carried), case.after);
        assert_eq!(carried, to.suppression(domain(case.domain), &case.value));
    }
}

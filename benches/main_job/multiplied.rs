//! The fixtures of every format, multiplied: so many copies of the same desk, each of other people.

use std::path::Path;

use gallra::ingest::Format;
use serde_json::Value;

use crate::shared::records;

/// The desk's own domain in the mails.
pub const OWN: &str = "@nord.example.se";

/// Fixtures in JSON by format, the names of the lists in which records stand, and the signs of records
/// that are in the fixture because they are bad: this is about speed.
const JSON: &[(&str, &[&str], &[&str])] = &[
    (
        "zendesk",
        &["zendesk-1-users.json", "zendesk-2-tickets.ndjson"],
        &["i förrgår"],
    ),
    (
        "freshdesk",
        &["freshdesk-1-contacts.json", "freshdesk-2-ticket.json"],
        &["602"],
    ),
    ("zammad", &["zammad.json"], &[]),
    ("chatwoot", &["chatwoot.json"], &["\"conversation_id\":99"]),
    ("helpscout", &["helpscout.ndjson"], &[]),
    ("front", &["front.json"], &["top_1"]),
    ("otrs", &["otrs.json"], &[]),
    ("twilio", &["twilio.json"], &["Utan tid"]),
    ("46elks", &["46elks.json"], &["PostNord"]),
];
const LISTS: &[&str] = &["users", "payload", "_results", "messages", "data"];

/// A source of this format: copies of the fixture from one number to another.
pub fn source(format: &Format, copies: std::ops::Range<usize>) -> Vec<u8> {
    match format.name {
        "gallra" => records::people(copies).into_bytes(),
        "csv" => table(copies),
        "mail" => mbox(copies),
        name => {
            let found = JSON.iter().find(|(format, ..)| *format == name);
            let (_, files, bad) = found.unwrap_or_else(|| panic!("{name} has no fixture here"));
            let elements: Vec<Value> = files.iter().flat_map(|it| elements(it)).collect();
            let good = |it: &&Value| !bad.iter().any(|sign| it.to_string().contains(sign));
            let good: Vec<&Value> = elements.iter().filter(good).collect();
            let copied = copies.flat_map(|copy| good.iter().map(move |it| copied(it, copy)));
            let lines: Vec<String> = copied.map(|it| it.to_string() + "\n").collect();
            lines.concat().into_bytes()
        }
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
    std::fs::read(directory.join(name)).expect("the fixture is there")
}

/// The records of a fixture: one a line, in an array, or in a page's list.
fn elements(name: &str) -> Vec<Value> {
    let text = fixture(name);
    let documents = serde_json::Deserializer::from_slice(&text).into_iter();
    let documents = documents.map(|it| it.expect("the fixture is JSON"));
    documents.flat_map(unwrapped).collect()
}

fn unwrapped(document: Value) -> Vec<Value> {
    match document {
        Value::Array(elements) => elements,
        Value::Object(mut page) => match LISTS.iter().find_map(|list| page.remove(*list)) {
            Some(Value::Array(elements)) => elements,
            _ => vec![Value::Object(page)],
        },
        _ => Vec::new(),
    }
}

/// The same record in another copy of the desk: other ids, other people.
fn copied(value: &Value, copy: usize) -> Value {
    let mut value = value.clone();
    renumber("", &mut value, copy);
    value
}

fn renumber(name: &str, value: &mut Value, copy: usize) {
    let whole_id = matches!(
        name,
        "id" | "sid" | "UserLogin" | "login" | "ArticleID" | "conversation"
    );
    let names_one = whole_id || name.ends_with("_id") || name.ends_with("ID");
    match value {
        Value::Object(fields) => fields
            .iter_mut()
            .for_each(|(name, value)| renumber(name, value, copy)),
        Value::Array(elements) => elements.iter_mut().for_each(|it| renumber("", it, copy)),
        Value::String(text) => {
            if names_one {
                text.push_str(&format!("{copy:06}"));
            } else {
                *text = text_of_copy(text, copy);
            }
        }
        // Small numbers that are no record's own id are words: a state, a kind of sender.
        Value::Number(number) => {
            if let Some(id) = number.as_u64().filter(|id| whole_id || *id > 9)
                && names_one
            {
                *value = (copy as u64 * 10_000 + id).into();
            }
        }
        _ => {}
    }
}

/// Addresses and numbers of other people.
fn text_of_copy(text: &str, copy: usize) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("46").or(digits.strip_prefix('0')) {
        Some(national) if national.starts_with("701740") => {
            let last = national.chars().last().unwrap_or('0');
            format!("+4670{:06}{last}", copy % 1_000_000)
        }
        _ => text.replace('@', &format!(".{copy}@")),
    }
}

/// Rows in Windows-1252 below one header.
fn table(copies: std::ops::Range<usize>) -> Vec<u8> {
    let text = fixture("messages-1252.csv");
    let header = text.iter().position(|byte| *byte == b'\n');
    let (header, rows) = text.split_at(header.expect("a header") + 1);
    let (rows, _, _) = encoding_rs::WINDOWS_1252.decode(rows);
    let mut all = header.to_vec();
    for copy in copies {
        let rows = rows.replace('@', &format!(".{copy}@"));
        let rows = rows.replace("R-71", &format!("R-71-{copy}"));
        let (rows, _, _) = encoding_rs::WINDOWS_1252.encode(&rows);
        all.extend_from_slice(&rows);
    }
    all
}

/// Mails of two people, one with a file, one behind the other.
fn mbox(copies: std::ops::Range<usize>) -> Vec<u8> {
    let mails = [
        "mail.eml",
        "maildir/new/1768300000.1.nord",
        "maildir/cur/1768300001.1.nord",
    ];
    let mails = mails.map(|it| String::from_utf8(fixture(it)).expect("it is ASCII or UTF-8"));
    let mut all = String::new();
    for copy in copies {
        for mail in &mails {
            all.push_str("From desk Mon Jan 12 10:00:00 2026\n");
            all.push_str(&mail.replace('@', &format!(".{copy}@")));
            all.push('\n');
        }
    }
    all.into_bytes()
}

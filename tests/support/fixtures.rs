//! Our own fixtures of every format, and how much of each is new when all are taken in, in this order.

use std::path::{Path, PathBuf};

/// A file of an import, its format, and how many contacts, cases and messages are new with it. Later ones
/// know what earlier ones said, when they are of one import.
pub const FIXTURES: &[(&str, &str, u64)] = &[
    ("contacts.csv", "csv", 3),
    ("messages-1252.csv", "csv", 5),
    ("zendesk-1-users.json", "zendesk", 2),
    ("zendesk-2-tickets.ndjson", "zendesk", 7),
    ("zendesk-3-audits.json", "zendesk", 0),
    ("freshdesk-1-contacts.json", "freshdesk", 2),
    ("freshdesk-2-ticket.json", "freshdesk", 4),
    ("zammad.json", "zammad", 5),
    ("chatwoot.json", "chatwoot", 5),
    ("helpscout.ndjson", "helpscout", 8),
    ("front.json", "front", 4),
    ("otrs.json", "otrs", 5),
    ("twilio.json", "twilio", 4),
    ("46elks.json", "46elks", 8),
    ("mail.eml", "mail", 3),
    ("mail.mbox", "mail", 4),
    ("maildir/new/1768300000.1.nord", "mail", 3),
    ("maildir/cur/1768300001.1.nord", "mail", 1),
];

/// Where a fixture lies.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/import")
        .join(name)
}

/// How many contacts, cases and messages a report calls new.
pub fn new(report: &serde_json::Value) -> u64 {
    let kinds = ["contacts", "cases", "messages"];
    let created = |kind| report[kind]["created"].as_u64();
    kinds
        .iter()
        .map(|kind| created(kind).expect("a number"))
        .sum()
}

//! A mirror that was forgotten still opens what is erased afterwards: no receipt may pass over that.

use crate::both_engines;
use crate::desk::{Desk, text};
use crate::promotions::lose_keys;
use crate::support::Bench;

/// Somebody of whom nobody else was given anything, as of Bo.
const CILLA: &str =
    r#"{"type":"contact","external_id":"c3","name":"Cilla Dal","email":"cilla@example.se"}"#;

fn with_cilla(bench: &Bench) -> Desk {
    let desk = Desk::with_people(bench);
    let cilla = desk.file("cilla.ndjson", CILLA);
    desk.json(["import", "--tenant", "norrsken", &cilla]);
    desk
}

/// Erases whoever has this address and gives the receipt.
fn erased(desk: &Desk, email: &str) -> serde_json::Value {
    let erase = ["erase", "--tenant", "norrsken", "--email", email];
    let erased = desk.json([&erase[..], &["--instruction", "A-1"]].concat());
    let id = text(&erased["receipt_id"]);
    desk.gallra.run(["reconcile"]).succeeded();
    desk.json(["receipt", "show", &id])
}

fn assert_open(desk: &Desk, receipt: &serde_json::Value) {
    let copies = &receipt["copies"];
    assert_eq!(copies[0]["state"], "not_confirmed", "{receipt}");
    assert!(text(&copies[0]["place"]).contains("cellar"), "{receipt}");
    assert_eq!(receipt["mirrors"]["known"], 1, "{receipt}");
    assert_eq!(receipt["mirrors"]["acknowledged"], 0, "{receipt}");
    let note = desk.text(["receipt", "show", &text(&receipt["id"]), "--format", "note"]);
    let file = desk.file("receipt.txt", &note);
    let verified = desk.text(["verify", &file]);
    assert!(!verified.contains("The erasure is complete"), "{verified}");
}

fn assert_complete(desk: &Desk, receipt: &serde_json::Value) {
    assert_eq!(receipt["copies"], serde_json::json!([]), "{receipt}");
    let shown = desk.text(["receipt", "show", &text(&receipt["id"])]);
    assert!(shown.contains("The erasure is complete"), "{shown}");
}

fn forgotten(desk: &Desk) -> serde_json::Value {
    desk.json(["mirror", "list"])["forgotten"].clone()
}

both_engines! {
    async fn a_forgotten_mirror_is_an_open_copy_until_its_destruction_is_confirmed(bench) {
        let desk = with_cilla(bench);
        desk.json(["mirror", &desk.path("mirror"), "--name", "cellar", "--once"]);
        let erase = ["erase", "--tenant", "norrsken", "--email", "bo@example.se"];
        let erase = desk.json([&erase[..], &["--instruction", "A-1"]].concat());
        assert_eq!(erase["state"], "pending");
        let said = desk.text(["mirror", "forget", "cellar"]);
        assert!(said.contains("--destroyed-by"), "{said}");
        desk.gallra.run(["reconcile"]).succeeded();
        assert_open(&desk, &desk.json(["receipt", "show", &text(&erase["receipt_id"])]));
        assert_eq!(forgotten(&desk)[0]["name"], "cellar");

        let done = desk.json(["mirror", "forget", "cellar", "--destroyed-by", "Anna Berg"]);
        assert_eq!(done["destroyed"], true);
        assert_eq!(forgotten(&desk), serde_json::json!([]));
        assert_complete(&desk, &erased(&desk, "cilla@example.se"));
        desk.refused(1, ["mirror", "forget", "cellar", "--destroyed-by", "Anna Berg"]);
    }

    async fn what_was_erased_before_a_mirror_was_forgotten_is_complete(bench) {
        let desk = with_cilla(bench);
        let mirror = desk.path("mirror");
        desk.json(["mirror", &mirror, "--name", "cellar", "--once"]);
        let erase = ["erase", "--tenant", "norrsken", "--email", "bo@example.se"];
        let erase = desk.json([&erase[..], &["--instruction", "A-1"]].concat());
        desk.json(["mirror", &mirror, "--once"]);
        desk.json(["mirror", "forget", "cellar"]);
        desk.gallra.run(["reconcile"]).succeeded();
        assert_complete(&desk, &desk.json(["receipt", "show", &text(&erase["receipt_id"])]));
        assert_open(&desk, &erased(&desk, "cilla@example.se"));
    }

    async fn a_forgotten_mirror_that_follows_again_is_no_open_copy(bench) {
        let desk = with_cilla(bench);
        let mirror = desk.path("mirror");
        desk.json(["mirror", &mirror, "--name", "cellar", "--once"]);
        desk.json(["mirror", "forget", "cellar"]);
        assert_open(&desk, &erased(&desk, "bo@example.se"));
        desk.json(["mirror", &mirror, "--once"]);
        assert_eq!(forgotten(&desk), serde_json::json!([]));
        let erase = ["erase", "--tenant", "norrsken", "--email", "cilla@example.se"];
        let erase = desk.json([&erase[..], &["--instruction", "A-2"]].concat());
        assert_eq!(erase["state"], "pending", "receipts wait for it again");
        desk.json(["mirror", &mirror, "--once"]);
        desk.gallra.run(["reconcile"]).succeeded();
        assert_complete(&desk, &desk.json(["receipt", "show", &text(&erase["receipt_id"])]));
    }

    async fn a_promoted_mirror_remembers_which_others_were_forgotten(bench) {
        let desk = with_cilla(bench);
        let near = desk.path("mirror");
        desk.json(["mirror", &desk.path("far"), "--name", "cellar", "--once"]);
        desk.json(["mirror", "forget", "cellar"]);
        desk.json(["mirror", &near, "--once"]);
        lose_keys(&desk, bench).await;
        desk.json(["mirror", "promote", &near]);
        desk.gallra.run(["reconcile"]).succeeded();
        assert_eq!(forgotten(&desk)[0]["name"], "cellar");
    }
}

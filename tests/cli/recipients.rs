//! What others were given of a person stays with them when the person is erased here: the receipt says so.

use serde_json::Value;

use crate::both_engines;
use crate::desk::{Desk, text};

/// Åsa's case went to three more: one written otherwise than in the register, two that are not in it.
const FORWARDED: &str = r#"{"type":"forwarding","case":"k1","recipient":"second line ab ","at":"2026-02-03T10:00:00Z"}
{"type":"forwarding","case":"k1","recipient":"Mehmet på verkstan","at":"2026-02-03T11:00:00Z"}
{"type":"forwarding","case":"k1","recipient":"mehmet@verkstan.example","at":"2026-02-03T12:00:00Z"}
"#;
const UNREGISTERED: &str = "a recipient that is not in the register of recipients";
const REGISTERED: &str = "Second line AB";

fn erased(desk: &Desk, email: &str) -> String {
    let erase = ["erase", "--tenant", "norrsken", "--email", email];
    let erased = desk.json([&erase[..], &["--instruction", "A-1"]].concat());
    text(&erased["receipt_id"])
}

/// The places of a receipt's copies, which nobody has confirmed.
fn places(receipt: &Value) -> Vec<String> {
    let copies = receipt["copies"].as_array().expect("copies");
    for copy in copies {
        assert_eq!(copy["state"], "not_confirmed", "{receipt}");
    }
    copies.iter().map(|copy| text(&copy["place"])).collect()
}

fn register(desk: &Desk, name: &str) {
    let add = ["recipient", "add", "--name", name, "--role", "second_line"];
    desk.json(add);
}

fn verified(desk: &Desk, id: &str) -> Value {
    let note = desk.text(["receipt", "show", id, "--format", "note"]);
    desk.json(["verify", &desk.file("receipt.txt", &note)])
}

both_engines! {
    async fn a_receipt_names_who_was_given_what_is_erased(bench) {
        let desk = Desk::with_people(bench);
        register(&desk, REGISTERED);
        desk.json(["import", "--tenant", "norrsken", &desk.file("more.ndjson", FORWARDED)]);
        let backup = desk.path("backup");
        desk.json(["backup", &backup]);

        let asa = erased(&desk, "asa@example.se");
        let receipt = desk.json(["receipt", "show", &asa]);
        let mut named = places(&receipt);
        named.sort();
        assert_eq!(named, [REGISTERED, UNREGISTERED], "{receipt}");
        assert!(!receipt.to_string().contains("ehmet"), "no name that only a case gave: {receipt}");
        let shown = desk.text(["receipt", "show", &asa]);
        assert!(!shown.contains("complete") && shown.contains(REGISTERED), "{shown}");
        let file = verified(&desk, &asa);
        assert_eq!((&file["complete"], &file["open_copies"]), (&false.into(), &2.into()));

        let bo = erased(&desk, "bo@example.se");
        assert_eq!(desk.json(["receipt", "show", &bo])["copies"], serde_json::json!([]));
        assert_eq!(verified(&desk, &bo)["complete"], true);

        // What was composed once is said again: by the receipt, and by that of erasing again.
        let note = desk.text(["receipt", "show", &asa, "--format", "note"]);
        desk.gallra.run(["restore", &backup]).succeeded();
        assert_eq!(desk.text(["receipt", "show", &asa, "--format", "note"]).split("\n\n").next(), note.split("\n\n").next());
        let list = desk.json(["receipt", "list"]);
        let again = list["items"].as_array().unwrap().iter().find(|it| it["kind"] == "re_erasure" && {
            desk.json(["receipt", "show", &text(&it["id"])])["again"]["of"] == asa.as_str()
        });
        let again = desk.json(["receipt", "show", &text(&again.expect("a re-erasure")["id"])]);
        let again: Vec<String> = places(&again);
        assert!(named.iter().all(|place| again.contains(place)), "{again:?}");
    }

    async fn a_recipient_who_looks_like_a_person_is_not_named_by_the_register_either(bench) {
        let desk = Desk::with_people(bench);
        register(&desk, "mehmet@verkstan.example");
        desk.json(["import", "--tenant", "norrsken", &desk.file("more.ndjson", FORWARDED)]);
        let asa = erased(&desk, "asa@example.se");
        let mut named = places(&desk.json(["receipt", "show", &asa]));
        named.sort();
        assert_eq!(named, [UNREGISTERED, "a recipient who is named in the cases"]);
    }

    async fn the_receipt_of_a_redaction_names_who_has_the_message_as_it_was(bench) {
        let desk = Desk::with_people(bench);
        register(&desk, REGISTERED);
        let record = desk.json(["access", "--tenant", "norrsken", "--email", "asa@example.se"]);
        let message = text(&record["cases"][0]["messages"][0]["id"]);
        let redact = ["message", "redact", "--tenant", "norrsken", "--message", &message, "--instruction", "A-2"];
        let done = desk.json([&redact[..], &["--whole"]].concat());
        let receipt = desk.json(["receipt", "show", &text(&done["receipt"]["receipt_id"])]);
        assert_eq!(places(&receipt), [REGISTERED], "{receipt}");
        // What is kept went to the same recipient: the erasure that follows says it too.
        let asa = desk.json(["receipt", "show", &erased(&desk, "asa@example.se")]);
        assert_eq!(places(&asa), [REGISTERED], "{asa}");
    }
}

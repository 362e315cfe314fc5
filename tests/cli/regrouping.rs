//! Two contacts who are one person, and one who is two, by command.

use crate::both_engines;
use crate::desk::{Desk, text};
use crate::support::Bench;

const SECOND: &str = r#"{"type":"contact","external_id":"c9","name":"Åsa Ö","email":"asa.privat@example.se"}
{"type":"message","case":"k9","contact":"c9","direction":"in","channel":"email","sent_at":"2026-03-01T09:00:00Z","body":"Det är jag igen."}
"#;

/// Åsa is there twice; and the export that she came with the second time.
fn with_duplicate(bench: &Bench) -> (Desk, String) {
    let desk = Desk::with_people(bench);
    let second = desk.file("second.ndjson", SECOND);
    desk.json(["import", "--tenant", "norrsken", &second]);
    (desk, second)
}

both_engines! {
    async fn a_duplicate_is_merged_and_split_off_again(bench) {
        let (desk, second) = with_duplicate(bench);
        let keep = desk.contact("norrsken", "asa@example.se");
        let from = desk.contact("norrsken", "asa.privat@example.se");
        let merge = ["contact", "merge", "--tenant", "norrsken", "--keep", &keep, "--from", &from, "--instruction", "A-5"];
        let unseen = text(&desk.refused(2, merge)["message"]);
        assert!(unseen.contains("--dry-run") && unseen.contains("--seen VERSION"), "{unseen}");
        let preview = [&merge[..], &["--dry-run"]].concat();
        let said = desk.text(&preview);
        assert!(said.contains("contact erased") && said.contains("--seen "), "{said}");
        let other = text(&desk.refused(3, [&merge[..], &["--seen", "0123456789abcdef"]].concat())["message"]);
        assert!(other.contains("--seen VERSION"), "{other}");
        desk.json(["hold", "add", "--tenant", "norrsken", "--contact", &from, "--reason", "TVIST-3"]);
        let held = desk.json(&preview);
        assert_eq!(held["in_the_way"][0]["what"], "TVIST-3");
        desk.refused(3, [&merge[..], &["--seen", &text(&held["version"])]].concat());
        desk.json(["hold", "release", &text(&held["in_the_way"][0]["id"])]);
        let done = desk.json([&merge[..], &["--seen", &text(&held["version"])]].concat());
        assert_eq!((&done["cases"], &done["pending"]), (&1.into(), &0.into()));
        let record = desk.json(["access", "--tenant", "norrsken", "--email", "asa@example.se"]);
        assert_eq!(record["cases"].as_array().unwrap().len(), 2);
        let by_the_other = desk.json(["access", "--tenant", "norrsken", "--email", "asa.privat@example.se"]);
        assert_eq!(by_the_other["cases"], record["cases"]);
        desk.json(["import", "--tenant", "norrsken", &second]);
        let record = desk.json(["access", "--tenant", "norrsken", "--email", "asa@example.se"]);
        let messages: usize = record["cases"].as_array().unwrap().iter().map(|it| it["messages"].as_array().unwrap().len()).sum();
        assert_eq!(messages, 3, "an old export brings no message twice: {record}");

        let bo = desk.contact("norrsken", "bo@example.se");
        let case = record["cases"].as_array().unwrap().iter().find(|it| it["messages"].as_array().unwrap().len() == 1);
        let case = text(&case.unwrap()["id"]);
        let split = ["contact", "split", "--tenant", "norrsken", "--contact", &keep, "--into", &bo, "--case", &case,
            "--remove", "phone", "--instruction", "A-6"];
        let shown = desk.json([&split[..], &["--dry-run"]].concat());
        let told = desk.text([&split[..], &["--seen", &text(&shown["version"])]].concat());
        assert!(told.contains("1 case moved, 3 receipts"), "{told}");
        let record = desk.json(["access", "--tenant", "norrsken", "--email", "bo@example.se"]);
        assert_eq!(record["cases"][0]["messages"][0]["body"], "Det är jag igen.");
        let all = desk.json(["verify", "--all"]);
        assert_eq!(all["checked"], done["receipts"].as_array().unwrap().len() + 3);
    }

    async fn who_was_merged_and_erased_is_not_brought_back_by_the_old_export(bench) {
        let (desk, second) = with_duplicate(bench);
        let keep = desk.contact("norrsken", "asa@example.se");
        let from = desk.contact("norrsken", "asa.privat@example.se");
        let merge = ["contact", "merge", "--tenant", "norrsken", "--keep", &keep, "--from", &from, "--instruction", "A-5"];
        let shown = desk.json([&merge[..], &["--dry-run"]].concat());
        desk.json([&merge[..], &["--seen", &text(&shown["version"])]].concat());
        desk.json(["erase", "--tenant", "norrsken", "--contact", &keep, "--instruction", "A-6"]);
        for export in [&second, &desk.path("export.ndjson")] {
            desk.json(["import", "--tenant", "norrsken", export]);
        }
        for address in ["asa@example.se", "asa.privat@example.se"] {
            let found = desk.json(["find", address, "--tenant", "norrsken"]);
            assert_eq!(found["matches"], serde_json::json!([]), "{address}: {found}");
        }
    }
}

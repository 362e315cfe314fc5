//! An erasure that was killed half way is finished by whoever writes next, and the order repeated
//! answers with the receipt it belongs to.

use crate::both_engines;
use crate::desk::{Desk, finding, text};
use crate::process::FailPoint;

/// Erases Bo.
pub const ERASE: [&str; 7] = [
    "erase",
    "--tenant",
    "norrsken",
    "--email",
    "bo@example.se",
    "--instruction",
    "A-17",
];

/// Kills an erasure there.
fn killed(desk: &Desk, at: &str) {
    let erased = desk.gallra.failing(FailPoint::abort(at)).run(ERASE);
    assert!(erased.was_killed(), "{erased:?}");
}

fn receipts(desk: &Desk) -> Vec<String> {
    let list = desk.json(["receipt", "list"]);
    let items = list["items"].as_array().into_iter().flatten();
    items.map(|it| text(&it["id"])).collect()
}

both_engines! {
    async fn whoever_writes_next_finishes_it(bench) {
        let desk = Desk::with_people(bench);
        killed(&desk, "erase:accepted");
        assert_eq!(receipts(&desk).len(), 0, "who only reads finishes nothing");
        let line = r#"{"type":"contact","external_id":"c9","name":"Eva Sund"}"#;
        let more = desk.file("more.ndjson", line);
        desk.json(["import", "--tenant", "brygga", &more]);
        assert_eq!(receipts(&desk).len(), 1, "the receipt is issued");
        assert_eq!(finding(&desk, "standing")["health"], "ok");
        let found = desk.json(["find", "bo@example.se", "--tenant", "norrsken"]);
        assert_eq!((&found["matches"], &found["being_erased"]), (&serde_json::json!([]), &0.into()));
    }

    async fn the_repeated_order_answers_with_its_receipt(bench) {
        let desk = Desk::with_people(bench);
        killed(&desk, "erase:accepted");
        let again = desk.json(ERASE);
        assert_eq!(again["state"], "issued");
        let (id, salt) = (text(&again["receipt_id"]), text(&again["salt"]));
        assert_eq!(receipts(&desk), std::slice::from_ref(&id), "one erasure, one receipt");
        let once_more = desk.json(ERASE);
        assert_eq!((&once_more["receipt_id"], &once_more["salt"]), (&again["receipt_id"], &again["salt"]));
        assert_eq!(desk.json(["receipt", "show", &id, "--salt"])["salt"], salt.as_str());
        let said = desk.text(ERASE);
        assert!(said.contains(&id) && said.contains("--salt"), "{said}");
    }

    async fn nobody_else_is_taken_for_who_was_erased(bench) {
        let desk = Desk::with_people(bench);
        let erased = desk.json(ERASE);
        let other = ["erase", "--tenant", "norrsken", "--email", "b@example.se", "--instruction", "A"];
        let error = desk.refused(1, other);
        assert!(text(&error["message"]).contains("gallra find"), "{error}");
        let unknown = ["receipt", "show", "00000000000000000000000000000000", "--salt"];
        let error = desk.refused(1, unknown);
        assert!(text(&error["message"]).contains("kept for a day"), "{error}");
        assert!(erased["receipt_id"].is_string());
    }
}

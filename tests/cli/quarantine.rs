//! The records that an import could not read, from the command line: listed, opened, discarded.

use crate::both_engines;
use crate::desk::{Desk, text};

/// Two lines that nothing can read, and one that is not UTF-8.
const SPOILT: &[u8] = b"Asa Oberg;070-123 45 67\n{\"type\":\"letter\"}\nBj\xf6rn;nix\n";

/// A desk with three records in quarantine, and their ids in the order of the lines.
fn spoilt(bench: &crate::support::Bench) -> (Desk, Vec<String>) {
    let desk = Desk::with_people(bench);
    let path = desk.path("spoilt.csv");
    std::fs::write(&path, SPOILT).unwrap();
    let import = [
        "import", "--tenant", "norrsken", "--format", "gallra", &path,
    ];
    let finished = desk.run_for_people(import).exited(1);
    assert!(
        finished
            .stdout
            .contains("gallra quarantine list --tenant norrsken"),
        "{}",
        finished.stdout
    );
    let list = desk.json(["quarantine", "list"]);
    let items = list["items"].as_array().unwrap();
    let ids = items.iter().map(|it| text(&it["id"])).collect();
    (desk, ids)
}

both_engines! {
    async fn quarantine_is_listed_without_and_shown_with_what_it_holds(bench) {
        let (desk, ids) = spoilt(bench);
        assert_eq!(ids.len(), 3);
        let listed = desk.text(["quarantine", "list", "--tenant", "norrsken"]);
        assert!(listed.contains("not one JSON object on one line"), "{listed}");
        assert!(!listed.contains("070-123"), "{listed}");
        let none = desk.text(["quarantine", "list", "--tenant", "brygga"]);
        assert_eq!(none, "Nothing is in quarantine.\n");

        assert_eq!(desk.text(["quarantine", "show", &ids[0]]), "Asa Oberg;070-123 45 67\n");
        let shown = desk.json(["quarantine", "show", &ids[2]]);
        assert_eq!((&shown["line"], &shown["reason"]), (&3.into(), &"not UTF-8".into()));
        assert_eq!((&shown["tenant"], text(&shown["record"])), (&"norrsken".into(), "Bj\u{fffd}rn;nix".into()));
        let stranger = "0".repeat(32);
        let error = desk.refused(1, ["quarantine", "show", &stranger]);
        assert!(text(&error["message"]).contains("gallra quarantine list"), "{error}");
    }

    async fn quarantine_is_discarded_with_a_receipt(bench) {
        let (desk, ids) = spoilt(bench);
        for wrong in [
            &["quarantine", "discard"][..],
            &["quarantine", "discard", &ids[0]],
            &["quarantine", "discard", "--all", "--instruction", "A-1"],
            &["quarantine", "discard", &ids[0], "--all", "--tenant", "norrsken", "--instruction", "A-1"],
            &["quarantine", "discard", "asa@example.se", "--instruction", "A-1"],
            &["quarantine", "discard", &ids[0], "--instruction", "asa@example.se"],
        ] {
            desk.refused(2, wrong);
        }
        let hold = desk.json(["hold", "add", "--tenant", "norrsken", "--reason", "TVIST-3"]);
        let all = ["quarantine", "discard", "--all", "--tenant", "norrsken", "--instruction", "A-9"];
        desk.refused(3, all);
        desk.refused(3, [&all[..], &["--dry-run"]].concat());
        desk.json(["hold", "release", &text(&hold["id"])]);

        let dry = desk.json([&all[..], &["--dry-run"]].concat());
        assert_eq!((&dry["dry_run"], &dry["records"]), (&true.into(), &3.into()));
        assert_eq!(desk.json(["quarantine", "list"])["items"].as_array().unwrap().len(), 3);

        let one = desk.json(["quarantine", "discard", &ids[1], &ids[1], "--instruction", "A-9"]);
        assert_eq!((&one["records"], &one["receipts"][0]["state"]), (&1.into(), &"issued".into()));
        let bo = ["erase", "--tenant", "norrsken", "--email", "bo@example.se", "--instruction", "A-1"];
        let receipt = desk.text(["receipt", "show", &text(&desk.json(bo)["receipt_id"])]);
        assert!(receipt.contains("gallra quarantine"), "an open copy: {receipt}");

        let rest = desk.text(all);
        assert!(rest.starts_with("Discarded 2 records.\n"), "{rest}");
        assert_eq!(desk.text(all), "Nothing is in quarantine.\n");
        let asa = ["erase", "--tenant", "norrsken", "--email", "asa@example.se", "--instruction", "A-2"];
        let receipt = desk.text(["receipt", "show", &text(&desk.json(asa)["receipt_id"])]);
        assert!(!receipt.contains("gallra quarantine"), "nothing is open any more: {receipt}");
        let kinds = desk.json(["receipt", "list"]);
        let kinds: Vec<_> = kinds["items"].as_array().unwrap().iter().map(|it| text(&it["kind"])).collect();
        assert_eq!(kinds, ["quarantine", "contact", "quarantine", "contact"]);
        desk.json(["verify", "--all"]);
    }
}

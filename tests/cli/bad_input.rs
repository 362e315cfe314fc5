//! Every bad file by command: a stated outcome each, and nothing half-stored.

use crate::bad_files::{Outcome, files};
use crate::both_engines;
use crate::desk::{Desk, text};

both_engines! {
    async fn every_bad_file_has_its_outcome(bench) {
        let desk = Desk::with_people(bench);
        let (mut people, mut set_aside) = (2, 0);
        for bad in files() {
            let row = format!("| {} |", bad.what);
            assert!(include_str!("../../docs/STORIES.md").contains(&row), "docs/STORIES.md has no {row}");
            let path = desk.path("bad");
            std::fs::write(&path, &bad.bytes).unwrap();
            let import = ["import", "--tenant", "norrsken", "--format", bad.format, &path];
            let finished = desk.gallra.run(import);
            let nothing = bad.new == (0, 0);
            assert_eq!(finished.code(), Some(i32::from(nothing)), "{}: {finished:?}", bad.what);
            let report = &finished.json()["files"][0];
            let created = |kind: &str| report[kind]["created"].as_u64();
            let new = (created("contacts").unwrap(), created("messages").unwrap());
            assert_eq!(new, bad.new, "{}: {report}", bad.what);
            people += new.0;
            match bad.outcome {
                Outcome::Quarantined(reason) => {
                    assert_eq!(report["quarantined"], serde_json::json!({reason: 1}), "{}", bad.what);
                    set_aside += 1;
                }
                Outcome::Refused(words) => {
                    assert!(text(&report["failure"]).contains(words), "{}: {report}", bad.what);
                }
                Outcome::Taken => assert_eq!(report["quarantined"], serde_json::json!({}), "{}", bad.what),
            }
        }
        let held = desk.json(["catalog", "norrsken"]);
        let ids = held["categories"].as_array().unwrap().iter().find(|it| it["category"] == "external_id");
        assert_eq!(ids.unwrap()["contacts"], people, "nobody else came of it: {held}");
        let kept = desk.json(["quarantine", "list", "--tenant", "norrsken"]);
        assert_eq!(kept["items"].as_array().unwrap().len(), set_aside);
        assert_eq!(desk.json(["reconcile", "--full"])["keys_missing"], 0, "no row without its key");
    }
}

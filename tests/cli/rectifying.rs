//! Art. 16 by command.

use crate::both_engines;
use crate::desk::{Desk, text};

both_engines! {
    async fn a_profile_is_corrected_by_command(bench) {
        let desk = Desk::with_people(bench);
        let who = ["contact", "rectify", "--tenant", "norrsken", "--email", "asa@example.se", "--instruction", "A-16"];
        desk.refused(2, who);
        desk.refused(2, [&who[..], &["--set-name", "x", "--no-name"]].concat());
        let right = [&who[..], &["--set-email", "-", "--no-phone"]].concat();
        let done = desk.reading("asa.oberg@example.se\n", right).succeeded().json();
        assert_eq!((&done["changed"], &done["receipt"]["state"]), (&true.into(), &"issued".into()));
        let record = desk.json(["access", "--tenant", "norrsken", "--email", "asa.oberg@example.se"]);
        assert_eq!((&record["profile"]["phone"], &record["profile"]["name"]), (&serde_json::Value::Null, &"Åsa Öberg".into()));
        desk.refused(1, ["access", "--tenant", "norrsken", "--email", "asa@example.se"]);
        let found = desk.json(["find", "asa@example.se", "--tenant", "brygga"]);
        assert_eq!(found["matches"].as_array().unwrap().len(), 1, "another client's stays");

        let id = desk.contact("norrsken", "asa.oberg@example.se");
        let by_id = ["contact", "rectify", "--tenant", "norrsken", "--contact", &id, "--instruction", "A-17"];
        let said = desk.text([&by_id[..], &["--set-name", "Åsa Berg"]].concat());
        assert!(said.contains("gone for good") && said.contains("gallra verify"), "{said}");
        let same = desk.text([&by_id[..], &["--set-name", "Åsa Berg"]].concat());
        assert!(same.contains("right already"), "{same}");
        desk.json(["hold", "add", "--tenant", "norrsken", "--contact", &id, "--reason", "TVIST-3"]);
        let held = desk.refused(3, [&by_id[..], &["--set-name", "Eva"]].concat());
        assert!(text(&held["message"]).contains("hold"), "{held}");
        assert_eq!(desk.json(["verify", "--all"])["checked"], 2);
    }
}

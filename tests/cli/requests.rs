//! Requests by command: what a data protection officer types from morning to evening.

use crate::answers::stable;
use crate::both_engines;
use crate::desk::{Desk, text};

both_engines! {
    async fn a_request_is_handled_by_commands(bench) {
        let desk = Desk::with_people(bench);
        let add = ["request", "add", "--tenant", "norrsken", "--right", "access", "--right", "erasure"];
        let rest = ["--received", "2025-03-05T09:00:00Z", "--email", "-", "--text", "Vad har ni om mig?"];
        let added = desk.reading("asa@example.se\n", [&add[..], &rest].concat()).succeeded().json();
        let number = text(&added["case_no"]);
        assert_eq!(added["legal_due"], "2025-04-07");

        let due = desk.json(["due", "--within", "7d"]);
        assert_eq!(due["items"][0]["case_no"], number);
        let table = desk.text(["due"]).replace(&number, "[number]");
        assert_eq!(
            table,
            "AIM         DUE BY LAW  REQUEST      CLIENT    STATE       RIGHTS\n\
             2025-03-25  2025-04-07  [number]  norrsken  registered  access, erasure\n"
        );
        let erase = ["erase", "--tenant", "norrsken", "--email", "asa@example.se", "--instruction", "x"];
        desk.refused(3, erase);
        let error = desk.refused(3, ["request", "deliver", &number]);
        assert!(text(&error["message"]).contains("gallra request instruct"), "{error}");
        desk.refused(3, ["request", "instruct", &number]);
        let error = desk.refused(2, ["request", "instruct", &number, "--instruction", "a@example.se"]);
        assert!(!error.to_string().contains("a@example"), "{error}");
        desk.json(["request", "instruct", &number, "--instruction", "KUND-17"]);
        desk.refused(3, ["request", "deliver", &number]);
        let out = desk.path("asa.json");
        let packaged = desk.json(["request", "package", &number, "--out", &out]);
        assert_eq!(packaged["held"], true);
        assert!(std::fs::read_to_string(&out).unwrap().contains("Skidan gick av"));
        let done = desk.json(["request", "deliver", &number.to_lowercase()]);
        assert_eq!((&done["state"], &done["receipt"]["state"]), (&"fulfilled".into(), &"issued".into()));
        let found = desk.json(["find", "asa@example.se", "--tenant", "norrsken"]);
        assert_eq!(found["matches"].as_array().unwrap().len(), 0);

        let shown = desk.text(["request", "show", &number]).replace(&number, "[number]");
        insta::assert_snapshot!("request-show", stable(&shown, &desk));
        assert_eq!(desk.text(["request", "list"]), "No request is open.\n");
        assert_eq!(desk.json(["request", "list", "--all"])["items"].as_array().unwrap().len(), 1);
        desk.refused(3, ["request", "withdraw", &number]);
        desk.refused(1, ["request", "show", "2025-222222"]);
    }
}

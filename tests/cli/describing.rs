//! What is held of a client and what it tells, by command.

use serde_json::json;

use crate::answers::stable;
use crate::both_engines;
use crate::desk::{Desk, text};

both_engines! {
    async fn a_client_is_described_by_commands(bench) {
        let desk = Desk::with_people(bench);
        let held = desk.json(["catalog", "norrsken"]);
        assert_eq!(held["categories"][4]["records"], 2);
        insta::assert_snapshot!("catalog", stable(&desk.text(["catalog", "norrsken"]), &desk));
        let table = desk.text(["catalog", "norrsken", "--format", "csv"]);
        assert!(table.starts_with("category,contacts,records,"), "{table}");

        let lint = desk.gallra.run(["notice", "lint", "norrsken"]).exited(4);
        let lint: serde_json::Value = serde_json::from_str(&lint.stdout).unwrap();
        assert_eq!(lint["items"][0]["field"], "stored_in");
        let said = desk.run_for_people(["notice", "lint", "norrsken"]).exited(4);
        insta::assert_snapshot!("notice-lint", said.stdout);

        let set = ["tenant", "set", "norrsken", "--stored-in", "SE", "--phone", "08-123 45 67"];
        let rest = ["--address", "Storgatan 1, 111 22 Stockholm", "--dpo-email", "dso@norrsken.se"];
        let set = desk.json([&set[..], &rest].concat());
        assert_eq!(set["controller"]["phone"], "08-123 45 67");
        desk.refused(2, ["tenant", "set", "norrsken"]);
        desk.refused(2, ["tenant", "set", "norrsken", "--website", "javascript:alert(1)"]);
        let add = ["recipient", "add", "--tenant", "norrsken", "--name", "Second line AB"];
        desk.json([&add[..], &["--role", "second_line"]].concat());
        let lint = desk.text(["notice", "lint", "norrsken"]);
        assert_eq!(lint, "Nothing is missing.\n");

        let purposes = desk.json(["purpose", "set", "norrsken", "support=b,f", "quality=f"]);
        assert_eq!(purposes["purposes"][1]["purpose"], "quality");
        assert_eq!(desk.json(["purpose", "set", "norrsken"])["purposes"][1]["purpose"], "claims");
        let kept = desk.json(["retention", "set", "norrsken", "message=P6M"]);
        assert_eq!(kept["items"][4]["period"], "P6M");
        desk.refused(2, ["retention", "set", "norrsken", "message=soon"]);

        let notice = desk.text(["notice", "show", "norrsken"]);
        assert!(notice.contains("6 månader efter att ärendet avslutades"), "{notice}");
        let english = desk.json(["notice", "show", "norrsken", "--lang", "en", "--format", "md"]);
        assert!(text(&english["text"]).starts_with("# How we handle your personal data"));
        let html = desk.text(["notice", "show", "norrsken", "--format", "html"]);
        assert!(html.starts_with("<!doctype html>") && !html.contains("?lang="), "{html}");
        desk.refused(1, ["notice", "show", "nobody"]);

        let listed = desk.json(["recipient", "list", "--tenant", "norrsken"]);
        let id = text(&listed["items"][0]["id"]);
        desk.json(["recipient", "remove", &id]);
        desk.refused(1, ["recipient", "remove", &id]);
    }

    async fn a_notice_is_drafted_approved_and_published_by_commands(bench) {
        let desk = Desk::with_people(bench);
        assert!(desk.text(["notice", "versions", "norrsken"]).contains("gallra notice draft"));
        let draft = desk.text(["notice", "draft", "norrsken"]);
        assert!(draft.contains("gallra notice approve norrsken 1 --by REF"), "{draft}");
        desk.refused(3, ["notice", "publish", "norrsken"]);
        desk.refused(3, ["notice", "publish", "norrsken", "1"]);
        desk.refused(2, ["notice", "approve", "norrsken", "1", "--by", "asa@example.se"]);
        desk.json(["notice", "approve", "norrsken", "1", "--by", "mejl A-17"]);
        let missing = desk.refused(3, ["notice", "publish", "norrsken"]);
        assert!(text(&missing["message"]).contains("stored_in"), "{missing}");
        let published = desk.json(["notice", "publish", "norrsken", "--in-spite-of", "beslut 4"]);
        assert_eq!((&published["state"], &published["in_spite_of"]), (&json!("published"), &json!("beslut 4")));

        desk.json(["tenant", "set", "norrsken", "--phone", "08-765 43 21"]);
        desk.json(["notice", "draft", "norrsken"]);
        let table = desk.text(["notice", "versions", "norrsken"]);
        assert!(table.contains("in force") && table.contains("mejl A-17") && table.contains("draft"), "{table}");
        let told = desk.text(["notice", "diff", "norrsken", "1", "2", "--lang", "en"]);
        assert!(told.contains("+ ") && told.contains("08-765 43 21"), "{told}");
        assert_eq!(desk.text(["notice", "diff", "norrsken", "1", "1"]), "Nothing changed.\n");
        let before = desk.refused(1, ["notice", "show", "norrsken", "--on", "2020-01-01"]);
        assert!(text(&before["message"]).contains("no version was in force"), "{before}");
        let first = desk.text(["notice", "show", "norrsken", "--version", "1"]);
        assert!(!first.contains("08-765 43 21"), "{first}");
        assert!(desk.text(["notice", "show", "norrsken"]).contains("08-765 43 21"));
        desk.refused(1, ["notice", "show", "norrsken", "--version", "7"]);
    }

    async fn channels_custody_and_recipients_come_with_an_import(bench) {
        let desk = Desk::with_people(bench);
        let channels = ["email", "klarna", "phone", "portal", "post", "returns", "sms", "social", "widget"];
        let case = |channel: &str| {
            let case = json!({"type": "case", "external_id": format!("f-{channel}"), "contact": "c1",
                "channel": channel, "state": "open", "custody": "second_line", "opened_at": "2026-02-01T09:00:00Z"});
            let forwarded = json!({"type": "forwarding", "case": format!("f-{channel}"), "recipient": "Tullverket",
                "reason": "tull", "at": "2026-02-02T09:00:00Z"});
            let message = json!({"type": "message", "case": format!("f-{channel}"), "contact": "c1",
                "direction": "in", "channel": channel, "sent_at": "2026-02-01T09:00:00Z", "body": "Hej!"});
            format!("{case}\n{forwarded}\n{message}\n")
        };
        let export = desk.file("channels.ndjson", &channels.map(case).concat());
        desk.json(["import", "--tenant", "norrsken", &export]);
        let held = desk.json(["catalog", "norrsken"]);
        let used: Vec<_> = held["channels"].as_array().unwrap().iter().map(|it| text(&it["channel"])).collect();
        assert_eq!(used, channels);
        let custody = held["custody"].as_array().unwrap().iter().find(|it| it["custody"] == "second_line");
        assert_eq!(custody.unwrap()["cases"], 9, "{held}");
        assert!(held.to_string().contains("Tullverket"), "{held}");
        let record = desk.json(["access", "--tenant", "norrsken", "--email", "asa@example.se"]);
        let cases = record["cases"].as_array().unwrap();
        let elsewhere = cases.iter().filter(|it| it["custody"] == "second_line");
        assert_eq!((cases.len(), elsewhere.count()), (10, 9), "{record}");
    }
}

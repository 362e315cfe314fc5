//! Bad input by the API: a stated outcome for each, and nothing half-stored.

use serde_json::{Value, json};

use crate::bad_files::{Outcome, files};
use crate::both_engines;
use crate::client::Api;
use crate::desk::{Desk, text};
use crate::imports::{IMPORTS, ended};

const CONTACTS: &str = "/api/v1/tenants/norrsken/contacts";
const MESSAGES: &str = "/api/v1/tenants/norrsken/messages";

fn message(sent_at: Value, body: &str) -> Value {
    json!({"case": "k7", "contact": "c1", "direction": "in", "channel": "email", "sent_at": sent_at,
        "external_id": "m7", "body": body})
}

both_engines! {
    async fn every_bad_file_has_its_outcome(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let mut people = 2;
        for bad in files() {
            let path = format!("{IMPORTS}?format={}", bad.format);
            let sent = caller.raw("POST", &path, "application/octet-stream", bad.bytes);
            let location = sent.header("location").to_owned();
            sent.with(202);
            let import = ended(&caller, &location);
            let refused = matches!(bad.outcome, Outcome::Refused(_));
            let state = if refused { "failed" } else { "done" };
            assert_eq!(import["state"], state, "{}: {import}", bad.what);
            let rejects = caller.get(&format!("{location}/rejects")).with(200);
            let reasons: Vec<_> = rejects["items"].as_array().unwrap().iter().map(|it| text(&it["reason"])).collect();
            match bad.outcome {
                Outcome::Quarantined(reason) => assert_eq!(reasons, [reason], "{}", bad.what),
                Outcome::Refused(words) => {
                    assert!(text(&import["reason"]).contains(words), "{}: {import}", bad.what);
                    continue;
                }
                Outcome::Taken => assert!(reasons.is_empty(), "{}: {rejects}", bad.what),
            }
            let report = &import["report"];
            let created = |kind: &str| report[kind]["created"].as_u64().unwrap();
            assert_eq!((created("contacts"), created("messages")), bad.new, "{}: {report}", bad.what);
            people += created("contacts");
        }
        let held = caller.get(&format!("{CONTACTS}?limit=500")).with(200);
        assert_eq!(held["items"].as_array().unwrap().len() as u64, people, "nobody else came of it");
        caller.get("/readyz").with(200);
    }

    async fn every_bad_call_has_its_outcome(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let json = "application/json";
        caller.raw("POST", CONTACTS, json, b"{\"external_id\":\"\xe5\"}".to_vec()).with(400);
        for body in [json!({"external_id": "a\u{0}b"}), json!({"external_id": "a", "name": "b\u{0}"})] {
            let refused = caller.post(CONTACTS, &body).with(422);
            assert!(text(&refused["detail"]).contains("NUL"), "{refused}");
        }
        let good = json!("2026-03-01T09:00:00Z");
        let refused = caller.post(MESSAGES, &message(good.clone(), "a\u{0}b")).with(422);
        assert_eq!(refused["pointer"], "/body");
        caller.post(MESSAGES, &message(good.clone(), &"x".repeat(10 << 20))).with(413);
        for date in [json!("2026-03-01 09:00"), json!(1_768_029_300), json!("Sat, 10 Jan 2026 08:15:00 +0100"),
            json!("03/04/2026"), Value::Null] {
            assert_eq!(caller.post(MESSAGES, &message(date, "x")).with(422)["pointer"], "/sent_at");
        }
        let mut none = message(good.clone(), "x");
        none.as_object_mut().unwrap().remove("sent_at");
        assert_eq!(caller.post(MESSAGES, &none).with(422)["pointer"], "/sent_at");
        let more = json!({"external_id": "a", "shoe_size": 42});
        assert_eq!(caller.post(CONTACTS, &more).with(422)["pointer"], "/shoe_size");
        let held = caller.get(CONTACTS).with(200);
        assert_eq!(held["items"].as_array().unwrap().len(), 2, "nothing of it is held");

        let first = caller.post(MESSAGES, &message(json!("2026-03-01T10:00:00+01:00"), "Hej")).with(201);
        let again = caller.post(MESSAGES, &message(good, "Hopp")).with(409);
        assert_eq!(again["type"], "/problems/other-content", "the first of two with one id counts");
        let case = format!("/api/v1/tenants/norrsken/cases/{}/messages", text(&first["case_id"]));
        let messages = caller.get(&case).with(200);
        assert_eq!((messages["items"].as_array().unwrap().len(), &messages["items"][0]["body"]), (1, &json!("Hej")));
    }
}

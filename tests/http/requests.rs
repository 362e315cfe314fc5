//! A request from the first word to the answer, by the API.

use serde_json::{Value, json};

use crate::both_engines;
use crate::client::{Api, Caller};
use crate::desk::{Desk, text};

fn register(caller: &Caller, rights: &[&str], address: &str) -> Value {
    let body = json!({"tenant": "norrsken", "rights": rights, "channel": "email",
        "received_at": "2025-03-05T09:00:00Z", "identifiers": {"email": address},
        "text": "Vad har ni om mig? Ta bort det sedan."});
    caller.post("/api/v1/requests", &body).with(201)
}

both_engines! {
    async fn somebody_gets_their_data_and_is_erased(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let it = register(&caller, &["access", "erasure"], "asa@example.se");
        assert_eq!((&it["state"], &it["legal_due"]), (&json!("registered"), &json!("2025-04-07")), "not a Saturday");
        assert_eq!(it["due_date"], "2025-03-25");
        let contact = api.desk.contact("norrsken", "asa@example.se");
        assert_eq!(it["contact"], json!(contact));
        let one = format!("/api/v1/requests/{}", text(&it["id"]));
        let act = |name: &str| format!("{one}:{name}");

        let erase = format!("/api/v1/tenants/norrsken/contacts/{contact}:erase");
        let held = caller.post(&erase, &json!({"instruction": "A-1"})).with(409);
        assert_eq!(held["type"], "/problems/held");
        let none = json!({});
        assert_eq!(caller.post(&act("deliver"), &none).with(409)["type"], "/problems/not-instructed");
        assert_eq!(caller.get(&format!("{one}/package")).with(409)["type"], "/problems/not-instructed");
        assert_eq!(caller.post(&act("instruct"), &none).with(409)["type"], "/problems/not-instructed");
        caller.post(&act("forward"), &none).with(200);
        let named = json!({"instruction": "asa@example.se"});
        let refused = caller.post(&act("instruct"), &named).with(422);
        assert!(!refused.to_string().contains("asa@"), "{refused}");
        let instructed = caller.post(&act("instruct"), &json!({"instruction": "A-17"})).with(200);
        assert_eq!(instructed["state"], "instructed");
        assert_eq!(caller.post(&act("deliver"), &none).with(409)["type"], "/problems/not-packaged");
        let package = format!("{one}/package");
        let package = caller.send("GET", &package, &[("accept", "application/json")], "").with(200);
        assert_eq!(package["profile"]["name"], "Åsa Öberg");

        let done = caller.post(&act("deliver"), &none).with(200);
        assert_eq!((&done["state"], &done["closed_late"]), (&json!("fulfilled"), &json!(true)));
        assert_eq!(text(&done["salt"]).len(), 64);
        let gone = caller.get(&format!("/api/v1/tenants/norrsken/contacts/{contact}")).with(410);
        assert_eq!(gone["receipt_id"], done["receipt_id"]);
        let receipt = caller.get(&format!("/api/v1/receipts/{}", text(&done["receipt_id"]))).with(200);
        assert_eq!(receipt["instruction"], "A-17");
        assert_eq!(caller.post(&act("deliver"), &none).with(409)["type"], "/problems/wrong-state");

        let shown = caller.get(&one).with(200);
        assert_eq!(shown["identifiers"]["email"], "asa@example.se", "the answer can be accounted for");
        assert!(text(&shown["calculation"]).contains("no working day"), "{shown}");
        assert_eq!(shown["events"][2]["instruction"], "A-17");
        let listed = caller.get("/api/v1/requests").with(200);
        assert_eq!(listed["items"][0]["case_no"], it["case_no"]);
        assert!(!listed.to_string().contains("asa@"), "a list names nobody");
    }

    async fn what_cannot_be_taken_is_told_and_nothing_is_kept(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let good = json!({"tenant": "norrsken", "rights": ["access"], "channel": "email",
            "received_at": "2025-03-05T09:00:00Z", "identifiers": {"email": "asa@example.se"}});
        for (field, value, pointer) in [
            ("rights", json!([]), "/rights"),
            ("rights", json!(["everything"]), "/rights/0"),
            ("identifiers", json!({}), "/identifiers"),
            ("identifiers", json!({"shoe": "42"}), "/identifiers/shoe"),
            ("received_at", json!("2999-01-01T00:00:00Z"), "/received_at"),
            ("received_at", json!("yesterday"), "/received_at"),
            ("text", json!("x".repeat(1024 * 1024 + 1)), "/text"),
            ("channel", json!("pigeon"), "/channel"),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            let refused = caller.post("/api/v1/requests", &bad).with(422);
            assert_eq!(refused["pointer"], pointer, "{refused}");
        }
        assert_eq!(caller.get("/api/v1/requests").with(200)["items"], json!([]));
        assert_eq!(api.caller("dpo", None).get("/api/v1/holds").with(200)["items"], json!([]));
        let key = [("idempotency-key", "one")];
        let first = caller.json("POST", "/api/v1/requests", &key, &good).with(201);
        let again = caller.json("POST", "/api/v1/requests", &key, &good).with(201);
        assert_eq!(first["id"], again["id"]);
        api.caller("auditor", None).get("/api/v1/requests").with(403);
    }
}

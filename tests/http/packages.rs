//! The package of Art. 15 by the API: in answer to a request, for its client, whole or not at all.

use serde_json::json;

use crate::both_engines;
use crate::client::Api;
use crate::desk::{Desk, text};
use crate::zips::Package;

both_engines! {
    async fn a_request_is_answered_with_a_signed_package(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let body = json!({"tenant": "norrsken", "rights": ["access"], "channel": "email",
            "received_at": "2025-03-05T09:00:00Z", "identifiers": {"email": "asa@example.se"},
            "text": "Vad har ni om mig?"});
        let it = caller.post("/api/v1/requests", &body).with(201);
        let bo = json!({"tenant": "norrsken", "rights": ["access"], "channel": "email",
            "received_at": "2025-03-05T09:00:00Z", "identifiers": {"email": "bo@example.se"}});
        caller.post("/api/v1/requests", &bo).with(201);
        let lines = "{\"type\":\"contact\",\"external_id\":\"c2\"}\n{\"type\":\"contact\",\"external_id\":\n";
        let report = api.desk.json(["import", "--tenant", "norrsken", &api.desk.file("broken.ndjson", lines)]);
        assert_eq!(report["files"][0]["quarantined"].as_object().unwrap().len(), 1, "{report}");
        let found = caller.post("/api/v1/contacts:lookup", &json!({"email": "asa@example.se"})).with(200);
        let message = found["matches"][0]["categories"].as_array().unwrap().iter().find(|it| it["category"] == "message");
        let message = message.expect("messages are held");
        assert_eq!((&message["retention"], &message["kept_until"]), (&json!("P24M"), &json!(null)), "{found}");
        assert_eq!((&message["purposes"][0], &message["retention_starts"]), (&json!("support"), &json!("case_closed")));
        assert!(text(&message["legal_basis"]).starts_with("GDPR Art. 6(1)(b)"), "{found}");
        let case = text(&caller.get("/api/v1/tenants/norrsken/cases").with(200)["items"][0]["id"]);
        let closed = json!({"state": "closed", "closed_at": "2026-02-10T23:30:00Z"});
        caller.json("PATCH", &format!("/api/v1/tenants/norrsken/cases/{case}"), &[], &closed).with(200);
        let found = caller.post("/api/v1/contacts:lookup", &json!({"email": "asa@example.se"})).with(200);
        for held in found["matches"][0]["categories"].as_array().unwrap() {
            assert_eq!(held["kept_until"], "2028-02-11", "a day that began in Stockholm: {held}");
        }
        let one = format!("/api/v1/requests/{}", text(&it["id"]));
        let package = format!("{one}/package");
        assert_eq!(caller.get(&package).with(409)["type"], "/problems/not-instructed");
        caller.post(&format!("{one}:instruct"), &json!({"instruction": "A-17"})).with(200);
        caller.get(&format!("{package}?lang=de")).with(422);
        caller.get(&format!("{package}?language=sv")).with(422);
        api.caller("auditor", Some("norrsken")).get(&package).with(403);
        api.caller("dpo", Some("brygga")).get(&package).with(404);
        assert_eq!(caller.get(&one).with(200)["packaged_at"], json!(null));

        let (head, zip) = caller.file(&format!("{package}?lang=sv"));
        assert_eq!(head["content-type"], "application/zip");
        assert_eq!(head["cache-control"], "no-store");
        let opened = Package::open(zip);
        opened.stands_alone();
        let log = api.with("").get("/.well-known/gallra-log.json").with(200);
        opened.is_signed_by(&text(&log["keys"][0]));
        assert_eq!(opened.json("manifest.json")["case_no"], it["case_no"]);
        assert!(opened.text("00_LÄS_MIG_FÖRST.html").contains("Trasig skida"));
        let log = opened.text("data/access_log.csv");
        assert!(log.contains("anslutet system eller handläggare"), "a role, and no token: {log}");
        assert!(log.contains("visat som svar på en sökning,"), "also who searched for her: {log}");
        let asked = opened.json("data/requests.json");
        assert_eq!(asked["requests"].as_array().unwrap().len(), 1, "hers, and not Bo's: {asked}");
        assert_eq!((&asked["requests"][0]["case_no"], &asked["requests"][0]["text"]), (&it["case_no"], &body["text"]));
        let read_me = opened.text("00_LÄS_MIG_FÖRST.html");
        assert!(read_me.contains("Dina begäranden") && read_me.contains("data/requests.json"), "{read_me}");
        let information = opened.text("02_information.html");
        assert!(information.contains("det har inte genomsökts. Antal: 1."), "{information}");
        assert!(!caller.get(&one).with(200)["packaged_at"].is_null(), "to the last byte");
        let audit = api.caller("auditor", None).get("/api/v1/audit-events?limit=500").with(200);
        assert!(audit.to_string().contains("contact.access"), "{audit}");
        caller.post(&format!("{one}:deliver"), &json!({})).with(200);
    }

    async fn a_request_about_nobody_has_no_package(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let body = json!({"tenant": "norrsken", "rights": ["access"], "channel": "email",
            "received_at": "2025-03-05T09:00:00Z", "identifiers": {"email": "nobody@example.se"}});
        let it = caller.post("/api/v1/requests", &body).with(201);
        let one = format!("/api/v1/requests/{}", text(&it["id"]));
        caller.post(&format!("{one}:instruct"), &json!({"instruction": "A-17"})).with(200);
        caller.get(&format!("{one}/package")).with(204);
        caller.post(&format!("{one}:deliver"), &json!({})).with(200);
    }
}

//! Recording, reading, listing and finding people.

use serde_json::json;

use crate::both_engines;
use crate::client::Api;
use crate::desk::Desk;

both_engines! {
    async fn a_client_records_and_reads_its_own_people(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let person = json!({"external_id": "w1", "name": "Lo Alm", "phone": "070-174 06 05"});
        let made = caller.post("/api/v1/tenants/norrsken/contacts", &person).with(201);
        assert_eq!((&made["name"], &made["version"]), (&json!("Lo Alm"), &json!(1)));
        let again = json!({"external_id": "w1", "email": "lo@example.se"});
        let changed = caller.post("/api/v1/tenants/norrsken/contacts", &again).with(200);
        assert_eq!((&changed["id"], &changed["name"]), (&made["id"], &made["name"]));
        assert_eq!(changed["email"], "lo@example.se");

        let message = json!({"case": "k9", "contact": "w1", "direction": "in", "channel": "klarna",
            "sent_at": "2026-03-01T09:00:00Z", "body": "Hej!", "subject": "Faktura"});
        let message = caller.post("/api/v1/tenants/norrsken/messages", &message).with(201);
        let case = format!("/api/v1/tenants/norrsken/cases/{}", message["case_id"].as_str().unwrap());
        assert_eq!(caller.get(&case).with(200)["subject"], "Faktura");
        let messages = caller.get(&format!("{case}/messages")).with(200);
        assert_eq!(messages["items"][0]["body"], "Hej!");

        let closed = caller.json("PATCH", &case, &[], &json!({"state": "closed", "custody": "tenant"}));
        let closed = closed.with(200);
        assert_eq!((&closed["state"], &closed["custody"]), (&json!("closed"), &json!("tenant")));
        assert!(closed["closed_at"].is_string());
        let forwarding = json!({"recipient": "Klarna", "reason": "faktura", "at": "2026-03-02T09:00:00Z"});
        caller.post(&format!("{case}/forwardings"), &forwarding).with(201);

        let found = caller.post("/api/v1/contacts:lookup", &json!({"phone": "+46701740605"})).with(200);
        assert_eq!(found["matches"][0]["id"], made["id"]);
        assert_eq!(found["matches"][0]["categories"][4]["recipients"][0], "Klarna");
    }

    async fn lists_go_page_by_page_and_in_three_forms(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("dpo", None);
        let first = caller.get("/api/v1/tenants/norrsken/contacts?limit=1");
        assert!(first.header("link").contains("rel=\"next\""), "{first:?}");
        let first = first.with(200);
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = format!("/api/v1/tenants/norrsken/contacts?limit=1&cursor={cursor}");
        let second = caller.get(&second).with(200);
        assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);

        let list = "/api/v1/tenants/norrsken/contacts";
        let lines = caller.send("GET", list, &[("accept", "application/x-ndjson")], "");
        assert_eq!(lines.text.lines().count(), 2);
        assert!(lines.text.contains("Åsa Öberg"));
        let table = caller.send("GET", list, &[("accept", "text/csv")], "");
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
        assert!(table.text.starts_with("id,external_id,name,phone,email,source,"), "{}", table.text);
        assert_eq!(table.text.lines().count(), 3);
        let none = caller.send("GET", list, &[("accept", "image/png")], "");
        assert_eq!(none.with(406)["type"], "/problems/not-acceptable");

        let audit = caller.get("/api/v1/audit-events?limit=1").with(200);
        let audit = format!("/api/v1/audit-events?cursor={}", audit["next_cursor"].as_str().unwrap());
        let acts = caller.send("GET", &audit, &[("accept", "application/x-ndjson")], "").text;
        assert!(acts.contains("contact.listed") && acts.contains("token:"), "{acts}");
        let tenants = caller.get("/api/v1/tenants?limit=1").with(200);
        assert_eq!((&tenants["items"][0]["slug"], &tenants["next_cursor"]), (&json!("brygga"), &json!("brygga")));
    }

    async fn an_administrator_adds_a_client(bench) {
        let api = Api::start(Desk::with_people(bench));
        let admin = api.caller("admin", None);
        let new = json!({"slug": "fjord", "name": "Fjord AS", "org_no": "999", "email": "kund@fjord.example",
            "country": "NO"});
        let added = admin.post("/api/v1/tenants", &new).with(201);
        assert_eq!((&added["state"], &added["country"]), (&json!("active"), &json!("NO")));
        assert_eq!(admin.get("/api/v1/tenants/fjord").with(200)["email"], "kund@fjord.example");
        assert_eq!(admin.post("/api/v1/tenants", &new).with(409)["type"], "/problems/slug-taken");
        let wrong = json!({"slug": "Fjord!", "name": "F", "org_no": "9", "email": "x@example.se"});
        assert_eq!(admin.post("/api/v1/tenants", &wrong).with(422)["pointer"], "/slug");
    }
}

//! Art. 16 by the API: what was wrong is gone, the index follows, and nobody overwrites what they have not
//! seen.

use serde_json::{Value, json};

use crate::both_engines;
use crate::client::{Api, Caller};
use crate::desk::{Desk, text};

fn found(caller: &Caller, address: &str) -> usize {
    let asked = json!({"email": address, "tenant": "norrsken"});
    let found = caller.post("/api/v1/contacts:lookup", &asked).with(200);
    found["matches"].as_array().expect("matches").len()
}

both_engines! {
    async fn a_wrong_address_is_corrected_and_gone(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let id = api.desk.contact("norrsken", "asa@example.se");
        let one = format!("/api/v1/tenants/norrsken/contacts/{id}");
        let read = caller.get(&one);
        let tag = read.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{read:?}");

        let right = json!({"email": "asa.oberg@example.se", "phone": null, "instruction": "A-16"});
        let seen = [("if-match", tag.as_str())];
        let answer = caller.json("PATCH", &one, &seen, &right);
        let new = answer.header("etag").to_owned();
        let corrected = answer.with(200);
        assert_eq!((&corrected["email"], &corrected["phone"]), (&json!("asa.oberg@example.se"), &Value::Null));
        assert_eq!(corrected["name"], "Åsa Öberg", "what is absent stays");
        assert_ne!(new, tag);
        assert_eq!(caller.get(&one).header("etag"), new);
        assert_eq!((found(&caller, "asa@example.se"), found(&caller, "asa.oberg@example.se")), (0, 1));
        let receipt = caller.get(&format!("/api/v1/receipts/{}", text(&corrected["receipt_id"]))).with(200);
        assert_eq!((&receipt["kind"], &receipt["instruction"]), (&json!("rehousing"), &json!("A-16")));
        assert_eq!(receipt["legal_basis"], "GDPR Art. 16");
        assert!(!receipt.to_string().contains("example.se"), "{receipt}");

        assert_eq!(caller.json("PATCH", &one, &seen, &right).with(412)["type"], "/problems/changed-meanwhile");
        let again = caller.json("PATCH", &one, &[("if-match", &new)], &right).with(200);
        assert_eq!(again["receipt_id"], Value::Null, "it is right already");
        let messages = caller.get("/api/v1/tenants/norrsken/cases").with(200);
        let case = text(&messages["items"][0]["id"]);
        let messages = caller.get(&format!("/api/v1/tenants/norrsken/cases/{case}/messages")).with(200);
        assert!(messages.to_string().contains("Hej! Skidan gick av."), "cases stay as they are: {messages}");
    }

    async fn one_of_several_addresses_is_taken_out_or_replaced(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let id = api.desk.contact("norrsken", "asa@example.se");
        let one = format!("/api/v1/tenants/norrsken/contacts/{id}");
        let more = json!({"external_id": "c1", "further": {"emails": ["a@example.se", "b@example.se"], "phones": ["070-174 06 44"]}});
        let recorded = caller.post("/api/v1/tenants/norrsken/contacts", &more).with(200);
        assert_eq!(recorded["further"], more["further"], "{recorded}");
        let right = json!({"further": {"emails": ["b@example.se", "c@example.se"]}, "instruction": "A-16"});
        let corrected = caller.json("PATCH", &one, &[], &right).with(200);
        assert_eq!(corrected["further"]["emails"], json!(["b@example.se", "c@example.se"]));
        assert_eq!(corrected["further"]["phones"], json!(["070-174 06 44"]), "a kind that is absent stays");
        let receipt = caller.get(&format!("/api/v1/receipts/{}", text(&corrected["receipt_id"]))).with(200);
        assert_eq!(receipt["categories"], json!([{"category": "email", "records": 1}]), "{receipt}");
        let there = ["asa@example.se", "a@example.se", "b@example.se", "c@example.se"].map(|it| found(&caller, it));
        assert_eq!(there, [1, 0, 1, 1]);
        let none = json!({"further": {"emails": [], "phones": []}});
        let corrected = caller.json("PATCH", &one, &[], &none).with(200);
        assert_eq!((&corrected["further"], &corrected["email"]), (&Value::Null, &json!("asa@example.se")));
        for bad in [json!({"emails": [" "]}), json!({"emails": ["a\nb"]})] {
            let told = caller.json("PATCH", &one, &[], &json!({"further": bad})).with(422);
            assert_eq!(told["pointer"], "/further", "{told}");
        }
    }

    async fn what_cannot_be_corrected_is_told_and_changes_nothing(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("dpo", None);
        let id = api.desk.contact("norrsken", "asa@example.se");
        let one = format!("/api/v1/tenants/norrsken/contacts/{id}");
        let patch = |body: Value| caller.json("PATCH", &one, &[], &body);
        let before = caller.get(&one).with(200);
        assert_eq!(patch(json!({"email": " "})).with(422)["pointer"], "/email");
        assert_eq!(patch(json!({"name": "a\nb"})).with(422)["pointer"], "/name");
        assert_eq!(patch(json!({"shoe": "42"})).with(422)["pointer"], "/shoe");
        let named = patch(json!({"name": "Åsa Berg", "instruction": "asa@example.se"})).with(422);
        assert_eq!(named["pointer"], "/instruction", "{named}");
        assert_eq!(patch(json!({})).with(200)["receipt_id"], Value::Null);
        let hold = json!({"tenant": "norrsken", "contact": id, "reason": "TVIST-3"});
        let hold = caller.post("/api/v1/holds", &hold).with(201);
        assert_eq!(patch(json!({"name": "Åsa Berg"})).with(409)["type"], "/problems/held");
        assert_eq!(caller.get(&one).with(200), before, "nothing was changed");
        caller.send("DELETE", &format!("/api/v1/holds/{}", text(&hold["id"])), &[], "");
        assert_eq!(patch(json!({"name": "Åsa Berg"})).with(200)["name"], "Åsa Berg");
        api.caller("auditor", None).json("PATCH", &one, &[], &json!({"name": "x"})).with(403);
        caller.post(&format!("{one}:erase"), &json!({"instruction": "A-1"})).with(200);
        patch(json!({"name": "Åsa"})).with(410);
    }
}

//! Erasing by the API, and what is answered about the erased afterwards.

use serde_json::json;

use crate::both_engines;
use crate::client::Api;
use crate::desk::{Desk, text};

both_engines! {
    async fn an_erased_contact_answers_410_with_its_receipt(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let id = api.desk.contact("norrsken", "asa@example.se");
        let contact = format!("/api/v1/tenants/norrsken/contacts/{id}");
        let erase = format!("{contact}:erase");
        let preview = caller.post(&erase, &json!({"instruction": "A-17", "dry_run": true})).with(200);
        assert_eq!((&preview["people"], &preview["messages"]), (&json!(1), &json!(2)));
        caller.get(&contact).with(200);

        let erased = caller.post(&erase, &json!({"instruction": "A-17"}));
        let receipt = format!("/api/v1/receipts/{}", text(&erased.json()["receipt_id"]));
        assert_eq!(erased.header("location"), receipt);
        let erased = erased.with(200);
        assert_eq!(text(&erased["salt"]).len(), 64);
        let gone = caller.get(&contact).with(410);
        assert_eq!(gone["receipt_id"], erased["receipt_id"]);
        assert_eq!(gone["type"], "/problems/erased");

        assert_eq!(caller.get(&receipt).with(200)["instruction"], "A-17");
        let file = caller.send("GET", &receipt, &[("accept", "text/plain")], "").text;
        let path = api.desk.file("receipt.txt", &file);
        api.desk.gallra.run(["verify", &path]).succeeded();
        let receipts = caller.get("/api/v1/receipts").with(200);
        assert_eq!(receipts["items"][0]["id"], erased["receipt_id"]);
        let lookup = json!({"email": "asa@example.se", "tenant": "norrsken"});
        assert_eq!(caller.post("/api/v1/contacts:lookup", &lookup).with(200)["matches"], json!([]));
        let again = caller.post(&erase, &json!({"instruction": "A-18"})).with(200);
        assert_eq!(again["receipt_id"], erased["receipt_id"], "one erasure, one receipt");
    }

    async fn a_hold_stands_in_the_way_until_it_is_released(bench) {
        let api = Api::start(Desk::with_people(bench));
        let dpo = api.caller("dpo", None);
        let id = api.desk.contact("norrsken", "asa@example.se");
        let hold = json!({"tenant": "norrsken", "contact": id, "reason": "dispute 7"});
        let placed = dpo.post("/api/v1/holds", &hold).with(201);
        let personal = json!({"tenant": "norrsken", "reason": "asa@example.se"});
        let refused = dpo.post("/api/v1/holds", &personal).with(422);
        assert_eq!(refused["pointer"], "/reason", "a reference names no person: {refused}");
        assert!(!refused.to_string().contains("asa@"), "{refused}");
        assert_eq!(dpo.get("/api/v1/holds").with(200)["items"][0]["reason"], "dispute 7");
        let erase = format!("/api/v1/tenants/norrsken/contacts/{id}:erase");
        let held = dpo.post(&erase, &json!({"instruction": "A-17"})).with(409);
        assert_eq!(held["type"], "/problems/held");
        let release = format!("/api/v1/holds/{}", text(&placed["id"]));
        dpo.send("DELETE", &release, &[], "").with(204);
        dpo.send("DELETE", &release, &[], "").with(404);
        dpo.post(&erase, &json!({"instruction": "A-17"})).with(200);
    }
}

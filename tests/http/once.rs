//! `Idempotency-Key`: the same key and body, the same answer; another body is refused.

use serde_json::json;

use crate::both_engines;
use crate::client::Api;
use crate::desk::Desk;

both_engines! {
    async fn a_call_with_a_key_is_made_once(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let contacts = "/api/v1/tenants/norrsken/contacts";
        let key = [("idempotency-key", "order 1")];
        let person = json!({"external_id": "w1", "name": "Lo Alm"});
        let first = caller.json("POST", contacts, &key, &person).with(201);
        let second = caller.json("POST", contacts, &key, &person).with(201);
        assert_eq!(first, second, "also the status of the first time");
        let other = json!({"external_id": "w1", "name": "Lo Al"});
        let refused = caller.json("POST", contacts, &key, &other).with(422);
        assert!(refused["detail"].as_str().unwrap().contains("another call"), "{refused}");
        let stranger = api.caller("dpo", None);
        stranger.json("POST", contacts, &key, &person).with(200);

        let mark = "idempotency";
        let data = bench.open(gallra::store::Role::Data).await;
        let kept = data.fetch_all("SELECT call, request FROM idempotency", gallra::store::args![]);
        assert_eq!(kept.await.unwrap().len(), 2, "{mark}: one for each token");
        data.close().await;
    }

    async fn what_was_erased_since_is_not_answered_again(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let contacts = "/api/v1/tenants/norrsken/contacts";
        let key = [("idempotency-key", "k")];
        let person = json!({"external_id": "w1", "name": "Lo Alm"});
        let made = caller.json("POST", contacts, &key, &person).with(201);
        let erase = format!("{contacts}/{}:erase", made["id"].as_str().unwrap());
        let order = json!({"instruction": "A-1"});
        let erased = caller.json("POST", &erase, &key, &order).with(422);
        assert!(erased["detail"].as_str().unwrap().contains("another call"), "one key, one call");
        let fresh = [("idempotency-key", "e")];
        let erased = caller.json("POST", &erase, &fresh, &order).with(200);
        assert_eq!(caller.json("POST", &erase, &fresh, &order).with(200), erased);
        let gone = caller.json("POST", contacts, &key, &person).with(410);
        assert_eq!(gone["receipt_id"], erased["receipt_id"]);
    }

    async fn a_call_that_failed_may_be_made_again(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("dpo", None);
        let id = api.desk.contact("norrsken", "asa@example.se");
        let held = json!({"tenant": "norrsken", "reason": "x"});
        let hold = caller.post("/api/v1/holds", &held).with(201);
        let erase = format!("/api/v1/tenants/norrsken/contacts/{id}:erase");
        let (key, order) = ([("idempotency-key", "k")], json!({"instruction": "A-1"}));
        caller.json("POST", &erase, &key, &order).with(409);
        let release = format!("/api/v1/holds/{}", hold["id"].as_str().unwrap());
        caller.send("DELETE", &release, &[], "").with(204);
        caller.json("POST", &erase, &key, &order).with(200);
    }
}

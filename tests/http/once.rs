//! `Idempotency-Key`: the same key and body, the same answer; another body is refused.

use serde_json::{Value, json};

use crate::both_engines;
use crate::client::{Api, Caller};
use crate::desk::{Desk, text};
use crate::imports::{IMPORTS, ended};
use crate::strangers::{body, victim};

/// POSTs that take no key, each for its own reason (`src/web/once.rs`).
const UNKEYED: [&str; 3] = [
    "/api/v1/contacts:lookup",
    "/api/v1/hooks/{source}",
    "/api/v1/tenants/{slug}/offboarding:export",
];

/// A house whose endpoints may be on this machine.
fn started(bench: &crate::support::Bench) -> Api {
    let mut desk = Desk::with_people(bench);
    desk.gallra = desk.gallra.with("GALLRA_WEBHOOK_NETWORKS", "loopback");
    Api::start(desk)
}

/// Makes a call twice with one key: the answers are the same. With another body it is another call.
fn twice(caller: &Caller, path: &str, body: &Value) -> Value {
    let key = [("idempotency-key", path)];
    let first = caller.json("POST", path, &key, body);
    let again = caller.json("POST", path, &key, body);
    assert!((200..300).contains(&first.status), "{path}: {first:?}");
    assert_eq!(
        (first.status, &first.text),
        (again.status, &again.text),
        "{path}"
    );
    first.json()
}

fn listed(caller: &Caller, path: &str) -> usize {
    let list = caller.get(path).with(200);
    list["items"].as_array().expect("a list").len()
}

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

    /// The list is the description itself, so a new route is asked without anybody thinking of it.
    async fn every_post_takes_a_key_or_is_named_here(bench) {
        let api = started(bench);
        let admin = api.caller("admin", None);
        let victim = victim(&api);
        let endpoint = json!({"url": "http://127.0.0.1:1/hooks"});
        let endpoint = text(&admin.post("/api/v1/webhook-endpoints", &endpoint).with(201)["id"]);
        let key = [("idempotency-key", "k")];
        let used = json!({"name": "Fraktbolaget AB", "role": "carrier"});
        admin.json("POST", "/api/v1/recipients", &key, &used).with(201);
        let description = admin.get("/api/v1/openapi.json").with(200);
        let mut asked = 0;
        for (path, methods) in description["paths"].as_object().expect("paths") {
            let Some(post) = methods.get("post") else { continue };
            let parameters = post["parameters"].as_array().cloned().unwrap_or_default();
            let is_described = parameters.iter().any(|it| it["name"] == "Idempotency-Key");
            assert_eq!(is_described, !UNKEYED.contains(&path.as_str()), "{path}");
            if !is_described {
                continue;
            }
            let address = match path.starts_with("/api/v1/webhook-endpoints/") {
                true => path.replace("{id}", &endpoint),
                false => victim.address(path),
            };
            let refused = admin.json("POST", &address, &key, &body(path));
            assert_eq!(refused.status, 422, "{path}: {refused:?}");
            assert!(refused.text.contains("another call"), "{path}: {refused:?}");
            asked += 1;
        }
        assert!(asked >= 30, "{asked}");
    }

    async fn the_same_call_again_makes_nothing_more(bench) {
        let api = started(bench);
        let admin = api.caller("admin", None);
        twice(&admin, "/api/v1/holds", &json!({"tenant": "norrsken", "reason": "TVIST-3"}));
        assert_eq!(listed(&admin, "/api/v1/holds"), 1);
        twice(&admin, "/api/v1/recipients", &json!({"name": "Fraktbolaget AB", "role": "carrier"}));
        assert_eq!(listed(&admin, "/api/v1/recipients"), 1);
        let new = json!({"slug": "ny", "name": "Ny AB", "org_no": "556677-8899", "email": "info@ny.example.se"});
        twice(&admin, "/api/v1/tenants", &new);
        let endpoint = twice(&admin, "/api/v1/webhook-endpoints", &json!({"url": "http://127.0.0.1:1/x"}));
        assert!(text(&endpoint["secret"]).starts_with("whsec_"), "also when it is asked for again");
        let one = format!("/api/v1/webhook-endpoints/{}", text(&endpoint["id"]));
        let rotated = twice(&admin, &format!("{one}:rotate-secret"), &json!({}));
        assert_ne!(rotated["secret"], endpoint["secret"]);
        twice(&admin, &format!("{one}:test"), &json!({}));
        assert_eq!(listed(&admin, &format!("{one}/deliveries")), 1);
        let request = json!({"tenant": "norrsken", "rights": ["access"], "channel": "email",
            "received_at": "2025-03-01T09:00:00Z", "identifiers": {"email": "asa@example.se"}});
        let request = twice(&admin, "/api/v1/requests", &request);
        let instruct = format!("/api/v1/requests/{}:instruct", text(&request["id"]));
        let instructed = twice(&admin, &instruct, &json!({"instruction": "A-1"}));
        assert_eq!(instructed["state"], "instructed");

        let ending = "/api/v1/tenants/brygga/offboarding";
        let chosen = json!({"choice": "delete", "contract_ends": "2026-01-31", "grace_days": 0,
            "instruction": "AVTAL-7"});
        let began = admin.json("POST", ending, &[], &chosen);
        assert_eq!((began.status, began.header("location")), (202, ending));
        let approved = twice(&admin, &format!("{ending}:approve"), &json!({}));
        assert_eq!(approved["approved"], 1);
        let task = text(&approved["tasks"][0]["id"]);
        twice(&admin, &format!("{ending}/tasks/{task}:confirm"), &json!({"evidence": "MEJL-4"}));
        twice(&admin, &format!("{ending}:hold"), &json!({"reason": "TVIST-4"}));
        assert_eq!(listed(&admin, "/api/v1/holds"), 3, "with that of the request");
        twice(&admin, &format!("{ending}:release"), &json!({}));
    }

    async fn two_people_are_merged_once_and_the_receipts_are_told_again(bench) {
        let api = started(bench);
        let caller = api.caller("dpo", Some("norrsken"));
        let contacts = "/api/v1/tenants/norrsken/contacts";
        let other = caller.post(contacts, &json!({"external_id": "c9", "name": "Åsa Ö"})).with(201);
        let merge = format!("{contacts}/{}:merge", api.desk.contact("norrsken", "asa@example.se"));
        let mut order = json!({"from": other["id"], "instruction": "A-5", "dry_run": true});
        let shown = caller.post(&merge, &order).with(200);
        order["dry_run"] = json!(false);
        order["version"] = shown["version"].clone();
        let done = twice(&caller, &merge, &order);
        assert!(!done["receipts"].as_array().unwrap().is_empty(), "{done}");
    }

    async fn a_file_that_is_sent_again_with_its_key_is_taken_in_once(bench) {
        let api = started(bench);
        let caller = api.caller("tenant", Some("norrsken"));
        let line = |id: &str| json!({"type": "contact", "external_id": id}).to_string();
        let key = [("idempotency-key", "file 1")];
        let send = |address: &str, file: &str| caller.send("POST", address, &key, file);
        let address = format!("{IMPORTS}?format=gallra");
        let first = send(&address, &line("x1")).with(202);
        let again = send(&address, &line("x1")).with(202);
        assert_eq!(first["id"], again["id"]);
        let other = send(&address, &line("x2")).with(422);
        assert!(text(&other["detail"]).contains("another call"), "{other}");
        send(&format!("{IMPORTS}?format=csv"), &line("x1")).with(422);
        let done = ended(&caller, &format!("/api/v1/imports/{}", text(&first["id"])));
        assert_eq!((&done["state"], &done["report"]["contacts"]["created"]), (&json!("done"), &json!(1)));
        let found = caller.post("/api/v1/contacts:lookup", &json!({"external_id": "x2"})).with(200);
        assert_eq!(found["matches"], json!([]), "nothing of the refused file is taken in");
    }

    async fn another_message_with_an_id_that_was_there_is_refused(bench) {
        let api = started(bench);
        let caller = api.caller("tenant", Some("norrsken"));
        let messages = "/api/v1/tenants/norrsken/messages";
        let message = |external_id: &str, body: &str| json!({"case": "k1", "contact": "c1", "direction": "in",
            "channel": "email", "sent_at": "2026-03-01T09:00:00Z", "body": body, "external_id": external_id});
        let first = caller.post(messages, &message("n1", "Hej")).with(201);
        let same = caller.post(messages, &message("n1", "Hej")).with(200);
        assert_eq!(same["id"], first["id"], "the same content is the same message");
        let other = caller.post(messages, &message("n1", "Hemligt")).with(409);
        assert_eq!(other["type"], "/problems/other-content");
        assert!(!other.to_string().contains("Hemligt"), "{other}");
        caller.post(messages, &message("n2", "Hemligt")).with(201);
    }
}

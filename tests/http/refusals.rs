//! What the API refuses, and that it never repeats what was sent.

use serde_json::json;

use crate::both_engines;
use crate::client::Api;
use crate::desk::{Desk, text};

both_engines! {
    async fn nobody_comes_in_without_a_good_token(bench) {
        let api = Api::start(Desk::with_people(bench));
        let list = "/api/v1/tenants";
        for token in ["", "x", "gallra_", &format!("gallra_{}", "A".repeat(43)), &"gallra_".repeat(99)] {
            let answer = api.with(token).get(list);
            assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"gallra\"");
            assert_eq!(answer.with(401)["type"], "/problems/unauthorized");
        }
        let made = api.desk.json(["token", "create", "--name", "x", "--role", "dpo", "--days", "1"]);
        let caller = api.with(&text(&made["token"]));
        caller.get(list).with(200);
        api.desk.json(["token", "revoke", &text(&made["id"])]);
        let revoked = caller.get(list).with(401);
        assert!(revoked["detail"].as_str().unwrap().contains("revoked"), "at once: {revoked}");

        let caller = api.caller("dpo", None);
        caller.get(list).with(200);
        let vault = bench.open(gallra::store::Role::Vault).await;
        let long_ago = "UPDATE token SET expires_at = 1 WHERE revoked_at IS NULL";
        vault.execute(long_ago, gallra::store::args![]).await.unwrap();
        vault.close().await;
        let expired = caller.get(list).with(401);
        assert!(expired["detail"].as_str().unwrap().contains("expired"), "{expired}");
    }

    async fn a_role_does_what_it_is_for(bench) {
        let api = Api::start(Desk::with_people(bench));
        let contacts = "/api/v1/tenants/norrsken/contacts";
        for (role, status) in [("auditor", 403), ("hook", 403), ("dpo", 200), ("admin", 200)] {
            let answer = api.caller(role, None).get(contacts);
            assert_eq!(answer.status, status, "{role}: {answer:?}");
        }
        let auditor = api.caller("auditor", None);
        auditor.get("/api/v1/receipts").with(200);
        auditor.get("/api/v1/audit-events").with(200);
        let new = json!({"slug": "x", "name": "X", "org_no": "1", "email": "x@example.se"});
        assert_eq!(api.caller("dpo", None).post("/api/v1/tenants", &new).status, 403);
    }

    async fn what_cannot_be_used_is_named_and_not_repeated(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let contacts = "/api/v1/tenants/norrsken/contacts";
        let messages = "/api/v1/tenants/norrsken/messages";
        let message = |channel: &str, sent_at: &str| json!({"case": "k", "contact": "c1", "direction": "in",
            "channel": channel, "sent_at": sent_at, "body": "Hemligt Brev"});
        for (path, body, pointer) in [
            (contacts, json!({"external_id": "Hemligt", "Brev": 1}), "/Brev"),
            (contacts, json!({"name": "Hemligt"}), "/external_id"),
            (contacts, json!({"external_id": "a", "name": ["Hemligt"]}), "/name"),
            (contacts, json!({"external_id": ""}), "/external_id"),
            (contacts, json!({"external_id": "a", "source": "a\u{0}b"}), "/source"),
            ("/api/v1/holds", json!({"tenant": "a\u{0}b", "reason": "A-1"}), "/tenant"),
            (messages, message("Hemligt", "2026-03-01T09:00:00Z"), "/channel"),
            (messages, message("email", "Hemligt"), "/sent_at"),
            (messages, message("email", "2026-03-01T09:00:00"), "/sent_at"),
        ] {
            let answer = caller.post(path, &body);
            assert!(!answer.text.contains("Hemligt"), "{answer:?}");
            assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
            let problem = answer.with(422);
            assert_eq!(problem["pointer"], pointer, "{problem}");
        }
        let json = [("content-type", "application/json")];
        caller.send("POST", contacts, &json, "{").with(400);
        caller.send("POST", contacts, &json, "{\"external_id\":\"\u{fffd}").with(400);
        caller.send("POST", contacts, &[], "{}").with(415);
        let large = format!("{{\"external_id\":\"{}\"}}", "a".repeat(3 << 20));
        caller.send("POST", contacts, &json, &large).with(413);
        caller.send("PUT", contacts, &json, "{}").with(405);
        caller.get(&format!("{contacts}?limit=0")).with(422);
        caller.get(&format!("{contacts}?cursor=x")).with(422);
        caller.get(&format!("{contacts}?q=asa")).with(422);
        for path in ["contacts/x", "contacts/asa@example.se", "cases/1", "contacts/1:erase"] {
            caller.get(&format!("/api/v1/tenants/norrsken/{path}")).with(404);
        }
        let (code, log) = api.server.end(rustix::process::Signal::TERM);
        assert_eq!(code, Some(0));
        for secret in ["Hemligt", "asa@example.se", "gallra_", "norrsken"] {
            assert!(!log.contains(secret), "{secret} in {log}");
        }
        assert!(log.contains("/api/v1/tenants/{slug}/contacts"), "{log}");
    }
}

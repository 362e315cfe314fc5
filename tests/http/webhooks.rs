//! Making, trying and removing endpoints by HTTP and by command.

use serde_json::json;

use crate::both_engines;
use crate::client::Api;
use crate::desk::{Desk, text};

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";

both_engines! {
    async fn an_endpoint_is_made_tried_and_removed(bench) {
        let mut desk = Desk::with_people(bench);
        desk.gallra = desk.gallra.with("GALLRA_WEBHOOK_NETWORKS", "loopback");
        let api = Api::start(desk);
        let admin = api.caller("admin", None);
        let new = json!({"url": "http://127.0.0.1:1/hooks", "tenant": "norrsken", "events": ["import.finished"]});
        let made = admin.post(ENDPOINTS, &new).with(201);
        assert!(text(&made["secret"]).starts_with("whsec_"), "{made}");
        let one = format!("{ENDPOINTS}/{}", text(&made["id"]));
        let read = admin.get(&one).with(200);
        assert_eq!((&read["events"], read.get("secret")), (&json!(["import.finished"]), None));
        let other = admin.post(&format!("{one}:rotate-secret"), &json!({})).with(200);
        assert_ne!(other["secret"], made["secret"]);
        let sent = admin.post(&format!("{one}:test"), &json!({})).with(202);
        let list = admin.get(&format!("{one}/deliveries")).with(200);
        assert_eq!((&list["items"][0]["id"], &list["items"][0]["type"]), (&sent["id"], &json!("endpoint.test")));
        let again = admin.post(&format!("{one}:redeliver"), &json!({"delivery": sent["id"]})).with(202);
        let told = api.desk.json(["webhook", "deliveries", &text(&made["id"])]);
        assert_eq!(told["items"].as_array().unwrap().len(), 2);
        assert_ne!(again["id"], sent["id"]);
        admin.post(&format!("{one}:redeliver"), &json!({"delivery": "0".repeat(32)})).with(404);

        for (body, pointer) in [
            (json!({"url": "https://10.0.0.1/x"}), "/url"),
            (json!({"url": "hemligt"}), "/url"),
            (json!({"url": "http://127.0.0.1:1/x", "events": ["hemligt"]}), "/events"),
            (json!({"url": "http://127.0.0.1:1/x", "events": []}), "/events"),
        ] {
            let refused = admin.post(ENDPOINTS, &body).with(422);
            assert_eq!(refused["pointer"], pointer);
            assert!(!refused.to_string().contains("hemligt"), "{refused}");
        }
        let of_brygga = api.caller("admin", Some("brygga"));
        assert_eq!(of_brygga.get(ENDPOINTS).with(200)["items"], json!([]));
        of_brygga.get(&one).with(404);
        of_brygga.post(ENDPOINTS, &new).with(404);
        api.caller("dpo", None).get(ENDPOINTS).with(403);

        let added = api.desk.json(["webhook", "add", "http://127.0.0.1:1/x"]);
        assert_eq!(api.desk.json(["webhook", "list"])["items"].as_array().unwrap().len(), 2);
        api.desk.json(["webhook", "remove", &text(&added["id"])]);
        admin.send("DELETE", &one, &[], "").with(204);
        admin.send("DELETE", &one, &[], "").with(404);
        assert_eq!(admin.get(ENDPOINTS).with(200)["items"], json!([]));
        api.desk.refused(2, ["webhook", "add", "https://192.168.1.1/x"]);
    }
}

//! The end of a contract by the API, and events of contract systems as they come over the wire.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::both_engines;
use crate::client::{Answer, Api, Caller};
use crate::desk::{Desk, text};

const OFFBOARDING: &str = "/api/v1/tenants/brygga/offboarding";

fn act(caller: &Caller, act: &str, body: &Value) -> Answer {
    caller.post(&format!("{OFFBOARDING}:{act}"), body)
}

/// Somebody with a token of their own name.
fn person(api: &Api, name: &str, role: &str) -> Caller {
    let created = api
        .desk
        .json(["token", "create", "--name", name, "--role", role]);
    api.with(&text(&created["token"]))
}

fn chosen(choice: &str, ends: &str) -> Value {
    json!({"choice": choice, "contract_ends": ends, "grace_days": 0, "instruction": "AVTAL-7"})
}

both_engines! {
    async fn a_client_leaves_by_the_api(bench) {
        let api = Api::start(Desk::with_people(bench));
        let client = api.caller("tenant", Some("brygga"));
        let (anna, lars) = (person(&api, "anna-berg", "dpo"), person(&api, "lars-ek", "dpo"));
        assert_eq!(client.get(OFFBOARDING).status, 409, "nothing has begun");
        let begun = client.post(OFFBOARDING, &chosen("delete", "2099-12-31"));
        assert_eq!(begun.with(202)["state"], "notice_given");
        let begun = client.post(OFFBOARDING, &chosen("delete", "2026-01-31")).with(202);
        assert_eq!(begun["obstacles"][0]["kind"], "approvals");
        assert_eq!(begun["tasks"].as_array().unwrap().len(), 2, "{begun}");

        assert_eq!(act(&client, "approve", &json!({})).status, 403, "a client purges nobody");
        act(&anna, "approve", &json!({})).with(200);
        let again = act(&anna, "approve", &json!({})).with(409);
        assert_eq!(again["type"], "/problems/same-person");
        let namesake = person(&api, "Anna-berg".to_lowercase().as_str(), "admin");
        act(&namesake, "approve", &json!({})).with(409);
        let early = act(&anna, "execute", &json!({"confirm": "Brygga Kaffe AB"})).with(409);
        assert!(text(&early["detail"]).contains("1 of 2 people"), "{early}");
        assert_eq!(act(&lars, "approve", &json!({})).with(200)["state"], "approved");

        act(&lars, "hold", &json!({"reason": "TVIST-3"})).with(201);
        let held = act(&anna, "execute", &json!({"confirm": "Brygga Kaffe AB"})).with(409);
        assert!(text(&held["detail"]).contains("TVIST-3"), "{held}");
        act(&lars, "release", &json!({})).with(200);
        let preview = act(&anna, "execute", &json!({"dry_run": true})).with(200);
        assert_eq!(preview["people"], 2);
        act(&anna, "execute", &json!({"confirm": "Bryggan"})).with(409);
        act(&anna, "execute", &json!({})).with(422);
        let purged = act(&anna, "execute", &json!({"confirm": "Brygga Kaffe AB"}));
        let address = purged.header("location").to_owned();
        let purged = purged.with(200);

        let status = anna.get(OFFBOARDING).with(200);
        assert_eq!((&status["state"], &status["receipt_id"]), (&json!("purged"), &purged["receipt_id"]));
        let receipt = anna.get(&address).with(200);
        assert_eq!(receipt["approvers"][1], json!({"name": "lars-ek", "role": "by a token of role dpo"}));
        assert_eq!(receipt["ending"]["choice"], "delete");
        let page = |language: &str| {
            let accept = [("accept", "text/html"), ("accept-language", language)];
            let answer = anna.send("GET", &address, &accept, "");
            assert!(answer.header("content-type").starts_with("text/html"), "{answer:?}");
            answer.text
        };
        let before = page("en-GB,en;q=0.9");
        assert!(before.contains("<html lang=\"en\">") && before.contains("2 copies elsewhere are not yet"));
        let tasks: Vec<_> = status["tasks"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect();
        for task in &tasks {
            let confirm = format!("{OFFBOARDING}/tasks/{task}:confirm");
            let confirmed = anna.post(&confirm, &json!({"evidence": "<b>MEJL-4</b>"})).with(200);
            assert_eq!(confirmed["confirmed"]["by"], "anna-berg");
        }
        let after = page("sv");
        assert!(after.contains("Raderingen är fullständig") && after.contains("&#60;b&#62;MEJL-4"), "{after}");
        assert!(!after.contains("http:") && !after.contains("https:") && !after.contains("<script"));
        assert!(anna.get(&address).with(200)["copies"][0]["state"] == "not_confirmed", "what is signed stays");
    }

    async fn a_return_is_streamed_and_stands_on_record(bench) {
        let api = Api::start(Desk::with_people(bench));
        let client = api.caller("tenant", Some("brygga"));
        client.post(OFFBOARDING, &chosen("return", "2026-01-31")).with(202);
        act(&client, "export", &json!({"recipient": "age1nobody"})).with(422);
        act(&client, "export", &json!({"passphrase": "kort"})).with(422);
        act(&client, "export", &json!({})).with(422);
        let identity = age::x25519::Identity::generate();
        let recipient = json!({"recipient": identity.to_public().to_string()});
        let file = client.bytes(&format!("{OFFBOARDING}:export"), &recipient);
        let plain = age::decrypt(&identity, &file).expect("it opens");
        assert!(plain.starts_with(b"PK"), "a zip archive");
        let status = client.get(OFFBOARDING).with(200);
        let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&file));
        assert_eq!((&status["state"], &status["export"]["sha256"]), (&json!("exported"), &json!(sha256)));
        act(&person(&api, "anna-berg", "dpo"), "cancel", &json!({"reason": "AVTAL-8"})).with(200);
        act(&client, "export", &recipient).with(409);
    }

    async fn events_are_taken_as_their_senders_expect(bench) {
        let api = Api::start(Desk::with_people(bench));
        let made = api.desk.json(["hook", "add", "standard-webhooks"]);
        let sender = Sender { caller: api.with(""), secret: text(&made["secret"]) };
        let event = json!({"type": "contract.ending", "timestamp": "2026-11-01T09:00:00Z",
            "data": {"tenant": "brygga", "ends": "2026-12-31"}}).to_string();
        let now = seconds();
        sender.send("evt_1", &event, now).with(202);
        sender.send("evt_1", &event, now).with(200);
        sender.send("evt_1", &event, now + 1).with(200);
        sender.send("evt_1", &event.replace("12-31", "11-30"), now).with(409);
        sender.send("evt_2", &event, now - 301).with(400);
        sender.send("evt_2", &event, now + 3_600).with(400);
        let changed = sender.signed("evt_2", &event, now, &event.replace("12-31", "11-30"));
        assert_eq!(changed.with(401)["type"], "/problems/bad-signature");
        let stranger = Sender { secret: format!("whsec_{}", "A".repeat(44)), ..sender.clone() };
        stranger.send("evt_2", &event, now).with(401);
        sender.caller.send("POST", "/api/v1/hooks/standard-webhooks", &[], &event).with(401);
        sender.caller.send("POST", "/api/v1/hooks/nobody", &[], &event).with(404);
        sender.send("evt_3", "skräp {{{", now).with(202);
        sender.send("evt_4", &event.replace("brygga", "ingen"), now).with(202);
        let large = "x".repeat(10 << 20);
        sender.send("evt_5", &large, now).with(413);

        let status = api.caller("dpo", None).get(OFFBOARDING).with(200);
        assert_eq!((&status["state"], &status["contract_ends"]), (&json!("choice_pending"), &json!("2026-12-31")));
        let events = api.desk.json(["hook", "events"]);
        let mut outcomes: Vec<_> = events["items"].as_array().unwrap().iter().map(|it| text(&it["outcome"])).collect();
        outcomes.sort();
        assert_eq!(outcomes, ["scheduled", "unknown-client", "unreadable"]);
        api.desk.json(["hook", "remove", &text(&made["id"])]);
        sender.send("evt_6", &event, now).with(401);
        let (_, log) = api.server.end(rustix::process::Signal::TERM);
        for secret in ["skräp", "brygga", "whsec_", "evt_1"] {
            assert!(!log.contains(secret), "{secret} in {log}");
        }
    }
}

/// A contract system.
#[derive(Clone)]
struct Sender {
    caller: Caller,
    secret: String,
}

impl Sender {
    fn send(&self, id: &str, body: &str, at: i64) -> Answer {
        self.signed(id, body, at, body)
    }

    /// Signs one body and sends another.
    fn signed(&self, id: &str, body: &str, at: i64, sent: &str) -> Answer {
        use base64::Engine;
        let base64 = base64::engine::general_purpose::STANDARD;
        let key = base64
            .decode(self.secret.trim_start_matches("whsec_"))
            .expect("a secret");
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("a key");
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        let signature = format!("v1,{}", base64.encode(mac.finalize().into_bytes()));
        let at = at.to_string();
        let head = [
            ("webhook-id", id),
            ("webhook-timestamp", &at),
            ("webhook-signature", &signature),
            ("content-type", "application/json"),
        ];
        self.caller
            .send("POST", "/api/v1/hooks/standard-webhooks", &head, sent)
    }
}

/// What the sender's clock says; the server has the same.
fn seconds() -> i64 {
    use gallra::vocabulary::{Clock, SystemClock};
    SystemClock.now().0 / 1_000_000
}

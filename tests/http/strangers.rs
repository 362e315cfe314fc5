//! Every route of the served description, called with another client's token: there is nothing there.
//! The list is the description itself, so a new route is asked without anybody thinking of it.

use serde_json::{Value, json};

use crate::both_engines;
use crate::client::{Api, Caller};
use crate::desk::{Desk, text};

/// Routes that are about the token's own client whoever calls: what they answer to whom.
const OWN: [(&str, &str); 10] = [
    ("get", "/api/v1/webhook-endpoints"),
    ("post", "/api/v1/webhook-endpoints"),
    ("get", "/api/v1/requests"),
    ("get", "/api/v1/recipients"),
    ("get", "/api/v1/retention-rules"),
    ("get", "/api/v1/tenants"),
    ("get", "/api/v1/receipts"),
    ("get", "/api/v1/audit-events"),
    ("get", "/api/v1/holds"),
    ("post", "/api/v1/contacts:lookup"),
];

/// Opened by a signature and by no token: 401 whoever calls.
const SIGNED: &str = "/api/v1/hooks/{source}";

/// Ids that exist at the client who is not the caller's.
pub struct Victim {
    contact: String,
    case: String,
    receipt: String,
    hold: String,
    import: String,
    recipient: String,
    request: String,
}

/// Addresses that anybody may read, and what they answer to somebody without a token.
const PUBLIC: [(&str, u16); 10] = [
    ("/healthz", 200),
    ("/readyz", 200),
    ("/version", 200),
    ("/log/checkpoint", 200),
    ("/.well-known/gallra-log.json", 200),
    ("/api/v1/openapi.json", 200),
    ("/n/brygga", 200),
    ("/n/brygga.md", 200),
    ("/n/nobody", 404),
    ("/n/brygga.exe", 404),
];

pub fn victim(api: &Api) -> Victim {
    let admin = api.caller("admin", None);
    let erased = json!({"external_id": "gone"});
    let erased = admin
        .post("/api/v1/tenants/brygga/contacts", &erased)
        .with(201);
    let erase = format!(
        "/api/v1/tenants/brygga/contacts/{}:erase",
        text(&erased["id"])
    );
    let receipt = admin.post(&erase, &json!({"instruction": "A-1"})).with(200);
    let cases = admin.get("/api/v1/tenants/brygga/cases").with(200);
    let hold = admin
        .post("/api/v1/holds", &json!({"tenant": "brygga", "reason": "x"}))
        .with(201);
    let import = admin.send("POST", "/api/v1/tenants/brygga/imports", &[], "{}");
    let recipient = json!({"tenant": "brygga", "name": "Fraktbolaget AB", "role": "carrier"});
    let recipient = admin.post("/api/v1/recipients", &recipient).with(201);
    let asked = json!({"email": "asa@example.se"});
    let request = json!({"tenant": "brygga", "rights": ["access"], "channel": "email",
        "received_at": "2025-03-01T09:00:00Z", "identifiers": asked});
    let request = admin.post("/api/v1/requests", &request).with(201);
    Victim {
        import: text(&import.with(202)["id"]),
        request: text(&request["id"]),
        recipient: text(&recipient["id"]),
        contact: api.desk.contact("brygga", "asa@example.se"),
        case: text(&cases["items"][0]["id"]),
        receipt: text(&receipt["receipt_id"]),
        hold: text(&hold["id"]),
    }
}

impl Victim {
    pub fn address(&self, path: &str) -> String {
        let path = path
            .replace("{slug}", "brygga")
            .replace("{source}", "stripe");
        let id = match path.as_str() {
            it if it.contains("/contacts/") => &self.contact,
            it if it.contains("/cases/") => &self.case,
            it if it.contains("/imports/") => &self.import,
            it if it.contains("/receipts/") => &self.receipt,
            it if it.contains("/requests/") => &self.request,
            it if it.contains("/recipients/") => &self.recipient,
            _ => &self.hold,
        };
        path.replace("{id}", id)
    }
}

/// A body that every route would take from its own client.
pub fn body(path: &str) -> Value {
    match path.rsplit('/').next().unwrap_or_default() {
        "webhook-endpoints" => json!({"url": "https://127.0.0.1/x"}),
        "tenants" => json!({"slug": "n", "name": "N", "org_no": "1", "email": "n@example.se"}),
        "contacts" => json!({"external_id": "c1"}),
        "messages" => json!({"case": "k1", "contact": "c1", "direction": "in", "channel": "email",
            "sent_at": "2026-03-01T09:00:00Z", "body": "Hej"}),
        "forwardings" => json!({"recipient": "X", "at": "2026-03-01T09:00:00Z"}),
        "recipients" => json!({"tenant": "brygga", "name": "X AB", "role": "other"}),
        "purposes" => json!({"purposes": []}),
        "retention-rules" => json!({"tenant": "brygga", "rules": []}),
        "controller" => json!({"phone": "08-1"}),
        "requests" => json!({"tenant": "brygga", "rights": ["access"], "channel": "email",
            "received_at": "2025-03-01T09:00:00Z", "identifiers": {"email": "asa@example.se"}}),
        it if it.ends_with(":extend") => json!({"instruction": "A-1", "reason": "number",
            "facts": "There are five other requests from the same person."}),
        it if it.ends_with(":refuse") => json!({"instruction": "A-1", "ground": "excessive"}),
        it if it.ends_with(":reopen") => json!({"reason": "A-1"}),
        it if it.ends_with(":instruct") => json!({"instruction": "A-1"}),
        "holds" => json!({"tenant": "brygga", "reason": "x"}),
        "contacts:lookup" => json!({"email": "asa@example.se", "tenant": "brygga"}),
        "{slug}" => json!({"name": "N"}),
        "{id}" if path.contains("/contacts/") => json!({"name": "N"}),
        it if it.ends_with(":redeliver") => json!({"delivery": "0".repeat(32)}),
        "offboarding" => json!({"choice": "delete", "instruction": "A-1"}),
        "offboarding:hold" | "offboarding:cancel" => json!({"reason": "x"}),
        "offboarding:execute" => json!({"confirm": "Brygga Kaffe AB"}),
        "offboarding:export" => json!({"passphrase": "korrekt häst batteri"}),
        it if it.ends_with(":confirm") => json!({"evidence": "x"}),
        "notice:approve" => json!({"version": 1, "by": "A-1"}),
        "notice:publish" => json!({"version": 1}),
        it if it.ends_with(":approve") || it.ends_with(":release") => json!({}),
        it if it.ends_with(":redact") => json!({"words": ["x"], "instruction": "A-1"}),
        it if it.ends_with(":merge") => {
            json!({"from": "0".repeat(32), "instruction": "A-1", "version": "x"})
        }
        it if it.ends_with(":split") => json!({"into": "0".repeat(32), "cases": ["0".repeat(32)],
            "instruction": "A-1", "version": "x"}),
        it if it.ends_with(":erase") => json!({"instruction": "A-1"}),
        it if it.starts_with("{id}:") => json!({}),
        _ => json!({"state": "closed"}),
    }
}

fn call(caller: &Caller, method: &str, path: &str, address: &str) -> crate::client::Answer {
    match method {
        "get" | "delete" => caller.send(&method.to_uppercase(), address, &[], ""),
        _ => caller.json(&method.to_uppercase(), address, &[], &body(path)),
    }
}

both_engines! {
    async fn another_clients_token_finds_nothing_anywhere(bench) {
        let api = Api::start(Desk::with_people(bench));
        let victim = victim(&api);
        let dpo_of_another = api.caller("dpo", Some("norrsken"));
        let stranger = api.caller("tenant", Some("norrsken"));
        let description = stranger.get("/api/v1/openapi.json").with(200);
        let paths = description["paths"].as_object().expect("paths");
        assert!(paths.len() >= 15, "{}", paths.len());
        let mut asked = 0;
        for (path, methods) in paths {
            for method in methods.as_object().expect("methods").keys() {
                let address = victim.address(path);
                for caller in [&stranger, &dpo_of_another] {
                    let answer = call(caller, method, path, &address);
                    let own = OWN.contains(&(method.as_str(), path.as_str()));
                    let looked_up = path.ends_with(":lookup");
                    let expected = match path.as_str() {
                        SIGNED => vec![401],
                        _ if own && !looked_up => vec![200, 403],
                        _ => vec![404, 403],
                    };
                    assert!(expected.contains(&answer.status), "{method} {path}: {answer:?}");
                    // A role may be too small for the act itself; then nobody is told more either.
                    let about_brygga = answer.text.contains(&victim.contact)
                        || answer.text.contains("brygga");
                    assert!(!about_brygga, "{method} {path}: {answer:?}");
                    asked += 1;
                }
                let anonymous = call(&api.with(""), method, path, &address);
                assert_eq!(anonymous.status, 401, "{method} {path}");
            }
        }
        assert!(asked >= 76, "{asked}");
        for (path, status) in PUBLIC {
            assert_eq!(api.with("").get(path).status, status, "{path}");
        }
        let admin = api.caller("admin", None);
        let still = admin.get(&victim.address("/api/v1/tenants/{slug}/contacts/{id}"));
        assert_eq!(still.with(200)["name"], "Åsa Öberg", "nothing was changed");
    }
}

//! The search for canaries over everything that goes through a running server: uploads, jobs, webhooks and
//! hooks, requests, the return and the tasks of a client that leaves, notices, metrics, audit, logs. Whoever
//! listens beside it hears ids and counts.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::both_engines;
use crate::desk::{Desk, text};
use crate::secrecy::{BODY, EMAIL, NAME, PERSON, PHONE, Watched, canaries, records, search};
use crate::tools::canary::Canaries;
use crate::tools::serving::Server;

/// A public key of age, from its documentation: nobody here has the other half.
const CLIENTS_KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// Another system that is told what happens here; keeps all it hears.
struct Listener {
    url: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Listener {
    fn open() -> Listener {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let url = format!("http://{}/in", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keep = heard.clone();
        std::thread::spawn(move || {
            for wire in listener.incoming() {
                let mut wire = wire.expect("a connection");
                let mut some = [0; 16 << 10];
                let mut message: Vec<u8> = Vec::new();
                while !message.ends_with(b"}}") {
                    match wire.read(&mut some) {
                        Ok(length) if length > 0 => message.extend(&some[..length]),
                        _ => break,
                    }
                }
                keep.lock().expect("nobody panicked").extend(message);
                let _ = wire.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
            }
        });
        Listener { url, heard }
    }

    fn heard(&self) -> Vec<u8> {
        self.heard.lock().expect("nobody panicked").clone()
    }
}

/// A program that calls the server, and what may be overheard of it.
struct Caller<'s> {
    server: &'s Server,
    bearer: String,
    canaries: &'s Canaries,
}

impl Caller<'_> {
    /// A call whose answer may show the person, as it is to its reader.
    fn knows(&self, line: &str, body: &Value) -> Value {
        let (status, _, answer) = self.sent(line, &[], &body.to_string());
        let shown = String::from_utf8_lossy(&answer).into_owned();
        assert!((200..300).contains(&status), "{line}: {status} {shown}");
        serde_json::from_str(&shown).unwrap_or_default()
    }

    /// A call whose answer shows nobody, whatever it is.
    fn learns_nothing(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Value {
        let (status, head, answer) = self.sent(line, headers, body);
        assert!(status < 500, "{line}: {head}");
        assert_eq!(self.canaries.in_bytes(line, head.as_bytes()), []);
        assert_eq!(self.canaries.in_bytes(line, &answer), []);
        serde_json::from_slice(&answer).unwrap_or_default()
    }

    fn sent(&self, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, Vec<u8>) {
        let own = [
            ("Authorization", self.bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        call(
            &self.server.address,
            line,
            &[&own[..], headers].concat(),
            body,
        )
    }

    /// Waits until an upload is taken in: the server's own worker does it in its own time.
    fn taken_in(&self, import: &Value) -> Value {
        let line = format!("GET /api/v1/imports/{}", text(&import["id"]));
        for _ in 0..4_000 {
            let now = self.learns_nothing(&line, &[], "");
            if !matches!(now["state"].as_str(), Some("receiving" | "received")) {
                return now;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the upload is never taken in");
    }
}

/// A call as it is on the wire: status, headers, body. Closed after the answer, so that also a streamed one
/// has an end.
fn call(address: &str, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, Vec<u8>) {
    let mut wire = TcpStream::connect(address).expect("it accepts");
    let mut request = format!("{line} HTTP/1.1\r\nHost: gallra\r\nConnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    wire.write_all(request.as_bytes()).expect("it listens");
    let mut answer = Vec::new();
    wire.read_to_end(&mut answer).expect("it answers");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.expect("headers end");
    let head = String::from_utf8(answer[..end].to_vec()).expect("headers are text");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
    (status.expect("a status"), head, answer[end + 4..].to_vec())
}

/// What an event says beside what it is for: a contract system may write anything.
fn gossip(tenant: &str) -> String {
    json!({"type": "contract.ending", "data": {"tenant": tenant, "ends": "2099-12-31",
        "note": format!("{NAME}, {EMAIL}: {BODY}")}})
    .to_string()
}

fn signature(secret: &str, id: &str, at: &str, body: &str) -> String {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD;
    let key = base64
        .decode(secret.trim_start_matches("whsec_"))
        .expect("a secret");
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(&key).expect("a key");
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", base64.encode(mac.finalize().into_bytes()))
}

/// An event that is signed rightly, one with another signature, and one that says nothing.
fn events(caller: &Caller<'_>, secret: &str) {
    use gallra::vocabulary::{Clock, SystemClock};
    let now = (SystemClock.now().0 / 1_000_000).to_string();
    for (id, body, good) in [
        ("evt_1", gossip("hattar"), true),
        ("evt_2", gossip("hattar"), false),
        ("evt_3", format!("{NAME} {{{{{{"), true),
    ] {
        let signed = signature(secret, id, &now, if good { &body } else { "other" });
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", &now),
            ("webhook-signature", &signed),
        ];
        let line = "POST /api/v1/hooks/standard-webhooks";
        let taken = caller.learns_nothing(line, &headers, &body);
        assert_eq!(taken.get("id").is_some(), good, "{taken}");
    }
}

/// Calls that go wrong, each with the person in the place where it is wrong.
fn mistakes(caller: &Caller<'_>) {
    for (line, body) in [
        (
            "POST /api/v1/tenants/skor/contacts",
            json!({"external_id": PERSON, NAME: PHONE}).to_string(),
        ),
        (
            "POST /api/v1/tenants/skor/contacts",
            format!("{{\"name\":\"{NAME}\""),
        ),
        (
            "POST /api/v1/contacts:lookup",
            json!({"email": [EMAIL]}).to_string(),
        ),
        (
            "POST /api/v1/requests",
            json!({"tenant": "skor", "rights": [NAME]}).to_string(),
        ),
    ] {
        // The name of an unknown field is the caller's own, and only the caller gets it back.
        let (status, head, answer) = caller.sent(line, &[], &body);
        assert!((400..500).contains(&status), "{line}: {head}");
        assert_eq!(caller.canaries.in_bytes(line, head.as_bytes()), []);
        let problem: Value = serde_json::from_slice(&answer).expect("a problem");
        let detail = problem["detail"].to_string();
        assert_eq!(caller.canaries.in_bytes(line, detail.as_bytes()), []);
    }
    for path in ["contacts", "cases", "holds", "requests"] {
        let line = format!("GET /api/v1/{path}/{EMAIL}?email={EMAIL}");
        caller.learns_nothing(&line, &[("If-Match", EMAIL), ("Accept-Language", NAME)], "");
    }
}

/// What anybody, a monitor, or a member of staff reads who needs no names, with the status before and
/// after a client has left.
const LOOKED_AT: [(&str, [u16; 2]); 17] = [
    ("/n/skor", [200, 200]),
    ("/n/skor.md", [200, 200]),
    ("/n/skor.txt", [200, 200]),
    ("/n/skor?lang=en", [200, 200]),
    ("/n/hattar", [200, 404]),
    ("/metrics", [200, 200]),
    ("/readyz", [200, 200]),
    ("/log/checkpoint", [200, 200]),
    ("/log/tile/entries/000.p/1", [200, 200]), // Of the files that were taken in.
    ("/api/v1/openapi.json", [200, 200]),
    ("/api/v1/audit-events", [200, 200]),
    ("/api/v1/tenants/skor/catalog", [200, 200]),
    ("/api/v1/requests", [200, 200]),
    ("/api/v1/holds", [200, 200]),
    ("/api/v1/receipts", [200, 200]),
    ("/api/v1/webhook-endpoints", [200, 200]),
    ("/api/v1/tenants/hattar/offboarding", [200, 200]),
];

fn whoever_looks(caller: &Caller<'_>, has_left: bool) {
    for (path, status) in LOOKED_AT {
        let line = format!("GET {path}");
        let (answered, head, _) = caller.sent(&line, &[], "");
        assert_eq!(answered, status[usize::from(has_left)], "{path}: {head}");
        caller.learns_nothing(&line, &[], "");
    }
}

/// A request from the first word until the person is erased; answers the receipt's id.
fn request(caller: &Caller<'_>) -> String {
    let body = json!({"tenant": "skor", "rights": ["access", "erasure"], "channel": "email",
        "received_at": "2026-03-05T09:00:00Z", "identifiers": {"email": EMAIL}, "text": BODY});
    let made = caller.knows("POST /api/v1/requests", &body);
    let one = format!("/api/v1/requests/{}", text(&made["id"]));
    let act = |act: &str, body: &Value| caller.knows(&format!("POST {one}:{act}"), body);
    act("forward", &json!({}));
    act("instruct", &json!({"instruction": "A-17"}));
    let line = format!("GET {one}/package");
    let (status, head, zip) = caller.sent(&line, &[], "");
    assert!(status == 200 && zip.len() > 1_000, "{head}");
    let (_, _, record) = caller.sent(&line, &[("Accept", "application/json")], "");
    let seen = caller.canaries.in_bytes("package", &record);
    assert!(!seen.is_empty(), "the search can succeed");
    text(&act("deliver", &json!({}))["receipt_id"])
}

/// A client leaves: its return as a file, its tasks, its purge and the certificate.
fn leaving(caller: &Caller<'_>, desk: &Desk) {
    let chosen = json!({"choice": "return", "contract_ends": "2026-01-31", "grace_days": 0,
        "instruction": "AVTAL-7"});
    let one = "/api/v1/tenants/hattar/offboarding";
    caller.learns_nothing(&format!("POST {one}"), &[], &chosen.to_string());
    let to = json!({"recipient": CLIENTS_KEY}).to_string();
    caller.learns_nothing(&format!("POST {one}:export"), &[], &to);
    let out = desk.path_for("return.zip.age");
    desk.run(&[
        "offboard",
        "export",
        "hattar",
        "--recipient",
        CLIENTS_KEY,
        "--out",
        &out,
    ]);
    assert!(std::fs::metadata(&out).expect("the return").len() > 500);
    assert_eq!(caller.canaries.in_file(out.as_ref()), []);
    let status = caller.learns_nothing(&format!("GET {one}"), &[], "");
    assert!(
        status["tasks"]
            .as_array()
            .is_some_and(|tasks| !tasks.is_empty()),
        "{status}"
    );
    for name in ["Anna Berg", "Lars Ek"] {
        desk.run(&["offboard", "approve", "hattar", "--by", name]);
    }
    let confirm = json!({"confirm": "hattar AB"}).to_string();
    let purged = caller.learns_nothing(&format!("POST {one}:execute"), &[], &confirm);
    let certificate = format!("GET /api/v1/receipts/{}", text(&purged["receipt_id"]));
    caller.learns_nothing(&certificate, &[("Accept", "text/html")], "");
}

both_engines! {
    async fn whoever_listens_beside_the_server_hears_no_canary(bench) {
        let listener = Listener::open();
        let mut watched = Watched::open(bench);
        let gallra = watched.desk.gallra.with("GALLRA_WEBHOOK_NETWORKS", "loopback");
        watched.desk.gallra = gallra;
        let desk = &watched.desk;
        let texts = canaries([]);
        let secret = text(&desk.run(&["hook", "add", "standard-webhooks"]).json()["secret"]);
        desk.run(&["webhook", "add", &listener.url]);
        let token = desk.run(&["token", "create", "--name", "test", "--role", "admin"]).json();
        let bearer = format!("Bearer {}", text(&token["token"]));

        let server = watched.serve();
        let caller = Caller { server: &server, bearer, canaries: &texts };
        for slug in ["skor", "hattar"] {
            let line = format!("POST /api/v1/tenants/{slug}/imports?format=gallra");
            let import = caller.learns_nothing(&line, &[], &records());
            assert_eq!(search(bench, &texts).await, [], "the file waits, or is taken in");
            let done = caller.taken_in(&import);
            assert_eq!(done["state"], "done", "{done}");
            assert_eq!(done["report"]["messages"]["created"], 1, "{done}");
            caller.learns_nothing(&format!("GET /api/v1/imports/{}/rejects", text(&import["id"])), &[], "");
        }
        mistakes(&caller);
        events(&caller, &secret);
        whoever_looks(&caller, false);
        let person = watched.person().await;
        let all = canaries(person.key_bytes());
        assert_eq!(search(bench, &all).await, [], "before the erasure");

        let receipt = request(&caller);
        leaving(&caller, desk);
        whoever_looks(&caller, true);
        caller.learns_nothing(&format!("GET /api/v1/receipts/{receipt}"), &[("Accept", "text/html")], "");
        for command in [["jobs", "list"], ["hook", "events"], ["webhook", "list"], ["quarantine", "list"]] {
            assert_eq!(all.in_bytes(command[0], desk.run(&command).stdout.as_bytes()), []);
        }
        let (code, log) = server.end(Signal::TERM);
        assert_eq!(code, Some(0), "{log}");
        let heard = listener.heard();
        assert!(String::from_utf8_lossy(&heard).contains("import.finished"), "somebody was told");
        assert_eq!(all.in_bytes("what another system was told", &heard), []);
        assert_eq!(all.in_bytes("the server's log", log.as_bytes()), []);
        assert_eq!(search(bench, &all).await, [], "after the erasure");
    }
}

//! Canaries: names, addresses, numbers and bodies that stand in no file, log, receipt, audit row or
//! table in any dress, neither before nor after the erasure; and keys that stand nowhere after it.

use gallra::store::{Engine, Role};
use rustix::process::Signal;

use crate::both_engines;
use crate::desk::Desk;
use crate::invariants::Person;
use crate::support::Bench;
use crate::support::house::House;
use crate::tools::canary::{Canaries, Find};
use crate::tools::process::{Finished, Running};
use crate::tools::serving::Server;

pub const NAME: &str = "Wilhelmina Kanariefågel";
pub const EMAIL: &str = "wilhelmina.kanarie@voliere.example";
pub const PHONE: &str = "+46701740633";
const PHONE_AS_WRITTEN: &str = "070-174 06 33";
pub const BODY: &str = "Min papegoja Sebastian har rymt ur den gröna buren";
const SUBJECT: &str = "Förrymd papegoja i Voljärgränden";
const REASON: &str = "Kräver Tropikveterinärens utlåtande";
pub const PERSON: &str = "voliere-kund-8841";

pub fn records() -> String {
    let contact = serde_json::json!({
        "type": "contact", "external_id": PERSON, "name": NAME, "email": EMAIL,
        "phone": PHONE_AS_WRITTEN, "source": "test",
    });
    let message = serde_json::json!({
        "type": "message", "case": "voliere-fall-17", "contact": PERSON, "subject": SUBJECT,
        "external_id": "voliere-meddelande-3", "author": NAME, "direction": "in",
        "channel": "email", "sent_at": "2026-02-01T10:00:00Z", "body": BODY,
    });
    let forwarding = serde_json::json!({
        "type": "forwarding", "case": "voliere-fall-17", "contact": PERSON,
        "recipient": "second line", "reason": REASON, "at": "2026-02-02T10:00:00Z",
    });
    let unreadable = format!("{{\"type\":\"contact\",\"nam\":\"{NAME}\"}}");
    format!("{contact}\n{message}\n{forwarding}\n{unreadable}\n")
}

pub fn canaries<'k>(keys: impl IntoIterator<Item = &'k [u8]>) -> Canaries {
    let texts = [
        NAME,
        EMAIL,
        PHONE,
        PHONE_AS_WRITTEN,
        BODY,
        SUBJECT,
        REASON,
        PERSON,
        "voliere-fall-17",
        "voliere-meddelande-3",
    ];
    Canaries::new(texts, keys)
}

/// Every store, log, receipt and temporary file of the house, but not the inbox the import came in.
pub async fn search(bench: &Bench, canaries: &Canaries) -> Vec<Find> {
    let mut finds = Vec::new();
    for entry in std::fs::read_dir(bench.directory()).unwrap() {
        let path = entry.unwrap().path();
        match path.file_name().unwrap().to_str().unwrap() {
            "inbox" => {}
            _ if path.is_dir() => finds.extend(canaries.in_directory(&path)),
            _ => finds.extend(canaries.in_file(&path)),
        }
    }
    if bench.engine() == Engine::Postgres {
        for role in [Role::Data, Role::Vault, Role::Index] {
            let url = bench
                .url(role)
                .replace("?options=-c%20search_path%3D", "?options=-csearch_path=");
            finds.extend(canaries.in_postgres(&url).await);
        }
    }
    finds
}

/// What a command said that may not show personal data.
pub fn said(canaries: &Canaries, finished: &Finished) -> Vec<Find> {
    let mut finds = canaries.in_bytes("standard output", finished.stdout.as_bytes());
    finds.extend(canaries.in_bytes("standard error", finished.stderr.as_bytes()));
    finds
}

/// What the server answers, with which status, before a first receipt is in the log and after it.
const ANSWERS: [(&str, [u16; 2]); 10] = [
    ("/healthz", [200, 200]),
    ("/readyz", [200, 200]),
    ("/version", [200, 200]),
    ("/metrics", [200, 200]),
    ("/.well-known/gallra-log.json", [200, 200]),
    ("/log/checkpoint", [200, 200]),
    ("/log/tile/0/000.p/1", [404, 200]),
    ("/log/tile/entries/000.p/1", [404, 200]),
    // Nobody should, but somebody will: what is asked for is not repeated.
    ("/log/tile/wilhelmina.kanarie@voliere.example", [404, 404]),
    (
        "/contacts?email=wilhelmina.kanarie@voliere.example&name=Wilhelmina%20Kanarief%C3%A5gel",
        [404, 404],
    ),
];

/// What the server answers to whom its metrics are for.
fn served(canaries: &Canaries, server: &Server, bearer: &str, has_receipts: bool) -> Vec<Find> {
    let mut finds = Vec::new();
    for (path, status) in ANSWERS {
        let (head, body) = server.get_with(path, &format!("Authorization: Bearer {bearer}\r\n"));
        let expected = format!("http/1.1 {} ", status[usize::from(has_receipts)]);
        assert!(head.starts_with(&expected), "{path}: {head}");
        finds.extend(canaries.in_bytes(&format!("headers of {path}"), head.as_bytes()));
        finds.extend(canaries.in_bytes(path, &body));
    }
    finds
}

/// The house with a server, a mirror that follows, and a place for temporary files.
pub struct Watched<'b> {
    bench: &'b Bench,
    pub desk: Desk,
    mirror: Running,
}

impl<'b> Watched<'b> {
    pub fn open(bench: &'b Bench) -> Self {
        let mut desk = Desk::open(bench);
        let temporary = bench.directory().join("temporary");
        std::fs::create_dir(&temporary).unwrap();
        let gallra = desk.gallra.with("GALLRA_LOG", "trace");
        desk.gallra = gallra.with("TMPDIR", temporary);
        let directory = bench.directory().join("mirror").display().to_string();
        desk.run(&["mirror", &directory, "--once"]);
        let mirror = desk.gallra.spawn(["mirror", &directory]);
        Self {
            bench,
            desk,
            mirror,
        }
    }

    pub fn serve(&self) -> Server {
        Server::start(&self.desk.gallra)
    }

    /// Erases the person beside a running server; answers the receipt's id.
    fn erase(&self, canaries: &Canaries) -> String {
        let create = ["token", "create", "--name", "monitor", "--role", "auditor"];
        let token = crate::desk::text(&self.desk.run(&create).json()["token"]);
        let server = self.serve();
        assert_eq!(served(canaries, &server, &token, false), []);
        let receipt = [
            "erase",
            "--tenant",
            "skor",
            "--external-id",
            PERSON,
            "--instruction",
            "A-1",
        ];
        let erased = self.desk.run(&receipt);
        assert_eq!(said(canaries, &erased), []);
        assert_eq!(served(canaries, &server, &token, true), []);
        let (code, log) = server.end(Signal::TERM);
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("stopping"), "its log is searched to the end");
        assert_eq!(canaries.in_bytes("the server's log", log.as_bytes()), []);
        crate::desk::text(&erased.json()["receipt_id"])
    }

    /// The person and the bytes of their keys, before they are erased.
    pub async fn person(&self) -> Person {
        let house = House::open(self.bench).await;
        let tenant = house.catalog.tenant_ref("skor").await.unwrap();
        let person = Person::look_for(&house, &tenant, PERSON).await;
        house.close().await;
        person
    }
}

both_engines! {
    async fn no_canary_is_found_anywhere_and_no_key_of_the_erased(bench) {
        let watched = Watched::open(bench);
        let desk = &watched.desk;
        let file = desk.file(&records());
        let texts = canaries([]);
        assert!(!texts.in_file(file.as_ref()).is_empty(), "the search can succeed");

        let imported = desk.tried(&["import", "--tenant", "skor", &file]);
        let hatted = desk.tried(&["import", "--tenant", "hattar", &file]);
        let access = desk.run(&["access", "--tenant", "skor", "--external-id", PERSON]);
        assert!(!texts.in_bytes("access", access.stdout.as_bytes()).is_empty());
        let find = desk.run(&["find", EMAIL]);
        let backup = bench.directory().join("backup").display().to_string();
        let backed_up = desk.run(&["backup", &backup]);
        let person = watched.person().await;
        let all = canaries(person.key_bytes());
        assert_eq!(search(bench, &all).await, [], "before the erasure");

        let receipt = watched.erase(&all);
        desk.end_contract("hattar");
        let purged = desk.run(&["purge", "hattar", "--confirm", "hattar AB"]);
        let followed = watched.mirror.kill();
        let restored = desk.run(&["restore", &backup]);
        let again = desk.run(&["import", "--tenant", "skor", &file]);
        let shown = desk.note(&receipt);
        let refused = desk.tried(&["access", "--tenant", "skor", "--contact", &person.id.to_string()]);
        assert_ne!(refused.code(), Some(0));
        for command in
            [imported, hatted, backed_up, purged, followed, restored, again, shown, refused]
        {
            assert_eq!(said(&all, &command), [], "{command:?}");
        }
        for reading in [access, find] {
            assert_eq!(all.in_bytes("log", reading.stderr.as_bytes()), []);
        }
        assert_eq!(search(bench, &all).await, [], "after the erasure");
    }
}

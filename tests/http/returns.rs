//! Whatever the API takes comes back in the client's return, and an import takes it again: the return of
//! what was imported is the return, line by line.

use std::io::Read;

use serde_json::{Value, json};

use crate::both_engines;
use crate::chance::Chance;
use crate::client::{Api, Caller};
use crate::desk::Desk;

/// Of what texts are made: what some reader or writer on the way may stumble over.
const PIECES: [&str; 22] = [
    "Hej",
    "å",
    "🎿",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\"",
    "\\",
    "\\u0000",
    "\0",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffd}",
    "\nFrom x",
    ";,",
    "<b>&amp;",
    "{\"type\":\"case\"}",
];

/// Times that are one, or nearly.
const TIMES: [&str; 14] = [
    "2026-03-01T09:00:00Z",
    "2026-03-01t09:00:00.1234567z",
    "2026-03-01T09:00:00.000001+14:00",
    "2026-12-31T23:59:59-12:00",
    "1969-12-31T23:59:59Z",
    "1900-01-01T00:00:00Z",
    "2199-12-31T23:59:59.999999Z",
    "1899-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:60Z",
    "2016-12-31T23:59:60Z",
    "2026-02-30T00:00:00Z",
    "2026-03-01",
];

fn text(chance: &mut Chance, most: u64) -> String {
    let pieces = chance.below(most);
    let piece = |_| PIECES[chance.below(PIECES.len() as u64) as usize];
    (0..pieces).map(piece).collect()
}

fn one_of<T: Copy>(chance: &mut Chance, all: &[T]) -> T {
    all[chance.below(all.len() as u64) as usize]
}

fn contact(chance: &mut Chance, number: u64) -> Value {
    let mut body = json!({"external_id": format!("p{}{}", number % 9, text(chance, 3))});
    for field in ["name", "phone", "email", "source"] {
        if chance.percent(60) {
            body[field] = json!(text(chance, 5));
        }
    }
    if chance.percent(50) {
        let emails: Vec<String> = (0..chance.below(3)).map(|_| text(chance, 4)).collect();
        let ids: Vec<String> = (0..chance.below(2))
            .map(|it| format!("{number}-{it}"))
            .collect();
        body["further"] = json!({"emails": emails, "external_ids": ids});
    }
    body
}

fn message(chance: &mut Chance, number: u64) -> Value {
    // Now and then one that is as long as a text may be, each letter of it written in two or six.
    let long = match number {
        7 => "\"".repeat(900_000),
        8 => "x".repeat((1 << 20) + 1),
        9 => "\u{1}".repeat(300_000),
        _ => String::new(),
    };
    let mut body = json!({
        "case": format!("k{}{}", number % 7, text(chance, 2)),
        "contact": format!("p{}", number % 9),
        "direction": one_of(chance, &["in", "out", "note"]),
        "channel": one_of(chance, &["email", "sms", "klarna", "other"]),
        "sent_at": one_of(chance, &TIMES),
        "body": format!("{number} {}{long}", text(chance, 12)),
    });
    for field in ["subject", "author"] {
        if chance.percent(50) {
            body[field] = json!(text(chance, 6));
        }
    }
    if chance.percent(50) {
        body["external_id"] = json!(format!("m{number}{}", text(chance, 3)));
    }
    body
}

/// Sends it; whether it was taken. It is taken or refused, with where it stands and why.
fn is_taken(caller: &Caller, path: &str, body: &Value) -> bool {
    let answer = caller.post(&format!("/api/v1/tenants/norrsken/{path}"), body);
    match answer.status {
        200 | 201 => true,
        422 => {
            let pointer = answer.json()["pointer"].as_str().map(str::to_owned);
            assert!(pointer.is_some_and(|it| it.starts_with('/')), "{answer:?}");
            false
        }
        _ => panic!(
            "{answer:?} to {}",
            body.to_string().chars().take(400).collect::<String>()
        ),
    }
}

/// The lines of a client's return, in their order by alphabet.
fn returned(caller: &Caller, slug: &str) -> Vec<String> {
    let offboarding = format!("/api/v1/tenants/{slug}/offboarding");
    let chosen = json!({"choice": "return", "contract_ends": "2026-01-31", "grace_days": 0, "instruction": "AVTAL-7"});
    caller.post(&offboarding, &chosen).with(202);
    let identity = age::x25519::Identity::generate();
    let recipient = json!({"recipient": identity.to_public().to_string()});
    let file = caller.bytes(&format!("{offboarding}:export"), &recipient);
    let plain = age::decrypt(&identity, &file).expect("it opens");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(plain)).expect("a zip archive");
    let mut text = String::new();
    let mut lines = zip.by_name("data.ndjson").expect("the lines");
    lines.read_to_string(&mut text).expect("UTF-8");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

both_engines! {
    async fn whatever_the_api_takes_comes_back_and_is_taken_again(bench) {
        let mut desk = Desk::with_people(bench);
        desk.gallra = desk.gallra.with("GALLRA_RATE_LIMIT", "0").with("GALLRA_RATE_LIMIT_ADDRESS", "0");
        let api = Api::start(desk);
        let caller = api.caller("admin", None);
        let mut chance = Chance::new(2026);
        let (mut taken, mut refused, mut bodies) = (0, 0, Vec::new());
        for number in 0..40 {
            let body = message(&mut chance, number);
            let is_in = is_taken(&caller, "messages", &body);
            if is_in {
                bodies.push(body["body"].to_string());
            }
            let person = is_taken(&caller, "contacts", &contact(&mut chance, number));
            for it in [is_in, person] {
                (taken, refused) = (taken + u64::from(it), refused + u64::from(!it));
            }
        }
        assert!(taken > 25 && refused > 12, "{taken} taken, {refused} refused");

        let lines = returned(&caller, "norrsken");
        for body in &bodies {
            let mark = format!("\"body\":{body}");
            assert!(lines.iter().any(|it| it.contains(&mark)), "{}", body.chars().take(200).collect::<String>());
        }
        let add = ["tenant", "add", "retur", "--name", "Retur AB", "--org-no", "556677-8899", "--email", "kund@retur.se"];
        api.desk.json(add);
        let file = api.desk.file("data.ndjson", &(lines.join("\n") + "\n"));
        let report = api.desk.json(["import", "--tenant", "retur", &file]);
        let report = &report["files"][0];
        assert_eq!(report["quarantined"], json!({}), "{report}");
        assert_eq!(report["records"], lines.len());
        let again = returned(&caller, "retur");
        for (before, after) in lines.iter().zip(&again) {
            assert_eq!(before, after);
        }
        assert_eq!(lines.len(), again.len());
    }
}

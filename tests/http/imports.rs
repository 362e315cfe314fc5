//! Files sent in over the network, as their sender sees it.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::both_engines;
use crate::client::{Api, Caller};
use crate::desk::{Desk, text};
use crate::fixture_files::{FIXTURES, new, path};

pub const IMPORTS: &str = "/api/v1/tenants/norrsken/imports";

/// Asks until the import has ended: the server's own worker takes it in, in its own time.
pub fn ended(caller: &Caller, location: &str) -> Value {
    for _ in 0..2_000 {
        let import = caller.get(location).with(200);
        if !matches!(import["state"].as_str(), Some("receiving" | "received")) {
            return import;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{location} does not end");
}

both_engines! {
    async fn a_file_is_sent_in_and_taken_in(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let lines = [
            json!({"type": "contact", "external_id": "h1", "name": "Lo Alm", "email": "lo@example.se"}).to_string(),
            "Hemligt".to_owned(),
            json!({"type": "contact", "external_id": "h\u{0}2"}).to_string(),
            json!({"type": "message", "case": "k9", "contact": "h1", "direction": "in", "channel": "email",
                "sent_at": "2026-03-01T09:00:00Z", "body": "a".repeat(900_000)}).to_string(),
        ];
        let sent = caller.send("POST", &format!("{IMPORTS}?format=gallra"), &[], &lines.join("\n"));
        let location = sent.header("location").to_owned();
        let import = sent.with(202);
        assert_eq!(location, format!("/api/v1/imports/{}", text(&import["id"])));
        let done = ended(&caller, &location);
        assert_eq!((&done["state"], &done["report"]["messages"]["created"]), (&json!("done"), &json!(1)));
        assert_eq!((&done["bytes"], &done["reason"]), (&done["bytes_read"], &Value::Null));
        let rejects = caller.get(&format!("{location}/rejects")).with(200);
        let lines: Vec<_> = rejects["items"].as_array().unwrap().iter().map(|it| it["line"].clone()).collect();
        assert_eq!(lines, [json!(2), json!(3)]);
        assert!(!rejects.to_string().contains("Hemligt"));
        let first = caller.get(&format!("{location}/rejects?limit=1")).with(200);
        let cursor = text(&first["next_cursor"]);
        let second = caller.get(&format!("{location}/rejects?limit=1&cursor={cursor}")).with(200);
        assert_eq!(second["items"][0]["line"], 3);
        let found = caller.post("/api/v1/contacts:lookup", &json!({"email": "lo@example.se"})).with(200);
        assert_eq!(found["matches"][0]["name"], "Lo Alm");

        for wrong in ["?format=Hemligt", "?formt=csv"] {
            let refused = caller.send("POST", &format!("{IMPORTS}{wrong}"), &[], "x");
            assert!(!refused.text.contains("Hemligt"), "{refused:?}");
            refused.with(422);
        }
        api.caller("auditor", None).send("POST", IMPORTS, &[], "x").with(403);
    }

    async fn every_format_is_taken_in_as_its_file_begins(bench) {
        let api = Api::start(Desk::with_people(bench));
        let admin = api.caller("admin", None);
        let own = json!({"email": "info@nord.example.se"});
        admin.json("PATCH", "/api/v1/tenants/norrsken", &[], &own).with(200);
        for (name, format, expected) in FIXTURES {
            let file = std::fs::read(path(name)).unwrap();
            let sent = admin.raw("POST", IMPORTS, "application/octet-stream", file);
            let import = ended(&admin, sent.header("location"));
            let report = &import["report"];
            assert_eq!((&report["format"], new(report)), (&json!(format), *expected), "{name}: {import}");
        }
        let found = admin.post("/api/v1/contacts:lookup", &json!({"email": "kerstin.ost@example.se"})).with(200);
        assert_eq!(found["matches"][0]["name"], "Kerstin Öst");
    }

    async fn an_upload_that_breaks_off_says_so_and_leaves_nothing(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let mut wire = TcpStream::connect(&api.server.address).unwrap();
        let line = json!({"type": "contact", "external_id": "x1", "name": "Halvvägs"}).to_string();
        let head = format!("POST {IMPORTS}?format=gallra HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
            Content-Length: 9000000\r\n\r\n", caller.token());
        wire.write_all(head.as_bytes()).unwrap();
        let piece = format!("{line}\n").repeat(40_000);
        wire.write_all(piece.as_bytes()).unwrap();
        wire.shutdown(Shutdown::Both).unwrap();

        let location = (0..2_000).find_map(|_| {
            std::thread::sleep(Duration::from_millis(20));
            let jobs = api.desk.json(["jobs", "list"]);
            let import = jobs["items"].as_array().unwrap().iter().find(|it| it["kind"] == "import").cloned();
            import.map(|it| format!("/api/v1/imports/{}", text(&it["object"])))
        });
        let location = location.expect("the upload is known");
        let import = ended(&caller, &location);
        assert_eq!((&import["state"], &import["report"]), (&json!("cut_off"), &Value::Null));
        assert!(text(&import["reason"]).contains("send the file again"), "{import}");
        let people = caller.get("/api/v1/tenants/norrsken/contacts").with(200);
        assert_eq!(people["items"].as_array().unwrap().len(), 2, "nobody came of it");

        let again = caller.send("POST", &format!("{IMPORTS}?format=gallra"), &[], &piece);
        let again = ended(&caller, again.header("location"));
        let contacts = &again["report"]["contacts"];
        assert_eq!((&again["state"], &contacts["created"]), (&json!("done"), &json!(1)), "{again}");
    }

    async fn a_table_is_looked_at_before_it_is_taken_in(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let table = b"Kundref;Vem;Epost\nz1;\xc5sa \xd6;asa.o@example.se\n".to_vec();
        let options = "format=csv&map=Kundref%3Did&map=Vem%3Dname&encoding=windows-1252&own=%40norrsken.se\
            &zone=Europe%2FOslo";
        let send = |query: &str| caller.raw("POST", &format!("{IMPORTS}?{query}"), "text/csv", table.clone());
        let shown = send(&format!("{options}&dry_run=true"));
        let shown = ended(&caller, shown.header("location"));
        let (report, columns) = (&shown["report"], &shown["report"]["table"]["columns"]);
        assert_eq!((&shown["state"], &report["dry_run"]), (&json!("done"), &json!(true)), "{shown}");
        assert_eq!((&report["read"]["contacts"], &report["contacts"]["created"]), (&json!(1), &json!(0)));
        assert_eq!(columns[1], json!({"header": "Vem", "field": "name"}), "{shown}");
        assert_eq!(shown["wishes"]["zone"], "Europe/Oslo");
        let asked = json!({"email": "asa.o@example.se"});
        let found = caller.post("/api/v1/contacts:lookup", &asked).with(200);
        assert_eq!(found["matches"], json!([]), "it was only looked at");

        let done = ended(&caller, send(options).header("location"));
        assert_eq!(done["report"]["contacts"]["created"], 1, "{done}");
        let found = caller.post("/api/v1/contacts:lookup", &asked).with(200);
        assert_eq!(found["matches"][0]["name"], "Åsa Ö");

        let failed = ended(&caller, send("format=csv&map=Saknas%3Dname").header("location"));
        assert_eq!(failed["state"], "failed", "{failed}");
        for wrong in ["encoding=ebcdic", "own=anna%40norrsken.se", "zone=Mars", "map=Vem", "dry_run=1"] {
            let refused = send(wrong);
            assert!(!refused.text.contains("anna"), "{refused:?}");
            refused.with(422);
        }
    }
}

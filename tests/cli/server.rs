//! `gallra serve`: it answers, commands work beside it, it ends when it is asked to.

use std::time::Duration;

use gallra::vocabulary::{Clock, SystemClock};
use rustix::process::Signal;
use serde_json::Value;

use crate::both_engines;
use crate::desk::{Desk, text};
use crate::serving::Server;

/// In how much time a server notices what it looks for every second.
const PATIENCE: Duration = Duration::from_secs(30);

both_engines! {
    async fn it_answers_and_ends_when_asked(bench) {
        let desk = Desk::with_people(bench);
        for signal in [Signal::TERM, Signal::INT] {
            let server = Server::start(&desk.gallra);
            assert_eq!(server.json("/healthz")["status"], "ok");
            assert_eq!(server.json("/readyz")["status"], "ready");
            assert_eq!(server.json("/version")["version"], env!("CARGO_PKG_VERSION"));
            let (code, log) = server.end(signal);
            assert_eq!(code, Some(0), "{log}");
            assert!(log.contains("a disk failure loses all data"), "no mirror: {log}");
            for line in log.lines() {
                let entry: Value = serde_json::from_str(line).expect("the log is JSON lines");
                assert!(entry["level"].is_string() && entry["message"].is_string(), "{line}");
            }
        }
    }

    async fn commands_work_beside_it_and_their_receipts_are_served(bench) {
        let desk = Desk::with_people(bench);
        let server = Server::start(&desk.gallra);
        let erase = ["erase", "--tenant", "norrsken", "--email", "bo@example.se"];
        let erased = desk.json([&erase[..], &["--instruction", "A-17"]].concat());
        assert_eq!(erased["state"], "issued", "the server let go of its old keys");

        let (head, checkpoint) = server.get("/log/checkpoint");
        assert!(head.contains("text/plain"), "{head}");
        let checkpoint = String::from_utf8(checkpoint).unwrap();
        let description = server.json("/.well-known/gallra-log.json");
        let lines: Vec<_> = checkpoint.lines().collect();
        assert_eq!((lines[0], lines[1]), (description["origin"].as_str().unwrap(), "1"));
        let policy = std::fs::read_to_string(desk.path("sign/log.policy")).unwrap();
        assert!(policy.contains(description["keys"][0].as_str().unwrap()));

        let (head, hashes) = server.get("/log/tile/0/000.p/1");
        assert!(head.contains("immutable"), "{head}");
        assert_eq!(hashes.len(), 32);
        let (_, entries) = server.get("/log/tile/entries/000.p/1");
        let note = desk.text(["receipt", "show", &text(&erased["receipt_id"]), "--format", "note"]);
        let entry = String::from_utf8(entries[2..].to_vec()).unwrap();
        assert!(note.starts_with(&entry), "the entry is the receipt");

        for path in ["/log/tile/0/000", "/log/tile/0/000.p/2", "/log/tile/x", "/anna@example.se"] {
            let (head, body) = server.get(path);
            assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
            assert!(head.contains("content-type: application/problem+json"), "{head}");
            assert!(!String::from_utf8_lossy(&body).contains("anna"), "a path is not repeated");
        }
        let (_, log) = server.end(Signal::TERM);
        assert!(!log.contains("anna") && !log.contains("bo@example.se"), "{log}");
    }

    async fn what_is_restored_must_not_be_in_use(bench) {
        let desk = Desk::with_people(bench);
        let backup = desk.path("backup");
        desk.json(["backup", &backup]);
        let server = Server::start(&desk.gallra);
        let error = desk.refused(1, ["restore", &backup]);
        assert!(text(&error["message"]).contains("gallra serve"), "{error}");
        server.end(Signal::TERM);
        desk.gallra.run(["restore", &backup]).succeeded();
    }

    /// `rm -rf root/instances`: a restore would exchange the data under it, and nobody would know.
    async fn a_server_that_others_do_not_see_answers_nobody_and_says_why(bench) {
        let desk = Desk::new(bench);
        let server = Server::start(&desk.gallra);
        assert_eq!(server.json("/readyz")["status"], "ready");
        std::fs::remove_dir_all(desk.path("root/instances")).unwrap();
        let begun = SystemClock.uptime();
        let refused = tokio::task::block_in_place(|| loop {
            let (head, _) = server.get("/readyz");
            if !head.starts_with("http/1.1 200") {
                break head;
            }
            assert!(SystemClock.uptime() - begun < PATIENCE, "it goes on as if nothing were");
        });
        assert!(refused.starts_with("http/1.1 503"), "{refused}");
        let (_, log) = server.end(Signal::TERM);
        assert!(log.contains("root/instances") && log.contains("start it again"), "{log}");
    }

    async fn a_taken_address_is_named(bench) {
        let desk = Desk::new(bench);
        let server = Server::start(&desk.gallra);
        let error = desk.refused(1, ["serve", "--listen", &server.address]);
        assert!(text(&error["message"]).contains("choose another --listen"), "{error}");
    }
}

//! `gallra serve`: it answers, commands work beside it, it ends when it is asked to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::both_engines;
use crate::desk::{Desk, text};

/// A running server; killed when the test ends before it.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(desk: &Desk) -> Server {
        let mut command = desk.gallra.command(["serve", "--listen", "127.0.0.1:0"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("its output is ours");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where it listens");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut log = String::new();
            let _ = child
                .stderr
                .as_mut()
                .map(|stderr| stderr.read_to_string(&mut log));
            panic!("the server did not start: {log}")
        });
        let address = text(&said["listening"]).replace("http://", "");
        Server { child, address }
    }

    /// Status line and headers, and the body.
    fn get(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("it accepts");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: gallra\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("headers end");
        let head = String::from_utf8(answer[..end].to_vec()).expect("headers are text");
        (head.to_lowercase(), answer[end + 4..].to_vec())
    }

    fn json(&self, path: &str) -> Value {
        let (head, body) = self.get(path);
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        serde_json::from_slice(&body).expect("the answer is JSON")
    }

    /// Asks it to end, and gives its exit code and its log.
    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        let pid = Pid::from_raw(self.child.id() as i32).expect("a child has an id");
        kill_process(pid, signal).expect("a child takes signals");
        let mut log = String::new();
        let stderr = self.child.stderr.as_mut().expect("its log is ours");
        stderr.read_to_string(&mut log).expect("the log is text");
        (self.child.wait().expect("it ends").code(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

both_engines! {
    async fn it_answers_and_ends_when_asked(bench) {
        let desk = Desk::with_people(bench);
        for signal in [Signal::TERM, Signal::INT] {
            let server = Server::start(&desk);
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
        let server = Server::start(&desk);
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
        let server = Server::start(&desk);
        let error = desk.refused(1, ["restore", &backup]);
        assert!(text(&error["message"]).contains("gallra serve"), "{error}");
        server.end(Signal::TERM);
        desk.gallra.run(["restore", &backup]).succeeded();
    }

    async fn a_taken_address_is_named(bench) {
        let desk = Desk::new(bench);
        let server = Server::start(&desk);
        let error = desk.refused(1, ["serve", "--listen", &server.address]);
        assert!(text(&error["message"]).contains("choose another --listen"), "{error}");
    }
}

//! `gallra serve` as a process of its own, and a plain way to ask it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::process::{Gallra, collect};

/// A running server; killed when the test ends before it.
pub struct Server {
    child: Child,
    log: Option<JoinHandle<String>>,
    pub address: String,
}

impl Server {
    pub fn start(gallra: &Gallra) -> Server {
        let mut command = gallra.command(["serve", "--listen", "127.0.0.1:0"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut log = child.stderr.take().map(collect);
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("its output is ours");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where it listens");
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            let log = log.take().map(JoinHandle::join);
            panic!("the server did not start: {log:?}")
        });
        let address = said["listening"]
            .as_str()
            .expect("an address")
            .replace("http://", "");
        Server {
            child,
            log,
            address,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Status line and headers, and the body.
    pub fn get(&self, path: &str) -> (String, Vec<u8>) {
        self.get_with(path, "")
    }

    /// The same, with headers of one's own, each of which ends its line.
    pub fn get_with(&self, path: &str, headers: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("it accepts");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: gallra\r\nConnection: close\r\n{headers}\r\n"
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

    pub fn json(&self, path: &str) -> Value {
        let (head, body) = self.get(path);
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        serde_json::from_slice(&body).expect("the answer is JSON")
    }

    /// Asks it to end, and gives its exit code and its log.
    pub fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        let pid = Pid::from_raw(self.child.id() as i32).expect("a child has an id");
        kill_process(pid, signal).expect("a child takes signals");
        let log = self.log.take().expect("a server ends once");
        let log = log.join().expect("the reader does not panic");
        (self.child.wait().expect("it ends").code(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

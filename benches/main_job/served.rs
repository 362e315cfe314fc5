//! A real server over an installation of its own, and a program that calls it.

use std::process::Stdio;
use std::sync::OnceLock;

use reqwest::{Client, Response, StatusCode};
use serde_json::Value;

use crate::shared::process::Gallra;
use crate::shared::serving::Server;
use crate::support::Bench;

/// The one client there is.
pub const CLIENT: &str = "/api/v1/tenants/skor";

/// An installation that is served.
pub struct Served {
    /// The server's process.
    pub server: Server,
    caller: Client,
    token: String,
}

/// An installation with one client, not served yet. Nobody's calls are counted against a quota.
pub fn installed(bench: &Bench) -> Gallra {
    let gallra = Gallra::at(bench)
        .with("GALLRA_LOG", "error")
        .with("GALLRA_RATE_LIMIT", "0")
        .with("GALLRA_RATE_LIMIT_ADDRESS", "0");
    let operator = ["--operator", "Exempel AB", "--org-no", "556000-0001"];
    run(&gallra, &[&["init"][..], &operator].concat());
    let client = ["--name", "Skor AB", "--org-no", "556677-8899"];
    let email = ["--email", "dpo@skor.example.se"];
    run(
        &gallra,
        &[&["tenant", "add", "skor"][..], &client, &email].concat(),
    );
    gallra
}

/// Runs a command however long it takes, and gives its answer.
pub fn run(gallra: &Gallra, words: &[&str]) -> Value {
    let mut command = gallra.command(words);
    let answer = command.stderr(Stdio::null()).output();
    let answer = answer.expect("gallra runs");
    assert!(answer.status.success(), "gallra {words:?}");
    serde_json::from_slice(&answer.stdout).expect("it answers in JSON")
}

impl Served {
    /// Serves an installation.
    pub fn start(gallra: &Gallra) -> Self {
        static PROVIDER: OnceLock<()> = OnceLock::new();
        PROVIDER.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let create = ["token", "create", "--name", "bench", "--role", "admin"];
        let token = run(gallra, &create)["token"].as_str().map(str::to_owned);
        Self {
            server: Server::start(gallra),
            caller: Client::builder().no_proxy().build().expect("a client"),
            token: token.expect("a token is printed"),
        }
    }

    /// Reads what is at a path.
    pub async fn get(&self, path: &str) -> Response {
        let request = self.caller.get(self.address(path));
        let answer = request.bearer_auth(&self.token).send().await;
        answer.expect("the server answers")
    }

    /// Sends a body to a path.
    pub async fn post(&self, path: &str, body: String) -> Response {
        let request = self.caller.post(self.address(path)).body(body);
        let request = request.header("content-type", "application/json");
        let answer = request.bearer_auth(&self.token).send().await;
        answer.expect("the server answers")
    }

    fn address(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address)
    }
}

/// The JSON of an answer, which must have this status: not one call of a benchmark may fail.
pub async fn json(answer: Response, status: StatusCode) -> Value {
    let got = answer.status();
    let text = answer.text().await.expect("the answer is whole");
    assert_eq!(got, status, "{text}");
    serde_json::from_str(&text).expect("the answer is JSON")
}

//! A program that calls the API with a token.

use serde_json::Value;
use ureq::http::Request;
use ureq::{Agent, Body, http::Response};

use crate::desk::{Desk, text};
use crate::serving::Server;

/// An installation with a server and tokens for it.
pub struct Api {
    pub desk: Desk,
    pub server: Server,
}

impl Api {
    /// Two clients with their people, served.
    pub fn start(desk: Desk) -> Api {
        let server = Server::start(&desk.gallra);
        Api { desk, server }
    }

    /// A caller with a token of this role, for one client or for all.
    pub fn caller(&self, role: &str, tenant: Option<&str>) -> Caller {
        let mut create = vec!["token", "create", "--name", "test", "--role", role];
        create.extend(tenant.iter().flat_map(|slug| ["--tenant", slug]));
        self.with(&text(&self.desk.json(create)["token"]))
    }

    /// A caller with this token.
    pub fn with(&self, token: &str) -> Caller {
        Caller {
            base: format!("http://{}", self.server.address),
            token: token.to_owned(),
        }
    }
}

/// Who calls.
#[derive(Clone)]
pub struct Caller {
    base: String,
    token: String,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: ureq::http::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.head
            .get(name)
            .map(|it| it.to_str().expect("text"))
            .unwrap_or_default()
    }

    /// The answer, which must have this status.
    pub fn with(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
}

impl Caller {
    /// The token itself, for who speaks HTTP by hand.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A file, as its bytes.
    pub fn bytes(&self, path: &str, body: &Value) -> Vec<u8> {
        let request = Request::builder()
            .method("POST")
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(body.to_string());
        let agent: Agent = Agent::config_builder().build().into();
        let answer = agent.run(request.expect("a request"));
        let mut answer = answer.expect("the server answers");
        answer.body_mut().read_to_vec().expect("a file")
    }

    /// What is answered, as its bytes.
    pub fn file(&self, path: &str) -> (ureq::http::HeaderMap, Vec<u8>) {
        let request = Request::builder()
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token))
            .body(());
        let agent: Agent = Agent::config_builder().build().into();
        let answer = agent.run(request.expect("a request"));
        let mut answer = answer.expect("the server answers");
        let content = answer.body_mut().read_to_vec().expect("a file");
        (answer.headers().clone(), content)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, &[], body)
    }

    pub fn json(&self, method: &str, path: &str, head: &[(&str, &str)], body: &Value) -> Answer {
        let head = [&[("content-type", "application/json")], head].concat();
        self.send(method, path, &head, &body.to_string())
    }

    /// Any bytes as a body, whether they are text or not.
    pub fn raw(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> Answer {
        self.bytes_with(method, path, &[("content-type", kind)], body)
    }

    pub fn send(&self, method: &str, path: &str, head: &[(&str, &str)], body: &str) -> Answer {
        self.bytes_with(method, path, head, body.as_bytes().to_vec())
    }

    fn bytes_with(&self, method: &str, path: &str, head: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in head {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a request");
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true);
        let agent: Agent = config.build().into();
        let mut answer: Response<Body> = agent.run(request).expect("the server answers");
        let text = answer.body_mut().read_to_string().expect("text");
        Answer {
            status: answer.status().as_u16(),
            head: answer.headers().clone(),
            text,
        }
    }
}

//! A small installation to run commands in: two clients, three people.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::{Finished, Gallra, Running};
use crate::support::Bench;

/// What two help desks exported. The same people write to both.
const EXPORT: &str = r#"{"type":"contact","external_id":"c1","name":"Åsa Öberg","email":"asa@example.se","phone":"070-123 45 67","source":"zendesk"}
{"type":"contact","external_id":"c2","name":"Bo Ek","email":"bo@example.se"}
{"type":"message","case":"k1","contact":"c1","subject":"Trasig skida","direction":"in","channel":"email","sent_at":"2026-02-01T09:00:00Z","body":"Hej! Skidan gick av.","external_id":"m1"}
{"type":"message","case":"k1","contact":"c1","direction":"out","channel":"email","sent_at":"2026-02-01T10:00:00Z","body":"Vi skickar en ny.","external_id":"m2","author":"Kim"}
{"type":"forwarding","case":"k1","recipient":"Second line AB","reason":"garanti","at":"2026-02-02T10:00:00Z"}
"#;

/// The installation and the program that works in it.
pub struct Desk {
    pub gallra: Gallra,
    directory: PathBuf,
}

impl Desk {
    /// Nothing initialised yet.
    pub fn bare(bench: &Bench) -> Desk {
        Desk {
            // Who has to wait does so; not for as long as a person would let it.
            gallra: Gallra::at(bench).with("GALLRA_MIRROR_PATIENCE", "1"),
            directory: bench.directory().to_owned(),
        }
    }

    /// SQLite below a directory, nothing initialised yet.
    pub fn in_directory(directory: &Path) -> Desk {
        Desk {
            gallra: Gallra::in_directory(directory),
            directory: directory.to_owned(),
        }
    }

    /// Initialised, without a client.
    pub fn new(bench: &Bench) -> Desk {
        let desk = Desk::bare(bench);
        desk.json([
            "init",
            "--operator",
            "Exempel Support AB",
            "--org-no",
            "556000-0001",
        ]);
        desk
    }

    /// With two clients and their people.
    pub fn with_people(bench: &Bench) -> Desk {
        let desk = Desk::new(bench);
        let export = desk.file("export.ndjson", EXPORT);
        for (slug, name) in [
            ("norrsken", "Norrsken Sport AB"),
            ("brygga", "Brygga Kaffe AB"),
        ] {
            let email = format!("kund@{slug}.se");
            let add = [
                "tenant",
                "add",
                slug,
                "--name",
                name,
                "--org-no",
                "556677-8899",
            ];
            desk.json([&add[..], &["--email", &email]].concat());
            desk.json(["import", "--tenant", slug, &export]);
        }
        desk
    }

    /// A path in the installation's own temporary directory.
    pub fn path(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// A file with this content.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file is written");
        path
    }

    /// Runs a command that must succeed and answer in JSON, with nothing on standard error.
    pub fn json<'a>(&self, arguments: impl AsRef<[&'a str]>) -> Value {
        let finished = self.gallra.run(arguments.as_ref()).succeeded();
        assert_eq!(finished.stderr, "", "a command that succeeds is quiet");
        finished.json()
    }

    /// Runs a command that must succeed and answers in text.
    pub fn text<'a>(&self, arguments: impl AsRef<[&'a str]>) -> String {
        let finished = self.run_for_people(arguments).succeeded();
        assert_eq!(finished.stderr, "", "a command that succeeds is quiet");
        finished.stdout
    }

    /// Runs a command that answers in text.
    pub fn run_for_people<'a>(&self, arguments: impl AsRef<[&'a str]>) -> Finished {
        Running::start(self.gallra.command_for_people(arguments.as_ref())).finish()
    }

    /// Runs a command that must fail with this code, and gives its one JSON error.
    pub fn refused<'a>(&self, code: i32, arguments: impl AsRef<[&'a str]>) -> Value {
        let finished = self.gallra.run(arguments.as_ref()).exited(code);
        assert_eq!(
            finished.stdout, "",
            "a refusal says nothing on standard output"
        );
        let error: Value = serde_json::from_str(&finished.stderr).expect("one JSON error");
        assert_eq!(error["error"]["exit"], code);
        error["error"].clone()
    }

    /// Runs a command that reads this from standard input.
    pub fn reading<'a>(&self, input: &str, arguments: impl AsRef<[&'a str]>) -> Finished {
        reading(self.gallra.command(arguments.as_ref()), input)
    }

    /// Ends a client's contract long ago: its choice is recorded, and two people approve what is there.
    pub fn end_contract(&self, slug: &str) {
        let ended = [
            "--ends",
            "2026-01-31",
            "--grace",
            "0",
            "--instruction",
            "AVTAL-7",
        ];
        self.json([&["offboard", slug, "--choice", "delete"], &ended[..]].concat());
        for name in ["Anna Berg", "Lars Ek"] {
            self.json(["offboard", "approve", slug, "--by", name]);
        }
    }

    /// The contact that an identifier leads to at a client.
    pub fn contact(&self, tenant: &str, identifier: &str) -> String {
        let found = self.json(["find", identifier, "--tenant", tenant]);
        text(&found["matches"][0]["id"])
    }
}

/// Runs a command that reads this from standard input.
pub fn reading(command: Command, input: &str) -> Finished {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(input.as_bytes()).expect("it is written");
    file.seek(SeekFrom::Start(0)).expect("it is rewound");
    Running::start_reading(command, Stdio::from(file)).finish()
}

/// The text of a JSON string.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

/// What `gallra doctor` found out about one part.
pub fn finding(desk: &Desk, part: &str) -> Value {
    let report = desk.json(["doctor"]);
    let mut findings = report["findings"].as_array().into_iter().flatten();
    let finding = findings.find(|it| it["part"] == part);
    finding
        .unwrap_or_else(|| panic!("no {part} in {report}"))
        .clone()
}

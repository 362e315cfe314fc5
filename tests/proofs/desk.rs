//! The program as its operator uses it: an initialised house with two clients, driven by commands.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::Bench;
use crate::tools::process::{Finished, Gallra, Running};
use crate::worker::records;

/// A house made by `gallra init`, with the clients `skor` and `hattar`.
pub struct Desk {
    pub gallra: Gallra,
    directory: PathBuf,
    files: std::cell::Cell<usize>,
}

impl Desk {
    /// Opens for business.
    pub fn open(bench: &Bench) -> Desk {
        Self::open_as(bench, Gallra::at(bench))
    }

    /// The same, with settings of one's own.
    pub fn open_as(bench: &Bench, gallra: Gallra) -> Desk {
        let desk = Desk {
            gallra: gallra.with("GALLRA_OPERATOR", "Exempel Support AB"),
            directory: bench.directory().join("inbox"),
            files: std::cell::Cell::new(0),
        };
        std::fs::create_dir(&desk.directory).unwrap();
        desk.run(&["init"]);
        for slug in ["skor", "hattar"] {
            let (name, email) = (format!("{slug} AB"), format!("dpo@{slug}.example.se"));
            let add = [
                "tenant",
                "add",
                slug,
                "--name",
                &name,
                "--org-no",
                "556677-8899",
                "--email",
            ];
            desk.run(&[&add[..], &[&email]].concat());
        }
        desk
    }

    /// Runs a command to its end, whatever that is.
    pub fn tried(&self, arguments: &[&str]) -> Finished {
        tokio::task::block_in_place(|| self.gallra.run(arguments))
    }

    /// Runs a command that succeeds.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.tried(arguments).succeeded()
    }

    /// A file outside every store, for an import.
    pub fn file(&self, text: &str) -> String {
        self.files.set(self.files.get() + 1);
        let path = self.directory.join(format!("{}.ndjson", self.files.get()));
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Where a file outside every store would be.
    pub fn path_for(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }

    /// Imports people by number.
    pub fn import(&self, slug: &str, people: impl IntoIterator<Item = usize>) -> Value {
        let text: String = people.into_iter().map(records).collect();
        self.import_text(slug, &text)
    }

    /// Imports records.
    pub fn import_text(&self, slug: &str, text: &str) -> Value {
        let file = self.file(text);
        self.run(&["import", "--tenant", slug, &file]).json()["files"][0].clone()
    }

    /// Erases a person of `skor` by number and answers the receipt's id.
    pub fn erase(&self, number: usize, more: &[&str]) -> String {
        let id = format!("kund-{number}");
        let erase = [
            "erase",
            "--tenant",
            "skor",
            "--external-id",
            &id,
            "--instruction",
            "ARENDE-17",
        ];
        let done = self.run(&[&erase[..], more].concat()).json();
        assert_eq!(done["state"], "issued", "{done}");
        text(&done["receipt_id"])
    }

    /// Purges a client and answers the receipt's id.
    pub fn purge(&self, slug: &str) -> String {
        let name = format!("{slug} AB");
        self.end_contract(slug);
        text(&self.run(&["purge", slug, "--confirm", &name]).json()["receipt_id"])
    }

    /// Ends a client's contract long ago: its choice is recorded, and two people approve what is there.
    pub fn end_contract(&self, slug: &str) {
        let ended = ["--ends", "2026-01-31", "--grace", "0"];
        self.run(&[&["offboard", slug, "--choice", "delete"], &ended[..]].concat());
        for name in ["Anna Berg", "Lars Ek"] {
            self.run(&["offboard", "approve", slug, "--by", name]);
        }
    }

    /// How many people fit an identifier, in everybody's data.
    pub fn found(&self, identifier: &str) -> usize {
        let answer = self.run(&["find", identifier]).json();
        answer["matches"].as_array().expect("matches").len()
    }

    /// Everything held about a person of `skor`, without the time of reading.
    pub fn access(&self, number: usize) -> Value {
        let id = format!("kund-{number}");
        let mut answer = self
            .run(&["access", "--tenant", "skor", "--external-id", &id])
            .json();
        answer.as_object_mut().expect("an object").remove("read_at");
        answer
    }

    /// The file of a receipt, as it is handed over.
    pub fn note(&self, receipt: &str) -> Finished {
        let show = ["receipt", "show", receipt, "--format", "note"];
        let command = self.gallra.command_for_people(show);
        tokio::task::block_in_place(|| Running::start(command).finish()).succeeded()
    }

    /// Every receipt, the oldest first: kind and id.
    pub fn receipts(&self) -> Vec<(String, String)> {
        let list = self.run(&["receipt", "list"]).json();
        let items = list["items"].as_array().expect("items").clone();
        items
            .iter()
            .map(|item| (text(&item["kind"]), text(&item["id"])))
            .collect()
    }
}

/// A JSON text.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

//! What a page tells people to type works as it is typed. Each page is one story: its commands are
//! run in order, in one fresh installation.
//!
//! Paths that a page makes up stand for directories of the test, `ID` for the first line in
//! quarantine, `TASK` for the first task of the client that leaves, `RECEIPT` for the newest receipt. What runs until it is stopped runs once: `serve` only checks its settings.

use std::fs;
use std::path::Path;

use crate::desk::{Desk, text};

/// Two lines that can be read, and two that cannot.
const EXPORT: &str = r#"{"type":"contact","external_id":"c1","name":"Åsa Öberg","email":"asa@example.se"}
{"type":"message","case":"k1","contact":"c1","direction":"in","channel":"email","sent_at":"2026-02-01T09:00:00Z","body":"Hej!"}
Bo Ek;070-123 45 67
Kim Alm;070-123 45 68
"#;

/// A public key of age, as a client would send it (from age's own documentation).
const CLIENTS_KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// A page of the repository.
fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).expect("the page is there")
}

/// What stands in a page's blocks for the shell, each call of `gallra` by its words.
fn commands(page: &str) -> Vec<Vec<String>> {
    let blocks = page.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let calls = lines.flat_map(|line| line.split(" && ").map(words));
    let gallra = |mut words: Vec<String>| {
        let rest = words.split_off(words.len().min(1));
        (words == ["gallra"]).then_some(rest)
    };
    calls.filter_map(gallra).collect()
}

/// Words as the shell takes them: quoted ones are one, and after `#` or `>` nothing counts.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
            continue;
        }
        let ends = [" #", " >"].iter().filter_map(|end| part.find(end)).min();
        let said = &part[..ends.unwrap_or(part.len())];
        words.extend(said.split_whitespace().map(str::to_owned));
        if said.len() < part.len() {
            break;
        }
    }
    words
}

/// Types the commands of a page; answers how many there were.
fn type_all(desk: &Desk, page: &str) -> usize {
    let commands = commands(page);
    for typed in &commands {
        let mut words: Vec<String> = typed.iter().map(|word| stands_for(desk, word)).collect();
        match typed.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["serve"] => words.push("--check-config".to_owned()),
            ["mirror", _, "--name", _] => words.push("--once".to_owned()),
            ["mirror", "promote", _] => {
                for lost in ["root", "vault"] {
                    fs::remove_dir_all(desk.path(lost)).expect("the disk is lost");
                }
            }
            _ => {}
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let done = desk.run_for_people(&words);
        assert_eq!(
            done.code(),
            Some(0),
            "gallra {}: {done:#?}",
            typed.join(" ")
        );
    }
    commands.len()
}

fn stands_for(desk: &Desk, word: &str) -> String {
    match word {
        "ID" => {
            let list = desk.json(["quarantine", "list"]);
            text(&list["items"][0]["id"])
        }
        "TASK" => {
            let list = desk.json(["offboard", "task", "list", "norrsken"]);
            text(&list["items"][0]["id"])
        }
        "RECEIPT" => {
            let list = desk.json(["receipt", "list"]);
            let newest = list["items"].as_array().and_then(|all| all.last());
            text(&newest.expect("there is a receipt")["id"])
        }
        "age1…" => CLIENTS_KEY.to_owned(),
        "export.ndjson" => desk.file("export.ndjson", EXPORT),
        "src/cli/demo/norrsken.ndjson" => {
            let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join(word);
            demo.display().to_string()
        }
        path if path.starts_with('/') => desk.path(&path[1..].replace('/', "-")),
        word => word.to_owned(),
    }
}

#[test]
fn the_operations_page_works_as_it_is_typed() {
    let directory = tempfile::tempdir().expect("a directory");
    let desk = Desk::in_directory(directory.path());
    let typed = type_all(&desk, &page("docs/OPERATIONS.md"));
    assert!(typed >= 15, "only {typed} commands were found");
}

#[test]
fn the_readme_works_as_it_is_typed() {
    let directory = tempfile::tempdir().expect("a directory");
    let desk = Desk::in_directory(directory.path());
    let typed = type_all(&desk, &page("README.md"));
    assert!(typed >= 6, "only {typed} commands were found");
}

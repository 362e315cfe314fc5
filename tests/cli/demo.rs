//! `gallra demo`: the fire drill of a newcomer, run whole.

use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::desk::text;
use crate::process::Running;

fn command(arguments: &[&str], directory: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gallra"));
    command.arg("demo").args(arguments);
    command.args(["--listen", "127.0.0.1:0"]);
    command.env_clear().env("TMPDIR", directory);
    command
}

fn demo(arguments: &[&str], directory: &std::path::Path) -> crate::process::Finished {
    let arguments = [arguments, &["--once"]].concat();
    Running::start(command(&arguments, directory)).finish()
}

/// What the demo offers while it is served is there for whoever takes it up.
#[test]
fn its_token_and_its_receipt_are_good_while_it_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let mut serving = command(&["--json"], directory.path());
    serving.stdout(Stdio::piped());
    let mut demo = serving.spawn().expect("the demo starts");
    let stdout = demo.stdout.take().expect("its output is ours");
    let mut documents = serde_json::Deserializer::from_reader(stdout).into_iter();
    let shown: Value = documents.next().expect("it answers").expect("in JSON");
    let ask = |path: String, accept: &str| {
        let call = ureq::get(format!("{}/api/v1{path}", text(&shown["address"])));
        let token = format!("Bearer {}", text(&shown["token"]));
        let call = call.header("authorization", token).header("accept", accept);
        let mut answer = call.call().expect("it is answered");
        answer.body_mut().read_to_string().expect("text")
    };
    let people = ask("/tenants/norrsken/contacts".to_owned(), "application/json");
    assert!(people.contains("Åsa Öberg"), "{people}");
    let receipt = format!("/receipts/{}", text(&shown["drill"]["receipt_id"]));
    let certificate = ask(receipt, "text/html");
    assert!(certificate.contains("Brygga Kaffe AB"), "{certificate}");
    let mut verify = Command::new(env!("CARGO_BIN_EXE_gallra"));
    verify.args(["verify", &text(&shown["receipt_file"])]);
    Running::start(verify).finish().succeeded();
    let pid = Pid::from_child(&demo);
    kill_process(pid, Signal::INT).expect("a child takes signals");
    assert!(demo.wait().expect("it ends").success());
}

#[test]
fn an_old_backup_brings_nobody_back_and_loses_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let shown: Value = demo(&["--json"], directory.path()).succeeded().json();
    let drill = &shown["drill"];
    assert_eq!(drill["in_the_backup"], 4);
    assert_eq!(drill["opened"], 0, "{drill}");
    assert_eq!(
        drill["others_opened"], 8,
        "the same copy opens for the others: {drill}"
    );
    assert_eq!(drill["found_again"], 0, "{drill}");
    assert_eq!(
        (&drill["others_intact"], &drill["verified"]),
        (&true.into(), &true.into()),
        "{drill}"
    );
    every_page_opens(&shown);
    let left = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 0, "a demo leaves nothing behind");
}

/// Each client's notice in both languages, until the client is gone; then its certificate in both.
fn every_page_opens(shown: &Value) {
    let page = |of: &str, what: &str| {
        let pages = shown[of].as_array().expect("a list").iter();
        let found: Vec<_> = pages.filter(|page| page["what"] == what).collect();
        let [page] = found[..] else {
            panic!("{what} stands in it once: {shown}");
        };
        let title = page["title"].as_str().expect("a text").to_owned();
        (page["status"].as_u64().expect("a number"), title)
    };
    for client in ["Norrsken Sport AB", "Brygga Kaffe AB", "Lykta Belysning AB"] {
        let [sv, en] =
            ["sv", "en"].map(|lang| page("before", &format!("notice of {client}, {lang}")));
        assert_eq!((sv.0, en.0), (200, 200), "{shown}");
        assert!(sv.1.contains(client) && en.1.contains(client), "{shown}");
        assert_ne!(sv.1, en.1, "each in its language");
        let after = page("after", &format!("notice of {client}, sv"));
        let expected = if client.starts_with("Brygga") {
            404
        } else {
            200
        };
        assert_eq!(after.0, expected, "{shown}");
    }
    for what in ["what the API can do", "the receipt log"] {
        assert_eq!([page("before", what).0, page("after", what).0], [200, 200]);
    }
    let [sv, en] =
        ["sv", "en"].map(|lang| page("after", &format!("certificate of its purge, {lang}")).1);
    assert!(!sv.is_empty() && !en.is_empty() && sv != en, "{shown}");
}

#[test]
fn a_person_reads_it_step_by_step() {
    let directory = tempfile::tempdir().unwrap();
    let finished = demo(&["--keep"], directory.path()).succeeded();
    let steps: Vec<_> = finished
        .stdout
        .lines()
        .filter(|line| line.starts_with(char::is_numeric))
        .collect();
    assert_eq!(steps.len(), 6, "{}", finished.stdout);
    assert!(
        finished
            .stdout
            .contains("0 of 4 people can be read. The others: all 8"),
        "{}",
        finished.stdout
    );
    assert!(
        finished.stdout.contains(": verified"),
        "{}",
        finished.stdout
    );
    // Where it lies is a matter of the machine.
    let place = directory.path().display().to_string();
    let shown = finished.stdout.replace(&place, "/tmp");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 110),
        "{}",
        finished.stdout
    );
    let verify = finished.stdout.split("    verify ").nth(1);
    let receipt = verify.and_then(|rest| rest.lines().next());
    let receipt = std::fs::read_to_string(receipt.expect("it is named")).expect("it is kept");
    assert!(receipt.contains("/receipt/v1"), "{receipt}");
    let certificate = finished.stdout.split("file://").nth(1);
    let certificate = certificate.and_then(|rest| rest.lines().next());
    let page = std::fs::read_to_string(certificate.expect("it is named")).expect("it is kept");
    assert!(page.contains("Brygga Kaffe AB"), "{page}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

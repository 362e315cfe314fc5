//! `gallra demo`: the fire drill of a newcomer, run whole.

use std::process::Command;

use serde_json::Value;

use crate::process::Running;

fn demo(arguments: &[&str], directory: &std::path::Path) -> crate::process::Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gallra"));
    command
        .arg("demo")
        .args(arguments)
        .args(["--listen", "127.0.0.1:0", "--once"]);
    command.env_clear().env("TMPDIR", directory);
    Running::start(command).finish()
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
    let left = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 0, "a demo leaves nothing behind");
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
    assert!(
        finished
            .stdout
            .lines()
            .all(|line| line.chars().count() <= 110),
        "{}",
        finished.stdout
    );
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        1,
        "it is kept"
    );
}

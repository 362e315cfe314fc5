//! Where settings come from, as seen from outside.

use std::process::Command;

use serde_json::Value;

use crate::desk::reading;
use crate::process::Finished;

fn run(environment: &[(&str, &str)], arguments: &[&str]) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gallra"));
    command
        .env_clear()
        .envs(environment.iter().copied())
        .args(arguments);
    reading(command, "")
}

#[test]
fn settings_are_shown_and_nothing_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("g.toml");
    std::fs::write(&config, "data_dir = \"below\"\nlisten = \"127.0.0.1:1\"\n").unwrap();
    let config = config.to_str().unwrap();
    let environment = [("DATABASE_URL", "postgres://g:hemligt@db.example/g")];
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:2",
        "--config",
        config,
        "--check-config",
    ];
    let shown = run(&environment, &[&arguments[..], &["--json"]].concat())
        .succeeded()
        .json();
    assert_eq!(shown["listen"], "127.0.0.1:2", "a flag is above the file");
    assert_eq!(
        shown["database_url"], "postgres://g:…@db.example/g",
        "without the password"
    );
    assert_eq!(
        shown["data_dir"],
        directory.path().join("below").to_str().unwrap()
    );
    assert!(!directory.path().join("below").exists());

    let text = run(&environment, &arguments).succeeded().stdout;
    assert!(
        text.contains("127.0.0.1:2") && !text.contains("hemligt"),
        "{text}"
    );
}

#[test]
fn a_mistake_in_the_settings_is_exit_2_with_a_hint() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("g.toml");
    std::fs::write(&config, "vault = \"x\"\n").unwrap();
    let config = ["tenant", "list", "--config", config.to_str().unwrap()];
    let list = ["tenant", "list", "--data-dir", "/nonexistent"];
    for (environment, arguments, hint) in [
        (&[][..], &config[..], "did you mean vault_url?"),
        (
            &[("GALLRA_ROOT", "openbao:http://b#k")],
            &list,
            "use file:DIR",
        ),
        (
            &[("GALLRA_LISTEN", "8080")],
            &list,
            "write address and port",
        ),
        (&[("GALLRA_LOG", "gallra=loud")], &list, "error, warn, info"),
        (
            &[("GALLRA_PUBLIC_URL", "not a url")],
            &list,
            "such as https://",
        ),
        (
            &[("GALLRA_PUBLIC_URL", "file:///x")],
            &list,
            "such as https://",
        ),
    ] {
        let finished = run(environment, arguments).exited(2);
        assert!(finished.stderr.contains(hint), "{finished:?}");
        let json = run(environment, &[arguments, &["--json"]].concat()).exited(2);
        let error: Value = serde_json::from_str(&json.stderr).expect("one JSON error");
        assert_eq!(
            (&error["error"]["kind"], &*json.stdout),
            (&"usage".into(), "")
        );
    }
    let bad_store = [("VAULT_URL", "mysql://u:hemligt@db/v")];
    let finished = run(&bad_store, &list).exited(2);
    assert!(
        finished.stderr.contains("sqlite: or postgres:"),
        "{finished:?}"
    );
    assert!(
        !finished.stderr.contains("hemligt"),
        "no password in an error"
    );
}

#[test]
fn the_root_factor_is_asked_for_and_believed() {
    let directory = tempfile::tempdir().unwrap();
    let data = ["--data-dir", directory.path().to_str().unwrap()];
    let with = |factor: &[(&str, &str)], command: &[&str]| run(factor, &[command, &data].concat());
    let right = [("GALLRA_ROOT_FACTOR", "hemligt")];
    with(&right, &["init"]).succeeded();
    with(&right, &["tenant", "list"]).succeeded();
    for wrong in [&[][..], &[("GALLRA_ROOT_FACTOR", "annat")]] {
        let finished = with(wrong, &["tenant", "list"]).exited(1);
        assert!(
            finished.stderr.contains("GALLRA_ROOT_FACTOR"),
            "{finished:?}"
        );
        assert!(!finished.stderr.contains("hemligt"), "{finished:?}");
    }
}

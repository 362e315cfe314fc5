//! Other people's tools come to the same answer: WebCrypto in Node, and openssl.

use std::process::{Command, Output};

use gallra::receipts::{Policy, SigningKey};
use tempfile::TempDir;

use crate::sample;

/// A directory with a receipt file and the policy that goes with it.
fn files(key: &SigningKey, file: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("receipt.note"), file).unwrap();
    let policy = Policy::of_log(key.verifier()).to_string();
    std::fs::write(directory.path().join("log.policy"), policy).unwrap();
    directory
}

fn run(program: &str, script: &str, directory: &TempDir, remedy: &str) -> Output {
    Command::new(program)
        .arg(sample::repository(script))
        .args(["receipt.note", "log.policy"])
        .current_dir(directory.path())
        .output()
        .unwrap_or_else(|error| panic!("{program} did not start ({error}): {remedy}"))
}

fn node(directory: &TempDir) -> Output {
    run(
        "node",
        "tests/receipts/verify.mjs",
        directory,
        "install Node.js 20 or later",
    )
}

fn openssl(directory: &TempDir) -> Output {
    run(
        "bash",
        "docs/verify-with-openssl.sh",
        directory,
        "install bash and openssl 3",
    )
}

fn assert_accepted(output: Output) {
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

fn assert_refused(output: Output, what: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{what}: {said}");
}

#[test]
fn webcrypto_in_node_verifies_signature_and_inclusion() {
    let key = sample::key(1);
    for (index, size) in [(0, 1), (3, 7), (6, 7), (200, 300)] {
        assert_accepted(node(&files(&key, &sample::file(&key, index, size))));
    }
    let file = sample::file(&key, 3, 7);
    for (what, from, to) in [
        ("body", "\"people\":1", "\"people\":2"),
        ("index", "\nindex 3\n", "\nindex 2\n"),
        ("size", "\n7\n", "\n8\n"),
    ] {
        let tampered = file.replacen(from, to, 1);
        assert_ne!(tampered, file);
        assert_refused(node(&files(&key, &tampered)), what);
    }
    assert_refused(node(&files(&sample::key(2), &file)), "another key");
}

#[test]
fn openssl_verifies_the_signature() {
    let key = sample::key(1);
    let file = sample::file(&key, 3, 7);
    assert_accepted(openssl(&files(&key, &file)));
    let tampered = file.replacen("\"people\":1", "\"people\":2", 1);
    assert_ne!(tampered, file);
    assert_refused(openssl(&files(&key, &tampered)), "body");
    assert_refused(openssl(&files(&sample::key(2), &file)), "another key");
}

//! Whatever is sent, the answer is one that the API describes, and never a fault of ours: calls made up by
//! Schemathesis from the served description itself.

use std::path::Path;
use std::process::Command;

use crate::both_engines;
use crate::client::Api;
use crate::desk::Desk;

/// Calls to each operation: some 500 in all, the same each time, or 20,000 others in every run, from a seed that
/// Schemathesis prints.
fn calls() -> &'static [&'static str] {
    match std::env::var_os("GALLRA_LONG") {
        Some(_) => &["--max-examples", "320", "--workers", "2"],
        None => &["--max-examples", "8", "--workers", "1", "--seed", "1"],
    }
}

/// Where Schemathesis is; installed when it is not.
fn schemathesis() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/schemathesis.sh");
    let installed = Command::new(script).output().expect("the script runs");
    let said = String::from_utf8_lossy(&installed.stderr);
    assert!(installed.status.success(), "{said}");
    String::from_utf8_lossy(&installed.stdout).trim().to_owned()
}

both_engines! {
    async fn any_call_is_answered_as_described(bench) {
        let program = schemathesis();
        let mut desk = Desk::with_people(bench);
        desk.gallra = desk.gallra.with("GALLRA_RATE_LIMIT", "0").with("GALLRA_RATE_LIMIT_ADDRESS", "0");
        let api = Api::start(desk);
        let admin = api.caller("admin", None);
        let base = format!("http://{}", api.server.address);
        let mut command = Command::new(program);
        command.current_dir(bench.directory()).env_clear().env("HOME", bench.directory());
        command.args(["run", &format!("{base}/api/v1/openapi.json"), "--url", &base]);
        command.args(["--header", &format!("Authorization: Bearer {}", admin.token())]);
        command.args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,\
            response_headers_conformance,response_schema_conformance"]);
        command.args(["--phases", "fuzzing"]).args(calls());
        command.args(["--request-timeout", "60", "--suppress-health-check", "all", "--no-color"]);
        let run = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&run.stdout);
        let (_, log) = api.server.end(rustix::process::Signal::TERM);
        assert!(run.status.success(), "{said}\n{}\n{}", String::from_utf8_lossy(&run.stderr),
            log.lines().filter(|line| line.contains("\"ERROR\"")).collect::<Vec<_>>().join("\n"));
        assert!(said.contains("passed") || said.contains("No issues found"), "{said}");
    }
}

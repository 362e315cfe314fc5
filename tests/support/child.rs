//! A test that runs itself once more in a process of its own, under conditions that this process
//! cannot have: another user, a limit on the size of files.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Set in the child, so that the test knows which of the two it is.
const MARK: &str = "GALLRA_TEST_CHILD";

/// Whether this process is the child.
pub fn is_child() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs the test of this name again behind a line of shell that ends in `"$@"`, with these
/// variables, and fails when it fails.
pub fn run_again(test: &str, shell: &str, variables: &[(&str, &str)]) {
    // A copy in a place that every user may enter.
    let place = tempfile::tempdir().expect("a temporary directory can be made");
    open_to_all(place.path());
    let copy = place.path().join("test");
    let program = std::env::current_exe().expect("this program has a path");
    std::fs::copy(program, &copy).expect("the program can be copied");
    open_to_all(&copy);
    let output = Command::new("sh")
        .args(["-c", shell, "sh"])
        .arg(&copy)
        .args([test, "--exact", "--nocapture"])
        .envs(variables.iter().copied())
        .env(MARK, "1")
        .current_dir("/")
        .output()
        .expect("sh runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the child failed: {said}\n{failed}"
    );
    assert!(
        said.contains("1 passed"),
        "the child ran no test named {test}: {said}"
    );
}

/// A line of shell that runs the rest as a user without rights, when this one is root.
pub const AS_NOBODY: &str = "if [ \"$(id -u)\" = 0 ]; then \
    exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"; else exec \"$@\"; fi";

/// Lets every user read and enter.
pub fn open_to_all(path: &std::path::Path) {
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("the mode can be set");
}

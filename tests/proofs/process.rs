//! The process helpers: what they say of a process is so.

use std::process::Command;
use std::time::Duration;

use crate::tools::process::{Gallra, Running, state};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn the_end_of_a_process_is_told_as_it_was() {
    let finished = Running::start(shell("echo '{\"a\":1}'; echo b >&2; exit 3")).finish();
    let finished = finished.exited(3);
    assert_eq!(finished.json()["a"], 1);
    assert_eq!(finished.json_lines().len(), 1);
    assert_eq!(finished.stderr, "b\n");
    assert!(!finished.was_killed());
}

#[test]
#[should_panic(expected = "out of order")]
fn a_failure_shows_what_was_written() {
    Running::start(shell("echo out of order >&2; exit 1"))
        .finish()
        .succeeded();
}

#[test]
fn more_output_than_a_pipe_holds_does_not_hold_up_the_process() {
    let finished = Running::start(shell("seq 100000; seq 100000 >&2")).finish();
    assert_eq!(finished.stdout.lines().count(), 100_000);
    assert_eq!(finished.stderr.lines().last(), Some("100000"));
}

#[test]
fn a_killed_process_is_dead_and_reaped() {
    let running = Running::start(shell("exec sleep 60"));
    let pid = running.id();
    let finished = running.kill_after(Duration::from_millis(20));
    assert!(finished.was_killed());
    assert_eq!(finished.code(), None);
    assert_eq!(state(pid), None);

    let dropped = Running::start(shell("exec sleep 60"));
    let pid = dropped.id();
    drop(dropped);
    assert_eq!(state(pid), None);
}

#[test]
fn a_process_that_ends_first_is_not_killed() {
    let finished = Running::start(shell("exit 5")).kill_after(Duration::from_secs(60));
    assert_eq!(finished.code(), Some(5));
}

#[test]
fn a_stopped_process_stands_still_until_resumed() {
    let mut running = Running::start(shell("kill -STOP $$; echo after"));
    running.wait_until_stopped();
    assert_eq!(state(running.id()), Some('T'));
    running.resume();
    assert_eq!(running.finish().succeeded().stdout, "after\n");

    let mut running = Running::start(shell("exec sleep 60"));
    running.stop();
    assert_eq!(state(running.id()), Some('T'));
    assert!(
        running.kill().was_killed(),
        "a stopped process can be killed"
    );
}

#[test]
#[should_panic(expected = "it was to stop, but did not")]
fn a_process_that_ends_instead_of_stopping_is_noticed() {
    Running::start(shell("exit 0")).wait_until_stopped();
}

#[test]
fn a_command_sees_the_variables_it_was_given_and_no_other_of_ours() {
    let directory = tempfile::tempdir().unwrap();
    let gallra = Gallra::in_directory(directory.path()).with("VAULT_URL", "sqlite:elsewhere");
    let command = gallra.command(["doctor"]);
    let arguments: Vec<_> = command.get_args().collect();
    assert_eq!(arguments[0], "doctor");
    assert_eq!(arguments[1], "--data-dir");
    assert_eq!(arguments[2], directory.path());
    let value = |name: &str| command.get_envs().find(|(n, _)| *n == name).map(|(_, v)| v);
    assert_eq!(value("VAULT_URL"), Some(Some("sqlite:elsewhere".as_ref())));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GALLRA_")) {
        assert_eq!(value(&name), Some(None), "{name} is handed on");
    }
}

#[cfg(feature = "fail-points")]
mod fail_points {
    use super::*;
    use crate::tools::process::FailPoint;

    /// Passes a fail point three times. Run by the tests below in a process of its own; here nobody
    /// names the point, so it must let this process pass.
    #[test]
    fn passer() {
        for round in 1..=3 {
            gallra::vocabulary::fail_point("proofs.passer");
            println!("passed {round}");
        }
    }

    fn pass(point: FailPoint<'_>) -> Running {
        let directory = std::path::Path::new("/nonexistent");
        let gallra = Gallra::in_directory(directory).failing(point);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "process::fail_points::passer", "--nocapture"]);
        let told = gallra.command([""; 0]);
        command.envs(
            told.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        Running::start(command)
    }

    #[test]
    fn a_fail_point_aborts() {
        let finished = pass(FailPoint::abort("proofs.passer").after(1)).finish();
        assert!(finished.was_killed());
        assert!(finished.stdout.contains("passed 1"), "{finished:?}");
        assert!(!finished.stdout.contains("passed 2"), "{finished:?}");
    }

    #[test]
    fn a_fail_point_stops_until_resumed() {
        let mut running = pass(FailPoint::stop("proofs.passer").after(2));
        running.wait_until_stopped();
        running.resume();
        let finished = running.finish().succeeded();
        assert!(finished.stdout.contains("passed 3"), "{finished:?}");
    }

    #[test]
    fn a_fail_point_of_another_name_lets_pass() {
        let finished = pass(FailPoint::abort("proofs.other")).finish().succeeded();
        assert!(finished.stdout.contains("passed 3"), "{finished:?}");
    }
}

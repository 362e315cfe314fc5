//! Named places where a test may stop or kill the process.
//!
//! Crash tests set `GALLRA_FAIL_POINT=<name>` and `GALLRA_FAIL_ACTION=abort|stop` on the
//! process under test. Without the feature `fail-points` the call is empty and the release binary
//! reads no such variable.
//!
//! `GALLRA_FAIL_TRACE=<milliseconds>` names every place on standard error as it is passed and lingers
//! there so long, as on a slow disk: a test that kills at random then sees where its kills fall, and
//! they fall everywhere.

/// Aborts (`abort`, the default) or stops (`stop`, SIGSTOP) the process when the environment names
/// this place. `GALLRA_FAIL_SKIP=n` lets the first `n` passages go by.
#[cfg(feature = "fail-points")]
pub fn fail_point(name: &str) {
    use std::io::Write;
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSED: AtomicU64 = AtomicU64::new(0);
    if let Ok(linger) = std::env::var("GALLRA_FAIL_TRACE") {
        // In one write: a kill must not tear it.
        let _ = std::io::stderr().write_all(format!("at {name}\n").as_bytes());
        std::thread::sleep(std::time::Duration::from_millis(
            linger.parse().unwrap_or(0),
        ));
    }
    if std::env::var("GALLRA_FAIL_POINT").as_deref() != Ok(name) {
        return;
    }
    let skip = std::env::var("GALLRA_FAIL_SKIP")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(0);
    if PASSED.fetch_add(1, Ordering::SeqCst) < skip {
        return;
    }
    match std::env::var("GALLRA_FAIL_ACTION").as_deref() {
        Ok("stop") => {
            let me = rustix::process::getpid();
            let _ = rustix::process::kill_process(me, rustix::process::Signal::STOP);
            // The signal is taken by whichever thread the system chooses: this one must not run on
            // meanwhile, least of all on a busy machine.
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        _ => std::process::abort(),
    }
}

/// Does nothing: the feature `fail-points` is off.
#[cfg(not(feature = "fail-points"))]
#[inline(always)]
pub fn fail_point(_name: &str) {}

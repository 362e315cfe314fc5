//! Other processes: the program under test and whatever else a proof starts, stops and kills.
//!
//! ```ignore
//! let gallra = Gallra::at(bench);                               // its stores, on this engine
//! let imported = gallra.run(["import", "--tenant", "norrsken", "people.ndjson"]);
//! let erased = gallra.failing(FailPoint::abort("erase.candidate")).run(["erase", …]);
//! assert!(erased.was_killed());
//! let sleeper = gallra.failing(FailPoint::stop("erase.head")).spawn(["erase", …]);
//! sleeper.wait_until_stopped();                                 // … do something behind its back …
//! sleeper.resume();
//! let receipt = sleeper.finish().succeeded().json();
//! ```
//!
//! A process that is dropped is killed, and every process is reaped.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use gallra::store::Role;
use gallra::vocabulary::{Clock, SystemClock};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::Bench;

/// How long a process may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often another process is looked at. Nothing tells us of its state, so we ask.
const GLANCE: Duration = Duration::from_millis(2);

/// The program under test with its stores, ready to run commands.
#[derive(Debug, Clone)]
pub struct Gallra {
    data_directory: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl Gallra {
    /// With the stores of a bench; the root and everything else lies in its directory.
    pub fn at(bench: &Bench) -> Self {
        Self::in_directory(bench.directory())
            .with("DATABASE_URL", bench.url(Role::Data))
            .with("VAULT_URL", bench.url(Role::Vault))
            .with("INDEX_URL", bench.url(Role::Index))
    }

    /// With the default stores below a directory: SQLite.
    pub fn in_directory(directory: &Path) -> Self {
        Self {
            data_directory: directory.to_owned(),
            environment: Vec::new(),
        }
    }

    /// With one more variable.
    pub fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// The same program, with something in store for it.
    pub fn failing(&self, point: FailPoint) -> Self {
        let gallra = self.clone();
        let with = |gallra: Self, (name, value): (&str, String)| gallra.with(name, value);
        point.variables().into_iter().fold(gallra, with)
    }

    /// The command, for whoever wants to change it first. It answers in JSON.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.command_for_people(arguments);
        command.arg("--json");
        command
    }

    /// The command, answering in text. Of Gallra's own variables it sees only those given here.
    pub fn command_for_people<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gallra"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("GALLRA_") || text.ends_with("_URL") {
                command.env_remove(&name);
            }
        }
        command.args(arguments);
        command.arg("--data-dir").arg(&self.data_directory);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts a command.
    pub fn spawn<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Running {
        Running::start(self.command(arguments))
    }

    /// Runs a command to its end.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Finished {
        self.spawn(arguments).finish()
    }
}

/// A place in the program where something shall happen to it; see `vocabulary::fail_point`.
#[derive(Debug, Clone, Copy)]
pub struct FailPoint<'n> {
    name: &'n str,
    action: &'static str,
    skip: u64,
}

impl<'n> FailPoint<'n> {
    /// The process aborts there.
    pub fn abort(name: &'n str) -> Self {
        Self {
            name,
            action: "abort",
            skip: 0,
        }
    }

    /// The process is stopped there, as by SIGSTOP, until somebody resumes or kills it.
    pub fn stop(name: &'n str) -> Self {
        Self {
            name,
            action: "stop",
            skip: 0,
        }
    }

    /// Not the first time it passes there, but after so many.
    pub fn after(self, skip: u64) -> Self {
        Self { skip, ..self }
    }

    /// Has it in store for any command.
    pub fn set(self, command: &mut Command) {
        command.envs(self.variables());
    }

    fn variables(self) -> [(&'static str, String); 3] {
        if cfg!(not(feature = "fail-points")) {
            panic!("no fail points: run ./test, or cargo test --features fail-points");
        }
        [
            ("GALLRA_FAIL_POINT", self.name.to_owned()),
            ("GALLRA_FAIL_ACTION", self.action.to_owned()),
            ("GALLRA_FAIL_SKIP", self.skip.to_string()),
        ]
    }
}

/// A process of ours.
pub struct Running {
    child: Child,
    output: [Option<JoinHandle<String>>; 2],
    name: String,
}

impl Running {
    /// Starts a command without input; what it writes is kept.
    pub fn start(command: Command) -> Self {
        Self::start_reading(command, Stdio::null())
    }

    /// Starts a command that reads this; what it writes is kept.
    pub fn start_reading(mut command: Command, input: impl Into<Stdio>) -> Self {
        command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let name = format!("{command:?}");
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let output = [
            child.stdout.take().map(collect),
            child.stderr.take().map(collect),
        ];
        Self {
            child,
            output,
            name,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("a child can be asked")
            .is_none()
    }

    /// Stops it wherever it is (SIGSTOP) and waits until it stands still.
    pub fn stop(&mut self) {
        self.signal(Signal::STOP);
        self.wait_until_stopped();
    }

    /// Lets it go on (SIGCONT).
    pub fn resume(&mut self) {
        self.signal(Signal::CONT);
    }

    /// Waits until it is stopped, by us or by a fail point.
    ///
    /// # Panics
    /// When it ends instead or does not stop in time; says what it wrote.
    pub fn wait_until_stopped(&mut self) {
        let begun = SystemClock.uptime();
        while self.is_running() {
            match state(self.id()) {
                Some('T' | 't') => return,
                _ if SystemClock.uptime() - begun > PATIENCE => break,
                _ => std::thread::sleep(GLANCE),
            }
        }
        let finished = self.end();
        panic!("it was to stop, but did not: {finished:?}");
    }

    /// Waits until it ends.
    ///
    /// # Panics
    /// When it hangs; says what it wrote.
    pub fn finish(mut self) -> Finished {
        if !self.ended_within(PATIENCE) {
            let finished = self.end();
            panic!("it hangs: {finished:?}");
        }
        self.end()
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub fn terminate(self) -> Finished {
        self.signal(Signal::TERM);
        self.finish()
    }

    /// Kills it (SIGKILL), wherever it is. It may have ended before.
    pub fn kill(mut self) -> Finished {
        self.end()
    }

    /// Kills it after a while, unless it ends first.
    pub fn kill_after(mut self, while_: Duration) -> Finished {
        self.ended_within(while_);
        self.end()
    }

    fn ended_within(&mut self, time: Duration) -> bool {
        let begun = SystemClock.uptime();
        loop {
            if !self.is_running() {
                return true;
            }
            let left = time.saturating_sub(SystemClock.uptime() - begun);
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(GLANCE));
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has an id"), signal).expect("a child takes signals");
    }

    fn end(&mut self) -> Finished {
        if self.is_running() {
            self.child.kill().expect("a child can be killed");
        }
        let status = self.child.wait().expect("a child can be reaped");
        let [stdout, stderr] = self.output.each_mut().map(|reader| {
            let reader = reader.take().expect("a process ends once");
            reader.join().expect("the reader does not panic")
        });
        Finished {
            status,
            stdout,
            stderr,
            name: self.name.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a pipe to its end beside the process, so that a full pipe never holds it up.
pub fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The state letter of a process: `R`, `S`, `T` for stopped, `Z` for ended but not reaped. `None`
/// when there is no such process.
pub fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it is in parentheses and may hold anything.
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

/// A process that has ended.
#[derive(Debug)]
pub struct Finished {
    status: ExitStatus,
    /// Everything it wrote to standard output.
    pub stdout: String,
    /// Everything it wrote to standard error.
    pub stderr: String,
    name: String,
}

impl Finished {
    /// Its exit code; `None` when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Whether a signal ended it: ours, or its own abort.
    pub fn was_killed(&self) -> bool {
        self.status.signal().is_some()
    }

    /// The last fail point it passed, if it was traced (`GALLRA_FAIL_TRACE`).
    pub fn passed_last(&self) -> Option<&str> {
        let mut lines = self.stderr.lines().rev();
        lines.find_map(|line| line.strip_prefix("at "))
    }

    /// Itself, when it exited with 0.
    ///
    /// # Panics
    /// When it did not; says what it wrote.
    pub fn succeeded(self) -> Self {
        self.exited(0)
    }

    /// Itself, when it exited with this code.
    ///
    /// # Panics
    /// When it did not; says what it wrote.
    pub fn exited(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{self:#?}");
        self
    }

    /// The one JSON document that standard output is.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is no JSON ({error}): {self:#?}"))
    }

    /// The JSON documents on standard output, one a line.
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("a line is no JSON ({error}): {self:#?}"))
        };
        self.stdout.lines().map(parse).collect()
    }
}

//! Power cuts: record what the program asks of its disk, then rebuild the directory as a disk could
//! hold it had the power gone at any point, and look whether the program can live with it.
//!
//! ```no_run
//! let recording = Recording::start(&data_directory, scratch);
//! recording.attach(&mut command);            // LD_PRELOAD and where to write
//! command.status()?;                         // as many commands as wanted, one after another or at once
//! recording.mark("erased 7");                // optional: what the test itself holds for promised
//! let trace = recording.finish();
//! trace.assert_complete();                   // nothing was changed behind the shim's back
//! let violations = trace.cut_power(&Plan::default(), |cut| {
//!     // cut.directory: the disk after the cut; cut.promised(): what had been said by then
//!     …
//! });
//! assert!(violations.is_empty(), "{violations:#?}");
//! ```
//!
//! A violation names the cut and its survival; [`Trace::rebuild`] with the same two gives the same
//! directory again. What the model takes from the disk is described in [`disk`], what the recorder
//! cannot see in `shim.c`. Neither speaks of a disk that acknowledges a flush it has not done: on such
//! a disk no program is safe.

mod disk;
mod fate;
mod trace;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

pub use disk::{Disk, Names};
pub use fate::Survival;
pub use trace::{Event, Kind};

use super::chance::Chance;

/// A directory being watched. Several processes may run at once.
pub struct Recording {
    root: PathBuf,
    scratch: PathBuf,
}

impl Recording {
    /// Copies the directory as it stands, which counts as durable, and opens an empty trace. `scratch`
    /// must be an empty directory outside `root`; it is the caller's to remove.
    pub fn start(root: &Path, scratch: &Path) -> Self {
        let root = root.canonicalize().expect("the traced directory exists");
        let scratch = scratch
            .canonicalize()
            .expect("the scratch directory exists");
        assert!(
            !scratch.starts_with(&root),
            "the trace would trace itself: put the scratch directory outside"
        );
        copy(&root, &scratch.join("start"));
        fs::write(scratch.join("trace"), []).expect("the scratch directory is writable");
        Self { root, scratch }
    }

    /// Makes the command record itself; its children inherit that.
    pub fn attach(&self, command: &mut Command) {
        command.envs(self.environment());
    }

    /// The variables that [`Recording::attach`] sets.
    pub fn environment(&self) -> [(&'static str, OsString); 3] {
        [
            ("LD_PRELOAD", shim().into()),
            ("GALLRA_TRACE_ROOT", self.root.clone().into()),
            ("GALLRA_TRACE_FILE", self.scratch.join("trace").into()),
        ]
    }

    /// Puts a line of the test's own between the events, such as what a finished command promised.
    pub fn mark(&self, text: &str) {
        let trace = fs::OpenOptions::new()
            .append(true)
            .open(self.scratch.join("trace"));
        trace
            .and_then(|mut trace| trace.write_all(&Event::mark(&format!("{text}\n")).to_bytes()))
            .expect("the trace is writable");
    }

    /// Reads the trace. Every traced process must have ended.
    pub fn finish(self) -> Trace {
        let events = trace::read(&self.scratch.join("trace"));
        Trace {
            events,
            recording: self,
        }
    }
}

/// Everything that happened, in order.
pub struct Trace {
    /// The events; a cut at `k` lets the first `k` happen.
    pub events: Vec<Event>,
    recording: Recording,
}

/// Which cuts to try.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many points of the trace, spread over all of it.
    pub cuts: usize,
    /// How many disks per point: the first has lost everything it may, the others throw dice.
    pub disks: usize,
    /// Repeats the choice of points and the dice.
    pub seed: u64,
    /// What makes names durable.
    pub names: Names,
}

impl Default for Plan {
    /// The counts of `./test`; with GALLRA_LONG=1 those of `./test --long`.
    fn default() -> Self {
        Self {
            cuts: if super::long() { 1_000 } else { 50 },
            disks: 2,
            seed: 1,
            names: Names::WithTheDirectory,
        }
    }
}

/// One disk after one power cut.
pub struct PowerCut<'t> {
    /// The directory as the disk holds it. The check may change it.
    pub directory: PathBuf,
    /// How many events had happened.
    pub at: usize,
    /// What became of the undecided.
    pub survival: Survival,
    events: &'t [Event],
}

impl PowerCut<'_> {
    /// Everything that was written to standard output, and marked, before the cut.
    pub fn promised(&self) -> String {
        let said = |event: &&Event| matches!(event.kind, Kind::Output | Kind::Mark);
        self.events.iter().filter(said).map(Event::text).collect()
    }
}

/// A power cut that the program did not survive.
#[derive(Debug)]
pub struct Violation {
    /// How many events had happened.
    pub at: usize,
    /// What became of the undecided.
    pub survival: Survival,
    /// What the check said.
    pub complaint: String,
}

impl Trace {
    /// How many events are of this kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.events.iter().filter(|e| e.kind == kind).count()
    }

    /// At most `count` cut points in rising order, one out of each of as many equal stretches: the
    /// points right before an event that touches the disk, when everything said since the last one
    /// counts as promised, and the end.
    pub fn cut_points(&self, count: usize, seed: u64) -> Vec<usize> {
        let touching = self.events.iter().enumerate();
        let touching = touching.filter(|(_, event)| event.touches_the_disk());
        let end = std::iter::once(self.events.len());
        let all: Vec<usize> = touching.map(|(at, _)| at).chain(end).collect();
        if all.len() <= count {
            return all;
        }
        let mut chance = Chance::new(seed);
        let chosen = (0..count).map(|stretch| {
            let (from, to) = (
                stretch * all.len() / count,
                (stretch + 1) * all.len() / count,
            );
            all[from + chance.below((to - from) as u64) as usize]
        });
        chosen.collect()
    }

    /// Rebuilds the disk of one cut at `to`, which must not exist.
    pub fn rebuild(&self, at: usize, survival: Survival, names: Names, to: &Path) {
        let mut disk = Disk::new(&self.start(), &self.events, names);
        disk.advance(at);
        disk.write_out(survival, to);
    }

    /// Cuts the power as planned and lets `check` judge each disk.
    pub fn cut_power(
        &self,
        plan: &Plan,
        mut check: impl FnMut(&PowerCut<'_>) -> Result<(), String>,
    ) -> Vec<Violation> {
        let mut disk = Disk::new(&self.start(), &self.events, plan.names);
        let mut violations = Vec::new();
        let points = self.cut_points(plan.cuts, plan.seed);
        let (cuts, events) = (points.len(), self.events.len());
        println!(
            "{cuts} cuts among {events} events, {} disks each",
            plan.disks
        );
        for at in points {
            disk.advance(at);
            for roll in 0..plan.disks {
                let survival = match roll {
                    0 => Survival::Nothing,
                    _ => Survival::Seeded(plan.seed ^ ((at as u64) << 16) ^ roll as u64),
                };
                // A place of its own: what the last check left open must not reach into this one.
                let name = format!("cut-{at}-{roll}");
                let directory = self.recording.scratch.join(name);
                disk.write_out(survival, &directory);
                let cut = PowerCut {
                    directory: directory.clone(),
                    at,
                    survival,
                    events: &self.events[..at],
                };
                if let Err(complaint) = check(&cut) {
                    violations.push(Violation {
                        at,
                        survival,
                        complaint,
                    });
                }
                fs::remove_dir_all(&directory).expect("the scratch directory is writable");
            }
        }
        violations
    }

    /// Replays the whole trace without loss and compares with the real directory, byte for byte.
    ///
    /// # Panics
    /// When they differ: the program changed files in a way the shim does not see.
    pub fn assert_complete(&self) {
        let replayed = self.recording.scratch.join("complete");
        let end = self.events.len();
        self.rebuild(
            end,
            Survival::Everything,
            Names::WithTheDirectory,
            &replayed,
        );
        let (replay, real) = (listing(&replayed), listing(&self.recording.root));
        fs::remove_dir_all(&replayed).expect("the scratch directory is writable");
        for (path, content) in &real {
            match replay.get(path) {
                Some(same) if same == content => {}
                Some(_) => panic!("{path} was written behind the shim's back"),
                None => panic!("{path} came to be behind the shim's back"),
            }
        }
        for path in replay.keys() {
            assert!(
                real.contains_key(path),
                "{path} went behind the shim's back"
            );
        }
    }

    fn start(&self) -> PathBuf {
        self.recording.scratch.join("start")
    }
}

/// Every file and directory below `root` with its content, without SQLite's shared memory.
fn listing(root: &Path) -> std::collections::BTreeMap<String, Option<Vec<u8>>> {
    let mut found = std::collections::BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("the directory is readable") {
            let path = entry.expect("the directory is readable").path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            if path.is_dir() {
                found.insert(name, None);
                directories.push(path);
            } else if !name.ends_with("-shm") {
                found.insert(name, Some(fs::read(&path).expect("the file is readable")));
            }
        }
    }
    found
}

/// Copies a directory with its permission bits.
fn copy(from: &Path, to: &Path) {
    Disk::new(from, &[], Names::WithTheDirectory).write_out(Survival::Everything, to);
}

/// The compiled shim, built once per test process.
///
/// # Panics
/// Without a C compiler, with the remedy.
pub fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = "tests/support/lostwrites/shim.c";
        compile(source, &["-shared", "-fPIC"], "lostwrites.so")
    })
}

/// Compiles a C file of this repository into cargo's directory for the files of tests.
///
/// # Panics
/// Without a C compiler, with the remedy.
pub fn compile(source: &str, flags: &[&str], name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (done, mine) = (
        directory.join(name),
        directory.join(format!("{name}.{}", std::process::id())),
    );
    let mut command = Command::new("cc");
    command.args(["-O1", "-Wall", "-Wextra", "-Werror"]);
    command.args(flags).arg("-o").arg(&mine);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(source));
    let output = command.output().unwrap_or_else(|error| {
        panic!("the lost-write tests need a C compiler as `cc` ({error}): install gcc or clang")
    });
    assert!(
        output.status.success(),
        "cc could not compile {source}:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Moved into place, so that a process never loads what another is still writing.
    fs::rename(&mine, &done).expect("cargo's directory is writable");
    done
}

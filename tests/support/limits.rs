//! Disks that are full and directories that are read-only, for root too, whom permissions do not stop.
//!
//! | Wanted | How | Where it works |
//! |---|---|---|
//! | writes fail midway (EFBIG) | [`with_small_files`]: RLIMIT_FSIZE, as everybody sets it | everywhere |
//! | the disk is full (ENOSPC) | [`SmallDisk`]: a tmpfs of its own | as root, or with `sudo -n` |
//! | nothing may be changed | [`ReadOnly`]: permissions; for root a read-only bind mount or `chattr +i` | everywhere |

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The same command, but no file it writes grows beyond `bytes`, rounded up to 512: the write that
/// would cross the limit is cut short or fails with EFBIG, and a process that did not take SIGXFSZ is
/// ended by it.
pub fn with_small_files(command: &Command, bytes: u64) -> Command {
    let mut limited = Command::new("sh");
    limited.arg("-c");
    limited.arg("ulimit -f \"$0\" && exec \"$@\"");
    limited.arg(bytes.div_ceil(512).to_string());
    limited.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        limited.current_dir(directory);
    }
    limited
}

/// A disk of few bytes, which a test can fill and free again. Unmounted when dropped.
pub struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts one; `None` where mounting is not permitted, which leaves [`with_small_files`].
    pub fn new(bytes: u64) -> Option<Self> {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let owner = rustix::process::geteuid().as_raw();
        let options = format!("size={bytes},mode=0700,uid={owner}");
        let path = directory.path().to_str().expect("a temporary path is text");
        privileged(&["mount", "-t", "tmpfs", "-o", &options, "tmpfs", path])
            .then_some(Self { directory })
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Fills it until nothing more fits.
    pub fn fill(&self) {
        let mut ballast = fs::File::create(self.ballast()).expect("a file can be made");
        let full = std::io::copy(&mut std::io::repeat(1), &mut ballast);
        let error = full.expect_err("a small disk fills up");
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }

    /// Makes room again.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).expect("the disk was filled before");
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(self.directory.path());
    }
}

/// A directory in which, for the time being, nothing can be created, changed or removed.
pub struct ReadOnly {
    directory: PathBuf,
    lock: Lock,
}

enum Lock {
    Permissions(Vec<(PathBuf, fs::Permissions)>),
    Mount,
    Immutable,
}

impl ReadOnly {
    /// Closes a directory and everything in it; dropping the guard opens it again.
    ///
    /// # Panics
    /// When nothing known closes it here.
    pub fn new(directory: &Path) -> Self {
        let directory = directory.canonicalize().expect("the directory exists");
        let path = directory.to_str().expect("the path is text").to_owned();
        let guard = |lock| Self {
            directory: directory.clone(),
            lock,
        };

        // The attempts that do not close it are undone as their guards drop.
        let mut before = Vec::new();
        take_permissions(&directory, &mut before);
        let attempt = guard(Lock::Permissions(before));
        if attempt.holds() {
            return attempt;
        }
        drop(attempt);
        if privileged(&["mount", "--bind", &path, &path]) {
            let attempt = guard(Lock::Mount);
            let closed = privileged(&["mount", "-o", "remount,bind,ro", &path]);
            if closed && attempt.holds() {
                return attempt;
            }
        }
        if privileged(&["chattr", "-R", "+i", &path]) {
            let attempt = guard(Lock::Immutable);
            if attempt.holds() {
                return attempt;
            }
        }
        panic!(
            "{path} cannot be made read-only: run the tests as a user other than root, \
             or as root where mounting or chattr +i is permitted"
        );
    }

    fn holds(&self) -> bool {
        let probe = self.directory.join(".probe");
        let made = fs::write(&probe, "").is_ok();
        if made {
            fs::remove_file(&probe).expect("what can be made can be removed");
        }
        !made
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        match &mut self.lock {
            // The directory first: what is inside can be reached only then.
            Lock::Permissions(before) => {
                for (path, permissions) in before.drain(..) {
                    let _ = fs::set_permissions(path, permissions);
                }
            }
            Lock::Mount => unmount(&self.directory),
            Lock::Immutable => {
                let path = self.directory.display().to_string();
                privileged(&["chattr", "-R", "-i", &path]);
            }
        }
    }
}

/// Takes the right to write from everything below, contents before their directory.
fn take_permissions(path: &Path, before: &mut Vec<(PathBuf, fs::Permissions)>) {
    let metadata = fs::symlink_metadata(path).expect("the path exists");
    before.push((path.to_owned(), metadata.permissions()));
    if metadata.is_dir() {
        for entry in fs::read_dir(path).expect("the directory is readable") {
            take_permissions(&entry.expect("the directory is readable").path(), before);
        }
    }
    let mode = metadata.permissions().mode() & !0o222;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

fn unmount(directory: &Path) {
    let path = directory.display().to_string();
    // Lazily where it is still in use, so that nothing is left behind in either case.
    if !privileged(&["umount", &path]) {
        privileged(&["umount", "-l", &path]);
    }
}

/// Runs a command as root: directly, or by a sudo that does not ask. Says whether it succeeded.
fn privileged(words: &[&str]) -> bool {
    let run = |words: &[&str]| {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    run(words) || (!rustix::process::geteuid().is_root() && run(&[&["sudo", "-n"], words].concat()))
}

//! What can be wrong with the root directory, each with its remedy.

use std::io;
use std::path::PathBuf;

/// What can be wrong with the root directory.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// The directory of running processes is gone.
    #[error(
        "{} is missing, and with it who works here: stop every Gallra process that still runs, then \
         make it with `mkdir -m 700 {}`",
        path.display(),
        path.display()
    )]
    NoInstances {
        /// Where it was.
        path: PathBuf,
    },
    /// The directory or one of its files cannot be read or written.
    #[error("the root directory {path}: {source}: {}", remedy(source))]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An old root could not be overwritten.
    #[error(
        "an old root in {path} is not overwritten ({source}): the new one is in force, but until \
         this is done no receipt is issued; mend the disk or the mount and run `gallra reconcile`"
    )]
    NotWiped {
        /// The copy.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A candidate did not read back as it was written.
    #[error(
        "the root directory {0} does not give back what was written: the disk is failing; nothing \
         was erased; move the root with `gallra mirror promote`"
    )]
    ReadBack(PathBuf),
    /// `init` found something already there.
    #[error(
        "{0} already holds a root: nothing is initialised anew; use another data directory, or \
         remove the old house yourself if it is really to be thrown away"
    )]
    Exists(PathBuf),
    /// The static factor is missing or another than when the root was made.
    #[error(
        "the root needs its static factor: give the one it was made with in GALLRA_ROOT_FACTOR or \
         as the systemd credential gallra-root-factor"
    )]
    Factor,
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "check GALLRA_ROOT and --data-dir, or run `gallra init`",
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge => {
            "free space on its disk and repeat; nothing was erased"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "give the user that runs gallra write access and repeat; nothing was erased"
        }
        _ => "mend the disk or the mount, or promote a mirror with `gallra mirror promote`",
    }
}

//! The limits bite, and go away again.

use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use rustix::process::Signal;

use crate::tools::limits::{ReadOnly, SmallDisk, with_small_files};
use crate::tools::process::Running;

#[test]
fn a_file_cannot_outgrow_its_limit_and_an_unready_writer_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.current_dir(directory.path()).env("BYTES", "100000");
    command.args(["-c", "head -c $BYTES /dev/zero > file; echo code $?"]);

    let limited = Running::start(with_small_files(&command, 5000)).finish();
    let ended = format!("code {}\n", 128 + Signal::XFSZ.as_raw());
    assert_eq!(limited.succeeded().stdout, ended);
    let length = || fs::metadata(directory.path().join("file")).unwrap().len();
    assert_eq!(length(), 5120);

    let free = Running::start(command).finish();
    assert_eq!(free.succeeded().stdout, "code 0\n");
    assert_eq!(length(), 100_000);
}

#[test]
fn a_small_disk_fills_up_and_is_freed() {
    let Some(disk) = SmallDisk::new(1 << 20) else {
        // Then there is no sudo either, and whoever may not mount is not root with all its rights.
        let mount = Command::new("sudo").args(["-n", "mount"]).output();
        assert!(!mount.is_ok_and(|output| output.status.success()));
        return;
    };
    let file = disk.path().join("file");
    disk.fill();
    let full = fs::write(&file, [1; 8192]).unwrap_err();
    assert_eq!(full.kind(), ErrorKind::StorageFull);
    disk.free();
    fs::write(&file, [1; 8192]).unwrap();
    let place = disk.path().to_owned();
    drop(disk);
    assert!(!place.exists(), "unmounted and removed");
}

#[test]
fn in_a_read_only_directory_nothing_changes() {
    let directory = tempfile::tempdir().unwrap();
    let (root, deep) = (directory.path().to_owned(), directory.path().join("deep"));
    fs::create_dir(&deep).unwrap();
    for place in [&root, &deep] {
        fs::write(place.join("old"), "old").unwrap();
    }

    let guard = ReadOnly::new(&root);
    for place in [&root, &deep] {
        assert!(fs::write(place.join("new"), "new").is_err());
        assert!(fs::write(place.join("old"), "new").is_err());
        assert!(fs::remove_file(place.join("old")).is_err());
        assert!(fs::rename(place.join("old"), place.join("new")).is_err());
        assert_eq!(fs::read_to_string(place.join("old")).unwrap(), "old");
    }
    drop(guard);
    for place in [&root, &deep] {
        fs::write(place.join("old"), "new").unwrap();
        fs::remove_file(place.join("old")).unwrap();
    }
}

//! The files of a directory: an export's, or a Maildir's.

use std::io;
use std::path::{Path, PathBuf};

/// Directories in directories are followed so far.
const DEEPEST: usize = 8;

/// Every file below a directory with its length, in a steady order. Hidden ones are left out, and what
/// a Maildir has in `tmp`, which is not delivered yet. Links are not followed.
pub(super) fn files_of(directory: &Path) -> io::Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    collect(directory, DEEPEST, &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(directory: &Path, deeper: usize, files: &mut Vec<(PathBuf, u64)>) -> io::Result<()> {
    let is_maildir = directory.join("cur").is_dir();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if kind.is_dir() {
            // Folders of a Maildir have names that begin with a dot.
            let left_out = is_maildir && name == "tmp";
            if deeper > 1 && !left_out {
                collect(&entry.path(), deeper - 1, files)?;
            }
        } else if kind.is_file() && !name.as_encoded_bytes().starts_with(b".") {
            files.push((entry.path(), entry.metadata()?.len()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maildir_is_walked_but_not_what_is_still_delivered() {
        let root = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("cur/2:2,S", "b"),
            ("new/1", "aa"),
            ("tmp/3", "no"),
            (".Sent/cur/4", "c"),
            (".hidden", "no"),
        ] {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = files_of(root.path()).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|(path, length)| {
                (
                    path.strip_prefix(root.path()).unwrap().to_str().unwrap(),
                    *length,
                )
            })
            .collect();
        assert_eq!(names, [(".Sent/cur/4", 1), ("cur/2:2,S", 1), ("new/1", 2)]);
    }
}

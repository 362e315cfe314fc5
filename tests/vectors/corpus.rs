//! The corpora of `fuzz/`, read by the usual toolchain: what once made a reader fail makes it fail no more.

#[path = "../../fuzz/src/entries.rs"]
mod entries;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use entries::{ENTRIES, entry};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names_in(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).expect("the directory is there");
    let names = entries.map(|it| it.expect("an entry").file_name().into_string());
    names.map(|name| name.expect("a plain name")).collect()
}

#[test]
fn every_corpus_is_read_to_the_end() {
    for (name, read) in ENTRIES {
        let corpus = fuzz().join("corpus").join(name);
        let files = names_in(&corpus);
        assert!(!files.is_empty(), "{name} has a corpus");
        for file in files {
            let bytes = fs::read(corpus.join(&file)).expect("it is there");
            println!("{name}/{file}"); // Names the file where one fails.
            read(&bytes);
        }
    }
}

#[test]
fn every_entry_has_a_target_and_a_corpus() {
    let names: BTreeSet<String> = ENTRIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, names_in(&fuzz().join("corpus")));

    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("it is there");
    let manifest: toml::Table = manifest.parse().expect("it is TOML");
    let targets = manifest["bin"].as_array().expect("there are targets");
    let text = |target: &toml::Value, key: &str| target[key].as_str().expect("a text").to_owned();
    let targets: BTreeSet<_> = targets
        .iter()
        .map(|it| (text(it, "name"), text(it, "path")))
        .collect();
    assert_eq!(targets.len(), names.len());
    for (name, path) in targets {
        let target = fs::read_to_string(fuzz().join(path)).expect("the target is there");
        assert!(target.contains(&format!("entry(\"{name}\")")), "{name}");
        entry(&name)(b"");
    }
}

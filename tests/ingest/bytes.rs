//! Any bytes at all: every format reads them to the end, within its limits, without a panic. The same
//! is fuzzed for longer in `fuzz/`, whose corpus is read here too.

use std::path::{Path, PathBuf};

use gallra::ingest::{FORMATS, Format, IngestError, Report, Session};
use proptest::prelude::*;

use crate::fixture_files::path;
use crate::tools::{one, settings};

/// Reads bytes as a format, or as what they look like.
fn read(bytes: &[u8], format: Option<&'static Format>) -> Result<Report, IngestError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut session = Session::reading(settings());
    runtime.block_on(one(&mut session, bytes, format, true))
}

/// What must hold whatever was read: no more came out than can have been in it.
fn is_bounded(bytes: &[u8], read: Result<Report, IngestError>) {
    match read {
        Ok(report) => {
            let out = report.records + report.quarantined_total();
            assert!(out <= bytes.len() as u64 + 1, "{report:?}");
        }
        Err(error) => assert!(error.is_of_one_file(), "{error}"),
    }
}

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("the directory is there") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files_below(&path, found),
            false => found.push(path),
        }
    }
}

/// Every fixture's bytes.
fn fixtures() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    files_below(&path(""), &mut files);
    files.sort();
    assert!(files.len() > 15, "the fixtures were found");
    files
        .iter()
        .map(|it| std::fs::read(it).expect("it is there"))
        .collect()
}

#[test]
fn the_corpus_of_the_fuzz_targets_is_read() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for format in FORMATS {
        let mut files = Vec::new();
        files_below(&corpus.join(format.name), &mut files);
        assert!(!files.is_empty(), "fuzz/corpus/{} has files", format.name);
        for file in files {
            let bytes = std::fs::read(file).expect("it is there");
            is_bounded(&bytes, read(&bytes, Some(format)));
            is_bounded(&bytes, read(&bytes, None));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn any_bytes_are_read_by_every_format(
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
    ) {
        for format in FORMATS.iter().map(Some).chain([None]) {
            is_bounded(&bytes, read(&bytes, format));
        }
    }

    #[test]
    fn any_text_of_the_usual_signs_is_read_by_every_format(
        text in "([{}\\[\\]\",:;\\\\\n\r\t -]|\"id\":|From |--a|null|1e9|[a-zåäö]{1,3}){0,300}",
    ) {
        for format in FORMATS.iter().map(Some).chain([None]) {
            is_bounded(text.as_bytes(), read(text.as_bytes(), format));
        }
    }

    #[test]
    fn a_fixture_with_other_bytes_in_it_is_read(
        which in any::<prop::sample::Index>(),
        format in proptest::option::of(any::<prop::sample::Index>()),
        cut in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        twice in any::<bool>(),
    ) {
        let fixtures = fixtures();
        let mut bytes = which.get(&fixtures).clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if twice {
            bytes.extend_from_within(cut.index(bytes.len())..);
        } else {
            bytes.truncate(cut.index(bytes.len()));
        }
        is_bounded(&bytes, read(&bytes, format.map(|it| it.get(FORMATS))));
    }
}

//! The receipt file: whole it verifies, and changed anywhere it does not.

use gallra::receipts::proof::Proof;
use gallra::receipts::verify::{CheckName, Outcome};
use gallra::receipts::{Policy, Report, verify};
use proptest::prelude::*;

use crate::sample;

pub fn outcome(report: &Report, name: CheckName) -> Outcome {
    let check = report.checks.iter().find(|check| check.check == name);
    check
        .unwrap_or_else(|| panic!("{name:?} was not reached: {report:#?}"))
        .outcome
}

#[test]
fn a_file_verifies_with_its_policy() {
    let key = sample::key(1);
    let policy = Policy::of_log(key.verifier());
    for (index, size) in [(0, 1), (0, 2), (6, 7), (3, 300), (299, 300)] {
        let report = verify(&sample::file(&key, index, size), Some(&policy));
        assert!(
            report.passed && report.issuer_established && report.complete,
            "{report:#?}"
        );
        assert_eq!(report.receipt, Some(sample::erasure(index)));
        assert_eq!(outcome(&report, CheckName::Issuer), Outcome::Ok);
        assert_eq!(outcome(&report, CheckName::Time), Outcome::NotShown);
    }
}

#[test]
fn without_a_policy_the_issuer_stays_open() {
    let report = verify(&sample::file(&sample::key(1), 2, 5), None);
    assert!(report.passed && !report.issuer_established);
    assert_eq!(outcome(&report, CheckName::Issuer), Outcome::NotShown);
    let time = report
        .checks
        .iter()
        .find(|check| check.check == CheckName::Time)
        .unwrap();
    assert!(time.detail.starts_with("time not attested"));
    assert!(
        report
            .checks
            .iter()
            .all(|check| (check.outcome == Outcome::Ok) == check.remedy.is_empty())
    );
}

#[test]
fn the_report_as_people_read_it() {
    let key = sample::key(1);
    let file = sample::file(&key, 3, 7);
    let policy = Policy::of_log(key.verifier());
    let tampered = file.replacen("\"people\":1", "\"people\":2", 1);
    insta::assert_snapshot!("report_valid", verify(&file, Some(&policy)));
    insta::assert_snapshot!("report_without_policy", verify(&file, None));
    insta::assert_snapshot!("report_tampered", verify(&tampered, Some(&policy)));
}

/// Somebody makes a log of the same name under a key of their own: only a policy tells.
#[test]
fn a_forger_of_the_same_name_is_found_by_the_policy() {
    let (real, forger) = (sample::key(1), sample::key(2));
    let forged = sample::file(&forger, 0, 1);
    assert!(verify(&forged, None).passed && !verify(&forged, None).issuer_established);
    let report = verify(&forged, Some(&Policy::of_log(real.verifier())));
    assert_eq!(outcome(&report, CheckName::Issuer), Outcome::Failed);
    assert!(!report.passed);
    // The right key in the extra line does not help.
    let real_key = real.verifier().to_string().into_bytes();
    let dressed = change_proof(&forged, |proof| proof.extra = Some(real_key.clone()));
    assert!(!verify(&dressed, None).passed);
    assert!(!verify(&dressed, Some(&Policy::of_log(real.verifier()))).passed);
}

#[test]
fn an_open_copy_is_not_complete() {
    let key = sample::key(1);
    let mut body = sample::body(0);
    body.copies[0].state = gallra::receipts::body::CopyState::Ordered;
    let report = verify(
        &sample::file_of(&key, &[sample::note(&key, &body)], 0),
        None,
    );
    assert!(report.passed && !report.complete);
    assert_eq!(report.open_copies, 1);
    assert!(
        !report.headline().contains("complete"),
        "{}",
        report.headline()
    );
}

/// A receipt of the first release: it must verify for ever, and be written the same way.
#[test]
fn the_receipt_of_the_vector_file_verifies() {
    let read =
        |name| std::fs::read_to_string(sample::repository("tests/vectors").join(name)).unwrap();
    let (file, policy) = (read("receipt.note"), read("receipt.policy"));
    let report = verify(&file, Some(&policy.parse().unwrap()));
    assert!(report.passed && report.issuer_established, "{report}");
    assert_eq!(sample::file(&sample::key(1), 3, 7), file);
}

fn change_proof(file: &str, change: impl FnOnce(&mut Proof)) -> String {
    let at = file.find("\n\nc2sp.org/").unwrap() + 2;
    let mut proof: Proof = file[at..].parse().unwrap();
    change(&mut proof);
    format!("{}{proof}", &file[..at])
}

/// Changes one character of a line into another that is as well formed.
pub fn other_character(line: &str, at: usize) -> String {
    let mut bytes = line.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

/// A receipt file by its lines, and where its parts begin.
struct Parts<'f> {
    file: &'f str,
    lines: Vec<&'f str>,
    /// The signature of the note.
    signature: usize,
    /// The leaf's index, after which the hashes follow.
    index: usize,
    /// The checkpoint's name.
    checkpoint: usize,
}

type Tampered = Vec<(&'static str, String)>;

impl<'f> Parts<'f> {
    fn new(file: &'f str) -> Self {
        let lines: Vec<_> = file.split('\n').collect();
        let from = |at: usize, is: &dyn Fn(&str) -> bool| {
            at + lines[at..].iter().position(|line| is(line)).unwrap()
        };
        let signature = from(0, &|line| line.starts_with("— "));
        let index = from(0, &|line| line.starts_with("index "));
        let checkpoint = from(index, &str::is_empty) + 1;
        Self {
            file,
            signature,
            index,
            checkpoint,
            lines,
        }
    }

    fn with(&self, at: usize, line: impl Into<String>) -> String {
        let mut lines: Vec<_> = self.lines.iter().map(|line| (*line).to_owned()).collect();
        lines[at] = line.into();
        lines.join("\n")
    }

    fn replaced(&self, at: usize, old: &str, new: &str) -> String {
        self.with(at, self.lines[at].replacen(old, new, 1))
    }

    fn other(&self, at: usize, character: usize) -> String {
        self.with(at, other_character(self.lines[at], character))
    }

    fn twice(&self, at: usize) -> String {
        self.with(at, format!("{0}\n{0}", self.lines[at]))
    }

    fn without(&self, at: usize) -> String {
        let mut lines = self.lines.clone();
        lines.remove(at);
        lines.join("\n")
    }

    fn swapped(&self, a: usize, b: usize) -> String {
        let mut lines = self.lines.clone();
        lines.swap(a, b);
        lines.join("\n")
    }

    /// A character near the end of a line, within its signature.
    fn end(&self, at: usize) -> usize {
        self.lines[at].len() - 10
    }

    fn in_the_note(&self) -> Tampered {
        let (people, signature) = ("\"people\":1", self.signature);
        vec![
            ("header", self.replaced(0, "v1", "v2")),
            ("origin", self.replaced(0, "gallra", "gallri")),
            ("body value", self.replaced(1, people, "\"people\":2")),
            ("body, unknown field", self.replaced(1, "{", "{\"aaa\":1,")),
            (
                "body, duplicate key",
                self.replaced(1, people, &format!("{people},{people}")),
            ),
            ("body, other spelling", self.replaced(1, ":", ": ")),
            ("signature", self.other(signature, self.end(signature))),
            ("key name", self.replaced(signature, "gallra", "gallri")),
            ("a second signature", self.twice(signature)),
            ("no signature", self.without(signature)),
        ]
    }

    fn in_the_proof(&self) -> Tampered {
        let index = self.index;
        vec![
            (
                "proof version",
                self.with(self.signature + 2, "c2sp.org/tlog-proof@v2"),
            ),
            ("extra key", self.other(index - 1, 60)),
            ("index", self.with(index, "index 2")),
            ("index spelling", self.with(index, "index 03")),
            ("index beyond", self.with(index, "index 7")),
            ("proof hash", self.other(index + 1, 4)),
            ("proof hash missing", self.without(index + 1)),
            ("proof hash twice", self.twice(index + 1)),
            ("proof order", self.swapped(index + 1, index + 2)),
        ]
    }

    fn in_the_checkpoint(&self) -> Tampered {
        let (name, last) = (self.checkpoint, self.lines.len() - 2);
        let root = self.lines[name + 2];
        vec![
            ("checkpoint origin", self.replaced(name, "gallra", "gallri")),
            ("checkpoint size", self.with(name + 1, "8")),
            ("checkpoint size spelling", self.with(name + 1, "07")),
            ("checkpoint root", self.other(name + 2, 4)),
            (
                "checkpoint extension",
                self.with(name + 2, format!("{root}\nmore")),
            ),
            ("checkpoint signature", self.other(last, self.end(last))),
            ("checkpoint unsigned", self.without(last)),
        ]
    }

    fn as_a_whole(&self) -> Tampered {
        let file = self.file;
        let proof = file.find("\n\nc2sp.org/").unwrap();
        vec![
            ("trailing byte", format!("{file}x")),
            ("trailing newline", format!("{file}\n")),
            ("leading newline", format!("\n{file}")),
            ("leading mark", format!("\u{feff}{file}")),
            ("carriage returns", file.replace('\n', "\r\n")),
            ("cut", file[..file.len() - 1].to_owned()),
            (
                "proof first",
                format!("{}\n{}", &file[proof + 2..], &file[..=proof]),
            ),
            ("only the note", file[..=proof].to_owned()),
            ("nothing", String::new()),
        ]
    }
}

#[test]
fn every_region_of_a_file_counts() {
    let key = sample::key(1);
    let policy = Policy::of_log(key.verifier());
    let file = sample::file(&key, 3, 7);
    let parts = Parts::new(&file);
    let cases = [
        parts.in_the_note(),
        parts.in_the_proof(),
        parts.in_the_checkpoint(),
        parts.as_a_whole(),
    ];
    for (what, tampered) in cases.concat() {
        assert_ne!(tampered, file, "{what}");
        for policy in [None, Some(&policy)] {
            let report = verify(&tampered, policy);
            assert!(!report.passed && !report.complete, "{what}: {report:#?}");
            let failed = report
                .checks
                .iter()
                .find(|check| check.outcome == Outcome::Failed);
            assert!(!failed.unwrap().remedy.is_empty(), "{what}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any one bit, anywhere.
    #[test]
    fn any_changed_bit_is_noticed(at in any::<usize>(), bit in 0u8..8) {
        let key = sample::key(1);
        let file = sample::file(&key, 3, 7);
        let mut bytes = file.into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(tampered) = String::from_utf8(bytes) {
            prop_assert!(!verify(&tampered, None).passed);
        }
    }
}

proptest! {
    /// Lines taken out, doubled and swapped; numbers as large as they come; text of any kind.
    #[test]
    fn nothing_makes_the_verifier_panic(
        text in "\\PC{0,80}",
        steps in prop::collection::vec((any::<usize>(), any::<usize>(), 0u8..4), 1..6),
        number in any::<u64>(),
    ) {
        let file = sample::file(&sample::key(1), 1, 3);
        let mut lines: Vec<_> = file.split('\n').map(str::to_owned).collect();
        for (a, b, step) in steps {
            let (a, b) = (a % lines.len(), b % lines.len());
            match step {
                0 if lines.len() > 1 => drop(lines.remove(a)),
                1 => lines.insert(a, lines[b].clone()),
                2 => lines.swap(a, b),
                _ => lines[a] = text.clone(),
            }
        }
        verify(&lines.join("\n"), None);
        verify(&text, None);
        let large = file.replace("\n3\n", &format!("\n{number}\n"));
        let large = large.replace("index 1\n", &format!("index {}\n", number.saturating_sub(1)));
        prop_assert!(!verify(&large, None).passed || number == 3);
        prop_assert!(text.parse::<Policy>().is_err());
    }
}

/// Receipt and proof belong together: those of another receipt of the same log do not do.
#[test]
fn a_proof_of_another_receipt_is_refused() {
    let key = sample::key(1);
    let (one, other) = (sample::file(&key, 3, 7), sample::file(&key, 4, 7));
    let at = |file: &str| file.find("\n\nc2sp.org/").unwrap();
    let mixed = format!("{}{}", &one[..at(&one)], &other[at(&other)..]);
    let report = verify(&mixed, None);
    assert_eq!(outcome(&report, CheckName::Inclusion), Outcome::Failed);
    assert_eq!(outcome(&report, CheckName::Sequence), Outcome::Failed);
}

/// The log itself puts a receipt elsewhere than it says: everything is signed, and it is refused.
#[test]
fn a_receipt_out_of_its_place_is_refused() {
    let key = sample::key(1);
    let notes = [
        sample::note(&key, &sample::body(1)),
        sample::note(&key, &sample::body(0)),
    ];
    let report = verify(&sample::file_of(&key, &notes, 0), None);
    assert_eq!(outcome(&report, CheckName::Inclusion), Outcome::Ok);
    assert_eq!(outcome(&report, CheckName::Sequence), Outcome::Failed);
    assert!(!report.passed);
}

/// A checkpoint is no receipt, although the same key signs both.
#[test]
fn a_signed_text_of_another_kind_is_no_receipt() {
    let key = sample::key(1);
    let content = sample::body(0).to_canonical_json().unwrap();
    for header in [sample::ORIGIN, "other.example/receipt/v1", "cosignature/v1"] {
        let note = key.sign(format!("{header}\n{content}\n")).to_string();
        assert!(
            !verify(&sample::file_of(&key, &[note], 0), None).passed,
            "{header}"
        );
    }
}

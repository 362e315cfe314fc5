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

#[test]
fn every_region_of_a_file_counts() {
    let key = sample::key(1);
    let policy = Policy::of_log(key.verifier());
    let file = sample::file(&key, 3, 7);
    let lines: Vec<_> = file.split('\n').collect();
    let signature = lines
        .iter()
        .position(|line| line.starts_with("— "))
        .unwrap();
    let index = lines
        .iter()
        .position(|line| line.starts_with("index "))
        .unwrap();
    let checkpoint = index
        + lines[index..]
            .iter()
            .position(|line| line.is_empty())
            .unwrap()
        + 1;
    let with = |at: usize, line: String| {
        let mut lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        lines[at] = line;
        lines.join("\n")
    };
    let without = |at: usize| {
        let mut lines = lines.clone();
        lines.remove(at);
        lines.join("\n")
    };
    let swapped = |a: usize, b: usize| {
        let mut lines = lines.clone();
        lines.swap(a, b);
        lines.join("\n")
    };
    let end = |line: &str| line.len() - 10;
    let last = lines.len() - 2;
    let cases = [
        ("header", with(0, lines[0].replace("v1", "v2"))),
        ("origin", with(0, lines[0].replace("gallra", "gallri"))),
        (
            "body value",
            with(1, lines[1].replace("\"people\":1", "\"people\":2")),
        ),
        (
            "body, unknown field",
            with(1, lines[1].replacen('{', "{\"aaa\":1,", 1)),
        ),
        (
            "body, duplicate key",
            with(
                1,
                lines[1].replace("\"people\":1", "\"people\":1,\"people\":1"),
            ),
        ),
        (
            "body, other spelling",
            with(1, lines[1].replacen(':', ": ", 1)),
        ),
        (
            "signature",
            with(
                signature,
                other_character(lines[signature], end(lines[signature])),
            ),
        ),
        (
            "key name",
            with(signature, lines[signature].replace("gallra", "gallri")),
        ),
        (
            "a second signature",
            with(signature, format!("{0}\n{0}", lines[signature])),
        ),
        ("no signature", without(signature)),
        (
            "proof version",
            with(signature + 2, "c2sp.org/tlog-proof@v2".into()),
        ),
        (
            "extra key",
            with(index - 1, other_character(lines[index - 1], 60)),
        ),
        ("index", with(index, "index 2".into())),
        ("index spelling", with(index, "index 03".into())),
        ("index beyond", with(index, "index 7".into())),
        (
            "proof hash",
            with(index + 1, other_character(lines[index + 1], 4)),
        ),
        ("proof hash missing", without(index + 1)),
        (
            "proof hash twice",
            with(index + 1, format!("{0}\n{0}", lines[index + 1])),
        ),
        ("proof order", swapped(index + 1, index + 2)),
        (
            "checkpoint origin",
            with(checkpoint, lines[checkpoint].replace("gallra", "gallri")),
        ),
        ("checkpoint size", with(checkpoint + 1, "8".into())),
        (
            "checkpoint size spelling",
            with(checkpoint + 1, "07".into()),
        ),
        (
            "checkpoint root",
            with(checkpoint + 2, other_character(lines[checkpoint + 2], 4)),
        ),
        (
            "checkpoint extension",
            with(checkpoint + 2, format!("{}\nmore", lines[checkpoint + 2])),
        ),
        (
            "checkpoint signature",
            with(last, other_character(lines[last], end(lines[last]))),
        ),
        ("checkpoint unsigned", without(last)),
        ("trailing byte", format!("{file}x")),
        ("trailing newline", format!("{file}\n")),
        ("leading newline", format!("\n{file}")),
        ("leading mark", format!("\u{feff}{file}")),
        ("carriage returns", file.replace('\n', "\r\n")),
        ("cut", file[..file.len() - 1].to_owned()),
        ("proof first", {
            let at = file.find("\n\nc2sp.org/").unwrap();
            format!("{}\n{}", &file[at + 2..], &file[..=at])
        }),
        (
            "only the note",
            file[..=file.find("\n\nc2sp.org/").unwrap()].to_owned(),
        ),
        ("nothing", String::new()),
    ];
    for (what, tampered) in cases {
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

//! The certificate that people read.

use gallra::receipts::body::CopyState;
use gallra::receipts::render::{certificate, headline};
use gallra::vocabulary::Lang;

use crate::sample;

#[test]
fn the_certificate_in_both_languages() {
    insta::assert_snapshot!("certificate_sv", certificate(&sample::body(5), Lang::Sv));
    insta::assert_snapshot!("certificate_en", certificate(&sample::body(5), Lang::En));
}

#[test]
fn no_label_touches_its_value() {
    for lang in [Lang::Sv, Lang::En] {
        let text = certificate(&sample::body(5), lang);
        let lines = text.lines().skip(3).filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.collect();
        for line in &lines[..lines.len() - 1] {
            assert!(line.contains("  "), "{line}");
        }
    }
}

#[test]
fn the_headline_never_says_complete_while_a_copy_is_open() {
    let complete = sample::body(5);
    assert!(headline(&complete, Lang::En).contains("complete"));
    assert!(headline(&complete, Lang::Sv).contains("fullständig"));
    let mut one_copy = complete.clone();
    one_copy.copies[0].state = CopyState::Ordered;
    let mut two_copies = one_copy.clone();
    two_copies.copies.push(two_copies.copies[0].clone());
    let mut late = complete.clone();
    late.mirrors.acknowledged = 0;
    let mut failed = complete;
    failed.verification[0].passed = false;
    for (body, expected) in [
        (one_copy, "One copy elsewhere is not yet"),
        (two_copies, "2 copies elsewhere are not yet"),
        (late, "mirror"),
        (failed, "check"),
    ] {
        let english = headline(&body, Lang::En);
        assert!(
            english.contains(expected) && !english.contains("complete"),
            "{english}"
        );
        assert!(!headline(&body, Lang::Sv).contains("fullständig"));
    }
}

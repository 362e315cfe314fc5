//! What witnesses say of a receipt's time counts, and only theirs.

use ed25519_dalek::Signer;
use gallra::receipts::note::{KeyKind, Signature, VerifierKey, cosigned_message};
use gallra::receipts::proof::Proof;
use gallra::receipts::verify::{CheckName, Outcome};
use gallra::receipts::{Policy, SigningKey, verify};
use gallra::vocabulary::Timestamp;

use crate::file::{other_character, outcome};
use crate::sample;

struct Witness {
    name: &'static str,
    key: ed25519_dalek::SigningKey,
}

impl Witness {
    fn new(name: &'static str, seed: u8) -> Self {
        Self {
            name,
            key: ed25519_dalek::SigningKey::from_bytes(&[seed; 32]),
        }
    }

    fn verifier(&self) -> VerifierKey {
        let public = self.key.verifying_key();
        VerifierKey::new(self.name, KeyKind::Cosignature, public.as_bytes()).unwrap()
    }

    fn cosign(&self, file: &str, seconds: u64) -> String {
        let at = file.find("\n\nc2sp.org/").unwrap() + 2;
        let proof: Proof = file[at..].parse().unwrap();
        let text = proof.checkpoint.split_once("\n\n").unwrap().0.to_owned() + "\n";
        let signature = self.key.sign(cosigned_message(&text, seconds).as_bytes());
        let mut bytes = seconds.to_be_bytes().to_vec();
        bytes.extend(signature.to_bytes());
        let line = Signature {
            name: self.name.into(),
            id: self.verifier().id(),
            bytes,
        }
        .line();
        format!("{file}{line}")
    }
}

fn seconds(text: &str) -> u64 {
    Timestamp::parse(text).unwrap().0 as u64 / 1_000_000
}

fn policy(key: &SigningKey, witnesses: &[&Witness], quorum: &str) -> Policy {
    let mut text = format!("log {}\n", key.verifier());
    for witness in witnesses {
        text += &format!("witness {} {}\n", witness.name, witness.verifier());
    }
    let names: Vec<_> = witnesses.iter().map(|witness| witness.name).collect();
    text += &format!(
        "group all-of-them {quorum} {}\nquorum all-of-them\n",
        names.join(" ")
    );
    text.parse().unwrap()
}

#[test]
fn witnesses_attest_the_time() {
    let key = sample::key(1);
    let (one, two) = (
        Witness::new("w1.example", 11),
        Witness::new("w2.example", 12),
    );
    let file = sample::file(&key, 3, 7);
    let both = policy(&key, &[&one, &two], "all");
    let any = policy(&key, &[&one, &two], "any");

    let cosigned = one.cosign(&file, seconds("2026-03-01T09:10:00Z"));
    assert!(
        verify(&cosigned, None).passed,
        "unknown witnesses are ignored"
    );
    let report = verify(&cosigned, Some(&any));
    assert!(report.passed, "{report:#?}");
    assert_eq!(outcome(&report, CheckName::Time), Outcome::Ok);
    assert_eq!(
        outcome(&verify(&cosigned, Some(&both)), CheckName::Witnesses),
        Outcome::Failed
    );
    assert!(!verify(&file, Some(&any)).passed);

    let twice = two.cosign(&cosigned, seconds("2026-03-01T09:11:00Z"));
    assert!(verify(&twice, Some(&both)).passed);
}

#[test]
fn a_receipt_younger_than_its_cosignature_is_refused() {
    let key = sample::key(1);
    let witness = Witness::new("w1.example", 11);
    let policy = policy(&key, &[&witness], "all");
    let file = sample::file(&key, 3, 7); // Issued at 09:00:02.
    for (time, expected) in [
        ("2026-03-01T08:55:02Z", Outcome::Ok),
        ("2026-03-01T08:55:01Z", Outcome::Failed),
    ] {
        let report = verify(&witness.cosign(&file, seconds(time)), Some(&policy));
        assert_eq!(outcome(&report, CheckName::Time), expected, "{time}");
    }
}

#[test]
fn a_changed_cosignature_of_a_known_witness_is_refused() {
    let key = sample::key(1);
    let (one, two) = (
        Witness::new("w1.example", 11),
        Witness::new("w2.example", 12),
    );
    let policy = policy(&key, &[&one, &two], "any");
    let file = sample::file(&key, 3, 7);
    let good = one.cosign(&file, seconds("2026-03-01T09:10:00Z"));
    let both = two.cosign(&good, seconds("2026-03-01T09:10:00Z"));
    let at = both.len() - 20;
    let tampered = other_character(&both, at);
    // The first witness alone would do; a wrong line by the second still refuses the file.
    assert_eq!(
        outcome(&verify(&good, Some(&policy)), CheckName::Witnesses),
        Outcome::Ok
    );
    assert!(!verify(&tampered, Some(&policy)).passed);
}

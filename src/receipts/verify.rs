//! Checking a receipt file with nothing but the file, and a policy if there is one.
//!
//! # Which key is believed?
//!
//! A signature proves only that the holder of some key signed; whose key it is must be known from
//! elsewhere. So:
//!
//! * **With a policy** (`gallra verify FILE --policy log.policy`) the receipt and its checkpoint must
//!   be signed by a log key that the policy names, and cosigned by the quorum it asks for. Nothing in
//!   the file can change that. This is the check to rely on, and the one for scripts.
//! * **Without a policy** the key is the one the file itself brings along, in the proof's `extra`
//!   line. Then the checks show that the file is whole, unaltered since it was signed, and part of
//!   the log it names; they do not show who signed it, for anybody can make a key and sign. The
//!   report says `issuer: not established`, prints the key, and asks to compare it with the
//!   operator's published one. The command ends with 0 then, because nothing is wrong with the file.
//!
//! Looking beside the file for a policy was considered and left out: whoever can replace the file
//! can replace its neighbour.

mod report;

use std::collections::BTreeSet;

use super::checkpoint::Checkpoint;
use super::key::RECEIPT_SUFFIX;
use super::merkle::{leaf_hash, root_from_inclusion};
use super::note::{KeyKind, Note, Signed, VerifierKey};
use super::proof::{self, Proof};
use super::{Body, Policy, ReceiptError};
use crate::vocabulary::Timestamp;

pub use report::{Check, CheckName, Outcome, Report};

/// A receipt may seem younger than its cosignature by this much: clocks differ.
const CLOCK_TOLERANCE_SECONDS: i64 = 300;

const ASK_AGAIN: &str = "ask the issuer for the file again; do not rely on this one";
const GET_POLICY: &str =
    "get log.policy from the operator over a way you trust and run again with --policy";

/// Checks a receipt file. Never fails itself: what is wrong stands in the report.
pub fn verify(file: &str, policy: Option<&Policy>) -> Report {
    let mut report = Report::new();
    match Parts::read(file) {
        Ok(parts) => {
            report.ok(CheckName::Format, "a signed note and a tlog-proof".into());
            parts.check(policy, &mut report);
        }
        Err(error) => report.failed(CheckName::Format, error.what(), ASK_AGAIN),
    }
    report.passed = report
        .checks
        .iter()
        .all(|check| check.outcome != Outcome::Failed);
    report.complete = report.passed && report.body.as_ref().is_some_and(Body::is_complete);
    report
}

/// The file, taken apart; nothing in it is believed yet.
struct Parts<'a> {
    /// The receipt as it stands in the log, byte for byte.
    entry: &'a str,
    note: Note,
    origin: String,
    content: String,
    proof: Proof,
    checkpoint_note: Note,
    checkpoint: Checkpoint,
}

impl<'a> Parts<'a> {
    fn read(file: &'a str) -> Result<Self, ReceiptError> {
        let border = format!("\n\n{}\n", proof::HEADER);
        let at = file
            .find(&border)
            .ok_or(ReceiptError::Proof("there is none after the receipt"))?;
        let (entry, proof) = (&file[..=at], &file[at + 2..]);
        let (note, origin, content) = read_receipt(entry)?;
        let proof: Proof = proof.parse()?;
        let checkpoint_note = Note::parse(&proof.checkpoint)?;
        let checkpoint = checkpoint_note.text.parse()?;
        Ok(Self {
            entry,
            note,
            origin,
            content,
            proof,
            checkpoint_note,
            checkpoint,
        })
    }

    fn check(&self, policy: Option<&Policy>, report: &mut Report) {
        match Body::from_canonical_json(&self.content) {
            Ok(body) => {
                report.ok(
                    CheckName::Fields,
                    "every field is known and in canonical form".into(),
                );
                report.receipt = Some(body.id);
                report.open_copies = body.open_copies();
                report.body = Some(body);
            }
            Err(error) => report.failed(CheckName::Fields, error.what(), ASK_AGAIN),
        }
        match self.issuer(policy) {
            Ok(key) => {
                report.issuer_established = policy.is_some();
                report.issuer(&key);
                self.check_signatures(&key, report);
            }
            Err((detail, remedy)) => report.failed(CheckName::Issuer, detail, remedy),
        }
        self.check_place(report);
        self.check_witnesses(policy, report);
    }

    /// The key to check with: the policy's, or else the one in the file.
    fn issuer(&self, policy: Option<&Policy>) -> Result<VerifierKey, (String, &'static str)> {
        let brought = self
            .brought_key()
            .map_err(|error| (error.what(), ASK_AGAIN))?;
        let Some(policy) = policy else {
            return brought.ok_or(("the file names no key".into(), GET_POLICY));
        };
        let [signature] = &self.note.signatures[..] else {
            return Err(("the receipt has not one signature".into(), ASK_AGAIN));
        };
        let mut known = policy.logs().iter();
        let known = known.find(|log| log.name() == self.origin && log.id() == signature.id);
        match (known, brought) {
            (Some(key), Some(other)) if *key != other => Err((
                "the file brings another key than the policy names".into(),
                ASK_AGAIN,
            )),
            (Some(key), _) => Ok(key.clone()),
            (None, _) => Err((
                format!(
                    "signed by key {} of {}, which the policy does not name",
                    hex::encode(signature.id),
                    self.origin
                ),
                "do not rely on this file unless the operator confirms this key",
            )),
        }
    }

    fn brought_key(&self) -> Result<Option<VerifierKey>, ReceiptError> {
        let Some(extra) = &self.proof.extra else {
            return Ok(None);
        };
        let text = std::str::from_utf8(extra)
            .map_err(|_| ReceiptError::VerifierKey("the extra line is not text"))?;
        let key: VerifierKey = text.parse()?;
        if key.kind() == KeyKind::Ed25519 && key.name() == self.origin {
            Ok(Some(key))
        } else {
            Err(ReceiptError::VerifierKey(
                "the key in the extra line is not this log's",
            ))
        }
    }

    fn check_signatures(&self, key: &VerifierKey, report: &mut Report) {
        let id = hex::encode(key.id());
        for (name, note, what) in [
            (CheckName::Signature, &self.note, "the receipt"),
            (
                CheckName::Checkpoint,
                &self.checkpoint_note,
                "the checkpoint",
            ),
        ] {
            match note.verify(key) {
                Ok(Signed::Text) => report.ok(name, format!("{what} is signed by key {id}")),
                Ok(_) => {
                    report.failed(name, format!("{what} is not signed by key {id}"), ASK_AGAIN);
                }
                Err(error) => report.failed(name, error.what(), ASK_AGAIN),
            }
        }
    }

    /// Inclusion, and the place the receipt claims.
    fn check_place(&self, report: &mut Report) {
        let (index, size) = (self.proof.index, self.checkpoint.size);
        let leaf = leaf_hash(self.entry.as_bytes());
        let root = root_from_inclusion(index, size, &leaf, &self.proof.hashes);
        if self.checkpoint.origin != self.origin {
            let detail = "receipt and checkpoint are of different logs".to_owned();
            report.failed(CheckName::Inclusion, detail, ASK_AGAIN);
        } else if root == Some(self.checkpoint.root) {
            report.ok(
                CheckName::Inclusion,
                format!("entry {index} of a log of {size}"),
            );
        } else {
            let detail = format!("the proof does not lead from entry {index} to the signed root");
            report.failed(CheckName::Inclusion, detail, ASK_AGAIN);
        }
        match &report.body {
            Some(body) if body.seq == index => {
                report.ok(
                    CheckName::Sequence,
                    format!("the receipt calls itself number {index}"),
                );
            }
            Some(body) => {
                let detail = format!("the receipt calls itself {} but is entry {index}", body.seq);
                report.failed(CheckName::Sequence, detail, ASK_AGAIN);
            }
            None => {
                let detail = "the receipt's number cannot be read".to_owned();
                report.failed(CheckName::Sequence, detail, ASK_AGAIN);
            }
        }
    }

    fn check_witnesses(&self, policy: Option<&Policy>, report: &mut Report) {
        let mut cosigned = BTreeSet::new();
        let mut times = Vec::new();
        for (name, key) in policy.iter().flat_map(|policy| policy.witnesses()) {
            match self.checkpoint_note.verify(key) {
                Ok(Signed::At(time)) => {
                    cosigned.insert(name);
                    times.push(time as i64); // Checked against the specification's limit.
                }
                Ok(_) => {}
                Err(_) => {
                    let detail = format!("the cosignature of witness {name} is wrong");
                    report.failed(CheckName::Witnesses, detail, ASK_AGAIN);
                }
            }
        }
        match policy {
            Some(policy) if policy.asks_for_witnesses() => {
                let seen = format!("{} of the policy's witnesses cosigned", cosigned.len());
                if policy.is_met(&cosigned) {
                    report.ok(CheckName::Witnesses, seen);
                } else {
                    let remedy = "ask the operator for a newer copy of this receipt, \
                        cosigned by the quorum of your policy";
                    report.failed(CheckName::Witnesses, seen, remedy);
                }
            }
            _ => report.not_shown(
                CheckName::Witnesses,
                "no witness is asked for: that all readers see the same log is not shown".into(),
                "name witnesses and a quorum in the policy",
            ),
        }
        self.check_time(times, report);
    }

    fn check_time(&self, times: Vec<i64>, report: &mut Report) {
        let Some(body) = &report.body else { return };
        let issued = body.issued_at;
        let Some(seen) = times.into_iter().min() else {
            report.not_shown(
                CheckName::Time,
                format!("time not attested: only the issuer says that it was issued at {issued}"),
                "name witnesses and a quorum in the policy",
            );
            return;
        };
        let seen_at = Timestamp(seen.saturating_mul(1_000_000));
        if issued.0.div_euclid(1_000_000) > seen.saturating_add(CLOCK_TOLERANCE_SECONDS) {
            let detail = format!("issued at {issued}, but a witness saw it at {seen_at} already");
            report.failed(
                CheckName::Time,
                detail,
                "ask the operator which clock was wrong",
            );
        } else {
            let detail = format!("issued at {issued} and seen by a witness at {seen_at}");
            report.ok(CheckName::Time, detail);
        }
    }
}

/// Takes a receipt's note apart: two lines, one signature.
pub(super) fn read_receipt(entry: &str) -> Result<(Note, String, String), ReceiptError> {
    let note = Note::parse(entry)?;
    let lines: Vec<_> = note.text.split('\n').collect();
    let [header, content, ""] = lines[..] else {
        return Err(ReceiptError::Note("a receipt has two lines of text"));
    };
    let origin = header
        .strip_suffix(RECEIPT_SUFFIX)
        .ok_or(ReceiptError::Note(
            "its first line is not ORIGIN/receipt/v1",
        ))?;
    if note.signatures.len() != 1 {
        return Err(ReceiptError::Note("a receipt has one signature"));
    }
    let (origin, content) = (origin.to_owned(), content.to_owned());
    Ok((note, origin, content))
}

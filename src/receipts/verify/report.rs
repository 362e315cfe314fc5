//! What the check of a receipt file found.

use std::fmt;

use serde::Serialize;

use crate::receipts::{Body, VerifierKey, render};
use crate::vocabulary::{ErasureId, Lang};

/// What came of checking a file: a headline and one line for each check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether no check failed.
    pub passed: bool,
    /// Whether the key came from a policy and not from the file.
    pub issuer_established: bool,
    /// Whether the receipt is good and nothing is left to do anywhere.
    pub complete: bool,
    /// Copies elsewhere that are still open.
    pub open_copies: usize,
    /// The erasure, as far as the file could be read.
    pub receipt: Option<ErasureId>,
    /// In the order they were made.
    pub checks: Vec<Check>,
    /// The content, as far as it could be read.
    #[serde(skip)]
    pub body: Option<Body>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub check: CheckName,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found.
    pub detail: String,
    /// What to do about it; empty when nothing is to be done.
    pub remedy: &'static str,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The file's outer form.
    Format,
    /// The content: known fields, canonical form.
    Fields,
    /// Whose key it is.
    Issuer,
    /// The receipt's signature.
    Signature,
    /// The checkpoint's form, origin and signature.
    Checkpoint,
    /// That the receipt is in the log.
    Inclusion,
    /// That it knows its own place there.
    Sequence,
    /// The quorum of witnesses.
    Witnesses,
    /// `issued_at` against the witnesses' clocks.
    Time,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Nothing wrong, and nothing shown either.
    NotShown,
    /// Wrong.
    Failed,
}

impl Report {
    pub(super) fn new() -> Self {
        Self {
            passed: false,
            issuer_established: false,
            complete: false,
            open_copies: 0,
            receipt: None,
            checks: Vec::new(),
            body: None,
        }
    }

    pub(super) fn push(
        &mut self,
        check: CheckName,
        outcome: Outcome,
        detail: String,
        remedy: &'static str,
    ) {
        self.checks.push(Check {
            check,
            outcome,
            detail,
            remedy,
        });
    }

    pub(super) fn ok(&mut self, check: CheckName, detail: String) {
        self.push(check, Outcome::Ok, detail, "");
    }

    pub(super) fn not_shown(&mut self, check: CheckName, detail: String, remedy: &'static str) {
        self.push(check, Outcome::NotShown, detail, remedy);
    }

    pub(super) fn failed(&mut self, check: CheckName, detail: String, remedy: &'static str) {
        self.push(check, Outcome::Failed, detail, remedy);
    }

    pub(super) fn issuer(&mut self, key: &VerifierKey) {
        if self.issuer_established {
            self.ok(CheckName::Issuer, format!("the policy names the key {key}"));
        } else {
            let detail = format!("not established: the file itself brings the key {key}");
            self.not_shown(CheckName::Issuer, detail, super::GET_POLICY);
        }
    }

    /// The one sentence on top. It says "complete" only when nothing is open anywhere.
    pub fn headline(&self) -> String {
        if !self.passed {
            return "NOT a valid receipt: do not rely on this file.".to_owned();
        }
        let statement = self
            .body
            .as_ref()
            .map(|body| render::headline(body, Lang::En));
        let statement = statement.unwrap_or_default();
        if self.issuer_established {
            format!("A valid receipt. {statement}")
        } else {
            format!("An intact receipt, but who issued it is not established. It says: {statement}")
        }
    }

    /// Whether this check came out well; false also when it was not reached.
    pub fn is_ok(&self, check: CheckName) -> bool {
        let mut checks = self
            .checks
            .iter()
            .filter(|done| done.check == check)
            .peekable();
        checks.peek().is_some() && checks.all(|done| done.outcome == Outcome::Ok)
    }
}

/// The headline, then a line for each check and, where there is one, its remedy.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        for check in &self.checks {
            let outcome = check.outcome.word();
            writeln!(
                f,
                "{outcome:<10} {:<11} {}",
                check.check.word(),
                check.detail
            )?;
            if !check.remedy.is_empty() {
                writeln!(f, "{:<22} → {}", "", check.remedy)?;
            }
        }
        Ok(())
    }
}

impl Outcome {
    /// The word at the beginning of the line.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::NotShown => "not shown",
            Outcome::Failed => "FAILED",
        }
    }
}

impl CheckName {
    /// The word that stands in front of the line.
    pub fn word(self) -> &'static str {
        match self {
            CheckName::Format => "format",
            CheckName::Fields => "fields",
            CheckName::Issuer => "issuer",
            CheckName::Signature => "signature",
            CheckName::Checkpoint => "checkpoint",
            CheckName::Inclusion => "inclusion",
            CheckName::Sequence => "sequence",
            CheckName::Witnesses => "witnesses",
            CheckName::Time => "time",
        }
    }
}

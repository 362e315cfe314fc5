//! Checking a package with nothing but the package, and a policy if there is one: is every file as the
//! manifest lists it, is nothing there besides, and did the log's key sign that list?
//!
//! Which key is believed is decided as for receipts (`receipts::verify`): with a policy the one it names;
//! without one the key that the manifest brings along, and then who signed is not shown.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::receipts::{KeyKind, Note, Outcome, PACKAGE_SUFFIX, Policy, Signed, VerifierKey};

/// The file that lists the others.
pub const MANIFEST: &str = "manifest.json";

const ASK_AGAIN: &str = "ask for the package again; do not rely on this one";
const GET_POLICY: &str =
    "get log.policy from the operator over a way you trust and run again with --policy";

/// What a manifest says, as far as it is checked.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    files: Vec<Listed>,
    note: Option<String>,
    #[serde(default)]
    key: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    path: String,
    bytes: u64,
    sha256: String,
}

impl Manifest {
    /// Reads one; `None` where it is none.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The files it lists.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }
}

/// A file as it is: its length and the SHA-256 of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// How long it is.
    pub bytes: u64,
    /// SHA-256, as 64 hexadecimal digits.
    pub sha256: String,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was checked.
    pub check: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found.
    pub detail: String,
    /// What to do about it; empty when nothing is to be done.
    pub remedy: &'static str,
}

/// What came of checking a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether no check failed.
    pub passed: bool,
    /// Whether the key came from a policy and not from the package.
    pub issuer_established: bool,
    /// How many files were compared.
    pub files: usize,
    /// In the order they were made.
    pub checks: Vec<Check>,
}

/// Checks a manifest against the files that are there. Never fails itself: what is wrong stands in the
/// report.
pub fn verify(
    manifest: Option<&Manifest>,
    found: &BTreeMap<String, Found>,
    policy: Option<&Policy>,
) -> Report {
    let mut report = Report {
        passed: false,
        issuer_established: false,
        files: 0,
        checks: Vec::new(),
    };
    match manifest {
        Some(manifest) => {
            report.files(manifest, found);
            report.signature(manifest, policy);
        }
        None => report.failed("format", "there is no manifest that can be read".to_owned()),
    }
    report.passed = !(report.checks.iter()).any(|it| it.outcome == Outcome::Failed);
    report
}

impl Report {
    fn push(
        &mut self,
        check: &'static str,
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

    fn failed(&mut self, check: &'static str, detail: String) {
        self.push(check, Outcome::Failed, detail, ASK_AGAIN);
    }

    fn files(&mut self, manifest: &Manifest, found: &BTreeMap<String, Found>) {
        if found.is_empty() {
            let detail = format!("{} listed, none is here to compare", manifest.files.len());
            let remedy = "give the package itself, or its manifest beside its files";
            return self.push("files", Outcome::NotShown, detail, remedy);
        }
        let before = self.checks.len();
        for file in &manifest.files {
            match found.get(&file.path) {
                None => self.failed("files", format!("{} is missing", file.path)),
                Some(it) if it.bytes != file.bytes || it.sha256 != file.sha256 => {
                    self.failed("files", format!("{} is not as it was listed", file.path));
                }
                Some(_) => self.files += 1,
            }
        }
        for path in found.keys() {
            if path != MANIFEST && !manifest.paths().any(|it| it == path) {
                self.failed("files", format!("{path} is not in the list"));
            }
        }
        if self.checks.len() == before {
            let detail = format!("all {} are as they were listed", self.files);
            self.push("files", Outcome::Ok, detail, "");
        }
    }

    fn signature(&mut self, manifest: &Manifest, policy: Option<&Policy>) {
        let Some(text) = &manifest.note else {
            let detail = "the list is not signed".to_owned();
            let remedy = "ask for a package that was made where the log's key is";
            return self.push("signature", Outcome::NotShown, detail, remedy);
        };
        let Ok(note) = Note::parse(text) else {
            return self.failed("signature", "it cannot be read".to_owned());
        };
        let brought = manifest.key.as_deref().and_then(|key| key.parse().ok());
        let Some(key) = self.issuer(&note, brought, policy) else {
            return;
        };
        let line = |it: &Listed| format!("{}  {}\n", it.sha256, it.path);
        let lines: String = manifest.files.iter().map(line).collect();
        let signed = format!("{}{PACKAGE_SUFFIX}\n{lines}", key.name());
        match note.verify(&key) {
            Ok(Signed::Text) if note.text == signed => {
                let detail = format!("the list is signed by key {}", hex::encode(key.id()));
                self.push("signature", Outcome::Ok, detail, "");
            }
            Ok(Signed::Text) => self.failed("signature", "another list was signed".to_owned()),
            _ => self.failed("signature", "it does not fit the list".to_owned()),
        }
    }

    /// The key to check with: the policy's, or else the one in the manifest.
    fn issuer(
        &mut self,
        note: &Note,
        brought: Option<VerifierKey>,
        policy: Option<&Policy>,
    ) -> Option<VerifierKey> {
        let signed_by = |key: &&VerifierKey| note.signatures.iter().any(|it| it.id == key.id());
        if let Some(policy) = policy {
            let key = policy.logs().iter().find(signed_by).cloned();
            match &key {
                Some(key) => {
                    self.issuer_established = true;
                    let detail = format!("the policy names the key {key}");
                    self.push("issuer", Outcome::Ok, detail, "");
                }
                None => self.failed(
                    "issuer",
                    "signed by no key that the policy names".to_owned(),
                ),
            }
            return key;
        }
        let brought = brought.filter(|key| key.kind() == KeyKind::Ed25519);
        let detail = match &brought {
            Some(key) => format!("not established: the package itself brings the key {key}"),
            None => "not established: the package brings no key".to_owned(),
        };
        self.push("issuer", Outcome::NotShown, detail, GET_POLICY);
        brought
    }

    fn headline(&self) -> &'static str {
        match (self.passed, self.issuer_established, self.files) {
            (false, ..) => "NOT the package that was made: do not rely on it.",
            (true, _, 0) => "A list in order; its files were not compared.",
            (true, true, _) => "The package as it was made and signed.",
            (true, false, _) => "An intact package, but who made it is not established.",
        }
    }
}

/// The headline, then a line for each check and, where there is one, its remedy.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        for it in &self.checks {
            let outcome = it.outcome.word();
            writeln!(f, "{outcome:<10} {:<11} {}", it.check, it.detail)?;
            if !it.remedy.is_empty() {
                writeln!(f, "{:<22} → {}", "", it.remedy)?;
            }
        }
        Ok(())
    }
}

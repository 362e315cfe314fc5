//! A receipt for people: a certificate in plain text, in Swedish or English.
//!
//! It is a reading aid. What counts is the signed note, and the certificate says so at its end.
//!
//! **To add a phrase**: a line in `words.rs` with its text in both languages; without one of
//! them nothing compiles.

mod words;

use std::fmt::Write;

use super::Body;
use super::body::{
    AgainReason, Assurance, Backups, CopyState, Kind, Limit, Medium, Technique, VerificationMethod,
};
use crate::vocabulary::Lang;
use words::Words;

/// How wide the column of labels is.
const LABELS: usize = 24;

/// The one sentence on top. It says "complete" only when nothing is open anywhere.
pub fn headline(body: &Body, lang: Lang) -> String {
    let words = Words::of(lang);
    if body.is_complete() {
        return words.complete.to_owned();
    }
    let mut parts = vec![words.erased_here.to_owned()];
    match body.open_copies() {
        0 => {}
        1 => parts.push(words.one_copy_open.to_owned()),
        many => parts.push(format!("{many} {}", words.copies_open)),
    }
    if body.mirrors.acknowledged < body.mirrors.known {
        parts.push(words.mirror_late.to_owned());
    }
    if body.verification.iter().any(|check| !check.passed) {
        parts.push(words.check_failed.to_owned());
    }
    parts.join(" ")
}

/// The whole certificate.
pub fn certificate(body: &Body, lang: Lang) -> String {
    let words = Words::of(lang);
    let mut page = Page(format!("{}\n\n{}\n\n", words.title, headline(body, lang)));
    who(body, words, &mut page);
    what(body, words, &mut page);
    how(body, words, &mut page);
    rest(body, words, &mut page);
    page.0
}

/// Lines of label and value.
struct Page(String);

impl Page {
    fn line(&mut self, label: &str, value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{label:<LABELS$}{value}");
    }

    /// A label once, then one value under the other; or a word for none.
    fn list(&mut self, label: &str, values: Vec<String>, none: &str) {
        if values.is_empty() {
            self.line(label, none);
        }
        for (place, value) in values.iter().enumerate() {
            self.line(if place == 0 { label } else { "" }, value);
        }
    }

    fn gap(&mut self) {
        self.0.push('\n');
    }
}

fn who(body: &Body, words: &Words, page: &mut Page) {
    page.line(
        words.receipt,
        format!("{} ({} {})", body.id, words.number, body.seq),
    );
    page.line(words.kind, words.kind_word(body.kind));
    if let Some(again) = &body.again {
        let reason = match again.reason {
            AgainReason::RestoredBackup => words.restored_backup,
            AgainReason::FoundByReconcile => words.found_by_reconcile,
        };
        page.line(words.again, format!("{} ({reason})", again.of));
    }
    page.line(
        words.tenant,
        format!("{}, {}", body.tenant.name, body.tenant.org_no),
    );
    page.line(
        words.operator,
        format!("{}, {}", body.operator.name, body.operator.org_no),
    );
    page.line(words.legal_basis, body.legal_basis.as_str());
    page.line(words.instruction, body.instruction.as_str());
    let approvers = body.approvers.iter();
    let approvers = approvers.map(|it| format!("{}, {}", it.name.as_str(), it.role.as_str()));
    page.list(words.approvers, approvers.collect(), words.none);
    page.line(words.requested_at, body.requested_at);
    page.line(words.started_at, body.started_at);
    page.line(words.destroyed_at, body.destroyed_at);
    page.line(words.issued_at, body.issued_at);
    page.gap();
}

fn what(body: &Body, words: &Words, page: &mut Page) {
    page.line(words.people, body.people);
    let categories = body.categories.iter();
    let categories =
        categories.map(|it| format!("{}: {}", words.category_word(&it.category), it.records));
    page.list(words.categories, categories.collect(), words.none);
    let stores = body
        .stores
        .iter()
        .map(|it| format!("{}: {}", it.store, it.records));
    page.list(words.stores, stores.collect(), words.none);
    page.gap();
}

fn how(body: &Body, words: &Words, page: &mut Page) {
    let technique = match body.method.technique {
        Technique::CryptographicEraseAndDeletion => words.cryptographic_erase_and_deletion,
    };
    page.line(words.method, format!("{technique}; {}", body.method.cipher));
    let medium = match body.method.medium {
        Medium::KeyOverwrittenMediumNotSanitised => words.key_overwritten_medium_not_sanitised,
        Medium::KeyDestroyedInKeyService => words.key_destroyed_in_key_service,
        Medium::Sanitised => words.sanitised,
    };
    page.line(words.medium, medium);
    page.line(words.keys, body.keys.destroyed);
    page.line(words.epoch, body.keys.epoch);
    let assurance = match body.root.assurance {
        Assurance::A => words.assurance_a,
        Assurance::B => words.assurance_b,
        Assurance::C => words.assurance_c,
    };
    page.line(
        words.assurance,
        format!("{assurance} ({})", body.root.provider),
    );
    let mirrors = &body.mirrors;
    page.line(
        words.mirrors,
        format!("{} / {}", mirrors.acknowledged, mirrors.known),
    );
    let checks = body.verification.iter().map(|check| {
        let method = match check.method {
            VerificationMethod::NegativeDecrypt => words.negative_decrypt,
            VerificationMethod::RescanToZero => words.rescan_to_zero,
            VerificationMethod::StoreCheckpoint => words.store_checkpoint,
        };
        let result = if check.passed {
            words.passed
        } else {
            words.failed
        };
        format!("{method} ({}): {result}", check.checked)
    });
    page.list(words.verification, checks.collect(), words.none);
    page.gap();
}

fn rest(body: &Body, words: &Words, page: &mut Page) {
    let copies = body.copies.iter().map(|copy| {
        let state = match copy.state {
            CopyState::Erased => words.copy_erased,
            CopyState::Unreadable => words.copy_unreadable,
            CopyState::Ordered => words.copy_ordered,
            CopyState::NotOrdered => words.copy_not_ordered,
            CopyState::Refused => words.copy_refused,
        };
        format!("{}: {state}", copy.place.as_str())
    });
    page.list(words.copies, copies.collect(), words.none);
    let kept = body.kept.iter().map(|kept| {
        let until = kept
            .until
            .map(|until| format!(", {} {}", words.until, until.to_utc().date_naive()));
        let (what, law) = (kept.what.as_str(), kept.law.as_str());
        format!("{what} ({law}{})", until.unwrap_or_default())
    });
    page.list(words.kept, kept.collect(), words.nothing);
    let backups = match body.backups {
        Backups::UnreadableAndErasedAgainOnRestore => words.unreadable_and_erased_again,
    };
    page.line(words.backups, backups);
    page.line(
        words.tool,
        format!("{} {}", body.tool.name, body.tool.version),
    );
    let limits = body.cannot_prove.iter().map(|limit| match limit {
        Limit::NoSecretCopy => words.no_secret_copy,
        Limit::NoDiskSnapshot => words.no_disk_snapshot,
        Limit::CipherHolds => words.cipher_holds,
        Limit::StatementsOfOthers => words.statements_of_others,
    });
    page.list(
        words.cannot_prove,
        limits.map(str::to_owned).collect(),
        words.nothing,
    );
    page.gap();
    page.0.push_str(words.what_counts);
    page.0.push('\n');
}

impl Words {
    /// The catalog's own categories by name, the discovered ones as the catalog writes them.
    fn category_word<'a>(&self, category: &'a str) -> &'a str {
        match category {
            "name" => self.category_name,
            "phone" => self.category_phone,
            "email" => self.category_email,
            "message" => self.category_message,
            "attachment" => self.category_attachment,
            "case" => self.category_case,
            "forwarding" => self.category_forwarding,
            "quarantined" => self.category_quarantined,
            "uploaded" => self.category_uploaded,
            discovered => discovered,
        }
    }

    fn kind_word(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Contact => self.contact,
            Kind::CaseBatch => self.case_batch,
            Kind::Retention => self.retention,
            Kind::Quarantine => self.quarantine,
            Kind::Upload => self.upload,
            Kind::TenantPurge => self.tenant_purge,
            Kind::Rehousing => self.rehousing,
            Kind::ReErasure => self.re_erasure,
        }
    }
}

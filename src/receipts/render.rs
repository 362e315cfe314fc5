//! A receipt for people: a certificate in plain text, in Swedish or English.
//!
//! It is a reading aid. What counts is the signed note, and the certificate says so at its end.
//!
//! **To add a phrase**: a line in `words.rs` with its text in both languages; without one of
//! them nothing compiles.

pub mod html;
mod words;

use std::fmt::Write;

use super::Body;
use super::body::{
    AgainReason, Assurance, Backups, Choice, CopyState, Kind, Limit, Medium, Mirrors, Technique,
    Verification, VerificationMethod,
};
use super::places;
use crate::vocabulary::Lang;
use words::Words;

/// How wide the column of labels is: two more than the longest.
const LABELS: usize = 30;

/// The one sentence on top. It says "complete" only when nothing is open anywhere.
pub fn headline(body: &Body, lang: Lang) -> String {
    headline_of(body, Words::of(lang), body.open_copies())
}

/// The same, when so many copies elsewhere are open by now.
fn headline_of(body: &Body, words: &Words, open: usize) -> String {
    if open == 0 && body.is_complete_but_for_copies() {
        return words.complete.to_owned();
    }
    let mut parts = vec![words.erased_here.to_owned()];
    match open {
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
    page.line(words.tenant, named(&body.tenant.name, &body.tenant.org_no));
    page.line(
        words.operator,
        named(&body.operator.name, &body.operator.org_no),
    );
    page.line(words.legal_basis, body.legal_basis.as_str());
    let instruction = words.instruction_word(body.instruction.as_str());
    page.line(words.instruction, instruction);
    let approvers = body.approvers.iter();
    let approvers = approvers.map(|it| format!("{}, {}", it.name.as_str(), it.role.as_str()));
    page.list(words.approvers, approvers.collect(), words.none);
    if let Some(ending) = &body.ending {
        page.line(words.contract_ended, &ending.contract_ended);
        let chosen = match ending.choice {
            Choice::Delete => words.choice_delete,
            Choice::Return => words.choice_return,
        };
        page.line(words.choice, chosen);
        for returned in ending.returned_before.iter().chain(&ending.returned) {
            page.line(
                words.returned,
                format!("{}, {}", returned.at, returned.format),
            );
            page.line("SHA-256", &returned.sha256);
        }
    }
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
    let technique = technique(body, words);
    page.line(words.method, format!("{technique}; {}", body.method.cipher));
    page.line(words.medium, medium(body, words));
    page.line(words.keys, body.keys.destroyed);
    page.line(words.epoch, body.keys.epoch);
    page.line(words.assurance, assurance(body, words));
    let mirrors = &body.mirrors;
    page.line(words.mirrors, acknowledged(mirrors, words));
    let checks = body.verification.iter().map(|it| check(it, words));
    page.list(words.verification, checks.collect(), words.none);
    page.gap();
}

fn technique(body: &Body, words: &Words) -> &'static str {
    match body.method.technique {
        Technique::CryptographicEraseAndDeletion => words.cryptographic_erase_and_deletion,
    }
}

fn medium(body: &Body, words: &Words) -> &'static str {
    match body.method.medium {
        Medium::KeyOverwrittenMediumNotSanitised => words.key_overwritten_medium_not_sanitised,
        Medium::KeyDestroyedInKeyService => words.key_destroyed_in_key_service,
        Medium::Sanitised => words.sanitised,
    }
}

fn assurance(body: &Body, words: &Words) -> String {
    let reach = match body.root.assurance {
        Assurance::A => words.assurance_a,
        Assurance::B => words.assurance_b,
        Assurance::C => words.assurance_c,
    };
    format!("{reach} ({})", body.root.provider)
}

fn check(check: &Verification, words: &Words) -> String {
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
}

fn backups(body: &Body, words: &Words) -> &'static str {
    match body.backups {
        Backups::UnreadableAndErasedAgainOnRestore => words.unreadable_and_erased_again,
    }
}

fn limit(limit: Limit, words: &Words) -> &'static str {
    match limit {
        Limit::NoSecretCopy => words.no_secret_copy,
        Limit::NoDiskSnapshot => words.no_disk_snapshot,
        Limit::CipherHolds => words.cipher_holds,
        Limit::StatementsOfOthers => words.statements_of_others,
    }
}

/// Who it is, with a registration number where one is known.
fn named(name: &str, org_no: &str) -> String {
    match org_no {
        "" => name.to_owned(),
        number => format!("{name}, {number}"),
    }
}

/// How many mirrors have followed, of how many there are.
fn acknowledged(mirrors: &Mirrors, words: &Words) -> String {
    match mirrors.known {
        0 => words.no_mirrors.to_owned(),
        known => format!("{} / {known}", mirrors.acknowledged),
    }
}

/// A number in groups of three, as is the custom in Sweden.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

fn kept(body: &Body, words: &Words) -> Vec<String> {
    let kept = body.kept.iter().map(|kept| {
        let until = kept
            .until
            .map(|until| format!(", {} {}", words.until, until.to_utc().date_naive()));
        let (what, law) = (kept.what.as_str(), kept.law.as_str());
        format!("{what} ({law}{})", until.unwrap_or_default())
    });
    kept.collect()
}

fn rest(body: &Body, words: &Words, page: &mut Page) {
    let copies = body.copies.iter().map(|copy| {
        let (place, state) = (
            words.place_word(copy.place.as_str()),
            words.copy_word(copy.state),
        );
        match &copy.evidence {
            Some(evidence) => format!("{place}: {state} ({})", evidence.as_str()),
            None => format!("{place}: {state}"),
        }
    });
    page.list(words.copies, copies.collect(), words.none);
    page.list(words.kept, kept(body, words), words.nothing);
    page.line(words.backups, backups(body, words));
    page.line(
        words.tool,
        format!("{} {}", body.tool.name, body.tool.version),
    );
    let limits = body.cannot_prove.iter().map(|it| limit(*it, words));
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
            "external_id" => self.category_external_id,
            "message" => self.category_message,
            "attachment" => self.category_attachment,
            "case" => self.category_case,
            "forwarding" => self.category_forwarding,
            "contact" => self.category_contact,
            "quarantined" => self.category_quarantined,
            "uploaded" => self.category_uploaded,
            "contract_event" => self.category_contract_event,
            discovered => discovered,
        }
    }

    fn copy_word(&self, state: CopyState) -> &'static str {
        match state {
            CopyState::Erased => self.copy_erased,
            CopyState::Unreadable => self.copy_unreadable,
            CopyState::Ordered => self.copy_ordered,
            CopyState::NotOrdered => self.copy_not_ordered,
            CopyState::NotConfirmed => self.copy_not_confirmed,
            CopyState::Refused => self.copy_refused,
        }
    }

    /// Places this program names itself, in the reader's language; a recipient is called as it is.
    fn place_word<'a>(&'a self, place: &'a str) -> &'a str {
        match place {
            places::MAIL => self.place_mail,
            places::SMS => self.place_sms,
            places::TELEPHONY => self.place_telephony,
            places::SOCIAL => self.place_social,
            places::WIDGET => self.place_widget,
            places::KLARNA => self.place_klarna,
            places::RETURNS => self.place_returns,
            places::PAPER => self.place_paper,
            places::OTHER => self.place_other,
            places::UNNAMED => self.place_unnamed,
            places::UNREGISTERED => self.place_unregistered,
            recipient => recipient,
        }
    }

    /// An instruction that this program names itself, in the reader's language.
    fn instruction_word<'a>(&'a self, instruction: &'a str) -> &'a str {
        match instruction {
            places::END_OF_CONTRACT => self.end_of_contract,
            places::STANDING_CORRECTION => self.standing_correction,
            reference => reference,
        }
    }

    /// How an approver is known, where this program says it itself.
    fn known_by(&self, role: &str) -> String {
        match role.strip_prefix(places::BY_TOKEN) {
            Some(role) => format!("{}{role}", self.by_token),
            None if role == places::NAMED_HERE => self.named_here.to_owned(),
            None => role.to_owned(),
        }
    }

    fn kind_word(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Contact => self.contact,
            Kind::CaseBatch => self.case_batch,
            Kind::Retention => self.retention,
            Kind::Quarantine => self.quarantine,
            Kind::Upload => self.upload,
            Kind::Orphans => self.orphans,
            Kind::TenantPurge => self.tenant_purge,
            Kind::Rehousing => self.rehousing,
            Kind::ReErasure => self.re_erasure,
        }
    }
}

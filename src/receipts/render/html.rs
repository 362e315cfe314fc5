//! The certificate as a page: one file that asks for nothing else, in Swedish or English. Everything in it
//! is escaped by the template.

use askama::Template;

use super::words::Words;
use super::{acknowledged, assurance, check, headline_of, limit, medium, named, number, technique};
use crate::receipts::Body;
use crate::receipts::body::{Choice, Copy, CopyState, Kind, Returned};
use crate::vocabulary::{Lang, Timestamp};

/// A copy elsewhere that was confirmed as gone after the receipt was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// The place as the receipt names it.
    pub place: String,
    /// When, by whom, and what shows it.
    pub evidence: String,
}

#[derive(Template)]
#[template(path = "receipt/certificate.html")]
struct Page<'a> {
    w: &'a Words,
    lang: &'static str,
    title: &'static str,
    id: String,
    seq: u64,
    complete: bool,
    headline: String,
    who: Vec<(&'static str, String)>,
    people: String,
    categories: Vec<(&'a str, String)>,
    returned: Vec<(&'static str, String)>,
    how: Vec<(&'static str, String)>,
    copies: Vec<Row>,
    since: bool,
    kept: Vec<String>,
    nothing_kept: &'static str,
    limits: Vec<&'static str>,
    tool: String,
}

/// One copy elsewhere.
struct Row {
    place: String,
    state: &'static str,
    open: bool,
    evidence: String,
}

/// The whole page. What others confirmed after the signature stands in it as such.
pub fn page(body: &Body, lang: Lang, since: &[Since]) -> String {
    let words = Words::of(lang);
    let copies: Vec<Row> = body
        .copies
        .iter()
        .map(|copy| row(copy, words, since))
        .collect();
    let open = copies.iter().filter(|copy| copy.open).count();
    let page = Page {
        w: words,
        lang: lang.code(),
        title: words.page_title,
        id: body.id.to_string(),
        seq: body.seq,
        complete: open == 0 && body.is_complete_but_for_copies(),
        headline: headline_of(body, words, open),
        who: who(body, words),
        people: number(body.people),
        categories: categories(body, words),
        returned: returned(body, words),
        how: how(body, words),
        since: body.open_copies() > open,
        copies,
        kept: super::kept(body, words),
        nothing_kept: match body.kind {
            Kind::TenantPurge => words.nothing_kept,
            _ => words.nothing,
        },
        limits: body
            .cannot_prove
            .iter()
            .map(|it| limit(*it, words))
            .collect(),
        tool: format!("{} {}", body.tool.name, body.tool.version),
    };
    // A template over strings does not fail; if it did, the text says as much.
    page.render()
        .unwrap_or_else(|_| super::certificate(body, lang))
}

fn row(copy: &Copy, words: &Words, since: &[Since]) -> Row {
    let place = copy.place.as_str();
    let later = since
        .iter()
        .find(|it| it.place == place)
        .filter(|_| copy.state.is_open());
    let state = match later {
        Some(_) => CopyState::Erased,
        None => copy.state,
    };
    let evidence = match (later, &copy.evidence) {
        (Some(later), _) => format!("{} *", later.evidence),
        (None, Some(evidence)) => evidence.as_str().to_owned(),
        (None, None) => String::new(),
    };
    Row {
        place: words.place_word(place).to_owned(),
        state: words.copy_word(state),
        open: state.is_open(),
        evidence,
    }
}

fn moment(time: Timestamp) -> String {
    time.to_utc().format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn grace(days: u64, words: &Words) -> String {
    match days {
        0 => words.no_grace.to_owned(),
        1 => format!("1 {}", words.day_of_grace),
        days => format!("{days} {}", words.days_of_grace),
    }
}

fn who(body: &Body, words: &Words) -> Vec<(&'static str, String)> {
    let mut who = vec![
        (words.receipt, body.id.to_string()),
        (words.kind, words.kind_word(body.kind).to_owned()),
        (words.tenant, named(&body.tenant.name, &body.tenant.org_no)),
        (
            words.operator,
            named(&body.operator.name, &body.operator.org_no),
        ),
    ];
    if let Some(ending) = &body.ending {
        let days = format!(
            "{} ({})",
            ending.contract_ended,
            grace(ending.grace_days, words)
        );
        let chosen = match ending.choice {
            Choice::Delete => words.choice_delete,
            Choice::Return => words.choice_return,
        };
        who.extend([
            (words.contract_ended, days),
            (words.choice, chosen.to_owned()),
        ]);
    }
    who.extend([
        (words.legal_basis, body.legal_basis.as_str().to_owned()),
        (
            words.instruction,
            words.instruction_word(body.instruction.as_str()).to_owned(),
        ),
    ]);
    let approvers = body.approvers.iter();
    let approvers = approvers.map(|it| {
        format!(
            "{} ({})",
            it.name.as_str(),
            words.known_by(it.role.as_str())
        )
    });
    let approvers: Vec<String> = approvers.collect();
    if !approvers.is_empty() {
        who.push((words.approvers, approvers.join(", ")));
    }
    who.extend([
        (words.requested_at, moment(body.requested_at)),
        (words.destroyed_at, moment(body.destroyed_at)),
        (words.issued_at, moment(body.issued_at)),
    ]);
    who
}

fn categories<'a>(body: &'a Body, words: &'a Words) -> Vec<(&'a str, String)> {
    let all = body.categories.iter();
    all.map(|it| (words.category_word(&it.category), number(it.records)))
        .collect()
}

fn returned(body: &Body, words: &Words) -> Vec<(&'static str, String)> {
    let Some(ending) = &body.ending else {
        return Vec::new();
    };
    let all = ending.returned_before.iter().chain(&ending.returned);
    all.flat_map(|it| one_return(it, words)).collect()
}

fn one_return(it: &Returned, words: &Words) -> [(&'static str, String); 4] {
    let records = it.records.iter();
    let records = records.map(|one| {
        format!(
            "{}: {}",
            words.category_word(&one.category),
            number(one.records)
        )
    });
    [
        (words.returned_at, moment(it.at)),
        (
            words.file,
            format!("{}, {} {}", it.format, number(it.bytes), words.bytes),
        ),
        (words.contents, records.collect::<Vec<_>>().join(", ")),
        ("SHA-256", it.sha256.clone()),
    ]
}

fn how(body: &Body, words: &Words) -> Vec<(&'static str, String)> {
    let checks: Vec<String> = body
        .verification
        .iter()
        .map(|it| check(it, words))
        .collect();
    vec![
        (
            words.method,
            format!("{}; {}", technique(body, words), body.method.cipher),
        ),
        (words.medium, medium(body, words).to_owned()),
        (words.keys, number(body.keys.destroyed)),
        (words.assurance, assurance(body, words)),
        (words.mirrors, acknowledged(&body.mirrors, words)),
        (words.verification, checks.join("; ")),
        (words.backups, super::backups(body, words).to_owned()),
    ]
}

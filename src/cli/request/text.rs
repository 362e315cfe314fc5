//! Requests as a person reads them.

use super::super::output::{Text, moment};
use crate::requests::{Request, RequestInFull, State};
use crate::vocabulary::Personal;

fn words(it: &Request) -> String {
    let rights: Vec<&str> = it.rights.iter().map(|right| right.word()).collect();
    rights.join(", ")
}

fn state(state: State) -> String {
    state.word().replace('_', " ")
}

/// A table, or that there is nothing.
pub fn table(items: &[Request], nothing: &str) -> Text {
    if items.is_empty() {
        return Text::line(nothing);
    }
    let row = |it: &Request| {
        [
            it.due_date.to_string(),
            it.legal_due.to_string(),
            it.case_no.clone(),
            it.tenant.clone(),
            state(it.state),
            words(it),
        ]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    Text::default().table(
        ["AIM", "DUE BY LAW", "REQUEST", "CLIENT", "STATE", "RIGHTS"],
        &rows,
    )
}

/// One request in short, with its days.
pub fn one(it: &Request) -> Text {
    heading(it).pairs(short(it))
}

fn heading(it: &Request) -> Text {
    Text::line(format!("Request {}", it.case_no))
}

fn short(it: &Request) -> Vec<(&'static str, String)> {
    let mut pairs = vec![
        ("client", it.tenant.clone()),
        ("rights", words(it)),
        ("state", state(it.state)),
        ("aim", it.due_date.to_string()),
        ("due by law", it.legal_due.to_string()),
    ];
    pairs.extend(it.instruction.clone().map(|text| ("instruction", text)));
    pairs.extend(it.contact.map(|id| ("contact", id.to_string())));
    pairs.extend(it.hold.map(|id| ("hold", id.to_string())));
    pairs.extend(it.receipt_id.map(|id| ("receipt", id.to_string())));
    pairs.extend(it.closed_at.map(|at| ("closed", moment(at))));
    if it.closed_late == Some(true) {
        pairs.push(("late", "closed after the last day by law".to_owned()));
    }
    pairs
}

/// What happened, and what comes next.
pub fn registered(it: &Request) -> Text {
    let next = match (it.contact, it.candidates) {
        (Some(_), _) => format!(
            "Next: gallra request instruct {} --instruction REF",
            it.case_no
        ),
        (None, 0) => "Nobody is held under these identifiers.".to_owned(),
        (None, _) => format!(
            "Several contacts fit: gallra request verify {} --contact ID",
            it.case_no
        ),
    };
    one(it).gap().and(next)
}

/// Everything.
pub fn in_full(it: &RequestInFull) -> Text {
    let who = &it.identifiers;
    let who = [
        ("email", &who.email),
        ("phone", &who.phone),
        ("external id", &who.external_id),
        ("name", &who.name),
    ];
    let who = who.into_iter().filter_map(|(name, value)| {
        let value = value.as_ref()?.expose().to_owned();
        Some((name, value))
    });
    let mut pairs = short(&it.request);
    pairs.push(("received", moment(it.request.received_at)));
    pairs.push(("tell by", it.notice_due.to_string()));
    pairs.extend(who);
    let text = heading(&it.request)
        .pairs(pairs)
        .gap()
        .paragraph(0, &format!("Due by law: {}.", it.calculation))
        .gap();
    let text = match it.text.as_ref().map(Personal::expose) {
        Some(words) => text.and("They wrote:").paragraph(2, words).gap(),
        None => text,
    };
    it.events.iter().fold(text.and("Steps:"), |text, event| {
        let detail = [&event.instruction, &event.detail];
        let detail: Vec<&str> = detail.into_iter().flatten().map(String::as_str).collect();
        let line = format!(
            "  {}  {} by {}  {}",
            moment(event.at),
            event.act,
            event.actor,
            detail.join(", ")
        );
        text.and(line.trim_end())
    })
}

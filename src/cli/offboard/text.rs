//! What a person reads of a contract's end.

use super::super::erase::in_the_way;
use super::super::output::{Text, count, moment};
use crate::offboarding::hooks::Waiting;
use crate::offboarding::rules::State;
use crate::offboarding::{Status, Task};
use crate::receipts::body::Choice;

pub fn status(it: &Status) -> Text {
    let mut pairs = vec![
        ("client", it.tenant.clone()),
        ("state", state(it.state).to_owned()),
        ("choice", choice(it.choice).to_owned()),
        ("contract ends", it.contract_ends.to_string()),
        ("purge from", moment(it.grace_ends)),
        ("held", it.counts.summary()),
        (
            "approvals",
            format!("{} of {}", it.approved, it.approvals_needed),
        ),
    ];
    let open = it
        .tasks
        .iter()
        .filter(|task| task.confirmed.is_none())
        .count();
    pairs.push((
        "copies elsewhere",
        format!("{} open of {}", open, it.tasks.len()),
    ));
    if let Some(export) = &it.export {
        let times = match it.exports_before.len() {
            0 => String::new(),
            before => format!(
                ", after {} before",
                count(before as u64, "return", "returns")
            ),
        };
        pairs.push(("returned", moment(export.returned.at) + &times));
    }
    if let Some(receipt) = it.receipt_id {
        pairs.push(("receipt", receipt.to_string()));
    }
    let text = Text::default().pairs(pairs);
    let details: Vec<String> = it.obstacles.iter().map(|it| it.detail.clone()).collect();
    match it.state {
        State::Approved if details.is_empty() => text
            .gap()
            .and(format!("Next: gallra purge {} --confirm NAME", it.tenant)),
        _ => in_the_way(text, &details),
    }
}

pub fn list(items: &[Status], waiting: &[Waiting]) -> Text {
    if items.is_empty() && waiting.is_empty() {
        return Text::line("No contract's end is recorded.");
    }
    let text = waiting.iter().fold(Text::default(), |text, it| {
        text.paragraph(
            0,
            &format!(
                "{}: its subscription was not paid, says event {}. Ask whether its contract ends.",
                it.tenant, it.event
            ),
        )
    });
    if items.is_empty() {
        return text;
    }
    let row = |it: &Status| {
        [
            it.tenant.clone(),
            state(it.state).to_owned(),
            it.contract_ends.to_string(),
            choice(it.choice).to_owned(),
        ]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    text.table(["CLIENT", "STATE", "CONTRACT ENDS", "CHOICE"], &rows)
}

pub fn tasks(items: &[Task]) -> Text {
    if items.is_empty() {
        return Text::line("No copies elsewhere are known.");
    }
    let row = |it: &Task| {
        let state = match &it.confirmed {
            None => "open".to_owned(),
            Some(word) => format!("{}, {}", word.at.to_utc().date_naive(), word.by),
        };
        [it.id.to_string(), state, it.place.clone()]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    Text::default().table(["TASK", "CONFIRMED", "PLACE"], &rows)
}

fn choice(choice: Option<Choice>) -> &'static str {
    match choice {
        None => "not recorded",
        Some(Choice::Delete) => "delete",
        Some(Choice::Return) => "return, then delete",
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::ChoicePending => "announced, choice pending",
        State::NoticeGiven => "notice given",
        State::Exported => "returned",
        State::Approved => "approved",
        State::Held => "held",
        State::Purging => "being purged",
        State::Purged => "purged",
        State::Cancelled => "cancelled",
    }
}

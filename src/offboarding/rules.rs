//! The rules of a contract's end: pure functions of what is recorded, what is there, and the time.

use chrono::{Datelike, Days, NaiveDate, TimeZone};
use chrono_tz::Tz;
use serde::Serialize;

use super::record::{Approval, Record};
use crate::erasure::Preview;
use crate::receipts::body::Choice;
use crate::vocabulary::Timestamp;

/// Days waited after a contract's end when nobody says.
pub const USUAL_GRACE: u16 = 30;
/// Days waited at most: longer is storage without a purpose.
pub const LONGEST_GRACE: u16 = 90;

/// Whether a contract could end on this day; a year of five digits is a slip of somebody's finger.
pub fn is_plausible(day: NaiveDate) -> bool {
    (1970..3000).contains(&day.year())
}

/// How far an offboarding has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A contract event announced it; the client has not chosen.
    ChoicePending,
    /// The client's choice is recorded.
    NoticeGiven,
    /// What is held was handed over, and nothing has been added since.
    Exported,
    /// Enough people approved what is held now.
    Approved,
    /// A hold stands in the way.
    Held,
    /// The purge has begun.
    Purging,
    /// It is done; the receipt says so.
    Purged,
    /// It was called off.
    Cancelled,
}

/// What stands in the way of the purge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Nobody recorded what the client chose.
    NoChoice,
    /// The contract runs.
    ContractRuns(Timestamp),
    /// The days of grace are not over.
    Grace(Timestamp),
    /// A hold, by its id and reason.
    Held(String),
    /// What is to be returned was not handed over.
    NotReturned,
    /// Something was added since it was handed over.
    ReturnedBefore(Preview, Preview),
    /// Somebody approved something else than what is there.
    Changed(Preview, Preview),
    /// Too few people approved.
    Approvals(usize, usize),
}

/// Everything that the rules look at.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// What is recorded.
    pub record: &'a Record,
    /// The client's time zone.
    pub timezone: &'a str,
    /// The time.
    pub now: Timestamp,
    /// Holds on the client or on anybody in its data.
    pub holds: &'a [String],
    /// What is there.
    pub counts: Preview,
    /// How many people must approve.
    pub approvals: usize,
}

/// What stands in the way, in the order in which a person would clear it away; nothing: it may be purged.
pub fn obstacles(it: &Situation<'_>) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let record = it.record;
    if record.choice.is_none() {
        found.push(Obstacle::NoChoice);
    }
    let ended = end_of(record.contract_ends, 0, it.timezone);
    let over = end_of(record.contract_ends, record.grace_days, it.timezone);
    if it.now < ended {
        found.push(Obstacle::ContractRuns(ended));
    } else if it.now < over {
        found.push(Obstacle::Grace(over));
    }
    found.extend(it.holds.iter().cloned().map(Obstacle::Held));
    if record.choice == Some(Choice::Return) {
        match &record.export {
            None => found.push(Obstacle::NotReturned),
            Some(export) if !export.counts.same_records(&it.counts) => {
                found.push(Obstacle::ReturnedBefore(export.counts, it.counts));
            }
            Some(_) => {}
        }
    }
    let standing = standing(record, &it.counts).count();
    if standing < it.approvals {
        let stale = record
            .approvals
            .iter()
            .find(|one| !one.counts.same_records(&it.counts));
        found.extend(stale.map(|one| Obstacle::Changed(one.counts, it.counts)));
        found.push(Obstacle::Approvals(standing, it.approvals));
    }
    found
}

/// How far it has come. A purge stands in the ledger, so the caller looks there first.
pub fn state(it: &Situation<'_>) -> State {
    let record = it.record;
    let exported = record.export.as_ref();
    match record.choice {
        _ if record.cancelled.is_some() => State::Cancelled,
        _ if record.executing.is_some() => State::Purging,
        _ if !it.holds.is_empty() => State::Held,
        None => State::ChoicePending,
        Some(_) if standing(record, &it.counts).count() >= it.approvals => State::Approved,
        Some(_) if exported.is_some_and(|one| one.counts.same_records(&it.counts)) => {
            State::Exported
        }
        Some(_) => State::NoticeGiven,
    }
}

/// Approvals of exactly what is there.
pub fn standing<'a>(record: &'a Record, counts: &'a Preview) -> impl Iterator<Item = &'a Approval> {
    record
        .approvals
        .iter()
        .filter(|one| one.counts.same_records(counts))
}

/// A person's name as it was meant: without spaces around and twice in it. Other white space, such as a
/// line's end, was not meant and stays, to be refused.
pub fn name_of(typed: &str) -> String {
    let words = typed.split(' ').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Whether two names are one person's: nobody becomes two by a capital letter.
pub fn same_person(one: &str, other: &str) -> bool {
    let plain = |name: &str| name_of(name).to_lowercase();
    plain(one) == plain(other)
}

/// The midnight that ends a day, or one so many days later, where the client is.
pub fn end_of(day: NaiveDate, days: u16, timezone: &str) -> Timestamp {
    let next = day
        .checked_add_days(Days::new(u64::from(days) + 1))
        .unwrap_or(NaiveDate::MAX);
    let midnight = next.and_time(chrono::NaiveTime::MIN);
    let zone: Tz = timezone.parse().unwrap_or(Tz::UTC);
    // Where midnight does not exist that night, the day is taken to end as in UTC.
    let local = zone.from_local_datetime(&midnight).earliest();
    local.map_or_else(|| midnight.and_utc().into(), |it| it.to_utc().into())
}

/// The day that an instant falls on, where the client is.
pub fn day_of(time: Timestamp, timezone: &str) -> NaiveDate {
    let zone: Tz = timezone.parse().unwrap_or(Tz::UTC);
    time.to_utc().with_timezone(&zone).date_naive()
}

impl Obstacle {
    /// A word for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Obstacle::NoChoice => "no_choice",
            Obstacle::ContractRuns(_) => "contract_runs",
            Obstacle::Grace(_) => "grace",
            Obstacle::Held(_) => "held",
            Obstacle::NotReturned => "not_returned",
            Obstacle::ReturnedBefore(..) => "returned_before",
            Obstacle::Changed(..) => "changed",
            Obstacle::Approvals(..) => "approvals",
        }
    }

    /// What is in the way, and what to do about it.
    pub fn remedy(&self, slug: &str) -> String {
        let moment = |time: &Timestamp| time.to_utc().format("%Y-%m-%d %H:%M UTC").to_string();
        match self {
            Obstacle::NoChoice => format!(
                "the client's choice is not recorded: `gallra offboard {slug} --choice delete|return`"
            ),
            Obstacle::ContractRuns(until) => {
                format!(
                    "the contract runs until {}: wait for its end",
                    moment(until)
                )
            }
            Obstacle::Grace(until) => {
                format!(
                    "the days of grace run until {}: wait for their end",
                    moment(until)
                )
            }
            Obstacle::Held(hold) => format!(
                "a hold stands in the way ({hold}): `gallra offboard release {slug}` or \
                 `gallra hold release`, or wait"
            ),
            Obstacle::NotReturned => {
                format!("the data are to be returned first: `gallra offboard export {slug}`")
            }
            Obstacle::ReturnedBefore(then, now) => format!(
                "what is held has changed since it was returned ({}, returned were {}): \
                 `gallra offboard export {slug}` again",
                now.summary(),
                then.summary()
            ),
            Obstacle::Changed(then, now) => format!(
                "what is held has changed since it was approved ({}, approved were {}): look at \
                 `gallra purge {slug} --dry-run` and approve again",
                now.summary(),
                then.summary()
            ),
            Obstacle::Approvals(have, needed) => format!(
                "{have} of {needed} people approved: `gallra offboard approve {slug} --by USER`, each \
                 by another person"
            ),
        }
    }
}

#[cfg(test)]
mod tests;

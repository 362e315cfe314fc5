//! What an event says: which client's contract ends when. Pure.
//!
//! | Source | Event | Client | Ends |
//! |---|---|---|---|
//! | standard-webhooks | `type` = `contract.ended` or `contract.ending` | `data.tenant` | `data.ends` |
//! | cloudevents | `type` the same, or ending in `.contract.ended` and so on | `subject` | `data.ends` |
//! | stripe | `customer.subscription.deleted` | `data.object.metadata.gallra_tenant` | `data.object.ended_at`, else `created` |
//! | stripe | `customer.subscription.updated` with `cancel_at` | likewise | `data.object.cancel_at` |
//! | stripe | either, where `data.object.cancellation_details.reason` is that nothing was paid | likewise | not said |
//!
//! A client is named by its slug. `ends` is a date, which is the contract's last day, or a time of RFC 3339.
//! Every other event is kept and changes nothing: also one that takes an end back, because calling off
//! is a person's decision.

use chrono::NaiveDate;
use serde_json::Value;

use super::Source;
use crate::vocabulary::Timestamp;

/// Longest id of an event that is taken.
const LONGEST_ID: usize = 255;
/// Stripe's reasons that are no termination.
const UNPAID: [&str; 2] = ["payment_failed", "payment_disputed"];

/// An event, as far as this house cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The sender's own id of it, where the body has one.
    pub id: Option<String>,
    /// What it announces.
    pub says: Says,
}

/// What an event announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// A contract's end.
    Ends {
        /// Which client's, by slug.
        tenant: Option<String>,
        /// When.
        at: At,
    },
    /// A subscription ended because it was not paid, or the payment is disputed. Whether the contract ends
    /// is for a person to find out.
    Lapsed {
        /// Which client's, by slug.
        tenant: Option<String>,
    },
    /// Something else.
    Other,
    /// Nothing that could be read.
    Unreadable,
}

/// When a contract ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// On this day, its last.
    Day(NaiveDate),
    /// At this moment: the day it falls on, where the client is.
    Moment(Timestamp),
}

/// Reads an event.
pub fn read(source: Source, body: &[u8]) -> Event {
    let Ok(event @ Value::Object(_)) = serde_json::from_slice::<Value>(body) else {
        return Event {
            id: None,
            says: Says::Unreadable,
        };
    };
    let id = text(&event, "/id").filter(|id| (1..=LONGEST_ID).contains(&id.len()));
    let kind = text(&event, "/type").unwrap_or_default();
    let says = match source {
        Source::Stripe => of_stripe(&event, &kind),
        Source::StandardWebhooks => announced(&event, &kind, text(&event, "/data/tenant")),
        Source::CloudEvents if text(&event, "/specversion").is_none() => Says::Unreadable,
        Source::CloudEvents => announced(&event, &kind, text(&event, "/subject")),
    };
    // CloudEvents: an id is the sender's own together with the sender.
    let id = match source {
        Source::CloudEvents => {
            id.map(|id| format!("{}\n{id}", text(&event, "/source").unwrap_or_default()))
        }
        _ => id,
    };
    Event { id, says }
}

fn announced(event: &Value, kind: &str, tenant: Option<String>) -> Says {
    let is_end = ["contract.ended", "contract.ending"].iter().any(|end| {
        kind.strip_suffix(end)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    });
    if !is_end {
        return Says::Other;
    }
    match text(event, "/data/ends").as_deref().and_then(at) {
        Some(at) => Says::Ends { tenant, at },
        None => Says::Unreadable,
    }
}

fn of_stripe(event: &Value, kind: &str) -> Says {
    let tenant = text(event, "/data/object/metadata/gallra_tenant");
    let seconds = |pointer| event.pointer(pointer).and_then(Value::as_i64);
    let at = match kind {
        "customer.subscription.deleted" => {
            seconds("/data/object/ended_at").or_else(|| seconds("/created"))
        }
        "customer.subscription.updated" => seconds("/data/object/cancel_at"),
        _ => return Says::Other,
    };
    let reason = text(event, "/data/object/cancellation_details/reason");
    let is_unpaid = reason.is_some_and(|it| UNPAID.contains(&it.as_str()));
    match at.and_then(moment) {
        Some(_) if is_unpaid => Says::Lapsed { tenant },
        Some(at) => Says::Ends { tenant, at },
        // An update that ends nothing.
        None => Says::Other,
    }
}

fn text(event: &Value, pointer: &str) -> Option<String> {
    event
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
}

fn at(text: &str) -> Option<At> {
    match text.parse() {
        Ok(day) => Some(At::Day(day)),
        Err(_) => Timestamp::parse(text).map(At::Moment),
    }
}

/// Seconds since 1970, within what a calendar can hold.
fn moment(seconds: i64) -> Option<At> {
    let time = chrono::DateTime::from_timestamp(seconds, 0)?;
    Some(At::Moment(time.into()))
}

#[cfg(test)]
mod tests;

//! When an answer is due: Art. 12(3) counted by Regulation 1182/71. Pure.
//!
//! ```text
//! instant ─► the client's own date ─► the same number n months on, or that month's last day
//!         ─► plus the days of pauses ─► once, at the very end: on to a working day
//! ```
//!
//! **To add a country**: its holidays by statute beside `sweden.rs`, a variant of [`Calendar`], and its
//! rows in `tests/fixtures/deadlines.csv`. Until a country is here its days are never moved: earlier
//! than the law allows is safe, later is not.

mod sweden;

use chrono::{Datelike, Weekday};

use crate::vocabulary::{Day, Timestamp};

/// Months until an answer.
const MONTHS: u32 = 1;
/// Months until an answer that was extended: one period from receipt, not two on top of one.
const EXTENDED: u32 = 3;
/// After so many days we want to have answered; and after so many when it was extended.
const TARGET: [i64; 2] = [20, 80];

/// Whose public holidays count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calendar {
    /// Sweden's.
    Sweden,
    /// Nobody's: this release does not know the country's, so no day is moved.
    Unknown,
}

impl Calendar {
    /// The calendar of the country where the client answers.
    pub fn of(country: &str) -> Self {
        match country {
            "SE" => Calendar::Sweden,
            _ => Calendar::Unknown,
        }
    }

    /// By which rules, to be kept with what was computed.
    pub const fn word(self) -> &'static str {
        match self {
            Calendar::Sweden => "SE 1989:253",
            Calendar::Unknown => "none",
        }
    }

    fn is_working_day(self, day: Day) -> bool {
        match self {
            Calendar::Sweden => {
                let weekend = matches!(day.0.weekday(), Weekday::Sat | Weekday::Sun);
                !weekend && !sweden::is_holiday(day.0)
            }
            Calendar::Unknown => true,
        }
    }

    /// The day itself, or the next working day.
    fn on_from(self, mut day: Day) -> Day {
        while !self.is_working_day(day) {
            day = day.plus(1);
        }
        day
    }

    /// The day itself, or the working day before it.
    fn back_from(self, mut day: Day) -> Day {
        while !self.is_working_day(day) {
            day = day.plus(-1);
        }
        day
    }
}

/// A time in which the person had been asked something: the day of asking counts as used, the day of
/// the answer runs again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When the question was asked.
    pub asked: Day,
    /// When it was answered.
    pub answered: Day,
}

/// Days of all pauses; a day in two of them counts once.
fn days_of(pauses: &[Pause]) -> i64 {
    let mut pauses = pauses.to_vec();
    pauses.sort_by_key(|it| it.asked);
    let mut days = 0;
    let mut until: Option<Day> = None;
    for pause in pauses {
        let from = until.map_or(pause.asked, |until| until.max(pause.asked));
        days += (pause.answered.stored() - from.stored()).max(0);
        until = Some(until.map_or(pause.answered, |until| until.max(pause.answered)));
    }
    days
}

/// The end of a period of months from the day of receipt.
pub fn end(received: Day, months: u32, pauses: &[Pause], calendar: Calendar) -> Day {
    calendar.on_from(received.plus_months(months).plus(days_of(pauses)))
}

/// The earlier of two readings of "two further months": from receipt, or from the end of the first.
pub fn earlier_reading(received: Day, calendar: Calendar) -> Day {
    let one_period = received.plus_months(EXTENDED);
    let two_periods = received.plus_months(MONTHS).plus_months(EXTENDED - MONTHS);
    calendar.on_from(one_period.min(two_periods))
}

/// The days of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The last day by law.
    pub legal: Day,
    /// The earliest day that any reading of the law gives; pauses and doubts do not move it.
    pub safe: Day,
    /// When we want to have answered.
    pub target: Day,
    /// The last day to tell that it takes longer, or that it is refused.
    pub notice: Day,
}

/// The days of a request received on a day.
pub fn due(received: Day, extended: bool, pauses: &[Pause], calendar: Calendar) -> Due {
    let notice = end(received, MONTHS, pauses, calendar);
    let (legal, safe) = match extended {
        false => (notice, end(received, MONTHS, &[], calendar)),
        true => (
            end(received, EXTENDED, pauses, calendar),
            earlier_reading(received, calendar),
        ),
    };
    let target = calendar.back_from(received.plus(TARGET[usize::from(extended)]));
    Due {
        legal,
        safe,
        target: target.min(safe),
        notice,
    }
}

/// The date of an instant where the client is. An unknown zone is read as UTC.
pub fn local_day(at: Timestamp, timezone: &str) -> Day {
    Day::local(at, timezone)
}

/// How the last day by law came about, in words.
pub fn calculation(received: Day, extended: bool, pauses: &[Pause], calendar: Calendar) -> String {
    let months = if extended { EXTENDED } else { MONTHS };
    let unmoved = received.plus_months(months);
    let plural = if months == 1 { "month" } else { "months" };
    let mut words = format!("received {received}, {months} {plural} later: {unmoved}");
    let days = days_of(pauses);
    if days > 0 {
        words += &format!(
            "; {days} days of waiting for an answer: {}",
            unmoved.plus(days)
        );
    }
    let end = end(received, months, pauses, calendar);
    match calendar {
        Calendar::Unknown => words + "; not moved, as this country's holidays are not known here",
        _ if end == unmoved.plus(days) => words + ", a working day",
        _ => words + &format!(", no working day; the next one is {end}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: &str = include_str!("../../../tests/fixtures/deadlines.csv");

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn pauses(text: &str) -> Vec<Pause> {
        let one = |pair: &str| {
            let (asked, answered) = pair.split_once('/').expect("asked/answered");
            Pause {
                asked: day(asked),
                answered: day(answered),
            }
        };
        text.split(',').map(one).collect()
    }

    fn computed(received: Day, event: &str) -> Day {
        let calendar = Calendar::of("SE");
        match event.split_once(':') {
            Some(("DSR_1M_SUSP", text)) => due(received, false, &pauses(text), calendar).legal,
            Some(("DSR_3M_SUSP", text)) => due(received, true, &pauses(text), calendar).legal,
            _ => match event {
                "DSR_1M" | "ART14_1M" => due(received, false, &[], calendar).legal,
                "DSR_3M" => due(received, true, &[], calendar).legal,
                "DSR_3M_SAFE" => due(received, true, &[], calendar).safe,
                "EXT_NOTICE" | "REFUSAL_NOTICE" => due(received, false, &[], calendar).notice,
                other => panic!("an event of no request: {other}"),
            },
        }
    }

    #[test]
    fn every_row_worked_by_hand_comes_out() {
        let mut reader = csv::Reader::from_reader(VECTORS.as_bytes());
        let mut rows = 0;
        for row in reader.records() {
            let row = row.expect("a row");
            let received = match Timestamp::parse(&row[0]) {
                Some(instant) => local_day(instant, "Europe/Stockholm"),
                None => day(&row[0]),
            };
            let found = computed(received, &row[1]);
            assert_eq!(found, day(&row[2]), "{}, {}: {}", &row[0], &row[1], &row[3]);
            rows += 1;
        }
        assert_eq!(rows, 72);
    }

    #[test]
    fn a_day_in_two_pauses_counts_once() {
        let overlapping = pauses("2026-03-04/2026-03-10,2026-03-08/2026-03-12");
        assert_eq!(days_of(&overlapping), 8);
        let within = pauses("2026-03-04/2026-03-20,2026-03-08/2026-03-12");
        assert_eq!(days_of(&within), 16);
        assert_eq!(
            days_of(&pauses("2026-03-04/2026-03-01")),
            0,
            "answered before it was asked"
        );
    }

    #[test]
    fn no_day_is_moved_where_the_holidays_are_not_known() {
        let due = due(day("2026-03-05"), false, &[], Calendar::of("FR"));
        assert_eq!(due.legal, day("2026-04-05"), "a Sunday, and Easter");
    }

    #[test]
    fn we_aim_earlier_and_never_at_a_holiday() {
        let due = due(day("2026-05-31"), false, &[], Calendar::Sweden);
        assert_eq!(
            due.target,
            day("2026-06-19"),
            "the day before Midsummer Day"
        );
        assert!(due.target < due.safe && due.safe <= due.legal);
    }

    #[test]
    fn the_calculation_is_told() {
        let told = |received: &str, pause: &str| {
            let pauses = if pause.is_empty() {
                vec![]
            } else {
                pauses(pause)
            };
            calculation(day(received), false, &pauses, Calendar::Sweden)
        };
        assert_eq!(
            told("2026-03-05", ""),
            "received 2026-03-05, 1 month later: 2026-04-05, no working day; the next one is 2026-04-07"
        );
        assert_eq!(
            told("2026-03-02", "2026-03-04/2026-03-18"),
            "received 2026-03-02, 1 month later: 2026-04-02; 14 days of waiting for an answer: \
             2026-04-16, a working day"
        );
    }
}

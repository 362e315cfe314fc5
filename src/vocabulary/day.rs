//! A day of the calendar: what a deadline is.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, Months, NaiveDate};

use super::Timestamp;

/// A day, with no time and no zone. Written as ISO 8601, stored as days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub NaiveDate);

impl Day {
    /// The day that it was somewhere; where the zone is not known, in UTC.
    pub fn local(at: Timestamp, timezone: &str) -> Self {
        match timezone.parse::<chrono_tz::Tz>() {
            Ok(zone) => Self(at.to_utc().with_timezone(&zone).date_naive()),
            Err(_) => Self(at.to_utc().date_naive()),
        }
    }

    /// The day of this number since 1970-01-01.
    pub fn from_stored(number: i64) -> Self {
        let days = Days::new(number.unsigned_abs());
        let epoch = NaiveDate::default();
        let day = match number < 0 {
            true => epoch.checked_sub_days(days),
            false => epoch.checked_add_days(days),
        };
        Self(day.unwrap_or(NaiveDate::MAX))
    }

    /// Its number since 1970-01-01.
    pub fn stored(self) -> i64 {
        (self.0 - NaiveDate::default()).num_days()
    }

    /// So many days later; earlier where the number is below zero.
    pub fn plus(self, days: i64) -> Self {
        Self::from_stored(self.stored().saturating_add(days))
    }

    /// The same number in the month so many months later, or that month's last day.
    pub fn plus_months(self, months: u32) -> Self {
        let later = self.0.checked_add_months(Months::new(months));
        Self(later.unwrap_or(NaiveDate::MAX))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = text.parse().map(Self);
        day.map_err(|_| "no day: write one such as 2026-04-07")
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl utoipa::PartialSchema for Day {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .into()
    }
}

impl utoipa::ToSchema for Day {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_storing() {
        for text in ["1969-12-31", "1970-01-01", "2026-11-23"] {
            let day: Day = text.parse().unwrap();
            assert_eq!(Day::from_stored(day.stored()), day);
            assert_eq!(day.to_string(), text);
        }
        assert!("2026-02-30".parse::<Day>().is_err());
        let end: Day = "2026-01-31".parse().unwrap();
        assert_eq!(end.plus_months(1).to_string(), "2026-02-28");
        assert_eq!(end.plus(-31).to_string(), "2025-12-31");
    }
}

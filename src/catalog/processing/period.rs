//! A length of time in calendar units, as ISO 8601 writes it: `P24M`, `P2Y`, `P30D`.

use std::fmt;
use std::str::FromStr;

use crate::vocabulary::Day;

/// The longest: a hundred years of any unit is no retention period but a mistake.
const MOST: u16 = 36_500;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Years.
    Years,
    /// Months.
    Months,
    /// Days.
    Days,
}

/// So many years, months or days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// How many.
    pub number: u16,
    /// Of what.
    pub unit: Unit,
}

impl Period {
    /// So many months.
    pub const fn months(number: u16) -> Self {
        Self {
            number,
            unit: Unit::Months,
        }
    }

    /// The day on which it is over when it runs from a day.
    pub fn after(self, day: Day) -> Day {
        match self.unit {
            Unit::Years => day.plus_months(u32::from(self.number) * 12),
            Unit::Months => day.plus_months(self.number.into()),
            Unit::Days => day.plus(self.number.into()),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.unit {
            Unit::Years => 'Y',
            Unit::Months => 'M',
            Unit::Days => 'D',
        };
        write!(f, "P{}{letter}", self.number)
    }
}

impl FromStr for Period {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "no period: write years, months or days such as P2Y, P24M or P30D";
        let rest = text.strip_prefix('P').ok_or(wrong)?;
        let unit = match rest.chars().last() {
            Some('Y') => Unit::Years,
            Some('M') => Unit::Months,
            Some('D') => Unit::Days,
            _ => return Err(wrong),
        };
        let digits = &rest[..rest.len() - 1];
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits
            .parse()
            .ok()
            .filter(|it| plain && (1..=MOST).contains(it));
        let number = number.ok_or(wrong)?;
        Ok(Self { number, unit })
    }
}

impl serde::Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Period {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Period {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .pattern(Some("^P[0-9]{1,5}[YMD]$"))
            .into()
    }
}

impl utoipa::ToSchema for Period {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_on_a_day() {
        let from: Day = "2026-01-31".parse().unwrap();
        for (period, end) in [
            ("P1M", "2026-02-28"),
            ("P2Y", "2028-01-31"),
            ("P30D", "2026-03-02"),
        ] {
            let period: Period = period.parse().unwrap();
            assert_eq!(period.after(from).to_string(), end);
        }
    }

    #[test]
    fn a_period_survives_text() {
        for text in ["P24M", "P2Y", "P30D"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
        for bad in [
            "", "P", "24M", "P0M", "P-1M", "P+1M", "P1.5Y", "P1W", "P99999D", "PÅ",
        ] {
            assert!(bad.parse::<Period>().is_err(), "{bad}");
        }
    }
}

//! The styles in which other systems write a time. What is in none of them is refused, not guessed:
//! `03/04/2026` may be March or April.
//!
//! | Style | Example |
//! |---|---|
//! | ISO 8601 with a zone | `2026-01-10T08:15:00+01:00`, `2026-01-10 07:15:00.5 UTC`, `…Z`, `…+0100` |
//! | ISO 8601 without, read in the zone given | `2026-01-10 08:15`, `2026-01-10T08:15:00.123456`, `2026-01-10` |
//! | seconds or milliseconds since 1970 | `1768029300`, `1768029300.25`, `1768029300000` |
//! | RFC 2822 | `Sat, 10 Jan 2026 08:15:00 +0100` |

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use serde_json::Value;

use crate::vocabulary::Timestamp;

/// 1990-01-01; before, there was no desk whose exports could be read here.
const EARLIEST: i64 = 631_152_000_000_000;
/// 2100-01-01.
const LATEST: i64 = 4_102_444_800_000_000;

/// Reads a time; clock times without a zone are of this one.
pub fn read(text: &str, zone: Tz) -> Option<Timestamp> {
    let text = text.trim();
    within_reason(
        with_zone(text)
            .or_else(|| without_zone(text, zone))
            .or_else(|| text.parse().ok().and_then(since_1970))
            .or_else(|| Some(DateTime::parse_from_rfc2822(text).ok()?.timestamp_micros()))?,
    )
}

/// Reads a time that is a JSON text or number.
pub fn read_value(value: &Value, zone: Tz) -> Option<Timestamp> {
    match value {
        Value::String(text) => read(text, zone),
        Value::Number(number) => within_reason(since_1970(number.as_f64()?)?),
        _ => None,
    }
}

/// The instant, if a desk may have written it.
pub fn within_reason(micros: i64) -> Option<Timestamp> {
    (EARLIEST..LATEST)
        .contains(&micros)
        .then_some(Timestamp(micros))
}

fn with_zone(text: &str) -> Option<i64> {
    let text = match text
        .strip_suffix("UTC")
        .or_else(|| text.strip_suffix("GMT"))
    {
        Some(text) if text.starts_with(|it: char| it.is_ascii_digit()) => {
            format!("{}Z", text.trim_end())
        }
        _ => text.to_owned(),
    };
    let time = DateTime::parse_from_rfc3339(&text).ok();
    let time = time.or_else(|| {
        let styles = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z"];
        let mut read = styles.iter().map(|it| DateTime::parse_from_str(&text, it));
        read.find_map(Result::ok)
    });
    Some(time?.timestamp_micros())
}

fn without_zone(text: &str, zone: Tz) -> Option<i64> {
    const STYLES: [&str; 4] = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
    ];
    let mut read = STYLES
        .iter()
        .map(|it| NaiveDateTime::parse_from_str(text, it));
    let local = read.find_map(Result::ok).or_else(|| {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        day.and_hms_opt(0, 0, 0)
    })?;
    // An hour that comes twice is the first one; one that the clocks skip is an hour later.
    let instant = zone.from_local_datetime(&local).earliest();
    let later = || {
        zone.from_local_datetime(&(local + TimeDelta::hours(1)))
            .earliest()
    };
    Some(instant.or_else(later)?.timestamp_micros())
}

/// Seconds, or milliseconds when they are too many for seconds.
fn since_1970(number: f64) -> Option<i64> {
    let seconds = match number.abs() {
        large if large > 1e11 => number / 1e3,
        _ => number,
    };
    let micros = (seconds * 1e6).round();
    (micros.abs() < 1e17).then_some(micros as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accepted_style_is_one_instant() {
        for text in [
            "2026-01-10T08:15:00+01:00",
            "2026-01-10T07:15:00Z",
            "2026-01-10 07:15:00 UTC",
            "2026-01-10T08:15:00+0100",
            "2026-01-10 08:15:00 +0100",
            "2026-01-10 08:15",
            " 2026-01-10T08:15:00.000000 ",
            "1768029300",
            "1768029300000",
            "1768029300.0",
            "Sat, 10 Jan 2026 08:15:00 +0100",
        ] {
            let read = read(text, Tz::Europe__Stockholm).map(|it| it.to_string());
            assert_eq!(read.as_deref(), Some("2026-01-10T07:15:00Z"), "{text}");
        }
        let day = read("2026-07-01", Tz::Europe__Stockholm).unwrap();
        assert_eq!(day.to_string(), "2026-06-30T22:00:00Z");
        let twice = read("2026-10-25 02:30", Tz::Europe__Stockholm).unwrap();
        assert_eq!(twice.to_string(), "2026-10-25T00:30:00Z");
        let skipped = read("2026-03-29 02:30", Tz::Europe__Stockholm).unwrap();
        assert_eq!(skipped.to_string(), "2026-03-29T01:30:00Z");
    }

    #[test]
    fn what_may_mean_two_days_or_none_is_refused() {
        for text in [
            "",
            "i går",
            "03/04/2026",
            "3.4.2026",
            "2026-13-01",
            "12",
            "0",
            "-1",
            "1e300",
            "NaN",
            "0001-01-01T00:00:00Z",
            "9999-12-31T00:00:00Z",
            "UTC",
        ] {
            assert_eq!(read(text, Tz::UTC), None, "{text}");
        }
    }
}

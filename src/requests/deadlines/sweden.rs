//! Sweden's public holidays, from the statute: lag (1989:253) om allmänna helgdagar, since 2005.
//!
//! **Why not a ready-made calendar?** Those mix in the eves of Midsummer, Christmas and New Year. Lag
//! (1930:173) treats these like holidays, but for periods in Swedish law; the month of Art. 12(3) is
//! counted by Regulation 1182/71, and Sweden's list under it has none of them.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Month and day of the holidays that stay put: New Year's Day, Epiphany, 1 May, the National Day,
/// Christmas Day and the day after.
const FIXED: [(u32, u32); 6] = [(1, 1), (1, 6), (5, 1), (6, 6), (12, 25), (12, 26)];

/// Days after Easter Day: Good Friday, Easter Day, Easter Monday, Ascension Day, Whit Sunday.
const AFTER_EASTER: [i64; 5] = [-2, 0, 1, 39, 49];

/// Whether a day is a public holiday.
pub fn is_holiday(date: NaiveDate) -> bool {
    if FIXED.contains(&(date.month(), date.day())) {
        return true;
    }
    let of_easter = easter(date.year())
        .is_some_and(|easter| AFTER_EASTER.contains(&(date - easter).num_days()));
    of_easter
        || Some(date) == saturday(date.year(), 6, 20)
        || Some(date) == saturday(date.year(), 10, 31)
}

/// Midsummer Day and All Saints' Day: the first Saturday on or after a day.
fn saturday(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    let from = NaiveDate::from_ymd_opt(year, month, day)?;
    let until = Weekday::Sat.days_since(from.weekday());
    from.checked_add_days(Days::new(until.into()))
}

/// Easter Day, by the Gregorian computus (Butcher).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let number = h + l - 7 * m + 114;
    let (month, day) = (number / 31, number % 31 + 1);
    NaiveDate::from_ymd_opt(year, month.unsigned_abs(), day.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Easter, Midsummer Day, All Saints' Day.
    const YEARS: &str = "
        2024-03-31 2024-06-22 2024-11-02
        2025-04-20 2025-06-21 2025-11-01
        2026-04-05 2026-06-20 2026-10-31
        2027-03-28 2027-06-26 2027-11-06
        2028-04-16 2028-06-24 2028-11-04
        2029-04-01 2029-06-23 2029-11-03
        2030-04-21 2030-06-22 2030-11-02
        2031-04-13 2031-06-21 2031-11-01
    ";

    #[test]
    fn the_movable_days_of_eight_years() {
        for day in YEARS.split_whitespace() {
            assert!(is_holiday(day.parse().unwrap()), "{day}");
        }
    }

    #[test]
    fn thirteen_days_a_year_and_no_eve() {
        for year in 2005..2105 {
            let all = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().iter_days();
            let own = all
                .take_while(|it| it.year() == year)
                .filter(|it| is_holiday(*it));
            // The first of May may be Ascension Day, and Whit Sunday the National Day.
            let days: Vec<NaiveDate> = own.collect();
            assert!((12..=13).contains(&days.len()), "{year}: {days:?}");
            for (month, day) in [(12, 24), (12, 31)] {
                assert!(!is_holiday(
                    NaiveDate::from_ymd_opt(year, month, day).unwrap()
                ));
            }
        }
        for eve in ["2026-06-19", "2026-04-02", "2026-10-30", "2026-05-25"] {
            assert!(!is_holiday(eve.parse().unwrap()), "{eve}");
        }
    }
}

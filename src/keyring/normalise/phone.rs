//! Telephone numbers in one form.

use std::str::FromStr;

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{Metadata, PhoneNumber};
use unicode_normalization::UnicodeNormalization;

use super::visible;
use crate::vocabulary::Personal;

/// Longer runs of digits are no telephone number (E.164 allows 15, an international prefix up to 5).
const MOST_DIGITS: usize = 20;
/// With this many digits a number may be complete, so that a slash begins the next one.
const COMPLETE: usize = 7;

/// A telephone number in E.164, read as the tenant's country (ISO 3166, such as `SE`) would:
/// `070-174 06 05`, `+46 (0)70 174 06 05` and `0046701740605` are all `+46701740605`.
///
/// * Words before the number are passed over, the first of several numbers counts.
/// * An extension (`ankn. 12`, `ext 12`, `x12`, `#12`) is part of the number: `+46812345678;ext=12`.
/// * What cannot be a number in any country keeps its digits behind a mark: `digits:12`.
/// * Without any digit there is nothing to search for: `None`.
pub fn phone(text: &str, country: &str) -> Option<Personal> {
    let written = Written::read(text);
    if written.digits.is_empty() {
        return None;
    }
    let mut normal =
        e164(&written, country).unwrap_or_else(|| format!("digits:{}", written.digits));
    if let Some(extension) = written.extension {
        normal.push_str(";ext=");
        normal.push_str(&extension);
    }
    Some(Personal::new(normal))
}

/// The parts of a number as somebody wrote it.
#[derive(Default)]
struct Written {
    plus: bool,
    digits: String,
    extension: Option<String>,
}

impl Written {
    /// Finds the first number in the text.
    fn read(text: &str) -> Self {
        let text: String = visible(text).nfkc().collect();
        let mut written = Self::default();
        for (position, c) in text.char_indices() {
            if let Some(digit) = digit(c) {
                written.digits.push(digit);
            } else if written.digits.is_empty() {
                written.plus = c == '+' || (written.plus && !c.is_alphabetic());
            } else if written.ends_at(c) {
                written.extension = extension(&text[position..]);
                break;
            }
        }
        written
    }

    fn ends_at(&self, c: char) -> bool {
        let next_number = c == '/' && self.digits.len() >= COMPLETE;
        let letter = c.is_alphabetic() && c != 'ー'; // Japanese writes its hyphen so.
        next_number || letter || matches!(c, '+' | ',' | ';' | '#' | '|' | '\n')
    }
}

/// The decimal digits that people type, as ASCII. (Full-width ones are ASCII after NFKC.)
fn digit(c: char) -> Option<char> {
    let value = match c {
        '0'..='9' => return Some(c),
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        '\u{6f0}'..='\u{6f9}' => u32::from(c) - 0x6f0,
        _ => return None,
    };
    char::from_digit(value, 10)
}

/// The extension, when what follows the number begins by announcing one.
fn extension(tail: &str) -> Option<String> {
    let tail = tail.to_lowercase();
    let announced = [
        "anknytning",
        "ankn",
        "ank",
        "extension",
        "extn",
        "ext",
        ";ext=",
        "x",
        "#",
    ]
    .iter()
    .find_map(|word| tail.strip_prefix(word))?;
    let digits: String = announced
        .trim_start_matches([' ', '.', ':', '\u{a0}'])
        .chars()
        .map_while(digit)
        .collect();
    (1..=COMPLETE).contains(&digits.len()).then_some(digits)
}

fn e164(written: &Written, country: &str) -> Option<String> {
    if written.digits.len() > MOST_DIGITS {
        return None;
    }
    let home = Id::from_str(&country.to_ascii_uppercase())
        .ok()
        .and_then(|id| Some((id, DATABASE.by_id(id.as_ref())?)));
    let number: PhoneNumber = match international(written, home.map(|(_, metadata)| metadata)) {
        Some(digits) => {
            // A foreign number must not lose what would be the home country's prefix: it is read by
            // its own country's rules.
            let at_home = home
                .filter(|(_, metadata)| digits.starts_with(&metadata.country_code().to_string()));
            phonenumber::parse(at_home.map(|(id, _)| id), format!("+{digits}"))
        }
        None => phonenumber::parse(Some(home?.0), &written.digits),
    }
    .ok()?;
    // By hand: the library's formatter first searches all patterns of the country, for nothing.
    let (code, national) = (number.code().value(), number.national());
    Some(format!("+{code}{national}"))
}

/// The digits from the country code on, when the number was written with a plus or with the prefix
/// that its country dials for abroad (00 where the country is not known).
fn international<'a>(written: &'a Written, home: Option<&Metadata>) -> Option<&'a str> {
    let digits = written.digits.as_str();
    if written.plus {
        return Some(digits);
    }
    let prefix = match home {
        Some(metadata) => metadata.international_prefix()?.find(digits)?.range(),
        None => digits.starts_with("00").then_some(0..2)?,
    };
    let rest = &digits[prefix.end..];
    (prefix.start == 0 && !rest.is_empty() && !rest.starts_with('0')).then_some(rest)
}

//! Texts that look like something about a person: what staff write as a reference is refused when it
//! does. A guess by form and check digits, never by a list: a name looks like nothing.

use std::sync::LazyLock;

use regex::Regex;

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// An e-mail address: anything with an at sign.
    EmailAddress,
    /// A telephone number, in the international form or in the Swedish one, which begins with one zero.
    TelephoneNumber,
    /// A Swedish personal identity number or coordination number (day plus 60) with a right check digit.
    PersonalIdentityNumber,
    /// The number of a payment card: 13 to 19 digits with a right check digit (ISO/IEC 7812-1).
    PaymentCard,
    /// A bank account in the international form, with right check digits (ISO 13616).
    BankAccount,
}

/// How numbers are written; each begins where a word does.
struct Forms {
    international: Regex,
    national: Regex,
    identity: Regex,
    card: Regex,
    account: Regex,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| {
    let form = |text| Regex::new(text).expect("a form is a regular expression");
    Forms {
        international: form(r"\+(?:[ ()-]*[0-9]){7}"),
        national: form(
            r#"(?:^|[\s(:,;/"'])(?:\(0[1-9][0-9]{0,2}\)|0[1-9])(?:[ /-]{0,3}[0-9]){6,9}\b"#,
        ),
        identity: form(r"\b(?:[0-9]{2})?([0-9]{6})[-+ ]?([0-9]{4})\b"),
        card: form(r"\b[0-9](?:[ -]?[0-9]){12,18}\b"),
        // Of 32 signs none is known in Europe, and ids have as many.
        account: form(r"(?i)\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,27}\b"),
    }
});

impl Likeness {
    /// What a text looks like, if it looks like any of them.
    pub fn of(text: &str) -> Option<Self> {
        let forms = &*FORMS;
        let has =
            |form: &Regex, is: fn(&str) -> bool| form.find_iter(text).any(|it| is(it.as_str()));
        if text.contains('@') {
            Some(Self::EmailAddress)
        } else if forms.international.is_match(text) || forms.national.is_match(text) {
            Some(Self::TelephoneNumber)
        } else if has(&forms.identity, is_identity) {
            Some(Self::PersonalIdentityNumber)
        } else if has(&forms.card, |it| luhn(&digits(it))) {
            Some(Self::PaymentCard)
        } else if has(&forms.account, is_account) {
            Some(Self::BankAccount)
        } else {
            None
        }
    }

    /// Why a text is refused, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::EmailAddress => "it looks like an e-mail address",
            Self::TelephoneNumber => "it looks like a telephone number",
            Self::PersonalIdentityNumber => "it looks like a personal identity number",
            Self::PaymentCard => "it looks like the number of a payment card",
            Self::BankAccount => "it looks like a bank account number",
        }
    }
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

/// Whether the last digit is the check digit of the others by Luhn's rule (ISO/IEC 7812-1, annex B).
pub fn luhn(digits: &[u32]) -> bool {
    let doubled = |(at, digit): (usize, &u32)| match (at % 2, digit * 2) {
        (0, _) => *digit,
        (_, doubled) => doubled / 10 + doubled % 10,
    };
    let sum: u32 = digits.iter().rev().enumerate().map(doubled).sum();
    sum.is_multiple_of(10)
}

/// Month and day that there are, or a day of a coordination number; then the check digit over the last ten.
fn is_identity(text: &str) -> bool {
    let digits = digits(text);
    let Some(last) = digits.len().checked_sub(10).map(|from| &digits[from..]) else {
        return false;
    };
    let (month, day) = (last[2] * 10 + last[3], last[4] * 10 + last[5]);
    let day = if day > 60 { day - 60 } else { day };
    (1..=12).contains(&month) && (1..=31).contains(&day) && luhn(last)
}

/// The rest after division by 97 is one, letters counted from ten (ISO 7064, MOD 97-10).
fn is_account(text: &str) -> bool {
    let signs: Vec<u32> = text.chars().filter_map(|c| c.to_digit(36)).collect();
    let (head, tail) = signs.split_at(4.min(signs.len()));
    let append = |rest: u32, sign: &u32| match sign {
        0..=9 => (rest * 10 + sign) % 97,
        _ => (rest * 100 + sign) % 97,
    };
    tail.iter().chain(head).fold(0, append) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_a_person_is_recognised() {
        use Likeness::*;
        for (text, likeness) in [
            ("till anna@example.se", EmailAddress),
            ("ring +46 70 174 06 05", TelephoneNumber),
            ("070-174 06 07", TelephoneNumber),
            ("ring 0701740607", TelephoneNumber),
            ("(08) 465 004 00", TelephoneNumber),
            ("08-465 004 00", TelephoneNumber),
            ("Elin 19121212-1212", PersonalIdentityNumber),
            ("1212121212", PersonalIdentityNumber),
            ("121212+1212", PersonalIdentityNumber),
            ("samordning 701063-2391", PersonalIdentityNumber),
            ("kort 4111 1111 1111 1111", PaymentCard),
            ("DE40 3704 9044 1532 9130 00", BankAccount),
            ("konto se4550000000058398257466", BankAccount),
        ] {
            assert_eq!(Likeness::of(text), Some(likeness), "{text}");
        }
    }

    #[test]
    fn references_are_not() {
        for text in [
            "INS-2026-0042",
            "avtal 12+3, bilaga 2",
            "bokföringslagen 7 kap. 2 §",
            "DNR 2026/04711-3",
            "2026-04-30",
            "MEJL-4 2026-03-01T09:00:00Z",
            "19121212-1213",
            "121312-1212",
            "4111 1111 1111 1112",
            "SE4550000000058398257467",
            "4f1c0d9e5b0749d2a3c6d8e1f2a3b4c5",
            "ARENDE-0812345678",
        ] {
            assert_eq!(Likeness::of(text), None, "{text}");
        }
    }
}

//! The catalog's rules: pure functions, no I/O.

use super::CatalogError;
use super::types::NewTenant;
use crate::vocabulary::luhn;

/// How long a line of text (name, subject, recipient, address) may be.
pub const LONGEST_LINE: usize = 1_000;

fn invalid(field: &'static str, reason: &'static str) -> CatalogError {
    CatalogError::Invalid { field, reason }
}

/// Checks everything about a new tenant.
pub fn check_tenant(tenant: &NewTenant) -> Result<(), CatalogError> {
    check_slug(&tenant.slug)?;
    check_text("name", &tenant.name)?;
    if tenant.name.trim().is_empty() {
        return Err(invalid("name", "is empty: write the company's name"));
    }
    check_org_no(&tenant.org_no, &tenant.country)?;
    check_email("email", tenant.email.expose())?;
    if tenant.country.len() != 2 || !tenant.country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(invalid(
            "country",
            "is no ISO 3166 code: write two letters such as SE",
        ));
    }
    let known = |code: &String| matches!(code.as_str(), "sv" | "en");
    if tenant.languages.is_empty() || !tenant.languages.iter().all(known) {
        return Err(invalid("languages", "are not known: write sv, en or both"));
    }
    check_text("timezone", &tenant.timezone)
}

/// An e-mail address that letters can be sent to: RFC 5321, in a domain with a dot.
pub fn check_email(field: &'static str, text: &str) -> Result<(), CatalogError> {
    let read: Result<lettre::Address, _> = text.trim().parse();
    match read.is_ok_and(|address| address.domain().contains('.')) {
        true => check_text(field, text),
        false => Err(invalid(
            field,
            "is no e-mail address: write one such as info@example.se",
        )),
    }
}

/// A slug: 2 to 63 lower-case letters, digits and single hyphens inside.
pub fn check_slug(slug: &str) -> Result<(), CatalogError> {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let good = (2..=63).contains(&slug.len())
        && slug.bytes().all(letters)
        && !slug.starts_with('-')
        && !slug.ends_with('-')
        && !slug.contains("--")
        && slug != super::OWN_SLUG;
    match good {
        true => Ok(()),
        false => Err(invalid(
            "slug",
            "must be 2 to 63 lower-case letters, digits and single hyphens, such as nordpaket",
        )),
    }
}

/// A registration number. Swedish ones have ten digits and a check digit (Luhn); of others only the
/// length is checked.
pub fn check_org_no(org_no: &str, country: &str) -> Result<(), CatalogError> {
    if country != "SE" {
        return match (3..=32).contains(&org_no.trim().len()) {
            true => check_text("org_no", org_no),
            false => Err(invalid("org_no", "must have 3 to 32 characters")),
        };
    }
    let digits: Vec<u32> = org_no.chars().filter_map(|c| c.to_digit(10)).collect();
    let written = org_no.chars().all(|c| c.is_ascii_digit() || c == '-');
    match written && digits.len() == 10 && luhn(&digits) {
        true => Ok(()),
        false => Err(invalid(
            "org_no",
            "is no Swedish organisationsnummer: ten digits, the last a check digit, such as 556016-0680",
        )),
    }
}

/// A line of text that will be stored: no control characters, not too long.
pub fn check_text(field: &'static str, text: &str) -> Result<(), CatalogError> {
    if text.chars().any(char::is_control) {
        return Err(invalid(field, "contains a control character: remove it"));
    }
    if text.len() > LONGEST_LINE {
        return Err(invalid(field, "is longer than 1000 bytes: shorten it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for good in ["ab", "nordpaket", "a-1"] {
            assert!(check_slug(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "-a",
            "a-",
            "a--b",
            "Åsa",
            "UPPER",
            "a b",
            &"x".repeat(64),
        ] {
            assert!(check_slug(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_that_letters_can_be_sent_to() {
        for good in [
            "info@example.se",
            "anna.berg+post@mail.example.com",
            "info@räksmörgås.se",
        ] {
            assert!(check_email("email", good).is_ok(), "{good}");
        }
        for bad in [
            "nonsense",
            "",
            "@example.se",
            "info@",
            "info@localhost",
            "a b@example.se",
            "a@b@c.se",
        ] {
            assert!(check_email("email", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn swedish_registration_numbers_have_a_check_digit() {
        for good in ["556016-0680", "5560160680"] {
            assert!(check_org_no(good, "SE").is_ok(), "{good}");
        }
        for bad in ["556016-0681", "55601606", "556016 0680", ""] {
            assert!(check_org_no(bad, "SE").is_err(), "{bad}");
        }
        assert!(check_org_no("FI12345678", "FI").is_ok());
    }

    #[test]
    fn text_without_control_characters() {
        assert!(check_text("name", "Åsa Öberg").is_ok());
        assert!(check_text("name", "a\0b").is_err());
        assert!(check_text("name", &"x".repeat(1_001)).is_err());
    }
}

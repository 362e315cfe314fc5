//! What is usual at a support desk, and what may be written instead. Pure.

use super::{Basis, Period, Purpose, PurposeOf, Recipient, RetentionRule, Starts};
use crate::catalog::types::{Category, Channel};
use crate::catalog::{CatalogError, rules};

/// Why a support desk's client usually has the data, and on which ground; payments and customs only
/// where the channels for them are used.
pub fn usual_purposes(channels: &[Channel]) -> Vec<PurposeOf> {
    use Basis::{Contract, LegalObligation, LegitimateInterest};
    let of = |purpose, legal_basis: &[Basis]| PurposeOf {
        purpose,
        legal_basis: legal_basis.to_vec(),
    };
    let mut usual = vec![
        of(Purpose::Support, &[Contract, LegitimateInterest]),
        of(Purpose::Claims, &[LegalObligation, Contract]),
    ];
    if channels.contains(&Channel::Klarna) {
        usual.push(of(Purpose::Payment, &[Contract]));
    }
    if channels.contains(&Channel::Returns) {
        usual.push(of(Purpose::Customs, &[Contract, LegalObligation]));
    }
    usual.push(of(Purpose::Security, &[LegalObligation]));
    usual.push(of(Purpose::Rights, &[LegalObligation]));
    usual
}

/// How long a support desk usually keeps a category: two years.
pub fn usual_rule(category: Category) -> RetentionRule {
    let starts = match category {
        Category::Message | Category::Attachment => Starts::CaseClosed,
        _ => Starts::LastCaseClosed,
    };
    RetentionRule {
        category,
        period: Period::months(24),
        starts,
    }
}

/// Countries of the European Economic Area: data that stays there is not transferred.
const EEA: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Whether a country is in the European Economic Area.
pub fn is_in_eea(country: &str) -> bool {
    EEA.contains(&country)
}

fn invalid(field: &'static str, reason: &'static str) -> CatalogError {
    CatalogError::Invalid { field, reason }
}

/// Checks a new recipient.
pub fn check_recipient(it: &Recipient) -> Result<(), CatalogError> {
    rules::check_text("name", &it.name)?;
    if it.name.trim().is_empty() {
        return Err(invalid(
            "name",
            "is empty: write the company's name or its role",
        ));
    }
    if !crate::catalog::controller::is_country(&it.country) {
        let reason = "is no ISO 3166 code: write two letters such as SE";
        return Err(invalid("country", reason));
    }
    let safeguard = it.safeguard.as_deref().unwrap_or_default();
    rules::check_text("safeguard", safeguard)?;
    if !is_in_eea(&it.country) && safeguard.trim().is_empty() {
        let reason = "is missing, and the country is outside the EEA: name the adequacy decision or \
                      the standard contractual clauses (Art. 13(1)(f))";
        return Err(invalid("safeguard", reason));
    }
    Ok(())
}

/// Checks purposes: each once, each on a ground.
pub fn check_purposes(purposes: &[PurposeOf]) -> Result<(), CatalogError> {
    let twice = |at: usize, it: &PurposeOf| purposes[..at].iter().any(|b| b.purpose == it.purpose);
    for (at, it) in purposes.iter().enumerate() {
        if twice(at, it) {
            return Err(invalid("purposes", "name a purpose twice: write each once"));
        }
        if it.legal_basis.is_empty() {
            let reason = "have one without a legal basis: write one or more of a to f of Art. 6(1)";
            return Err(invalid("purposes", reason));
        }
    }
    Ok(())
}

/// Checks retention rules: each category once.
pub fn check_retention(given: &[RetentionRule]) -> Result<(), CatalogError> {
    for (at, it) in given.iter().enumerate() {
        if given[..at]
            .iter()
            .any(|before| before.category == it.category)
        {
            let reason = "name a category twice: write each once";
            return Err(invalid("rules", reason));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::processing::RecipientRole;

    #[test]
    fn payments_and_customs_only_where_their_channels_are_used() {
        let purposes = |channels: &[Channel]| -> Vec<Purpose> {
            let usual = usual_purposes(channels);
            assert!(check_purposes(&usual).is_ok());
            usual.iter().map(|it| it.purpose).collect()
        };
        use Purpose::*;
        assert_eq!(
            purposes(&[Channel::Email]),
            [Support, Claims, Security, Rights]
        );
        let all = [Support, Claims, Payment, Customs, Security, Rights];
        assert_eq!(purposes(&[Channel::Returns, Channel::Klarna]), all);
    }

    #[test]
    fn outside_the_eea_something_protects_the_data() {
        let recipient = |country: &str, safeguard: Option<&str>| Recipient {
            id: None,
            tenant: None,
            name: "Molnet Inc.".into(),
            role: RecipientRole::SubProcessor,
            country: country.into(),
            safeguard: safeguard.map(str::to_owned),
            added_at: None,
        };
        assert!(check_recipient(&recipient("SE", None)).is_ok());
        assert!(check_recipient(&recipient("US", Some("(EU) 2021/914"))).is_ok());
        for bad in [
            recipient("US", None),
            recipient("US", Some(" ")),
            recipient("us", None),
        ] {
            assert!(check_recipient(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_purpose_stands_on_a_ground_and_stands_once() {
        let of = |legal_basis: &[Basis]| PurposeOf {
            purpose: Purpose::Support,
            legal_basis: legal_basis.to_vec(),
        };
        assert!(check_purposes(&[of(&[])]).is_err());
        let twice = [of(&[Basis::Contract]), of(&[Basis::Contract])];
        assert!(check_purposes(&twice).is_err());
    }
}

//! What is missing in a client's notice: which field, and where to set it. Pure.

use serde::Serialize;

use super::clauses::Clauses;
use super::compose::Source;
use crate::catalog::processing::RecipientRole;
use crate::catalog::types::Channel;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Arts 13 and 14 ask for it.
    Error,
    /// A reader would miss it.
    Warning,
}

/// One thing that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Missing {
    /// How much it matters.
    pub weight: Weight,
    /// Which field.
    pub field: String,
    /// What is missing, and why it belongs there.
    pub what: String,
    /// Where to set it.
    pub remedy: String,
}

/// A value of the controller: its weight, its field, what it is for.
const VALUES: [(Weight, &str, &str); 4] = [
    (
        Weight::Error,
        "stored_in",
        "the country where the data is stored: without it nobody can say whether it stays in the EEA \
         (Art. 13(1)(f))",
    ),
    (
        Weight::Warning,
        "address",
        "the controller's postal address (Art. 13(1)(a))",
    ),
    (
        Weight::Warning,
        "phone",
        "the controller's telephone number (Art. 13(1)(a))",
    ),
    (
        Weight::Warning,
        "dpo_email",
        "the data protection officer's address, if there is one (Art. 13(1)(b))",
    ),
];

/// Channels whose suppliers are recipients.
const SUPPLIERS: [(&[Channel], RecipientRole); 3] = [
    (&[Channel::Sms, Channel::Phone], RecipientRole::Telecom),
    (&[Channel::Social], RecipientRole::Platform),
    (&[Channel::Returns], RecipientRole::Carrier),
];

/// Everything that is missing, what the law asks for first.
pub fn lint(clauses: &Clauses, source: &Source<'_>, operator_is_named: bool) -> Vec<Missing> {
    let slug = &source.tenant.summary.slug;
    let mut missing = operator(source, operator_is_named);
    let known = &source.facts.known;
    for (weight, field, what) in VALUES.iter().filter(|it| !known.contains(it.1)) {
        let flag = field.replace('_', "-");
        missing.push(Missing {
            weight: *weight,
            field: (*field).to_owned(),
            what: (*what).to_owned(),
            remedy: format!("gallra tenant set {slug} --{flag} …"),
        });
    }
    missing.extend(recipients(source));
    for category in &source.facts.categories {
        if !clauses.declare(*category) {
            missing.push(Missing {
                weight: Weight::Error,
                field: category.word().to_owned(),
                what: "this is held, and the notice has no words for it (Art. 14(1)(d))".to_owned(),
                remedy: "install a newer release of gallra, or erase what should not be held"
                    .to_owned(),
            });
        }
    }
    missing.sort_by_key(|it| it.weight == Weight::Warning);
    missing
}

fn operator(source: &Source<'_>, is_named: bool) -> Vec<Missing> {
    let mut missing = Vec::new();
    let mut set = |weight, field: &str, what: &str| {
        missing.push(Missing {
            weight,
            field: field.to_owned(),
            what: what.to_owned(),
            remedy: format!(
                "set {field} in gallra.toml, or GALLRA_{}",
                field.to_uppercase()
            ),
        });
    };
    if !is_named {
        let what = "the name of the company that answers: a recipient (Art. 13(1)(e))";
        set(Weight::Error, "operator", what);
    }
    if source.operator.org_no.is_empty() {
        let what = "the registration number of the company that answers";
        set(Weight::Warning, "operator_org_no", what);
    }
    missing
}

/// Who receives data and is not in the register.
fn recipients(source: &Source<'_>) -> Vec<Missing> {
    let slug = &source.tenant.summary.slug;
    let facts = source.facts;
    let mut missing: Vec<Missing> = Vec::new();
    for name in facts.given_to() {
        missing.push(Missing {
            weight: Weight::Warning,
            field: "recipients".to_owned(),
            what: format!("{name} was given data and is not in the register (Art. 13(1)(e))"),
            remedy: format!("gallra recipient add --tenant {slug} --name '{name}' --role …"),
        });
    }
    for (channels, role) in SUPPLIERS {
        let used = channels.iter().any(|it| facts.channels.contains(it));
        if used && facts.names(role).next().is_none() {
            let word = role.word();
            missing.push(Missing {
                weight: Weight::Warning,
                field: "recipients".to_owned(),
                what: format!("no {word} is in the register though its channel is used"),
                remedy: format!("gallra recipient add --tenant {slug} --name … --role {word}"),
            });
        }
    }
    missing
}

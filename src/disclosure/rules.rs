//! Which clauses stand in a client's notice, and filling in their values. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::DisclosureError;
use super::clauses::{Condition, Question, Test};
use crate::catalog::Category;
use crate::catalog::processing::{PurposeOf, Recipient, RecipientRole, RetentionRule, rules};
use crate::catalog::types::Channel;

/// What is true of a client.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What is held.
    pub categories: Vec<Category>,
    /// Which channels are used.
    pub channels: Vec<Channel>,
    /// What for, and on which grounds.
    pub purposes: Vec<PurposeOf>,
    /// The register.
    pub recipients: Vec<Recipient>,
    /// Who was given something and is not in the register.
    pub given: Vec<String>,
    /// How long each category is kept.
    pub retention: Vec<RetentionRule>,
    /// Which of the controller's values are known, by name.
    pub known: BTreeSet<&'static str>,
    /// Where the data is stored.
    pub stored_in: Option<String>,
    /// Whether the operator's registration number is known.
    pub operator_org_no: bool,
    /// The client's country.
    pub country: String,
}

impl Facts {
    /// Whether all conditions hold.
    pub fn meet(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|it| self.meets(it))
    }

    /// Whether one of the tests of a condition holds.
    pub fn meets(&self, condition: &Condition) -> bool {
        condition.0.iter().any(|test| self.holds(test))
    }

    fn holds(&self, test: &Test) -> bool {
        let yes = match &test.question {
            Question::Category(category) => self.categories.contains(category),
            Question::Channel(channel) => self.channels.contains(channel),
            Question::Purpose(purpose) => self.purposes.iter().any(|it| it.purpose == *purpose),
            Question::Basis(basis) => self
                .purposes
                .iter()
                .any(|it| it.legal_basis.contains(basis)),
            Question::Recipient(role) => self.names(*role).next().is_some(),
            Question::Value(name) => self.known.contains(name.as_str()),
            Question::OperatorOrgNo => self.operator_org_no,
            Question::Country(country) => self.country == *country,
            Question::Given => self.given_to().next().is_some(),
            Question::Held => !self.categories.is_empty(),
            Question::Transfer => self.transfers().next().is_some(),
            Question::Eea => {
                let stored = self.stored_in.as_deref().is_some_and(rules::is_in_eea);
                stored && self.transfers().next().is_none()
            }
        };
        yes != test.negated
    }

    /// Recipients of one role, by name.
    pub fn names(&self, role: RecipientRole) -> impl Iterator<Item = &str> {
        let of = self.recipients.iter().filter(move |it| it.role == role);
        of.map(|it| it.name.as_str())
            .filter(|name| !self.has_its_own_row(name))
    }

    /// Who was given something and stands nowhere else in the notice.
    pub fn given_to(&self) -> impl Iterator<Item = &str> {
        let given = self.given.iter().map(String::as_str);
        given.filter(|name| !self.has_its_own_row(name))
    }

    /// Whether the notice names this recipient by the channel it runs, whatever else it is.
    fn has_its_own_row(&self, name: &str) -> bool {
        let first = name.split_whitespace().next().unwrap_or_default();
        self.channels.contains(&Channel::Klarna) && first.eq_ignore_ascii_case("klarna")
    }

    /// Recipients outside the European Economic Area.
    pub fn transfers(&self) -> impl Iterator<Item = &Recipient> {
        let outside = |it: &&Recipient| !rules::is_in_eea(&it.country);
        self.recipients.iter().filter(outside)
    }
}

/// Texts by the names that clauses call them.
pub type Values = BTreeMap<String, String>;

/// Fills one line of a clause: `{if …}…{/if}` by the facts, `{name}` by the values. What is filled in
/// is never looked at again: a company may have braces in its name.
pub fn fill(
    clause: &str,
    line: &str,
    facts: &Facts,
    values: &Values,
) -> Result<String, DisclosureError> {
    let unknown = |name: &str| DisclosureError::Placeholder {
        clause: clause.to_owned(),
        name: name.to_owned(),
    };
    let (mut filled, mut rest, mut shown) = (String::with_capacity(line.len()), line, true);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| unknown(after))?;
        if shown {
            filled.push_str(before);
        }
        rest = after;
        if let Some(condition) = name.strip_prefix("if ") {
            let condition = Condition::try_from(condition.to_owned()).map_err(|_| unknown(name))?;
            shown = facts.meets(&condition);
        } else if name == "/if" {
            shown = true;
        } else if shown {
            filled.push_str(values.get(name).ok_or_else(|| unknown(name))?);
        }
    }
    if shown {
        filled.push_str(rest);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(line: &str, facts: &Facts) -> String {
        let values = [("a", "{b} <i>"), ("b", "B")];
        let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
        fill("N", line, facts, &Values::from(values)).unwrap()
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(filled("{a}{b}", &Facts::default()), "{b} <i>B");
        let missing = fill("N", "{c}", &Facts::default(), &Values::new());
        assert!(missing.unwrap_err().to_string().contains("\"c\""));
    }

    #[test]
    fn parts_stand_on_conditions() {
        let line = "x{if value:phone} {b}{/if}{if no value:phone} -{/if}!";
        let mut facts = Facts::default();
        assert_eq!(filled(line, &facts), "x -!");
        facts.known.insert("phone");
        assert_eq!(filled(line, &facts), "x B!");
    }

    #[test]
    fn one_of_several_is_enough_and_all_conditions_are_needed() {
        let conditions = ["channel:sms|channel:phone", "no given"];
        let conditions = conditions.map(|it| Condition::try_from(it.to_owned()).unwrap());
        let mut facts = Facts {
            channels: vec![Channel::Phone],
            ..Facts::default()
        };
        assert!(facts.meet(&conditions));
        facts.given.push("Klarna".to_owned());
        assert!(!facts.meet(&conditions));
    }

    #[test]
    fn who_has_a_row_of_its_own_stands_in_no_other() {
        let klarna = |role| Recipient {
            id: None,
            tenant: None,
            name: "Klarna Bank AB".to_owned(),
            role,
            country: "SE".to_owned(),
            safeguard: None,
            added_at: None,
        };
        let mut facts = Facts {
            given: vec!["klarna".to_owned(), "Klarnabolaget AB".to_owned()],
            recipients: vec![klarna(RecipientRole::Payment)],
            ..Facts::default()
        };
        assert_eq!(facts.names(RecipientRole::Payment).count(), 1);
        assert_eq!(facts.given_to().count(), 2);
        facts.channels.push(Channel::Klarna);
        assert_eq!(facts.names(RecipientRole::Payment).count(), 0);
        assert_eq!(facts.given_to().collect::<Vec<_>>(), ["Klarnabolaget AB"]);
    }

    #[test]
    fn nothing_stays_in_the_eea_that_is_stored_nobody_knows_where() {
        let eea = Condition::try_from("eea".to_owned()).unwrap();
        let mut facts = Facts::default();
        assert!(!facts.meets(&eea));
        facts.stored_in = Some("SE".to_owned());
        assert!(facts.meets(&eea));
    }
}

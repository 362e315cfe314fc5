//! The clauses, as they stand in `templates/notice/clauses.json`: texts in both languages, and
//! conditions on which each stands in a notice. A missing text or an unknown condition fails to read,
//! and a test reads them.

use std::sync::OnceLock;

use serde::Deserialize;

use super::DisclosureError;
use crate::catalog::Category;
use crate::catalog::processing::{Basis, Purpose, RecipientRole};
use crate::catalog::types::Channel;
use crate::vocabulary::Lang;

const TEXT: &str = include_str!("../../templates/notice/clauses.json");

/// Every clause.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clauses {
    /// In the order of the notice; the first one's heading is the title.
    pub sections: Vec<Clause>,
}

/// A section of the notice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Its name, which stays the same.
    pub id: String,
    /// Which articles of the GDPR ask for it.
    pub articles: String,
    /// All of these must hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// Whether it stands in a box of its own (Art. 21(4)).
    #[serde(default)]
    pub boxed: bool,
    /// Its heading.
    pub heading: Both,
    /// Its text: a paragraph on each line, `• ` before an item, `{rows}` where its rows stand.
    pub text: Both,
    /// Items, each on conditions of its own.
    #[serde(default)]
    pub rows: Vec<RowClause>,
}

/// One item of a section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowClause {
    /// Its name.
    pub id: String,
    /// All of these must hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// What it is about.
    pub title: Both,
    /// What it says.
    pub text: Both,
}

/// A text in both languages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Both {
    sv: String,
    en: String,
}

impl Both {
    /// In one of them.
    pub fn of(&self, lang: Lang) -> &str {
        match lang {
            Lang::Sv => &self.sv,
            Lang::En => &self.en,
        }
    }
}

/// One of these must hold: `channel:sms|channel:phone`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Condition(pub Vec<Test>);

/// A question about a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Whether it is asked the other way round: `no value:dpo_email`.
    pub negated: bool,
    /// The question.
    pub question: Question,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Is such data held?
    Category(Category),
    /// Is the channel used?
    Channel(Channel),
    /// Is data processed for this?
    Purpose(Purpose),
    /// Does any purpose stand on this ground?
    Basis(Basis),
    /// Is there such a recipient in the register?
    Recipient(RecipientRole),
    /// Is the controller's value known?
    Value(String),
    /// Is the operator's registration number known?
    OperatorOrgNo,
    /// Is the client in this country?
    Country(String),
    /// Did something go to somebody who is not in the register?
    Given,
    /// Is anything held at all?
    Held,
    /// Is a recipient outside the EEA?
    Transfer,
    /// Is it known that everything stays in the EEA?
    Eea,
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let tests = text.split('|').map(|one| {
            let (negated, one) = match one.strip_prefix("no ") {
                Some(rest) => (true, rest),
                None => (false, one),
            };
            let question = question(one).ok_or_else(|| format!("no condition: {one}"))?;
            Ok(Test { negated, question })
        });
        tests.collect::<Result<_, String>>().map(Condition)
    }
}

fn question(text: &str) -> Option<Question> {
    let Some((kind, word)) = text.split_once(':') else {
        return match text {
            "given" => Some(Question::Given),
            "held" => Some(Question::Held),
            "transfer" => Some(Question::Transfer),
            "eea" => Some(Question::Eea),
            _ => None,
        };
    };
    match kind {
        "category" => Category::from_word(word).map(Question::Category),
        "channel" => Channel::from_word(word).map(Question::Channel),
        "purpose" => Purpose::from_word(word).map(Question::Purpose),
        "basis" => Basis::from_word(word).map(Question::Basis),
        "recipient" => RecipientRole::from_word(word).map(Question::Recipient),
        "value" => Some(Question::Value(word.to_owned())),
        "country" => Some(Question::Country(word.to_owned())),
        "operator" if word == "org_no" => Some(Question::OperatorOrgNo),
        _ => None,
    }
}

impl Clauses {
    /// The clauses of this release, read once.
    pub fn get() -> Result<&'static Clauses, DisclosureError> {
        static READ: OnceLock<Clauses> = OnceLock::new();
        if let Some(clauses) = READ.get() {
            return Ok(clauses);
        }
        let clauses = serde_json::from_str(TEXT).map_err(DisclosureError::Clauses)?;
        Ok(READ.get_or_init(|| clauses))
    }

    /// Whether the notice has words for a category.
    pub fn declare(&self, category: Category) -> bool {
        let of = |condition: &Condition| {
            let is = |test: &Test| test.question == Question::Category(category);
            condition.0.iter().any(is)
        };
        let mut rows = self.sections.iter().flat_map(|section| &section.rows);
        rows.any(|row| row.when.iter().any(of))
    }
}

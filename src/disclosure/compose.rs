//! Putting a client's notice together from clauses and facts. Pure.

use chrono::NaiveDate;

use super::DisclosureError;
use super::clauses::{Clause, Clauses, RowClause};
use super::rules::{Facts, Values, fill};
use super::words::{Words, capital, country, date};
use crate::catalog::Tenant;
use crate::catalog::processing::{Purpose, RecipientRole, RetentionRule};
use crate::receipts::body::Party;
use crate::vocabulary::{Lang, Personal};

/// A notice, before it has a form.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Notice {
    /// In which language.
    pub lang: Lang,
    /// Whose, by slug.
    pub slug: String,
    /// Whose, by name.
    pub controller: String,
    /// Its title.
    pub title: String,
    /// What stands before the first section.
    pub introduction: Vec<Block>,
    /// The sections.
    pub sections: Vec<Section>,
}

/// One section.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Section {
    /// The clause's name, for links to it.
    pub id: String,
    /// Its heading.
    pub heading: String,
    /// Whether it stands in a box of its own.
    pub boxed: bool,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A paragraph or a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// A paragraph.
    Paragraph(String),
    /// A list.
    List(Vec<Item>),
}

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Item {
    /// What it is about, where that is said apart.
    pub title: Option<String>,
    /// What it says.
    pub text: String,
}

/// What a notice is composed from.
pub struct Source<'a> {
    /// The client.
    pub tenant: &'a Tenant,
    /// Who answers for it.
    pub operator: &'a Party,
    /// What is true of it.
    pub facts: &'a Facts,
    /// The day it is composed on.
    pub today: NaiveDate,
}

/// Composes a notice.
pub fn compose(
    clauses: &Clauses,
    source: &Source<'_>,
    lang: Lang,
) -> Result<Notice, DisclosureError> {
    let words = Words::of(lang);
    let composer = Composer {
        facts: source.facts,
        values: values(source, words, lang),
        words,
        lang,
    };
    let mut standing = clauses
        .sections
        .iter()
        .filter(|it| source.facts.meet(&it.when));
    let first = standing.next().map(|it| composer.section(it)).transpose()?;
    let sections: Result<Vec<_>, _> = standing.map(|it| composer.section(it)).collect();
    let (title, introduction) = first.map_or_else(Default::default, |it| (it.heading, it.blocks));
    Ok(Notice {
        lang,
        slug: source.tenant.summary.slug.clone(),
        controller: source.tenant.summary.name.clone(),
        title,
        introduction,
        sections: sections?,
    })
}

struct Composer<'a> {
    facts: &'a Facts,
    values: Values,
    words: &'static Words,
    lang: Lang,
}

impl Composer<'_> {
    fn section(&self, clause: &Clause) -> Result<Section, DisclosureError> {
        let mut blocks = Vec::new();
        for line in clause.text.of(self.lang).lines() {
            match line {
                "{rows}" => {
                    for row in clause.rows.iter().filter(|it| self.facts.meet(&it.when)) {
                        push(&mut blocks, self.row(row)?);
                    }
                }
                "{lines.retention}" => self
                    .retention()
                    .into_iter()
                    .for_each(|it| push(&mut blocks, it)),
                "{lines.transfers}" => self.transfers().for_each(|it| push(&mut blocks, it)),
                line => {
                    let filled = fill(&clause.id, line, self.facts, &self.values)?;
                    match filled.strip_prefix("• ") {
                        Some(text) => push(&mut blocks, plain(text)),
                        None if filled.trim().is_empty() => {}
                        None => blocks.push(Block::Paragraph(filled)),
                    }
                }
            }
        }
        Ok(Section {
            id: clause.id.clone(),
            heading: clause.heading.of(self.lang).to_owned(),
            boxed: clause.boxed,
            blocks,
        })
    }

    fn row(&self, row: &RowClause) -> Result<Item, DisclosureError> {
        let filled = |text: &str| fill(&row.id, text, self.facts, &self.values);
        Ok(Item {
            title: Some(filled(row.title.of(self.lang))?),
            text: filled(row.text.of(self.lang))?,
        })
    }

    /// What is kept equally long stands together; where nothing is held yet, all categories.
    fn retention(&self) -> Vec<Item> {
        let held = &self.facts.categories;
        let mut groups: Vec<(RetentionRule, Vec<&str>)> = Vec::new();
        for rule in &self.facts.retention {
            if !held.is_empty() && !held.contains(&rule.category) {
                continue;
            }
            let name = self.words.category(rule.category);
            let same = |(it, _): &&mut (RetentionRule, Vec<&str>)| {
                it.period == rule.period && it.starts == rule.starts
            };
            match groups.iter_mut().find(same) {
                Some((_, names)) => names.push(name),
                None => groups.push((*rule, vec![name])),
            }
        }
        let item = |(rule, names): (RetentionRule, Vec<&str>)| Item {
            title: Some(capital(&self.words.list(names))),
            text: format!("{}.", self.words.kept(rule.period, rule.starts)),
        };
        groups.into_iter().map(item).collect()
    }

    fn transfers(&self) -> impl Iterator<Item = Item> {
        self.facts.transfers().map(|it| Item {
            title: Some(format!("{}, {}", it.name, country(&it.country, self.lang))),
            text: format!("{}.", it.safeguard.as_deref().unwrap_or("–")),
        })
    }
}

/// Items that follow one another are one list.
fn push(blocks: &mut Vec<Block>, item: Item) {
    match blocks.last_mut() {
        Some(Block::List(items)) => items.push(item),
        _ => blocks.push(Block::List(vec![item])),
    }
}

fn plain(text: &str) -> Item {
    Item {
        title: None,
        text: text.to_owned(),
    }
}

/// Every value that clauses may name.
fn values(source: &Source<'_>, words: &Words, lang: Lang) -> Values {
    let (it, controller) = (&source.tenant.summary, &source.tenant.controller);
    let text = |value: &Option<Personal>| {
        let value = value.as_ref().map(Personal::expose);
        value.unwrap_or_default().to_owned()
    };
    let email = source.tenant.email.expose().to_owned();
    let rights_email = match &controller.rights_email {
        Some(own) => own.expose().to_owned(),
        None => email.clone(),
    };
    let stored_in = controller.stored_in.as_ref().map(Personal::expose);
    let one = [
        ("today", date(source.today, lang)),
        ("controller.name", it.name.clone()),
        ("controller.org_no", it.org_no.clone()),
        ("controller.email", email),
        ("controller.phone", text(&controller.phone)),
        ("controller.address", text(&controller.address)),
        ("controller.website", text(&controller.website)),
        ("rights.email", rights_email),
        ("rights.url", text(&controller.rights_url)),
        ("dpo.email", text(&controller.dpo_email)),
        ("dpo.phone", text(&controller.dpo_phone)),
        ("processor.name", source.operator.name.clone()),
        ("processor.org_no", source.operator.org_no.clone()),
        (
            "processor.storage_country",
            stored_in
                .map(|code| country(code, lang))
                .unwrap_or_default(),
        ),
        ("list.given", words.list(source.facts.given_to())),
    ];
    let mut values: Values = one.map(|(name, value)| (name.to_owned(), value)).into();
    for role in RecipientRole::ALL {
        let names = words.list(source.facts.names(*role));
        values.insert(format!("list.{}", role.word()), names);
    }
    for purpose in Purpose::ALL {
        let of = source
            .facts
            .purposes
            .iter()
            .find(|it| it.purpose == *purpose);
        let basis = of.map(|it| words.legal_basis(it)).unwrap_or_default();
        values.insert(format!("basis.{}", purpose.word()), basis);
    }
    values
}

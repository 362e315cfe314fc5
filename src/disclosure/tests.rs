//! Every clause in every language, and what a notice says of a client with everything on.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::clauses::Clauses;
use super::compose::{Block, Notice, Source, compose};
use super::lint::{Weight, lint};
use super::rules::Facts;
use super::{Format, Links};
use crate::catalog::processing::{
    Basis, Purpose, PurposeOf, Recipient, RecipientRole, RetentionRule, rules::usual_rule,
};
use crate::catalog::types::Channel;
use crate::catalog::{Category, Controller, Tenant, TenantSummary};
use crate::receipts::body::Party;
use crate::vocabulary::{Lang, TenantId, Timestamp};

const HTML: &str = "<b>{today}</b> \"&'";

fn tenant(name: &str, controller: Controller) -> Tenant {
    Tenant {
        summary: TenantSummary {
            id: TenantId([1; 16]),
            slug: "nord".into(),
            name: name.into(),
            org_no: "556016-0680".into(),
            country: "SE".into(),
            languages: vec!["sv".into()],
            timezone: "Europe/Stockholm".into(),
            state: "active".into(),
            created_at: Timestamp(0),
        },
        email: "info@nord.example".into(),
        controller,
    }
}

fn full(value: &str) -> Controller {
    let value = || Some(value.into());
    Controller {
        address: value(),
        phone: value(),
        website: value(),
        rights_email: value(),
        rights_url: value(),
        dpo_email: value(),
        dpo_phone: value(),
        stored_in: Some("SE".into()),
    }
}

/// Everything is held, used, given and known.
fn everything(name: &str) -> Facts {
    let recipient = |role: &RecipientRole| Recipient {
        id: None,
        tenant: None,
        name: format!("{name} {}", role.word()),
        role: *role,
        country: "US".into(),
        safeguard: Some(name.into()),
        added_at: None,
    };
    let purpose = |purpose: &Purpose| PurposeOf {
        purpose: *purpose,
        legal_basis: Basis::ALL.to_vec(),
    };
    Facts {
        categories: Category::ALL.to_vec(),
        channels: Channel::ALL.to_vec(),
        purposes: Purpose::ALL.iter().map(purpose).collect(),
        recipients: RecipientRole::ALL.iter().map(recipient).collect(),
        given: vec![name.into()],
        retention: rules(),
        known: full("x")
            .values()
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        stored_in: Some("SE".into()),
        operator_org_no: true,
        country: "SE".into(),
    }
}

fn rules() -> Vec<RetentionRule> {
    Category::ALL.iter().map(|it| usual_rule(*it)).collect()
}

fn composed(tenant: &Tenant, facts: &Facts, operator: &str, lang: Lang) -> Notice {
    let operator = Party {
        name: operator.into(),
        org_no: "556000-0001".into(),
    };
    let source = Source {
        tenant,
        operator: &operator,
        facts,
        today: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
    };
    compose(Clauses::get().unwrap(), &source, lang).unwrap()
}

/// What stands in braces, in the order of the alphabet.
fn braces(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|it| it.split('}').next())
        .collect()
}

#[test]
fn both_languages_name_the_same_values_and_conditions() {
    let clauses = Clauses::get().unwrap();
    let mut ids = BTreeSet::new();
    for section in &clauses.sections {
        let rows = section
            .rows
            .iter()
            .flat_map(|it| [(&it.id, &it.title), (&it.id, &it.text)]);
        let own = [
            (&section.id, &section.heading),
            (&section.id, &section.text),
        ];
        for (id, both) in own.into_iter().chain(rows) {
            let (sv, en) = (both.of(Lang::Sv), both.of(Lang::En));
            assert!(!sv.trim().is_empty() && !en.trim().is_empty(), "{id}");
            assert_eq!(braces(sv), braces(en), "{id}");
            assert_eq!(sv.lines().count(), en.lines().count(), "{id}");
        }
        for id in section.rows.iter().map(|it| &it.id).chain([&section.id]) {
            assert!(ids.insert(id), "{id} stands twice");
        }
        assert!(!section.articles.is_empty(), "{}", section.id);
    }
}

#[test]
fn every_category_channel_and_purpose_has_its_words() {
    let clauses = Clauses::get().unwrap();
    for category in Category::ALL {
        assert!(clauses.declare(*category), "{}", category.word());
    }
    let facts = everything("Molnet");
    let notice = composed(&tenant("Nord AB", full("x@y")), &facts, "Stöd AB", Lang::Sv);
    let text = notice.written(Format::Txt, None).unwrap();
    let titles = [
        "Besvara",
        "Ånger",
        "Kontrollera",
        "Retursedlar",
        "Bokföring:",
        "Rättsliga",
        "Följa upp",
        "Skydda",
        "Hantera din",
    ];
    assert_eq!(titles.len(), Purpose::ALL.len());
    for title in titles {
        assert!(text.contains(title), "{title}: {text}");
    }
}

#[test]
fn no_clause_leaves_a_brace_and_none_misses_a_value() {
    for lang in [Lang::Sv, Lang::En] {
        for facts in [everything("Molnet"), Facts::default()] {
            let notice = composed(&tenant("Nord AB", full("x@y")), &facts, "Stöd AB", lang);
            let text = notice.written(Format::Txt, None).unwrap();
            assert!(!text.contains(['{', '}']), "{text}");
            let twice = text.lines().find(|line| line.trim_start().contains("  "));
            assert_eq!(twice, None, "two spaces");
        }
    }
}

#[test]
fn what_a_client_wrote_never_becomes_html() {
    let facts = everything(HTML);
    for lang in [Lang::Sv, Lang::En] {
        let notice = composed(&tenant(HTML, full(HTML)), &facts, HTML, lang);
        let links = Links {
            other_language: "/n/nord?lang=\"><i>".into(),
            markdown: "/n/nord.md".into(),
            text: "/n/nord.txt".into(),
        };
        let page = notice.written(Format::Html, Some(&links)).unwrap();
        let body = page.split("</style>").nth(1).unwrap();
        assert!(!body.contains("<b>") && !body.contains("<i>"), "{body}");
        assert!(
            body.matches("{today}").count() > 10,
            "a value is not filled again"
        );
        let markdown = notice.written(Format::Md, None).unwrap();
        assert!(!markdown.contains("<b>"), "{markdown}");
    }
}

#[test]
fn the_objection_stands_in_a_box_of_its_own() {
    let facts = everything("Molnet");
    let notice = composed(&tenant("Nord AB", full("x")), &facts, "Stöd AB", Lang::Sv);
    let boxed: Vec<_> = notice.sections.iter().filter(|it| it.boxed).collect();
    assert_eq!(boxed.len(), 1);
    assert_eq!(boxed[0].heading, "Du har rätt att invända");
    let page = notice.written(Format::Html, None).unwrap();
    assert!(page.contains("<section id=\"N16\" class=\"panel warn\">"));
}

#[test]
fn a_client_with_little_says_little() {
    let facts = Facts {
        categories: vec![Category::Name, Category::Email],
        channels: vec![Channel::Email],
        purposes: crate::catalog::processing::rules::usual_purposes(&[Channel::Email]),
        retention: rules(),
        country: "SE".into(),
        ..Facts::default()
    };
    let notice = composed(
        &tenant("Nord AB", Controller::default()),
        &facts,
        "Stöd AB",
        Lang::Sv,
    );
    insta::assert_snapshot!("little_sv", notice.written(Format::Txt, None).unwrap());
    let held = notice.sections.iter().find(|it| it.id == "N06").unwrap();
    let Some(Block::List(items)) = held.blocks.get(1) else {
        panic!("a list: {held:?}");
    };
    assert_eq!(items.len(), 2);
}

#[test]
fn a_client_with_everything_says_everything() {
    let facts = everything("Molnet");
    let tenant = tenant("Nord AB", full("värde@nord.example"));
    for lang in [Lang::Sv, Lang::En] {
        let notice = composed(&tenant, &facts, "Stöd AB", lang);
        let name = format!("everything_{}", lang.code());
        insta::assert_snapshot!(name, notice.written(Format::Txt, None).unwrap());
    }
}

#[test]
fn what_is_missing_is_named_with_where_to_set_it() {
    let tenant = tenant("Nord AB", Controller::default());
    let facts = Facts {
        given: vec!["Klarna".into()],
        channels: vec![Channel::Sms],
        ..Facts::default()
    };
    let operator = Party {
        name: "(operator not named)".into(),
        org_no: String::new(),
    };
    let source = Source {
        tenant: &tenant,
        operator: &operator,
        facts: &facts,
        today: NaiveDate::default(),
    };
    let missing = lint(Clauses::get().unwrap(), &source, false);
    let fields: Vec<_> = missing.iter().map(|it| it.field.as_str()).collect();
    let expected = [
        "operator",
        "stored_in",
        "operator_org_no",
        "address",
        "phone",
        "dpo_email",
        "recipients",
        "recipients",
    ];
    assert_eq!(fields, expected, "errors first");
    assert!(missing[..2].iter().all(|it| it.weight == Weight::Error));
    assert!(missing.iter().all(|it| !it.remedy.is_empty()));
    assert_eq!(missing[1].remedy, "gallra tenant set nord --stored-in …");

    let facts = everything("Molnet");
    let source = Source {
        facts: &facts,
        ..source
    };
    let missing = lint(Clauses::get().unwrap(), &source, true);
    assert_eq!(
        missing.len(),
        2,
        "the org. no and one forwarded to: {missing:?}"
    );
}

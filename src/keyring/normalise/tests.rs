//! Which spellings are one. The tables of single values stand in `tests/vectors/normalise.json`.

use proptest::prelude::*;

use super::*;

fn words(text: &str) -> Vec<String> {
    let exposed = name_words(text);
    exposed
        .iter()
        .map(|word| word.expose().to_owned())
        .collect()
}

/// All spellings have the same normal form, and there is one.
fn one(normal: impl Fn(&str) -> Option<Personal>, spellings: &[&str]) {
    let first = normal(spellings[0]);
    assert!(first.is_some());
    for spelling in spellings {
        assert!(normal(spelling) == first, "{spelling} differs");
    }
}

#[test]
fn one_number_in_many_spellings() {
    one(
        |text| phone(text, "SE"),
        &[
            "070-174 06 05",
            "+46 70 174 06 05",
            "0046701740605",
            "+46 (0)70 174 06 05",
            "46701740605",
            "Mobil: 070/1740605",
            "tel:+46-70-174-06-05",
            "\u{202a}+46 70 174 06 05\u{202c}",
            "０７０ー１７４０６０５",
            "0701740605 / 08-123 456 78",
            "0701740605 (Anna)",
        ],
    );
    assert!(phone("070-174 06 05", "SE") == Some("+46701740605".into()));
}

#[test]
fn a_foreign_number_is_read_by_its_own_rules() {
    for home in ["SE", "US", "IT", "FI", "no", "XX", ""] {
        let normal = |text| phone(text, home).unwrap().expose().to_owned();
        assert_eq!(normal("+46 (0)11 123 456"), "+4611123456", "{home}");
        assert_eq!(normal("+39 06 1234 5678"), "+390612345678", "{home}");
        assert_eq!(normal("+1 212-555-0123"), "+12125550123", "{home}");
        assert_eq!(normal("+44 (0)20 7946 0018"), "+442079460018", "{home}");
    }
    assert!(phone("011 46 70 174 06 05", "US") == Some("+46701740605".into()));
}

#[test]
fn one_address_in_many_spellings() {
    one(
        email,
        &[
            "anna@räksmörgås.se",
            " Anna@RÄKSMÖRGÅS.se. ",
            "anna@xn--rksmrgs-5wao1o.se",
            "anna@ra\u{308}ksmo\u{308}rga\u{30a}s.se",
            "\u{feff}ANNA@XN--RKSMRGS-5WAO1O.SE",
            "Anna Andersson <anna@räksmörgås.se>",
            "mailto:anna@räksmörgås.se",
            "ａｎｎａ＠räksmörgås.se",
        ],
    );
    assert!(email("a.b@example.se") != email("ab@example.se"));
    assert!(email("a+b@example.se") != email("a@example.se"));
}

#[test]
fn one_name_in_many_spellings() {
    for spellings in [
        &[
            "Åsa Öberg",
            "ÖBERG, ÅSA",
            "A\u{30a}sa  O\u{308}berg",
            "åsa åsa öberg",
        ][..],
        &["Strauß", "STRAUSS", "STRAUẞ"],
        &["Işık", "IŞIK", "işik", "İŞİK", "i\u{307}şik"],
        &["O'Brien", "O’BRIEN", "obrien", "O´Brien"],
        &["Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"],
        &["ﬁnn", "FINN", "Ｆｉｎｎ", "fi\u{200b}nn"],
    ] {
        for spelling in spellings {
            assert_eq!(words(spelling), words(spellings[0]), "{spelling}");
        }
    }
    assert_eq!(words("Anna-Karin Åberg"), ["anna", "karin", "åberg"]);
    assert_ne!(words("Åberg"), words("Aberg"));
}

#[test]
fn nothing_to_search_for() {
    for blank in ["", " \t\n", "\u{a0}"] {
        assert!(email(blank).is_none() && external_id(blank).is_none());
        assert!(phone(blank, "SE").is_none() && name_words(blank).is_empty());
    }
    assert!(phone("okänt", "SE").is_none());
    assert!(email("\u{200b}").is_none());
}

proptest! {
    #[test]
    fn any_text_has_a_normal_form_and_keeps_it(text: String) {
        if let Some(normal) = email(&text) {
            prop_assert!(email(normal.expose()) == Some(normal));
        }
        if let Some(normal) = external_id(&text) {
            prop_assert!(external_id(normal.expose()) == Some(normal));
        }
        let once = words(&text);
        prop_assert_eq!(words(&once.join(" ")), once);
    }

    #[test]
    fn any_number_like_text_is_answered(text in "[+0-9 ()/x#;,.a-z٠-٩-]{0,40}", home in "[A-Z]{2}") {
        let any_digit = text.chars().any(|c| c.is_ascii_digit() || ('٠'..='٩').contains(&c));
        prop_assert_eq!(phone(&text, &home).is_some(), any_digit);
    }

    #[test]
    fn spaces_and_hyphens_mean_nothing(number in "0[1-9][0-9]{5,10}", at in 1_usize..6, home in "[A-Z]{2}") {
        let (head, tail) = number.split_at(at);
        let together = phone(&number, &home);
        for apart in [format!("{head}-{tail}"), format!(" {head} {tail}")] {
            prop_assert!(phone(&apart, &home) == together, "{} differs", apart);
        }
    }
}

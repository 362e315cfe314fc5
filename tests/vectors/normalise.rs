//! Normal forms. Data hold values normalised by older versions only as tokens, so a change here is a
//! change of what is found until the index is rebuilt.

use gallra::keyring::normalise::{email, external_id, name_words, phone};
use gallra::vocabulary::Personal;
use serde::Deserialize;

use crate::vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    email: Vec<(String, Option<Personal>)>,
    phone: Vec<(String, String, Option<Personal>)>,
    names: Vec<(String, Vec<Personal>)>,
    external_id: Vec<(String, Option<Personal>)>,
}

fn file() -> File {
    vectors(include_str!("normalise.json"))
}

fn shown(value: Option<&Personal>) -> Option<&str> {
    value.map(Personal::expose)
}

#[test]
fn addresses() {
    for (written, expected) in file().email {
        let normal = email(&written);
        assert_eq!(
            shown(normal.as_ref()),
            shown(expected.as_ref()),
            "{written}"
        );
    }
}

#[test]
fn telephone_numbers() {
    for (country, written, expected) in file().phone {
        let normal = phone(&written, &country);
        assert_eq!(
            shown(normal.as_ref()),
            shown(expected.as_ref()),
            "{written}"
        );
    }
}

#[test]
fn names() {
    for (written, expected) in file().names {
        let words = name_words(&written);
        let words: Vec<&str> = words.iter().map(Personal::expose).collect();
        let expected: Vec<&str> = expected.iter().map(Personal::expose).collect();
        assert_eq!(words, expected, "{written}");
    }
}

#[test]
fn external_ids() {
    for (written, expected) in file().external_id {
        let normal = external_id(&written);
        assert_eq!(
            shown(normal.as_ref()),
            shown(expected.as_ref()),
            "{written}"
        );
    }
}

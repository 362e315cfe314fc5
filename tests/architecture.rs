//! The rules of the house, read from the source: imports go down only, SQL stands in `rows.rs`,
//! every `rows.rs` is registered, nothing panics on outside input, and time and chance come from
//! one place. Each rule is shown a bad example, so that it is known to bite.

mod support {
    pub mod rules;
    pub mod source;
}

use support::rules::{asks_the_machine, imports, panics, sql_outside_rows, unregistered};
use support::source::Source;

/// The rooms from the ground up. A room may import those before it and no other: this one line is
/// floors and left-to-right within a floor at once.
const ROOMS: &[&str] = &[
    // floor 0
    "vocabulary",
    // floor 1
    "detect",
    "store",
    "keyring",
    "queue",
    "audit",
    "staff",
    "webhooks",
    // floor 2
    "receipts",
    "catalog",
    "ingest",
    "disclosure",
    "erasure",
    "retention",
    "letters",
    "requests",
    "offboarding",
    // floor 3
    "jobs",
    // the wiring, and floor 4 on top of it: `serve` is a command and starts the web
    "config",
    "app",
    "web",
    "cli",
    // the two roots
    "lib",
    "main",
];

/// What may panic, by its message, and why that is right: never on outside input.
const MAY_PANIC: &[(&str, &str, &str)] = &[
    (
        "src/vocabulary/likeness.rs",
        "a form is a regular expression",
        "the forms are constants, and a test uses each",
    ),
    (
        "src/vocabulary/random.rs",
        "the operating system gives random bytes",
        "without randomness nothing may be encrypted: stopping is the only safe thing",
    ),
    (
        "src/vocabulary/time.rs",
        "a test states its date in RFC 3339",
        "FixedClock is for tests",
    ),
    (
        "src/keyring/seal.rs",
        "HKDF-SHA-256 gives up to 8160 bytes",
        "the length asked for is a constant",
    ),
    (
        "src/keyring/seal.rs",
        "the key has 32 bytes",
        "it was split off at 32 the line before",
    ),
    (
        "src/keyring/seal.rs",
        "a field is far below AES-GCM's 64 GiB",
        "no request or record may be a thousandth of that",
    ),
    (
        "src/keyring/tokens.rs",
        "HMAC takes a key of any length",
        "true of every key there is",
    ),
];

/// May ask the machine for time or randomness.
const MAY_ASK_THE_MACHINE: &[&str] = &["src/vocabulary/random.rs", "src/vocabulary/time.rs"];

#[test]
fn imports_go_down_only() {
    report(imports);
}

#[test]
fn sql_stands_in_rows() {
    report(sql_outside_rows);
}

#[test]
fn every_rows_file_is_registered() {
    let house = Source::house();
    let lib = house
        .iter()
        .find(|file| file.path == "src/lib.rs")
        .expect("lib.rs");
    report(|file| unregistered(file, &lib.code));
}

#[test]
fn nothing_panics() {
    report(panics);
}

#[test]
fn allowed_panics_are_still_there() {
    let house = Source::house();
    for (path, message, _) in MAY_PANIC {
        let file = house.iter().find(|file| file.path == *path);
        let used = file.is_some_and(|file| file.strings.iter().any(|(_, text)| text == message));
        assert!(
            used,
            "{path} says \"{message}\" no more: take it off the list MAY_PANIC"
        );
    }
}

#[test]
fn time_and_chance_come_from_one_place() {
    report(asks_the_machine);
}

/// An act that is on the list and that nobody writes would be missed only by who looks for it.
#[test]
fn every_act_of_the_audit_trail_is_written_by_somebody() {
    let house = Source::house();
    for action in gallra::audit::Action::ALL {
        let named = format!("Action::{action:?}");
        let whole = |file: &Source, at: usize| {
            let next = file.code[at + named.len()..].chars().next();
            !next.is_some_and(char::is_alphanumeric)
        };
        let written = house.iter().any(|file| {
            let mut found = file.find(&named);
            !file.path.starts_with("src/audit/") && found.any(|at| whole(file, at))
        });
        assert!(
            written,
            "nobody writes {named}: write it, or take it off the list"
        );
    }
}

/// Holds every file to a rule and names every place that breaks it.
fn report(rule: impl Fn(&Source) -> Vec<String>) {
    let house = Source::house();
    assert!(house.len() > 10, "the source was found");
    let broken: Vec<String> = house.iter().flat_map(rule).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// Each rule is shown what it must refuse, and what looks like it and is right.
mod rules_bite {
    use super::*;

    fn file(path: &str, text: &str) -> Source {
        Source::new(path, text)
    }

    #[test]
    fn an_import_that_goes_up() {
        let cases = [
            ("src/store/db.rs", "use crate::keyring::Sealer;"),
            ("src/store/db.rs", "fn f() { crate::erasure::erase(); }"),
            (
                "src/keyring/a.rs",
                "use crate::{store::Db, catalog::{find, Contact}};",
            ),
            (
                "src/receipts/a.rs",
                "use crate::{\n    vocabulary::Id,\n    catalog,\n};",
            ),
            ("src/catalog/a.rs", "use crate::every_statement;"),
            ("src/catalog/a.rs", "use super::super::cli;"),
            ("src/cellar/a.rs", ""),
        ];
        for (path, text) in cases {
            assert_eq!(imports(&file(path, text)).len(), 1, "{path}: {text}");
        }
    }

    #[test]
    fn an_import_that_goes_down() {
        let cases = [
            (
                "src/keyring/a.rs",
                "use crate::{store::{Db, catalog}, vocabulary::Id};",
            ),
            (
                "src/keyring/a.rs",
                "// use crate::cli;\nconst A: &str = \"crate::cli\";",
            ),
            ("src/keyring/a/b.rs", "use super::super::page;"),
            ("src/cli/mod.rs", "use crate::app::App;"),
            ("src/lib.rs", "pub use crate::cli;"),
        ];
        for (path, text) in cases {
            assert_eq!(
                imports(&file(path, text)),
                Vec::<String>::new(),
                "{path}: {text}"
            );
        }
    }

    #[test]
    fn sql_in_the_wrong_place() {
        let cases = [
            (
                "src/catalog/find.rs",
                r#"tx.execute("DELETE FROM contact", args![])"#,
            ),
            (
                "src/catalog/find.rs",
                r##"const A: &str = r#"SELECT id"#;"##,
            ),
            (
                "src/catalog/find.rs",
                r#"statements! { data: A = "SELECT 1"; }"#,
            ),
            (
                "src/catalog/rows.rs",
                r#"const A: &str = "UPDATE contact SET guard = $1";"#,
            ),
            (
                "src/catalog/rows.rs",
                r#"format!("{} WHERE tenant = $1", A)"#,
            ),
        ];
        for (path, text) in cases {
            assert_eq!(sql_outside_rows(&file(path, text)).len(), 1, "{text}");
        }
    }

    #[test]
    fn sql_in_the_right_place() {
        let cases = [
            (
                "src/catalog/rows.rs",
                r#"statements! { data: A = "SELECT 1"; B = "SELECT 2"; }"#,
            ),
            (
                "src/catalog/rows.rs",
                r#"bulk! { data: A = "INSERT INTO a VALUES", 2, ""; }"#,
            ),
            ("src/catalog/find.rs", "// SELECT a FROM b\nfn f() {}"),
            (
                "src/cli/find.rs",
                r#"println!("Select a tenant, where there are several")"#,
            ),
            (
                "src/store/migrate.rs",
                r#"const A: &str = "CREATE DOMAIN blob AS bytea";"#,
            ),
        ];
        for (path, text) in cases {
            assert_eq!(
                sql_outside_rows(&file(path, text)),
                Vec::<String>::new(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_rows_file_nobody_registered() {
        let rows = file(
            "src/catalog/index/rows.rs",
            r#"bulk! { index: A = "", 2, ""; }"#,
        );
        assert_eq!(unregistered(&rows, "catalog::rows::BULKS").len(), 1);
        assert_eq!(unregistered(&rows, "catalog::index::rows::BULKS").len(), 0);
    }

    #[test]
    fn a_panic() {
        let text = "fn f(a: Option<u8>) -> char {\n    a.unwrap();\n    '\"'\n}\n";
        let found = panics(&file("src/catalog/find.rs", text));
        assert_eq!(
            found,
            ["src/catalog/find.rs:2: a.unwrap();: return an error instead"]
        );
        let in_tests = format!("fn g() {{}}\n#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_eq!(
            panics(&file("src/catalog/find.rs", &in_tests)),
            Vec::<String>::new()
        );
        let allowed = r#"let a = b.expect("the key has 32 bytes");"#;
        assert_eq!(panics(&file("src/keyring/seal.rs", allowed)).len(), 0);
        assert_eq!(panics(&file("src/keyring/page.rs", allowed)).len(), 1);
        let after_tests = format!("#[cfg(test)]\nmod tests;\n{text}");
        assert_eq!(panics(&file("src/catalog/find.rs", &after_tests)).len(), 1);
    }

    #[test]
    fn a_clock_of_ones_own() {
        let text = "#[allow(clippy::disallowed_methods)]\nfn now() {}";
        assert_eq!(asks_the_machine(&file("src/cli/mod.rs", text)).len(), 1);
        assert_eq!(
            asks_the_machine(&file("src/vocabulary/time.rs", text)).len(),
            0
        );
    }
}

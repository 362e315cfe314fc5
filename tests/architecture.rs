//! The rules of the house, read from the source: imports go down only, SQL stands in `rows.rs`,
//! every `rows.rs` is registered, nothing panics on outside input, and time and chance come from
//! one place. Each rule is shown a bad example, so that it is known to bite.

mod support {
    pub mod source;
}

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

/// Holds every file to a rule and names every place that breaks it.
fn report(rule: impl Fn(&Source) -> Vec<String>) {
    let house = Source::house();
    assert!(house.len() > 10, "the source was found");
    let broken: Vec<String> = house.iter().flat_map(rule).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// The room of a file: `src/ROOM/…` or `src/ROOM.rs`.
fn room(path: &str) -> &str {
    let below = path.strip_prefix("src/").unwrap_or(path);
    let first = below.split('/').next().unwrap_or(below);
    first.strip_suffix(".rs").unwrap_or(first)
}

fn height(room: &str) -> Option<usize> {
    ROOMS.iter().position(|name| *name == room)
}

fn imports(file: &Source) -> Vec<String> {
    let own = room(&file.path);
    let Some(own_height) = height(own) else {
        return vec![format!(
            "{}: {own} is no room of DESIGN: add it to ROOMS",
            file.path
        )];
    };
    if own == "lib" {
        return Vec::new(); // The map of the house names them all.
    }
    let mut broken = Vec::new();
    for (at, path) in file.code.match_indices("crate::") {
        if file.code[..at].ends_with('$') {
            continue; // In a macro, which is used by rooms above.
        }
        for name in first_names(&file.code[at + path.len()..]) {
            let macro_of_own = own == "store" && name.starts_with("__");
            match height(name) {
                Some(other) if other <= own_height => {}
                None if macro_of_own => {}
                _ => broken.push(format!("{}: {own} imports {name}", file.place(at))),
            }
        }
    }
    // `super` may not climb out of the room either. `src/a/b.rs` is two deep, `src/a/mod.rs` one.
    let depth = file.path.matches('/').count() + usize::from(!file.path.ends_with("/mod.rs")) - 1;
    for at in file.find(&"super::".repeat(depth.max(1))) {
        broken.push(format!("{}: write crate:: to leave a room", file.place(at)));
    }
    broken
}

/// The first names after `crate::`: one, or those of a group.
fn first_names(rest: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let name = |text: &'_ str| text.find(|c| !is_name(c)).unwrap_or(text.len());
    let Some(group) = rest.strip_prefix('{') else {
        return vec![&rest[..name(rest)]];
    };
    let mut names = Vec::new();
    let mut depth = 1;
    let mut expected = true;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => expected = true,
            _ if is_name(character) && expected => {
                names.push(&group[at..at + name(&group[at..])]);
                expected = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Whether a string is a statement or a piece of one.
fn is_sql(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "SELECT ",
        "INSERT INTO ",
        "UPDATE ",
        "DELETE FROM ",
        "CREATE ",
        "ALTER TABLE",
        "DROP ",
        "PRAGMA ",
        "VACUUM",
        "WITH ",
        "BEGIN",
        "ON CONFLICT",
        "WHERE ",
        "VALUES",
        "RETURNING ",
        "ORDER BY ",
        "UNION ",
        "ATTACH ",
        "LIMIT ",
        "AND ",
        "SET ",
    ];
    const WITHIN: &[&str] = &[
        " WHERE ",
        " FROM ",
        " VALUES ",
        " RETURNING ",
        " ON CONFLICT ",
    ];
    let text = text.trim_start();
    BEGINNINGS.iter().any(|words| text.starts_with(words))
        || WITHIN.iter().any(|words| text.contains(words))
}

fn sql_outside_rows(file: &Source) -> Vec<String> {
    if room(&file.path) == "store" {
        return Vec::new(); // The facade itself.
    }
    let registered: Vec<_> = match file.path.ends_with("/rows.rs") {
        true => [file.inside_macro("statements"), file.inside_macro("bulk")].concat(),
        false => Vec::new(),
    };
    let strings = file.strings.iter().filter(|(at, text)| {
        is_sql(text)
            && !file.is_test(at.start)
            && !registered.iter().any(|range| range.contains(&at.start))
    });
    strings
        .map(|(at, text)| {
            let words: String = text.chars().take(40).collect();
            let place = file.place(at.start);
            format!("{place}: \"{words} …\" belongs into statements! or bulk! of a rows.rs")
        })
        .collect()
}

fn unregistered(file: &Source, lib: &str) -> Vec<String> {
    let Some(module) = file
        .path
        .strip_prefix("src/")
        .and_then(|path| path.strip_suffix(".rs"))
    else {
        return Vec::new();
    };
    if !module.ends_with("/rows") {
        return Vec::new();
    }
    [("statements", "STATEMENTS"), ("bulk", "BULKS")]
        .into_iter()
        .filter(|(name, _)| !file.inside_macro(name).is_empty())
        .map(|(_, list)| format!("{}::{list}", module.replace('/', "::")))
        .filter(|list| !lib.contains(list.as_str()))
        .map(|list| format!("{}: add {list} to src/lib.rs", file.path))
        .collect()
}

fn panics(file: &Source) -> Vec<String> {
    const CALLS: &[&str] = &[
        ".unwrap()",
        ".expect(",
        "panic!(",
        "todo!(",
        "unimplemented!(",
        "unreachable!(",
    ];
    let mut broken = Vec::new();
    for call in CALLS {
        for at in file.find(call) {
            let message = file.strings.iter().find(|(range, _)| range.start > at);
            let message = message.map_or("", |(_, text)| text.as_str());
            let allowed = MAY_PANIC.iter().any(|(path, allowed, _)| {
                *path == file.path && *allowed == message && *call == ".expect("
            });
            if !allowed {
                let line = file.line(at).trim();
                broken.push(format!(
                    "{}: {line}: return an error instead",
                    file.place(at)
                ));
            }
        }
    }
    broken
}

fn asks_the_machine(file: &Source) -> Vec<String> {
    if MAY_ASK_THE_MACHINE.contains(&file.path.as_str()) {
        return Vec::new();
    }
    file.code
        .match_indices("clippy::disallowed_methods")
        .map(|(at, _)| format!("{}: take a Clock or a Random instead", file.place(at)))
        .collect()
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

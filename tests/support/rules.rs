//! The rules that `tests/architecture.rs` holds the source to. Each returns the places that break it.

use super::source::Source;
use crate::{MAY_ASK_THE_MACHINE, MAY_PANIC, ROOMS};

/// The room of a file: `src/ROOM/…` or `src/ROOM.rs`.
fn room(path: &str) -> &str {
    let below = path.strip_prefix("src/").unwrap_or(path);
    let first = below.split('/').next().unwrap_or(below);
    first.strip_suffix(".rs").unwrap_or(first)
}

fn height(room: &str) -> Option<usize> {
    ROOMS.iter().position(|name| *name == room)
}

/// Imports that go up, or out of the room by `super`.
pub fn imports(file: &Source) -> Vec<String> {
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

/// Statements that no test would prepare.
pub fn sql_outside_rows(file: &Source) -> Vec<String> {
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

/// Files of statements that `gallra::every_statement` does not know.
pub fn unregistered(file: &Source, lib: &str) -> Vec<String> {
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

/// Calls that end the process and are not on the list.
pub fn panics(file: &Source) -> Vec<String> {
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

/// Exceptions to the ban on asking for time and randomness directly.
pub fn asks_the_machine(file: &Source) -> Vec<String> {
    if MAY_ASK_THE_MACHINE.contains(&file.path.as_str()) {
        return Vec::new();
    }
    file.code
        .match_indices("clippy::disallowed_methods")
        .map(|(at, _)| format!("{}: take a Clock or a Random instead", file.place(at)))
        .collect()
}

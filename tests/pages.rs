//! What the pages name is there: files, tests, functions. A proof that a page points to and that was renamed
//! since proves nothing to whoever follows.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a directory whose name ends so.
fn files(directory: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(directory)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("the directory is there") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => open.push(path),
                false if path.to_string_lossy().ends_with(ending) => found.push(path),
                false => {}
            }
        }
    }
    found
}

/// Every page for readers, by its path.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = files("docs", ".md");
    paths.extend(["README.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("the page is there");
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// What stands in a page as code, outside its blocks.
fn code(text: &str) -> Vec<&str> {
    let lines = text.split("```").step_by(2).flat_map(str::lines);
    lines
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect()
}

/// The links of a page: what is shown, and where it leads.
fn links(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("](") {
        let before = &text[..at];
        let begins = before.rfind('[').map_or(0, |it| it + 1);
        if let Some((to, _)) = text[at + 2..].split_once(')') {
            found.push((&before[begins..], to));
        }
    }
    found
}

/// Whether this is what a test or another function may be called.
fn is_name(text: &str) -> bool {
    let letter = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    text.contains('_') && text.chars().all(letter)
}

/// Whether a source declares this, or something that begins so when `…` follows. A test that runs on both
/// engines in several ways is a module.
fn declares(source: &str, name: &str) -> bool {
    let begins = name.strip_suffix('…');
    let kinds = ["fn", "mod", "struct", "enum", "const", "trait"];
    kinds.iter().any(|kind| {
        let declared = format!("{kind} {}", begins.unwrap_or(name));
        let after = source
            .split(&declared)
            .skip(1)
            .map(|rest| rest.chars().next());
        let ended = |next: Option<char>| next.is_none_or(|it| !it.is_alphanumeric() && it != '_');
        begins.map_or_else(
            || after.clone().any(ended),
            |_| after.clone().next().is_some(),
        )
    })
}

/// Whether there is such a file or directory; a migration may be named by its number.
fn is_there(path: &str) -> bool {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let numbered = || {
        let names = fs::read_dir(root().join(directory))
            .into_iter()
            .flatten()
            .flatten();
        let mut names = names.map(|it| it.file_name().to_string_lossy().into_owned());
        name.len() == 4 && names.any(|it| it.starts_with(&format!("{name}_")))
    };
    root().join(path).exists() || numbered()
}

/// What is wrong with a page, a line each.
fn wrong(path: &Path, text: &str) -> Vec<String> {
    let directory = path.parent().expect("a page has a directory");
    let mut wrong = Vec::new();
    for (shown, to) in links(text) {
        let to = to.split('#').next().unwrap_or_default();
        if to.is_empty() || to.contains("://") {
            continue;
        }
        let target = directory.join(to);
        let name = shown.trim_matches('`');
        match fs::read_to_string(&target) {
            _ if target.is_dir() => {}
            Err(_) => wrong.push(format!("[{shown}]({to}): there is no such file")),
            Ok(source) if to.ends_with(".rs") && is_name(name.trim_end_matches('…')) => {
                if !declares(&source, name) {
                    wrong.push(format!("[{shown}]({to}): no such function there"));
                }
            }
            Ok(_) => {}
        }
    }
    for path in code(text) {
        let ours = [
            "tests/",
            "src/",
            "fuzz/",
            "docs/",
            "deploy/",
            "migrations/",
            "templates/",
        ];
        let path = path.split([' ', '#']).next().unwrap_or_default();
        let pattern = path.contains(['*', '{', '<', '…']) || path.contains("NNNN");
        if !pattern && ours.iter().any(|it| path.starts_with(it)) && !is_there(path) {
            wrong.push(format!("`{path}`: there is no such file"));
        }
    }
    wrong
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let found: Vec<String> = pages()
        .iter()
        .flat_map(|(path, text)| {
            let page = path.strip_prefix(root()).expect("it is ours").display();
            wrong(path, text)
                .into_iter()
                .map(move |it| format!("{page}: {it}"))
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// `module::test`, as pages about proofs name them: a test, or tests that begin so before `…` or `*`.
#[test]
fn every_test_that_a_page_names_is_there() {
    let sources: Vec<(String, String)> = files("tests", ".rs")
        .into_iter()
        .chain(files("src", ".rs"))
        .map(|path| {
            let text = fs::read_to_string(&path).expect("it is there");
            let below = path
                .strip_prefix(root())
                .expect("it is ours")
                .with_extension("");
            (format!("/{}/", below.display()), text)
        })
        .collect();
    let (mut named, mut missing) = (0, Vec::new());
    for (path, text) in pages() {
        for word in code(&text) {
            let Some((module, name)) = word.split_once("::") else {
                continue;
            };
            // A room, or a file of tests: any directory or file of that name.
            let within = format!("/{module}/");
            let mut of = sources
                .iter()
                .filter(|(path, _)| path.contains(&within))
                .peekable();
            let name = name.replace('*', "…");
            if of.peek().is_none() || !is_name(name.trim_end_matches('…')) {
                continue;
            }
            named += 1;
            if !of.any(|(_, text)| declares(text, &name)) {
                missing.push(format!("{}: `{word}`", path.display()));
            }
        }
    }
    assert!(named >= 10, "only {named} names were found");
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// The stories of the main job: every promise has tests over HTTP and by command line that run on both engines,
/// or says why not.
#[test]
fn every_story_has_tests_on_both_engines() {
    let path = root().join("docs/STORIES.md");
    let page = fs::read_to_string(&path).expect("it is there");
    let stories = page.lines().take_while(|line| !line.starts_with("## "));
    let stories: Vec<&str> = stories.filter(|line| line.starts_with("| ")).collect();
    assert_eq!(stories.len(), 1 + 9, "a row for each promise");
    for row in &stories[1..] {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, http, command] = cells[..] else {
            panic!("three cells: {row}");
        };
        for cell in [http, command] {
            let tests = links(cell);
            assert!(!tests.is_empty() || cell.starts_with("– : "), "{row}");
            for (shown, to) in tests {
                let name = shown.trim_matches('`');
                let source =
                    fs::read_to_string(path.with_file_name(to)).expect("the test is there");
                let on_both = source.contains(&format!("async fn {name}(bench)"));
                let exempt = ["(SQLite)", "(no store)"].map(|why| format!("{to}) {why}"));
                assert!(
                    on_both || exempt.iter().any(|it| cell.contains(it)),
                    "{name} runs on both engines"
                );
            }
        }
    }
}

/// The map of the house has every room that there is.
#[test]
fn the_page_of_the_house_has_every_room() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("it is there");
    let (house, page) = (read("src/lib.rs"), read("docs/ARCHITECTURE.md"));
    let rooms = house
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "));
    let rooms: Vec<&str> = rooms.map(|room| room.trim_end_matches(';')).collect();
    assert!(rooms.len() > 15, "{rooms:?}");
    for room in rooms {
        let link = format!("[`{room}`](../src/{room})");
        assert!(page.contains(&link), "docs/ARCHITECTURE.md has no {link}");
    }
}

/// The table of fields, held to the readers: what it names stands in the reader's source.
#[test]
fn the_page_of_formats_names_fields_that_are_read() {
    let page = fs::read_to_string(root().join("docs/FORMATS.md")).expect("it is there");
    let (_, table) = page
        .split_once("## Which fields are read")
        .expect("it has that part");
    let table = table.split("\n## ").next().unwrap_or_default();
    let mut seen = 0;
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let words = code(row);
        let (format, fields) = words.split_first().expect("a row has a format");
        // Headers of mail are read by a library, by their meaning.
        if ["--format", "mail"].contains(format) {
            continue;
        }
        let file = match *format {
            "46elks" => "elks",
            format => format,
        };
        let path = format!("src/ingest/format/{file}.rs");
        let source = fs::read_to_string(root().join(&path)).expect("the reader is there");
        for field in fields.iter().flat_map(|field| field.split('.')) {
            let field = field.trim_end_matches("[]");
            assert!(
                source.contains(&format!("\"{field}\"")),
                "{path} reads no {field}"
            );
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} fields were found");
}

#[test]
fn what_is_missing_is_noticed() {
    let page =
        "[`no_such_test`](../tests/pages.rs) [x](nowhere.md) `tests/nowhere.rs` [docs](../docs)";
    let found = wrong(&root().join("docs/page.md"), page);
    assert_eq!(found.len(), 3, "{found:?}");
    let good = "[`what_is_missing_…`](../tests/pages.rs) [out](https://example.org) `src/lib.rs`";
    assert!(wrong(&root().join("docs/page.md"), good).is_empty());
}

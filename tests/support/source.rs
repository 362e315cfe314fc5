//! Rust source read just closely enough to hold it to the rules of the house: comments gone,
//! string literals taken out and kept, test code told apart.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One source file.
pub struct Source {
    /// Below the crate's directory, with `/`.
    pub path: String,
    /// The text with comments and the insides of string literals turned to blanks; offsets stay.
    pub code: String,
    /// Each string literal: where it stands and what it says.
    pub strings: Vec<(Range<usize>, String)>,
    /// Where test code stands.
    pub tests: Vec<Range<usize>>,
}

impl Source {
    /// Reads a file's text.
    pub fn new(path: &str, text: &str) -> Source {
        let (code, strings) = split(text);
        let tests = if is_test_file(path) {
            std::iter::once(0..code.len()).collect()
        } else {
            test_items(&code)
        };
        Source {
            path: path.to_owned(),
            code,
            strings,
            tests,
        }
    }

    /// Every file below `src`.
    pub fn house() -> Vec<Source> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        collect(&root.join("src"), &mut files);
        files.sort();
        files
            .iter()
            .map(|file| {
                let path = file.strip_prefix(root).expect("a file of the crate");
                let text = fs::read_to_string(file).expect("a source file is text");
                Source::new(&path.to_string_lossy(), &text)
            })
            .collect()
    }

    /// Whether this place is test code.
    pub fn is_test(&self, at: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&at))
    }

    /// `path:line`, to click on.
    pub fn place(&self, at: usize) -> String {
        let line = self.code[..at].matches('\n').count() + 1;
        format!("{}:{line}", self.path)
    }

    /// Every place outside test code where this text stands in the code.
    pub fn find<'a>(&'a self, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.code
            .match_indices(needle)
            .map(|(at, _)| at)
            .filter(|at| !self.is_test(*at))
    }

    /// The line of code at a place.
    pub fn line(&self, at: usize) -> &str {
        let start = self.code[..at].rfind('\n').map_or(0, |newline| newline + 1);
        self.code[start..].lines().next().unwrap_or("")
    }

    /// What stands between the braces after each use of a macro.
    pub fn inside_macro(&self, name: &str) -> Vec<Range<usize>> {
        let call = format!("{name}!");
        self.code
            .match_indices(&call)
            .filter_map(|(at, _)| braces(&self.code, at + call.len()))
            .collect()
    }
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory of the crate") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The items after each `#[cfg(test)]`.
fn test_items(code: &str) -> Vec<Range<usize>> {
    const MARK: &str = "#[cfg(test)]";
    code.match_indices(MARK)
        .filter_map(|(at, _)| {
            let rest = at + MARK.len();
            let semicolon = code[rest..].find(';').map_or(usize::MAX, |end| rest + end);
            match braces(code, rest) {
                Some(body) if body.start < semicolon => Some(at..body.end),
                _ => None,
            }
        })
        .collect()
}

/// From the next opening brace to the one that closes it.
fn braces(code: &str, from: usize) -> Option<Range<usize>> {
    let open = from + code[from..].find('{')?;
    let mut depth = 0;
    for (at, character) in code[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(open..open + at + 1);
        }
    }
    None
}

/// Blanks comments and strings, byte for byte, and returns the strings.
fn split(text: &str) -> (String, Vec<(Range<usize>, String)>) {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut strings = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let end = if rest.starts_with(b"//") {
            at + rest
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            at + block_comment(rest)
        } else if let Some((inside, end)) = string(bytes, at) {
            let words = String::from_utf8_lossy(&bytes[inside.clone()]).into_owned();
            strings.push((inside, words));
            end
        } else if let Some(length) = character(rest) {
            at + length
        } else {
            at += 1;
            continue;
        };
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    (String::from_utf8_lossy(&code).into_owned(), strings)
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
        } else {
            at += 1;
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// A string literal that begins here, plain or raw: its inside and its end.
fn string(bytes: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let after_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    if bytes[at] == b'r' && (!after_name || bytes[at - 1] == b'b') {
        let hashes = bytes[at + 1..]
            .iter()
            .take_while(|byte| **byte == b'#')
            .count();
        let start = at + 1 + hashes + 1;
        if bytes.get(start - 1) != Some(&b'"') {
            return None;
        }
        let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
        let length = bytes[start..]
            .windows(close.len())
            .position(|it| it == close)?;
        return Some((start..start + length, start + length + close.len()));
    }
    if bytes[at] != b'"' {
        return None;
    }
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != b'"' {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    Some((at + 1..end.min(bytes.len()), (end + 1).min(bytes.len())))
}

/// The length of a character literal; `None` for a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    if rest.first() != Some(&b'\'') {
        return None;
    }
    if rest.get(1) == Some(&b'\\') {
        return rest[3..]
            .iter()
            .position(|byte| *byte == b'\'')
            .map(|end| end + 4);
    }
    // At most four bytes of one character, then the closing quote.
    let end = rest
        .iter()
        .skip(2)
        .take(4)
        .position(|byte| *byte == b'\'')?
        + 2;
    let inside = std::str::from_utf8(&rest[1..end]).ok()?;
    (inside.chars().count() == 1).then_some(end + 1)
}

//! A notice as Markdown and as plain text.

use super::compose::{Block, Item, Notice};

/// Where plain text is broken.
const WIDTH: usize = 76;

/// As Markdown. What could mean something there is escaped.
pub fn markdown(notice: &Notice) -> String {
    let mut text = format!("# {}\n\n", escaped(&notice.title));
    blocks_in_markdown(&mut text, &notice.introduction);
    for section in &notice.sections {
        text.push_str(&format!("## {}\n\n", escaped(&section.heading)));
        blocks_in_markdown(&mut text, &section.blocks);
    }
    text
}

fn blocks_in_markdown(text: &mut String, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => text.push_str(&format!("{}\n\n", escaped(paragraph))),
            Block::List(items) => {
                for item in items {
                    text.push_str(&match &item.title {
                        Some(title) => {
                            format!("- **{}:** {}\n", escaped(title), escaped(&item.text))
                        }
                        None => format!("- {}\n", escaped(&item.text)),
                    });
                }
                text.push('\n');
            }
        }
    }
}

/// A backslash before whatever Markdown or HTML inside it would read as its own.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\`*_[]<>#|!&~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// As plain text, in lines that any mail program shows whole.
pub fn text(notice: &Notice) -> String {
    let mut text = heading(&notice.title, '=');
    blocks_in_text(&mut text, &notice.introduction);
    for section in &notice.sections {
        text.push_str(&heading(&section.heading, '-'));
        blocks_in_text(&mut text, &section.blocks);
    }
    text
}

fn heading(words: &str, line: char) -> String {
    let under: String = std::iter::repeat_n(line, words.chars().count()).collect();
    format!("{words}\n{under}\n\n")
}

fn blocks_in_text(text: &mut String, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => {
                wrapped(text, "", "", paragraph);
            }
            Block::List(items) => items.iter().for_each(|item| {
                wrapped(text, "• ", "  ", &joined(item));
            }),
        }
        text.push('\n');
    }
}

fn joined(item: &Item) -> String {
    match &item.title {
        Some(title) => format!("{title}: {}", item.text),
        None => item.text.clone(),
    }
}

/// Breaks at words; a word longer than a line stands whole.
fn wrapped(text: &mut String, first: &str, others: &str, words: &str) {
    text.push_str(first);
    let mut width = first.chars().count();
    let mut begins = true;
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if !begins && width + 1 + length > WIDTH {
            text.push('\n');
            text.push_str(others);
            width = others.chars().count();
            begins = true;
        }
        if !begins {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
        begins = false;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_not_made_by_a_name() {
        assert_eq!(escaped("<b> [x](y) *z*"), "\\<b\\> \\[x\\](y) \\*z\\*");
    }

    #[test]
    fn text_keeps_to_its_width() {
        let mut text = String::new();
        wrapped(&mut text, "• ", "  ", &"åtta ord ".repeat(40));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(
            text.lines()
                .skip(1)
                .all(|line| line.starts_with("  å") || line.starts_with("  o"))
        );
    }
}

//! What changed between two versions of a notice, section by section and sentence by sentence. Pure.

use super::{Block, Item, Notice, Section};

/// What became of a section.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Change {
    /// The clause's name.
    pub section: String,
    /// Its heading, as the newer version has it.
    pub heading: String,
    /// What stands there no longer, in the order it stood.
    pub removed: Vec<String>,
    /// What is new, in the order it stands.
    pub added: Vec<String>,
}

/// What changed, in the order of the newer version; sections that are gone come last.
pub fn between(old: &Notice, new: &Notice) -> Vec<Change> {
    let (before, after) = (parts(old), parts(new));
    let mut changes = Vec::new();
    for part in &after {
        let was = before.iter().find(|it| it.id == part.id);
        let was = was.map_or(&[][..], |it| &it.lines[..]);
        changes.extend(part.change(was, &part.lines));
    }
    for part in &before {
        if !after.iter().any(|it| it.id == part.id) {
            changes.extend(part.change(&part.lines, &[]));
        }
    }
    changes
}

struct Part<'a> {
    id: &'a str,
    heading: &'a str,
    lines: Vec<String>,
}

impl Part<'_> {
    fn change(&self, old: &[String], new: &[String]) -> Option<Change> {
        let missing = |from: &[String], of: &[String]| -> Vec<String> {
            let lines = of.iter().filter(|line| !from.contains(line));
            lines.cloned().collect()
        };
        let (removed, added) = (missing(new, old), missing(old, new));
        (!removed.is_empty() || !added.is_empty()).then(|| Change {
            section: self.id.to_owned(),
            heading: self.heading.to_owned(),
            removed,
            added,
        })
    }
}

fn parts(notice: &Notice) -> Vec<Part<'_>> {
    let introduction = Part {
        id: "introduction",
        heading: &notice.title,
        lines: notice.introduction.iter().flat_map(lines).collect(),
    };
    let section = |it: &'_ Section| -> Vec<String> {
        let heading = std::iter::once(it.heading.clone());
        heading.chain(it.blocks.iter().flat_map(lines)).collect()
    };
    let sections = notice.sections.iter().map(|it| Part {
        id: &it.id,
        heading: &it.heading,
        lines: section(it),
    });
    std::iter::once(introduction).chain(sections).collect()
}

fn lines(block: &Block) -> Vec<String> {
    match block {
        Block::Paragraph(text) => vec![text.clone()],
        Block::List(items) => items.iter().map(line).collect(),
    }
}

fn line(item: &Item) -> String {
    match &item.title {
        Some(title) => format!("{title}: {}", item.text),
        None => item.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Lang;

    fn notice(sections: &[(&str, &[&str])]) -> Notice {
        let section = |(id, lines): &(&str, &[&str])| Section {
            id: (*id).to_owned(),
            heading: format!("About {id}"),
            boxed: false,
            blocks: lines
                .iter()
                .map(|it| Block::Paragraph((*it).to_owned()))
                .collect(),
        };
        Notice {
            lang: Lang::En,
            slug: "nord".to_owned(),
            controller: "Nord AB".to_owned(),
            title: "Your data".to_owned(),
            introduction: Vec::new(),
            sections: sections.iter().map(section).collect(),
        }
    }

    #[test]
    fn what_is_the_same_is_no_change() {
        let it = notice(&[("N06", &["Name."])]);
        assert_eq!(between(&it, &it), []);
    }

    #[test]
    fn changed_new_and_gone_sections_are_told() {
        let old = notice(&[("N06", &["Name.", "Phone."]), ("N21", &["No robots."])]);
        let new = notice(&[("N06", &["Name.", "Address."]), ("N25", &["Social."])]);
        let told = between(&old, &new);
        let of = |at: usize| {
            let it: &Change = &told[at];
            (it.section.as_str(), it.removed.clone(), it.added.clone())
        };
        assert_eq!(told.len(), 3);
        assert_eq!(
            of(0),
            ("N06", vec!["Phone.".into()], vec!["Address.".into()])
        );
        let added = vec!["About N25".to_owned(), "Social.".to_owned()];
        assert_eq!(of(1), ("N25", vec![], added));
        let removed = vec!["About N21".to_owned(), "No robots.".to_owned()];
        assert_eq!(of(2), ("N21", removed, vec![]));
    }
}

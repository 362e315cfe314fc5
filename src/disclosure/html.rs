//! A notice as a page that stands alone: no script, nothing fetched, one style sheet inside.

use askama::Template;

use super::DisclosureError;
use super::compose::{Block, Notice};
use super::words::Words;

/// The style sheet, as it stands in every page.
pub const STYLE: &str = include_str!("../../templates/page.css");

/// Where the page's other forms are, when it is served.
#[derive(Debug, Clone)]
pub struct Links {
    /// The same in the other language.
    pub other_language: String,
    /// As Markdown.
    pub markdown: String,
    /// As plain text.
    pub text: String,
}

#[derive(Template)]
#[template(path = "notice/page.html")]
struct Page<'a> {
    notice: &'a Notice,
    words: &'static Words,
    other: &'static str,
    links: Option<&'a Links>,
    style: &'static str,
}

/// Writes the page; everything in it is escaped.
pub fn page(notice: &Notice, links: Option<&Links>) -> Result<String, DisclosureError> {
    let page = Page {
        notice,
        words: Words::of(notice.lang),
        other: other(notice),
        links,
        style: STYLE,
    };
    page.render().map_err(DisclosureError::Page)
}

fn other(notice: &Notice) -> &'static str {
    match notice.lang {
        crate::vocabulary::Lang::Sv => "en",
        crate::vocabulary::Lang::En => "sv",
    }
}

//! JSON, element by element: one object a line, an array of objects, objects one behind the other, or
//! a page such as `{"tickets": […], "next_page": …}`, whose lists are read element by element too.
//!
//! Only what is needed to find an element's end is looked at; whether it is JSON is seen afterwards.

use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use super::lines::{Line, Lines};
use super::{Beginning, KEPT, LONGEST_ELEMENT};

/// One element takes no more memory than this many values do.
const MOST_VALUES: usize = 250_000;
/// The name of a list is no longer than this.
const LONGEST_NAME: usize = 64;

/// One element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// One of the list of this name (of none: empty).
    Of(&'static str, Vec<u8>),
    /// What of a page is left when its lists are taken out.
    Page(Vec<u8>),
    /// The beginning of one that is too long or of too many values.
    TooLong(Vec<u8>),
    /// The source ends within it.
    CutOff(Vec<u8>),
}

/// Reads elements.
pub enum Elements<R> {
    /// One a line: a broken one does not take the next with it.
    Lines(Lines<R>),
    /// In one document, or several.
    Document(Box<Document<R>>),
}

impl<R: AsyncBufRead + Unpin> Elements<R> {
    /// Elements of this source. `lists` are the names under which a page holds records.
    pub fn new(beginning: &Beginning, source: R, lists: &'static [&'static str]) -> Self {
        let mut lines = beginning.lines().filter(|it| !it.trim_ascii().is_empty());
        let whole = |line: &[u8]| {
            let line = line.trim_ascii();
            line.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
        };
        let first_two = (lines.next(), lines.next());
        match first_two {
            (Some(first), Some(second))
                if whole(first) || (first.starts_with(b"{") && whole(second)) =>
            {
                Elements::Lines(Lines::within(LONGEST_ELEMENT, source))
            }
            _ => Elements::Document(Box::new(Document::new(source, lists))),
        }
    }

    /// The next element.
    pub async fn next(&mut self) -> std::io::Result<Option<Element>> {
        match self {
            Elements::Document(document) => document.next().await,
            Elements::Lines(lines) => loop {
                return Ok(Some(match lines.next().await? {
                    None => return Ok(None),
                    Some(Line::Whole(line)) if line.trim_ascii().is_empty() => continue,
                    Some(Line::Whole(line)) => Element::Of("", line),
                    Some(Line::TooLong(line)) => Element::TooLong(line),
                }));
            },
        }
    }
}

/// Bytes of an element so far, within the limits.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    values: usize,
    over: bool,
}

impl Kept {
    fn push(&mut self, byte: u8) {
        if self.bytes.len() >= LONGEST_ELEMENT || self.values > MOST_VALUES {
            self.over = true;
        } else {
            self.bytes.push(byte);
        }
    }

    fn take(&mut self, element: impl FnOnce(Vec<u8>) -> Element) -> Element {
        let mut kept = std::mem::take(self);
        if kept.over {
            kept.bytes.truncate(KEPT);
            kept.bytes.shrink_to_fit();
            return Element::TooLong(kept.bytes);
        }
        element(kept.bytes)
    }
}

/// Where in a document the reading stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// Between elements.
    Between,
    /// Within an element that began at this depth.
    Element(usize),
    /// Within what is no object: up to the next line or comma.
    Stray,
}

/// One document or several.
pub struct Document<R> {
    source: R,
    /// Bytes of the source that were taken, and how many of them were looked at.
    chunk: Vec<u8>,
    used: usize,
    lists: &'static [&'static str],
    at: At,
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The last string of a page's own members.
    name: Vec<u8>,
    /// The list of the page that is being read.
    list: &'static str,
    /// Depth at which elements of a list begin; 0 outside of lists.
    list_depth: usize,
    page: Option<Kept>,
    /// Whether any list of this page was taken out.
    taken_out: bool,
    element: Kept,
}

impl<R: AsyncBufRead + Unpin> Document<R> {
    fn new(source: R, lists: &'static [&'static str]) -> Self {
        Self {
            source,
            chunk: Vec::new(),
            used: 0,
            lists,
            at: At::Between,
            depth: 0,
            in_string: false,
            escaped: false,
            name: Vec::new(),
            list: "",
            list_depth: 0,
            page: None,
            taken_out: false,
            element: Kept::default(),
        }
    }

    async fn next(&mut self) -> std::io::Result<Option<Element>> {
        loop {
            while let Some(byte) = self.chunk.get(self.used).copied() {
                self.used += 1;
                let found = self.step(byte);
                if found.is_some() {
                    return Ok(found);
                }
            }
            let chunk = self.source.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(self.end());
            }
            self.chunk.clear();
            self.chunk.extend_from_slice(chunk);
            self.used = 0;
            self.source.consume(self.chunk.len());
        }
    }

    /// The end of the source.
    fn end(&mut self) -> Option<Element> {
        if self.at != At::Between {
            self.at = At::Between;
            self.page = None;
            return Some(self.element.take(Element::CutOff));
        }
        let page = self.page.take();
        page.map(|mut page| page.take(Element::CutOff))
    }

    fn step(&mut self, byte: u8) -> Option<Element> {
        match self.at {
            At::Stray => {
                if byte == b'\n' {
                    self.at = At::Between;
                    return Some(self.element.take(|bytes| Element::Of("", bytes)));
                }
                self.element.push(byte);
                None
            }
            At::Element(start) => self.within(start, byte),
            At::Between if self.page.is_some() && self.list_depth == 0 => self.within_page(byte),
            At::Between => self.between(byte),
        }
    }

    /// Between the elements of an array or list, or at the top.
    fn between(&mut self, byte: u8) -> Option<Element> {
        match byte {
            b'{' if self.depth == 0 && !self.lists.is_empty() => {
                self.page = Some(Kept::default());
                self.taken_out = false;
                self.within_page(byte)
            }
            b'{' => {
                self.at = At::Element(self.depth);
                self.within(self.depth, byte)
            }
            b'[' if self.depth == 0 => {
                self.depth = 1;
                None
            }
            b']' if self.list_depth > 0 => {
                self.list_depth = 0;
                self.depth -= 1;
                if let Some(page) = &mut self.page {
                    page.push(byte);
                }
                None
            }
            b']' => {
                self.depth = self.depth.saturating_sub(1);
                None
            }
            b',' | b' ' | b'\t' | b'\r' | b'\n' | b'\x1e' => None,
            _ => {
                self.at = At::Stray;
                self.element.push(byte);
                None
            }
        }
    }

    fn within(&mut self, start: usize, byte: u8) -> Option<Element> {
        self.element.push(byte);
        if self.walk(byte, |kept| &mut kept.element) {
            self.at = At::Between; // A line break within a string: no JSON.
            self.depth = start;
            let list = self.list_name();
            return Some(self.element.take(|bytes| Element::Of(list, bytes)));
        }
        if self.depth > start || self.in_string {
            return None;
        }
        self.at = At::Between;
        self.depth = start;
        let list = self.list_name();
        Some(self.element.take(|bytes| Element::Of(list, bytes)))
    }

    fn list_name(&self) -> &'static str {
        if self.list_depth > 0 { self.list } else { "" }
    }

    /// A page's own members, up to a list that is read by itself.
    fn within_page(&mut self, byte: u8) -> Option<Element> {
        let was_string = self.in_string;
        let page = self.page.get_or_insert_default();
        page.push(byte);
        if self.depth == 1 && !was_string && byte == b'[' {
            let name = &self.name;
            let list = self
                .lists
                .iter()
                .find(|it| it.as_bytes() == name.as_slice());
            if let Some(list) = list {
                self.list = list;
                self.depth = 2;
                self.list_depth = 2;
                self.taken_out = true;
                return None;
            }
        }
        if self.depth == 1 {
            self.note_name(was_string, byte);
        }
        let broken = self.walk(byte, |kept| kept.page.get_or_insert_default());
        if !broken && (self.depth > 0 || self.in_string) {
            return None;
        }
        self.depth = 0;
        let mut page = self.page.take().unwrap_or_default();
        Some(match self.taken_out {
            true => page.take(Element::Page),
            false => page.take(|bytes| Element::Of("", bytes)),
        })
    }

    /// Keeps the string that may be a member's name.
    fn note_name(&mut self, was_string: bool, byte: u8) {
        match (was_string, byte) {
            (false, b'"') => self.name.clear(),
            (false, b',') => self.name.clear(),
            (true, b'"') if !self.escaped => {}
            (true, _) if self.name.len() < LONGEST_NAME => self.name.push(byte),
            _ => {}
        }
    }

    /// Follows strings and brackets. `true` when this can be no JSON.
    fn walk(&mut self, byte: u8, kept: impl Fn(&mut Self) -> &mut Kept) -> bool {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                b'\n' => {
                    self.in_string = false;
                    return true;
                }
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' => {}
            _ => return false,
        }
        kept(self).values += 1;
        false
    }
}

#[cfg(test)]
mod tests;

//! The parts of a mail: its text and its files, within bounds.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{ContentType, Message, MessageParser, MimeHeaders};

use crate::catalog::write::NewAttachment;
use crate::ingest::Reason;
use crate::ingest::format::taken::LONGEST_FILE;

/// Parts in parts in parts.
const DEEPEST: usize = 16;
/// Parts of one mail.
const MOST_PARTS: usize = 1_000;

/// What is in a mail.
#[derive(Default)]
pub(super) struct Parts {
    /// Its plain text.
    pub text: String,
    /// Its HTML, where there is no text.
    pub html: String,
    /// Everything else.
    pub files: Vec<NewAttachment>,
    /// How many files were too large.
    pub too_large: usize,
    count: usize,
}

impl Parts {
    /// Takes a mail apart.
    pub fn of(bytes: &[u8]) -> Result<Self, Reason> {
        let mut parts = Parts::default();
        parts.add(bytes, DEEPEST)?;
        Ok(parts)
    }

    fn add(&mut self, bytes: &[u8], deeper: usize) -> Result<(), Reason> {
        self.count += 1;
        let next = deeper.checked_sub(1);
        let Some(next) = next.filter(|_| self.count <= MOST_PARTS) else {
            return Err(Reason::TooNested);
        };
        let (head, body) = split(bytes);
        let part = MessageParser::default().parse_headers(head);
        let content = part.as_ref().and_then(MimeHeaders::content_type);
        let boundary = content.filter(|it| it.ctype().eq_ignore_ascii_case("multipart"));
        if let Some(boundary) = boundary.and_then(|it| it.attribute("boundary")) {
            for inner in Inner::of(body, boundary.as_bytes()) {
                self.add(inner, next)?;
            }
            return Ok(());
        }
        self.leaf(part.as_ref(), content, body);
        Ok(())
    }

    fn leaf(&mut self, part: Option<&Message<'_>>, content: Option<&ContentType<'_>>, body: &[u8]) {
        let decoded = decode(part, body);
        let is = |kind: &str, subtype: &str| {
            content.is_some_and(|it| {
                it.ctype().eq_ignore_ascii_case(kind)
                    && it
                        .subtype()
                        .is_some_and(|it| it.eq_ignore_ascii_case(subtype))
            })
        };
        let name = part.and_then(MimeHeaders::attachment_name);
        let attached = part
            .and_then(MimeHeaders::content_disposition)
            .is_some_and(ContentType::is_attachment);
        let is_file = attached || name.is_some();
        if !is_file && (content.is_none() || is("text", "plain")) {
            join(&mut self.text, &letters(content, &decoded));
        } else if !is_file && is("text", "html") {
            join(&mut self.html, &letters(content, &decoded));
        } else if decoded.len() > LONGEST_FILE {
            self.too_large += 1;
        } else {
            let media_type = content.map(|it| match it.subtype() {
                Some(subtype) => format!("{}/{subtype}", it.ctype()),
                None => it.ctype().to_owned(),
            });
            self.files.push(NewAttachment {
                name: name.map(Into::into),
                media_type: media_type.unwrap_or_else(|| "text/plain".to_owned()).into(),
                content: decoded.into_owned(),
            });
        }
    }
}

fn join(all: &mut String, more: &str) {
    if !all.is_empty() {
        all.push_str("\n\n");
    }
    all.push_str(more);
}

fn decode<'a>(part: Option<&Message<'_>>, body: &'a [u8]) -> Cow<'a, [u8]> {
    let encoding = part.and_then(MimeHeaders::content_transfer_encoding);
    let decoded = match encoding.unwrap_or_default().trim() {
        it if it.eq_ignore_ascii_case("base64") => base64_decode(body),
        it if it.eq_ignore_ascii_case("quoted-printable") => quoted_printable_decode(body),
        _ => None,
    };
    decoded.map_or(Cow::Borrowed(body), Cow::Owned)
}

/// Bytes as letters: as the part says; else UTF-8, else what Windows writes.
fn letters(content: Option<&ContentType<'_>>, bytes: &[u8]) -> String {
    let charset = content.and_then(|it| it.attribute("charset"));
    if let Some(decoder) = charset.and_then(|it| charset_decoder(it.as_bytes())) {
        return decoder(bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
            .into_owned(),
    }
}

/// Header lines, with the empty line that ends them, and what comes after.
pub(super) fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    for line in bytes.split_inclusive(|it| *it == b'\n') {
        end += line.len();
        if line == b"\n" || line == b"\r\n" {
            break;
        }
    }
    bytes.split_at(end)
}

/// The parts between lines of `--boundary`.
struct Inner<'a> {
    rest: &'a [u8],
    boundary: &'a [u8],
}

impl<'a> Inner<'a> {
    fn of(body: &'a [u8], boundary: &'a [u8]) -> Self {
        let mut inner = Inner {
            rest: body,
            boundary,
        };
        inner.up_to_boundary(); // What stands before the first is for nobody.
        inner
    }

    /// What stands before the next boundary. After the last one nothing is left.
    fn up_to_boundary(&mut self) -> &'a [u8] {
        let (rest, mut at) = (self.rest, 0);
        for line in rest.split_inclusive(|it| *it == b'\n') {
            let after = line
                .strip_prefix(b"--")
                .and_then(|it| it.strip_prefix(self.boundary));
            match after.map(<[u8]>::trim_ascii) {
                Some(b"") => {
                    self.rest = &rest[at + line.len()..];
                    return &rest[..at];
                }
                Some(b"--") => {
                    self.rest = &[];
                    return &rest[..at];
                }
                _ => at += line.len(),
            }
        }
        self.rest = &[];
        rest
    }
}

impl<'a> Iterator for Inner<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let part = self.up_to_boundary();
        // The line end before a boundary belongs to the boundary.
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        Some(part.strip_suffix(b"\r").unwrap_or(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "Content-Type: multipart/mixed; boundary=\"a\"\n\nfor nobody\n--a\n\
        Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; \
        charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nHej =C5sa\n--b\n\
        Content-Type: text/html\n\n<p>Hej</p>\n--b--\n--a\nContent-Type: message/rfc822\n\n\
        Subject: x\n\ny\n--a\nContent-Disposition: attachment; filename=f.txt\n\nfil\n--a--\nafter\n";

    #[test]
    fn a_mail_is_taken_apart() {
        let parts = Parts::of(MAIL.as_bytes()).unwrap();
        assert_eq!(parts.text, "Hej Åsa");
        assert_eq!(parts.html, "<p>Hej</p>");
        let files: Vec<_> = parts
            .files
            .iter()
            .map(|it| (it.media_type.expose(), it.content.as_slice()))
            .collect();
        let mail = ("message/rfc822", b"Subject: x\n\ny".as_slice());
        assert_eq!(files, [mail, ("text/plain", b"fil")]);
    }

    #[test]
    fn bombs_are_refused() {
        let nest = |depth: usize| {
            let open = "Content-Type: multipart/mixed; boundary=a\n\n--a\n";
            format!("{}\nx\n", open.repeat(depth))
        };
        assert!(Parts::of(nest(DEEPEST - 1).as_bytes()).is_ok());
        assert_eq!(
            Parts::of(nest(100_000).as_bytes()).err(),
            Some(Reason::TooNested)
        );
        let many = "Content-Type: multipart/mixed; boundary=a\n\n".to_owned()
            + &"--a\n\nx\n".repeat(2_000);
        assert_eq!(Parts::of(many.as_bytes()).err(), Some(Reason::TooNested));
    }
}

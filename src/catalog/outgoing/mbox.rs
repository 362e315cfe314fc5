//! Messages as mails: one per message (RFC 4155, 2045, 2047). Every text is Base64, so nothing that
//! somebody wrote can end a header, a part or a mail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::catalog::types::{Attachment, Case, Contact, Message};
use crate::vocabulary::{ContactId, Personal};

/// Bytes of text in one encoded word: 60 characters of Base64, within the 75 that are allowed.
const WORD: usize = 45;
/// Bytes in one line of Base64.
const LINE: usize = 57;
/// The domain of nobody (RFC 2606).
const NOBODY: &str = "gallra.invalid";

type Bytes = Zeroizing<Vec<u8>>;

/// A mail up to the end of its text.
pub fn begins(case: &Case, person: Option<&Contact>, contact: ContactId, it: &Message) -> Bytes {
    let mut mail = Zeroizing::new(head(case, person, contact, it).into_bytes());
    let mut line = |text: &str| mail.extend_from_slice(format!("{text}\n").as_bytes());
    if !it.attachments.is_empty() {
        let boundary = boundary(it);
        line(&format!(
            "Content-Type: multipart/mixed; boundary=\"{boundary}\""
        ));
        line("");
        line(&format!("--{boundary}"));
    }
    line("Content-Type: text/plain; charset=utf-8");
    line("Content-Transfer-Encoding: base64");
    line("");
    let body = it.body.as_ref().map_or("", Personal::expose);
    lines(&mut mail, body.as_bytes());
    mail
}

/// The headers but those of the content.
fn head(case: &Case, person: Option<&Contact>, contact: ContactId, it: &Message) -> String {
    let sent = it.sent_at.to_utc();
    let person = mailbox(person, contact);
    let desk = format!("<desk@{NOBODY}>");
    let author = it
        .author
        .as_ref()
        .map(|name| format!("{} {desk}", words(name.expose())));
    let (from, to) = match it.direction.as_str() {
        "in" => (person, desk),
        _ => (author.unwrap_or(desk), person),
    };
    let subject = case.subject.as_ref();
    let headers = [
        format!(
            "From gallra@{NOBODY} {}",
            sent.format("%a %b %e %H:%M:%S %Y")
        ),
        format!("Message-ID: <{}@{NOBODY}>", it.id),
        format!("Date: {}", sent.format("%a, %d %b %Y %H:%M:%S +0000")),
        format!("From: {from}"),
        format!("To: {to}"),
        format!(
            "Subject: {}",
            subject.map(|it| words(it.expose())).unwrap_or_default()
        ),
        format!("X-Gallra-Case: {}", case.id),
        format!("X-Gallra-Direction: {}", it.direction),
        format!("X-Gallra-Channel: {}", it.channel),
        "MIME-Version: 1.0\n".to_owned(),
    ];
    headers.join("\n")
}

/// A file as a part of its mail.
pub fn file(message: &Message, it: &Attachment, content: &[u8]) -> Bytes {
    let name = it.name.as_ref().map_or("", Personal::expose);
    let mut part = Zeroizing::new(Vec::with_capacity(content.len() * 7 / 5 + 512));
    let mut line = |text: String| part.extend_from_slice(format!("{text}\n").as_bytes());
    line(format!("--{}", boundary(message)));
    line(format!(
        "Content-Type: {}",
        media_type(it.media_type.expose())
    ));
    line("Content-Transfer-Encoding: base64".to_owned());
    line(format!(
        "Content-Disposition: attachment; filename*=UTF-8''{}",
        percent(name)
    ));
    line(String::new());
    lines(&mut part, content);
    part
}

/// The end of a mail.
pub fn ends(message: &Message) -> Bytes {
    Zeroizing::new(match message.attachments.is_empty() {
        true => b"\n".to_vec(),
        false => format!("--{}--\n\n", boundary(message)).into_bytes(),
    })
}

fn boundary(message: &Message) -> String {
    format!("gallra-{}", message.id)
}

fn lines(to: &mut Vec<u8>, bytes: &[u8]) {
    for line in bytes.chunks(LINE) {
        to.extend_from_slice(STANDARD.encode(line).as_bytes());
        to.push(b'\n');
    }
}

/// A person's name and address; an address only where it is a plain one.
fn mailbox(person: Option<&Contact>, id: ContactId) -> String {
    let name = person
        .and_then(|it| it.name.as_ref())
        .map(|it| words(it.expose()));
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_+".contains(c);
    let email = person
        .and_then(|it| it.email.as_ref())
        .map(Personal::expose);
    let email = email.filter(|it| {
        let parts = it.split_once('@');
        parts.is_some_and(|(local, domain)| {
            let good =
                |part: &str| !part.is_empty() && part.len() <= 200 && part.chars().all(plain);
            good(local) && good(domain)
        })
    });
    let email = email.map_or_else(|| format!("{id}@{NOBODY}"), str::to_owned);
    format!("{} <{email}>", name.unwrap_or_default())
        .trim_start()
        .to_owned()
}

/// Text as encoded words, cut between characters, one to a folded line.
fn words(text: &str) -> String {
    let mut words = Vec::new();
    let mut word = String::new();
    for character in text.chars().take(1_000) {
        if word.len() + character.len_utf8() > WORD {
            words.push(std::mem::take(&mut word));
        }
        word.push(character);
    }
    if !word.is_empty() {
        words.push(word);
    }
    let encoded = words
        .iter()
        .map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join("\n ")
}

fn media_type(text: &str) -> &str {
    let token = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c);
        (1..=100).contains(&part.len()) && part.chars().all(plain)
    };
    match text.split_once('/') {
        // A part that is a mail or has parts itself must not be Base64 (RFC 2046).
        Some(("message" | "multipart", _)) => "application/octet-stream",
        Some((kind, form)) if token(kind) && token(form) => text,
        _ => "application/octet-stream",
    }
}

/// RFC 5987.
fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let encode = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().take(500).map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_written_ends_a_header() {
        let text = "Hej\r\nBcc: a@b.se\n\nåäö ".repeat(9);
        let encoded = words(&text);
        assert!(
            encoded
                .lines()
                .all(|line| line.trim_start().starts_with("=?UTF-8?B?"))
        );
        assert!(encoded.lines().all(|line| line.len() <= 76), "{encoded}");
        assert_eq!(media_type("text/plain\nX: y"), "application/octet-stream");
        assert_eq!(media_type("message/rfc822"), "application/octet-stream");
        assert_eq!(media_type("image/png"), "image/png");
        assert_eq!(percent("kvitto å.pdf\n"), "kvitto%20%C3%A5.pdf%0A");
    }
}

//! Files that nobody should have to take in, and what becomes of each: the same by command and by API.

use std::io::{Cursor, Write};

use aho_corasick::AhoCorasick;
use zip::write::{SimpleFileOptions, ZipWriter};

/// One bad file. Where a good contact stands in it too, that one is taken in all the same.
pub struct BadFile {
    /// What is bad, as docs/STORIES.md calls it.
    pub what: &'static str,
    /// Its format, or auto.
    pub format: &'static str,
    pub bytes: Vec<u8>,
    /// New contacts and messages that come of it.
    pub new: (u64, u64),
    pub outcome: Outcome,
}

/// What becomes of the bad part.
pub enum Outcome {
    /// One record is set aside, for this reason.
    Quarantined(&'static str),
    /// The file is refused with these words.
    Refused(&'static str),
    /// It is read as what it is.
    Taken,
}

use Outcome::{Quarantined, Refused, Taken};

/// Every bad file. Each has people of its own, by its place in the list.
pub fn files() -> Vec<BadFile> {
    let files = [texts(), dates(), records(), archives(), mails(), ends()];
    let files: Vec<BadFile> = files.into_iter().flatten().collect();
    let sign = AhoCorasick::new(["NUMBER"]).expect("a sign is a pattern");
    let name = |(place, file): (usize, BadFile)| BadFile {
        bytes: sign.replace_all_bytes(&file.bytes, &[format!("{place:06}")]),
        ..file
    };
    files.into_iter().enumerate().map(name).collect()
}

/// Somebody without a fault.
const GOOD: &str = r#"{"type":"contact","external_id":"good-NUMBER","name":"Lo Alm"}"#;

fn gallra(what: &'static str, bad: impl AsRef<[u8]>, reason: &'static str) -> BadFile {
    let bytes = [bad.as_ref(), b"\n", GOOD.as_bytes(), b"\n"].concat();
    BadFile {
        what,
        format: "gallra",
        bytes,
        new: (1, 0),
        outcome: Quarantined(reason),
    }
}

fn message(body: &str, sent_at: &str) -> String {
    format!(
        r#"{{"type":"message","case":"k-NUMBER","contact":"bad-NUMBER","direction":"in","channel":"email","sent_at":"{sent_at}","body":"{body}"}}"#
    )
}

const NOW: &str = "2026-03-01T09:00:00Z";

fn texts() -> Vec<BadFile> {
    let mut latin = message("Hej ?", NOW).into_bytes();
    let place = latin.iter().position(|it| *it == b'?');
    latin[place.expect("it is there")] = 0xe5;
    vec![
        gallra(
            "NUL in a text",
            message("a\\u0000b", NOW),
            "contains a NUL character",
        ),
        gallra(
            "a text of 10 MB",
            message(&"x".repeat(10 << 20), NOW),
            "its text is longer than 1 MiB",
        ),
        gallra("bytes that are no UTF-8", latin, "not UTF-8"),
    ]
}

fn ticket(id: u32, created_at: &str) -> String {
    format!(
        r#"{{"id":{id}NUMBER,"requester_id":7NUMBER,"submitter_id":7NUMBER,"created_at":{created_at},"description":"Hej"}}"#
    )
}

fn zendesk(what: &'static str, tickets: &[String], new: (u64, u64), outcome: Outcome) -> BadFile {
    BadFile {
        what,
        format: "zendesk",
        bytes: tickets.join("\n").into_bytes(),
        new,
        outcome,
    }
}

fn dates() -> Vec<BadFile> {
    let styles = [
        r#""2026-01-10T08:15:00Z""#,
        r#""2026-01-10 08:15""#,
        "1768029300",
        r#""Sat, 10 Jan 2026 08:15:00 +0100""#,
    ];
    let four: Vec<_> = (1..).zip(styles).map(|(id, it)| ticket(id, it)).collect();
    let beside = |date: &str| [ticket(1, styles[0]), ticket(2, date)];
    let unclear = "its date is in no accepted style (docs/FORMATS.md) or not between 1990 and 2100";
    vec![
        zendesk("four styles of dates", &four, (1, 4), Taken),
        zendesk(
            "a date in no style",
            &beside(r#""03/04/2026""#),
            (1, 1),
            Quarantined(unclear),
        ),
        zendesk(
            "no date",
            &beside("null"),
            (1, 1),
            Quarantined("has no date"),
        ),
    ]
}

fn records() -> Vec<BadFile> {
    let twice = |name: &str, body: &str| {
        let contact = r#"{"type":"contact","external_id":"twice-NUMBER","name":"NAME"}"#;
        let message = message(body, NOW).replace("bad-", "twice-");
        let message = message.replace(r#""body""#, r#""external_id":"m-NUMBER","body""#);
        contact.replace("NAME", name) + "\n" + &message + "\n"
    };
    let known = ticket(1, r#""2026-01-10T08:15:00Z""#);
    let with_more = known.replace(
        r#""description""#,
        r#""nickname":{"deep":[1]},"description""#,
    );
    vec![
        BadFile {
            what: "duplicate ids",
            format: "gallra",
            bytes: (twice("Anna", "Hej") + &twice("Anna Ek", "Hopp")).into_bytes(),
            new: (1, 1),
            outcome: Taken,
        },
        gallra(
            "unknown fields",
            r#"{"type":"contact","external_id":"bad-NUMBER","shoe_size":42}"#,
            "has a field that its type does not have",
        ),
        zendesk(
            "unknown fields of another system",
            &[with_more],
            (1, 1),
            Taken,
        ),
    ]
}

/// A zip that would unpack to a thousand times its length.
fn zip_bomb() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("zeros", SimpleFileOptions::default())
        .expect("a file begins");
    zip.write_all(&vec![0; 2 << 20]).expect("memory takes it");
    zip.finish().expect("memory takes it").into_inner()
}

fn archives() -> Vec<BadFile> {
    let utf16 = GOOD.encode_utf16().flat_map(u16::to_le_bytes);
    let refused = |what, bytes, words| BadFile {
        what,
        format: "auto",
        bytes,
        new: (0, 0),
        outcome: Refused(words),
    };
    vec![
        refused("a zip bomb", zip_bomb(), "unpack it"),
        refused(
            "a gzip",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(),
            "unpack it",
        ),
        refused(
            "UTF-16",
            b"\xff\xfe".iter().copied().chain(utf16).collect(),
            "save it as UTF-8",
        ),
    ]
}

const HEAD: &str = "From: Lo <loNUMBER@example.se>\r\nTo: info@example.se\r\nDate: Mon, 12 Jan 2026 \
    09:30:00 +0100\r\nMessage-ID: <NUMBER@example.se>\r\nMIME-Version: 1.0\r\n";

fn mail(what: &'static str, rest: &str, new: (u64, u64), outcome: Outcome) -> BadFile {
    BadFile {
        what,
        format: "mail",
        bytes: format!("{HEAD}{rest}").into_bytes(),
        new,
        outcome,
    }
}

fn mails() -> Vec<BadFile> {
    use base64::Engine;

    let begin = |depth: usize| {
        let mixed = "Content-Type: multipart/mixed; boundary=";
        format!("{mixed}\"b{depth}\"\r\n\r\n--b{depth}\r\n")
    };
    let end = |depth: usize| format!("\r\n--b{depth}--\r\n");
    let text = "Content-Type: text/plain\r\n\r\nHej\r\n";
    let deep: String = (0..40).map(begin).chain([text.to_owned()]).collect();
    let deep = deep + &(0..40).rev().map(end).collect::<String>();
    let wide = begin(0) + &format!("{text}--b0\r\n").repeat(1_200) + text + &end(0);
    let bomb = base64::engine::general_purpose::STANDARD.encode(zip_bomb());
    let attached = begin(0)
        + text
        + "--b0\r\nContent-Type: application/zip; name=\"b.zip\"\r\nContent-Disposition: attachment; \
           filename=\"b.zip\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + &bomb
        + &end(0);
    let nested = "a mail nested deeper than 16, or of over 1000 parts";
    vec![
        mail("a mail in forty layers", &deep, (0, 0), Quarantined(nested)),
        mail("a mail of 1,201 parts", &wide, (0, 0), Quarantined(nested)),
        mail(
            "a mail with a zip bomb, which stays a file",
            &attached,
            (1, 1),
            Taken,
        ),
    ]
}

fn ends() -> Vec<BadFile> {
    let user = r#"{"users":[{"id":9NUMBER,"name":"Lo","role":"end-user","ticket_restriction":null},{"id":8NUM"#;
    let zendesk = |what, text: String, new, reason| BadFile {
        what,
        format: "zendesk",
        bytes: text.into_bytes(),
        new,
        outcome: Quarantined(reason),
    };
    let cut =
        "the source ends in the middle of it: import the whole file, nothing is taken in twice";
    vec![
        zendesk(
            "the end in the middle of a record",
            user.to_owned(),
            (1, 0),
            cut,
        ),
        zendesk(
            "a million brackets without end",
            "[".repeat(1 << 20),
            (0, 0),
            cut,
        ),
    ]
}

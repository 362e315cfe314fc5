//! What an import says to a person.

use std::collections::BTreeMap;

use super::Answer;
use crate::cli::output::{Text, count, grouped};
use crate::ingest::{Counts, FileRead, Report, TableReport};

pub(super) fn text_of(answer: &Answer) -> Text {
    answer.files.iter().fold(Text::default(), |text, file| {
        let it = &file.report;
        let verb = if it.dry_run { "Read" } else { "Imported" };
        let records = count(it.records, "record", "records");
        if let Some(failure) = &file.failure {
            return text.and(format!("Nothing of {}: {failure}.", file.file));
        }
        let (name, format, tenant) = (&file.file, &it.format, &answer.tenant);
        let text = text.and(format!(
            "{verb} {records} of {name} ({format}) for {tenant}."
        ));
        let text = match &it.table {
            Some(table) => columns(text, "", table),
            None => text,
        };
        let text = within(text, it);
        let text = match it.dry_run {
            true => seen(text, it),
            false => taken_in(text.gap(), it),
        };
        let text = on_purpose(text, it);
        left_out(text, it, &answer.tenant)
    })
}

/// Contacts and cases that only messages named are not counted when they were there, as the messages
/// were: a dash stands there then.
fn taken_in(text: Text, it: &Report) -> Text {
    let row = |name: &str, counts: &Counts, read: u64| {
        let Counts {
            created,
            changed,
            unchanged,
        } = *counts;
        [
            format!("  {name}"),
            grouped(created),
            grouped(changed),
            match (read, unchanged) {
                (0, 0) if it.messages.unchanged > 0 => "-".to_owned(),
                _ => grouped(unchanged),
            },
        ]
    };
    let rows = [
        row("contacts", &it.contacts, it.read.contacts),
        row("cases", &it.cases, it.read.cases),
        row("messages", &it.messages, 1),
        row("forwardings", &it.forwardings, 1),
    ];
    text.table(["", "NEW", "CHANGED", "AS BEFORE"], &rows)
}

fn left_out(text: Text, it: &Report, tenant: &str) -> Text {
    let dropped = [
        (
            it.suppressed,
            "record erased or discarded before",
            "records erased or discarded before",
        ),
        (
            it.being_erased,
            "record of somebody being erased now: import again afterwards",
            "records of people being erased now: import again afterwards",
        ),
        (
            it.unknown_case,
            "forwarding of a case that is not here",
            "forwardings of a case that is not here",
        ),
        (
            it.no_identifier,
            "contact without external id, e-mail or phone",
            "contacts without external id, e-mail or phone",
        ),
        (
            it.too_many_identifiers,
            "contact with more addresses, numbers or ids than one person has",
            "contacts with more addresses, numbers or ids than one person has",
        ),
    ];
    let dropped: Vec<_> = dropped.into_iter().filter(|it| it.0 > 0).collect();
    let text = match dropped.is_empty() {
        true => text,
        false => text.gap().and("Dropped").counted(dropped),
    };
    quarantined(text, it, tenant)
}

fn quarantined(text: Text, it: &Report, tenant: &str) -> Text {
    if it.quarantined.is_empty() {
        return text;
    }
    let heading = match it.dry_run {
        true => "Could not be read",
        false => "Could not be read; kept sealed in quarantine",
    };
    let text = it
        .quarantined
        .iter()
        .fold(text.gap().and(heading), |text, (reason, number)| {
            if !it.within.is_empty() {
                // Each file's lines are numbered from 1: they are named with it, above.
                return text.paragraph(2, &format!("{} {reason}", grouped(*number)));
            }
            let lines = it.quarantined_lines.get(reason).into_iter().flatten();
            let lines: Vec<_> = lines.map(u64::to_string).collect();
            let more = if (lines.len() as u64) < *number {
                ", …"
            } else {
                ""
            };
            let what = format!(
                "{} {reason}: line {}{more}",
                grouped(*number),
                lines.join(", ")
            );
            text.paragraph(2, &what)
        });
    match it.dry_run {
        true => text,
        false => text
            .gap()
            .and(format!("gallra quarantine list --tenant {tenant}")),
    }
}

/// Which file of a directory did what.
fn within(text: Text, it: &Report) -> Text {
    if it.within.is_empty() {
        return text;
    }
    let row = |file: &FileRead| {
        let format = match &file.refused {
            Some(_) => "(not read)",
            None => &file.format,
        };
        let records = grouped(file.records);
        [format!("  {}", file.file), format.to_owned(), records]
    };
    let rows: Vec<_> = it.within.iter().map(row).collect();
    let text = text.gap().table(["  FILE", "FORMAT", "RECORDS"], &rows);
    let text = match it.unnamed_files {
        0 => text,
        more => text.and(format!("  and {}", count(more, "more file", "more files"))),
    };
    it.within.iter().fold(text, |text, file| {
        let text = match &file.refused {
            Some(why) => text.paragraph(2, &format!("{}: {why}", file.file)),
            None => text,
        };
        let text = match &file.table {
            Some(table) => columns(text, &format!("{}: ", file.file), table),
            None => text,
        };
        file.unread.iter().fold(text, |text, (reason, lines)| {
            let lines: Vec<_> = lines.iter().map(u64::to_string).collect();
            let what = format!("{}: {reason}: line {}", file.file, lines.join(", "));
            text.paragraph(2, &what)
        })
    })
}

/// How a table was read: the preview that `--map` corrects.
fn columns(text: Text, of: &str, table: &TableReport) -> Text {
    let delimiter = match table.delimiter {
        ',' => "commas",
        ';' => "semicolons",
        '\t' => "tabs",
        _ => "bars",
    };
    let rows: Vec<_> = table
        .columns
        .iter()
        .map(|it| {
            let field = it.field.as_deref().unwrap_or("(left out)");
            [format!("  {}", it.header), field.to_owned()]
        })
        .collect();
    text.gap()
        .and(format!(
            "{of}{} table in {} between {delimiter}:",
            if of.is_empty() { "A" } else { "a" },
            table.encoding
        ))
        .table(["  COLUMN", "TAKEN AS"], &rows)
}

/// What a dry run saw.
fn seen(text: Text, it: &Report) -> Text {
    let kinds = [
        ("contacts", it.read.contacts),
        ("cases", it.read.cases),
        ("messages in", it.read.messages_in),
        ("messages out", it.read.messages_out),
        ("notes", it.read.notes),
        ("forwardings", it.read.forwardings),
        ("attached files", it.read.attachments),
    ];
    let kinds: Vec<_> = kinds
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(name, number)| (name, grouped(number)))
        .collect();
    match kinds.is_empty() {
        true => text,
        false => text.gap().pairs(kinds),
    }
}

/// What was left out on purpose, and what is worth knowing.
fn on_purpose(text: Text, it: &Report) -> Text {
    let list = |text: Text, heading: &str, counts: &BTreeMap<&'static str, u64>| {
        if counts.is_empty() {
            return text;
        }
        counts
            .iter()
            .fold(text.gap().and(heading), |text, (what, number)| {
                text.paragraph(2, &counted(*number, what))
            })
    };
    let text = list(text, "Left out on purpose", &it.dropped);
    let text = list(text, "Worth knowing", &it.remarks);
    match it.skipped {
        0 => text,
        skipped => text.gap().and(count(
            skipped,
            "file of no known format",
            "files of no known format",
        )),
    }
}

/// What is counted in the report, when it is one.
const ONE: [(&str, &str); 8] = [
    ("files ", "file "),
    ("links that open ", "link that opens "),
    ("links ", "link "),
    ("password hashes", "password hash"),
    ("tokens and keys ", "token or key "),
    (
        "profiles of staff, who are no contacts",
        "profile of staff, who is no contact",
    ),
    ("first messages that stand ", "first message that stands "),
    ("lines ", "line "),
];

fn counted(number: u64, what: &str) -> String {
    let one = ONE
        .iter()
        .find_map(|(many, one)| Some((one, what.strip_prefix(many)?)));
    match one.filter(|_| number == 1) {
        Some((one, rest)) => format!("1 {one}{rest}"),
        None => format!("{} {what}", grouped(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_several() {
        assert_eq!(counted(1, "files over 16 MiB"), "1 file over 16 MiB");
        let links = "links that open a file to whoever has them";
        assert_eq!(
            counted(1, links),
            "1 link that opens a file to whoever has them"
        );
        assert_eq!(counted(2, links), format!("2 {links}"));
        assert_eq!(counted(1, "password hashes"), "1 password hash");
    }
}

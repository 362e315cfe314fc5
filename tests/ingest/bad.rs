//! Bad input: an outcome for each kind, and never half of a record.

use std::time::Duration;

use gallra::ingest::{Format, IngestError, Options, Report, Session};

use crate::both_engines;
use crate::fixture_files::path;
use crate::tools::{import, one, settings};
use crate::world::World;

async fn read(format: &str, bytes: impl AsRef<[u8]>) -> Result<Report, IngestError> {
    let mut session = Session::reading(settings());
    one(&mut session, bytes.as_ref(), Some(named(format)), true).await
}

fn named(format: &str) -> &'static Format {
    Format::named(format).expect("there is such a format")
}

/// The reasons of what was quarantined.
async fn reasons(format: &str, bytes: impl AsRef<[u8]>) -> Vec<&'static str> {
    let report = read(format, bytes).await.expect("it is read to the end");
    report.quarantined.keys().copied().collect()
}

fn ticket(created_at: &str, text: &str) -> String {
    format!(
        "{{\"id\":1,\"requester_id\":2,\"submitter_id\":2,\"created_at\":{created_at},\
         \"description\":\"{text}\"}}\n"
    )
}

fn mail(date: &str, body: &str) -> String {
    format!("From: a@example.se\nTo: b@example.se\n{date}\n\n{body}\n")
}

const DATE: &str = "Date: Mon, 12 Jan 2026 09:30:00 +0100";
const GOOD: &str = "\"2026-01-10T08:15:00Z\"";

#[tokio::test]
async fn a_nul_is_quarantined_in_every_format() {
    let reason = ["contains a NUL character"];
    assert_eq!(reasons("zendesk", ticket(GOOD, "a\\u0000b")).await, reason);
    assert_eq!(reasons("zendesk", ticket(GOOD, "a\0b")).await, reason);
    assert_eq!(reasons("csv", "id,name\n1,a\0b\n").await, reason);
    assert_eq!(reasons("mail", mail(DATE, "a\0b")).await, reason);
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_quarantined_and_the_next_record_is_read() {
    let body = "x".repeat(10 << 20);
    let tickets = ticket(GOOD, &body) + &ticket(GOOD, "kort").replace("\"id\":1", "\"id\":3");
    let report = read("zendesk", &tickets).await.unwrap();
    assert_eq!(report.quarantined["its text is longer than 1 MiB"], 1);
    assert_eq!((report.read.cases, report.read.messages_in), (2, 1));
    let huge = ticket(GOOD, &"x".repeat(17 << 20)) + &ticket(GOOD, "kort");
    let report = read("zendesk", &huge).await.unwrap();
    assert_eq!(
        (report.quarantined_total(), report.read.messages_in),
        (1, 1)
    );
    let rows = format!("id,name\n1,{body}\n2,Bo\n");
    let report = read("csv", rows).await.unwrap();
    assert_eq!(
        report.quarantined["longer than 1 MiB; the first 64 KiB are kept"],
        1
    );
    assert_eq!(report.read.contacts, 1);
    assert_eq!(
        reasons("mail", mail(DATE, &body)).await,
        ["its text is longer than 1 MiB"]
    );
    let huge = mail(DATE, &"y".repeat(33 << 20));
    let reason = "a mail longer than 32 MiB; the first 64 KiB are kept";
    assert_eq!(reasons("mail", huge).await, [reason]);
}

#[tokio::test]
async fn invalid_utf8_is_quarantined_or_read_as_what_it_is() {
    let mut bytes = ticket(GOOD, "Hej ?").into_bytes();
    let place = bytes.iter().position(|it| *it == b'?').unwrap();
    bytes[place] = 0xe5;
    assert_eq!(reasons("zendesk", &bytes).await, ["not UTF-8"]);
    let late = [
        b"id,name\n1,\xc3\x85sa\n".repeat(10_000),
        b"2,\xc5sa\n".to_vec(),
    ]
    .concat();
    let report = read("csv", late).await.unwrap();
    assert_eq!(report.table.unwrap().encoding, "utf-8", "its beginning is");
    assert_eq!(report.quarantined.len(), 1);
    assert!(
        report
            .quarantined
            .keys()
            .all(|it| it.contains("--encoding"))
    );
    let latin = [mail(DATE, "").into_bytes(), b"Hej \xc5sa".to_vec()].concat();
    assert_eq!(read("mail", latin).await.unwrap().read.messages_in, 1);
}

#[tokio::test]
async fn four_styles_of_dates_are_read_and_others_are_quarantined() {
    let dates = [
        GOOD,
        "\"2026-01-10 08:15\"",
        "1768029300",
        "\"Sat, 10 Jan 2026 08:15:00 +0100\"",
    ];
    for date in dates {
        assert_eq!(
            reasons("zendesk", ticket(date, "x")).await,
            [""; 0],
            "{date}"
        );
    }
    for date in ["\"10/01/2026\"", "\"i går\"", "7", "true"] {
        let [reason] = reasons("zendesk", ticket(date, "x")).await[..] else {
            panic!("{date} is refused");
        };
        assert!(reason.contains("no accepted style"), "{reason}");
    }
    assert_eq!(
        reasons("zendesk", ticket("null", "x")).await,
        ["has no date"]
    );
    assert_eq!(reasons("mail", mail("X: y", "x")).await, ["has no date"]);
    assert_eq!(
        read(
            "mail",
            mail(
                "Date: nonsense\nReceived: by x; Mon, 12 Jan 2026 09:30:00 +0100",
                "x"
            )
        )
        .await
        .unwrap()
        .read
        .messages_in,
        1,
        "the day it was received is a date"
    );
}

#[tokio::test]
async fn unknown_fields_of_other_systems_are_not_read() {
    let text = ticket(GOOD, "x").replace("\"id\":1", "\"id\":1,\"nickname\":{\"deep\":[1]}");
    let report = read("zendesk", text).await.unwrap();
    assert_eq!((report.read.cases, report.quarantined_total()), (1, 0));
}

#[tokio::test]
async fn brackets_without_end_are_no_bomb() {
    for open in ["[", "{\"a\":", "[{\"a\":["] {
        let bytes = open.repeat(1 << 20);
        let report = read("zendesk", bytes).await.unwrap();
        assert!(report.quarantined_total() <= 1, "{report:?}");
    }
    let deep = format!(
        "{{\"id\":1,\"x\":{}{}}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    let reason = "no valid JSON object, or nested deeper than 127";
    assert_eq!(reasons("zendesk", deep).await, [reason]);
    let wide = format!("{{\"id\":1,\"x\":[{}0]}}", "0,".repeat(300_000));
    let [reason] = reasons("zendesk", wide).await[..] else {
        panic!("too many values");
    };
    assert!(reason.contains("250,000 values"));
}

#[tokio::test]
async fn archives_and_utf16_are_refused_with_the_remedy() {
    for (bytes, remedy) in [
        (&b"PK\x03\x04rest"[..], "unpack it"),
        (b"\x1f\x8b\x08", "unpack it"),
        (b"\xff\xfei\0d\0", "save it as UTF-8"),
        (b"what is this", "--format"),
    ] {
        let mut session = Session::reading(settings());
        let error = one(&mut session, bytes, None, true).await.unwrap_err();
        assert!(error.to_string().contains(remedy), "{error}");
    }
    let error = read("csv", "a,b\n1,2\n").await.unwrap_err();
    assert!(error.to_string().contains("--map"), "{error}");
}

#[tokio::test]
async fn a_column_is_taken_as_the_user_says() {
    let text = "Vem,Nr,Namn\nanna@example.se,7,Anna\n";
    let mut settings = settings();
    settings.columns = vec![("Vem".into(), "email".into()), ("Namn".into(), "-".into())];
    let mut session = Session::reading(settings.clone());
    let report = one(&mut session, text.as_bytes(), Some(named("csv")), true)
        .await
        .unwrap();
    let fields: Vec<_> = report
        .table
        .unwrap()
        .columns
        .into_iter()
        .map(|it| it.field)
        .collect();
    assert_eq!(fields, [Some("email".to_owned()), None, None]);
    for (header, field) in [("Vad", "email"), ("Vem", "shoe_size")] {
        settings.columns = vec![(header.into(), field.into())];
        let mut session = Session::reading(settings.clone());
        let read = one(&mut session, text.as_bytes(), Some(named("csv")), true).await;
        assert!(matches!(read, Err(IngestError::Map { .. })), "{read:?}");
    }
}

both_engines! {
    async fn an_import_cut_off_in_the_middle_goes_on_where_it_was(bench) {
        let world = World::new(bench).await;
        let file = path("zendesk-2-tickets.ndjson");
        let whole = std::fs::read(&file).unwrap();
        for cut in [whole.len() / 3, whole.len() * 2 / 3] {
            let mut session = Session::new(&world.catalog, &world.north, settings());
            one(&mut session, &whole[..cut], Some(named("zendesk")), false).await.unwrap();
        }
        import(&world, &world.north, std::slice::from_ref(&file)).await;
        let rows = "SELECT (SELECT COUNT(*) FROM contact) + (SELECT COUNT(*) FROM support_case) \
                    + (SELECT COUNT(*) FROM message)";
        let in_pieces = world.rows(rows).await;
        import(&world, &world.south, &[file]).await;
        assert_eq!(world.rows(rows).await, in_pieces * 2, "as if it had been read at once");
        let orphans = "SELECT COUNT(*) FROM message m WHERE NOT EXISTS \
                       (SELECT 1 FROM unit u WHERE u.id = m.unit)";
        assert_eq!(world.rows(orphans).await, 0);
    }

    async fn the_last_of_two_records_with_one_id_counts(bench) {
        let world = World::new(bench).await;
        let rows = "id,name,email\n7,Anna,anna@example.se\n7,Anna Ek,anna@example.se\n";
        let mut session = Session::new(&world.catalog, &world.north, settings());
        let options = Options { patience: Duration::ZERO, ..Options::default() };
        let report = session.import(rows.as_bytes(), None, options, |_| {}).await.unwrap();
        assert_eq!((report.contacts.created, report.contacts.changed), (1, 1));
        let found = world.count(crate::world::name("Ek"), &world.north).await;
        assert_eq!(found, 1);
    }
}

//! Importing files, and telling in a line what became of them.

use std::path::PathBuf;
use std::time::Duration;

use gallra::catalog::TenantRef;
use gallra::ingest::{Format, IngestError, Options, Report, Session, Settings};

use crate::world::World;

/// Nord's desk.
pub fn settings() -> Settings {
    Settings {
        own: vec!["@nord.example.se".to_owned()],
        ..Settings::default()
    }
}

/// Imports files in order, each by how it begins.
pub async fn import(world: &World, tenant: &TenantRef, files: &[PathBuf]) -> Vec<Report> {
    let mut session = Session::new(&world.catalog, tenant, settings());
    let mut reports = Vec::new();
    for file in files {
        let bytes = std::fs::read(file).expect("the file is there");
        let report = one(&mut session, &bytes, None, false).await;
        reports.push(report.unwrap_or_else(|error| panic!("{}: {error}", file.display())));
    }
    reports
}

/// Imports some bytes.
pub async fn one(
    session: &mut Session<'_>,
    bytes: &[u8],
    format: Option<&'static Format>,
    dry_run: bool,
) -> Result<Report, IngestError> {
    let options = Options {
        patience: Duration::ZERO,
        dry_run,
        ..Options::default()
    };
    session.import(bytes, format, options, |_| {}).await
}

/// What became of a source, in a line: what was read, what is new, changed and as before, and what was
/// left out or quarantined.
pub fn summary(report: &Report) -> String {
    let it = &report.read;
    let sum = |of: fn(&gallra::ingest::Counts) -> u64| {
        let all = [
            &report.contacts,
            &report.cases,
            &report.messages,
            &report.forwardings,
        ];
        all.into_iter().map(of).sum::<u64>()
    };
    let mut line = format!(
        "{}: {} contacts, {} cases, {}+{}+{} messages, {} files; {} new, {} changed, {} as before",
        report.format,
        it.contacts,
        it.cases,
        it.messages_in,
        it.messages_out,
        it.notes,
        it.attachments,
        sum(|it| it.created),
        sum(|it| it.changed),
        sum(|it| it.unchanged),
    );
    for (name, counts) in [("dropped", &report.dropped), ("remarks", &report.remarks)] {
        for (what, number) in counts {
            line.push_str(&format!("\n  {name} {number} {what}"));
        }
    }
    for (reason, number) in &report.quarantined {
        let lines = &report.quarantined_lines[reason];
        line.push_str(&format!("\n  quarantined {number} {reason} {lines:?}"));
    }
    line
}

//! `gallra import`: taking in what another system exported.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio::fs::File;
use tokio::io::{AsyncRead, BufReader, ReadBuf};

use super::failure::{Exit, Failure};
use super::output::{Output, Text, count, grouped};
use crate::app::App;
use crate::catalog::TenantRef;
use crate::ingest::{Counts, Options, Report, import_gallra};

/// Large enough that reading is never what an import waits for.
const BUFFER: usize = 256 << 10;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Into which client's data
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// gallra: NDJSON of contacts, cases, messages and forwardings
    #[arg(long, default_value = "auto")]
    format: Format,
    /// Read and count, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Files, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Auto,
    Gallra,
}

#[derive(Debug, Serialize)]
struct Answer {
    tenant: String,
    files: Vec<FileReport>,
}

#[derive(Debug, Serialize)]
struct FileReport {
    file: String,
    #[serde(flatten)]
    report: Report,
}

pub async fn run(arguments: Arguments, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = app.catalog.tenant_ref(&arguments.tenant).await?;
    let mut answer = Answer {
        tenant: tenant.slug.clone(),
        files: Vec::new(),
    };
    for path in &arguments.paths {
        let report = one(path, arguments.dry_run, &tenant, app).await?;
        answer.files.push(FileReport {
            file: path.display().to_string(),
            report,
        });
    }
    output.give(&answer, text_of)?;
    match answer.files.iter().all(|file| read_nothing(&file.report)) {
        true => Err(Failure::new(
            Exit::Failed,
            "nothing could be read: is it NDJSON with a \"type\" in each line? \
             Run with --dry-run to see what is wrong with which line",
        )),
        false => Ok(()),
    }
}

fn read_nothing(report: &Report) -> bool {
    report.records == 0 && report.quarantined_total() > 0
}

async fn one(path: &Path, dry_run: bool, tenant: &TenantRef, app: &App) -> Result<Report, Failure> {
    let options = Options {
        dry_run,
        ..Options::default()
    };
    if path == Path::new("-") {
        let bar = Bar::new(None);
        let source = BufReader::with_capacity(BUFFER, bar.watch(tokio::io::stdin()));
        return Ok(import_gallra(&app.catalog, tenant, source, options, |it| bar.show(it)).await?);
    }
    let failed = |error: std::io::Error| {
        let message = format!("{}: {error}: check the path", path.display());
        Failure::new(Exit::Failed, message)
    };
    let file = File::open(path).await.map_err(failed)?;
    let bar = Bar::new(Some(file.metadata().await.map_err(failed)?.len()));
    let source = BufReader::with_capacity(BUFFER, bar.watch(file));
    Ok(import_gallra(&app.catalog, tenant, source, options, |it| bar.show(it)).await?)
}

/// Progress on standard error; hidden where that is no terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(length: Option<u64>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let (bar, template) = match length {
            Some(length) => (
                ProgressBar::new(length),
                "{bar:30} {percent:>3} %  {msg}  {eta} left",
            ),
            None => (ProgressBar::new_spinner(), "{spinner} {bytes}  {msg}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    fn watch<R: AsyncRead + Unpin>(&self, source: R) -> Watched<R> {
        Watched {
            source,
            bar: self.0.clone(),
        }
    }

    fn show(&self, report: &Report) {
        self.0
            .set_message(count(report.records, "record", "records"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A source that tells the bar how far it was read.
struct Watched<R> {
    source: R,
    bar: ProgressBar,
}

impl<R: AsyncRead + Unpin> AsyncRead for Watched<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.source).poll_read(context, buffer);
        self.bar.inc((buffer.filled().len() - before) as u64);
        polled
    }
}

fn text_of(answer: &Answer) -> Text {
    answer.files.iter().fold(Text::default(), |text, file| {
        let it = &file.report;
        let verb = if it.dry_run { "Read" } else { "Imported" };
        let records = count(it.records, "record", "records");
        let text = text.and(format!(
            "{verb} {records} of {} for {}.",
            file.file, answer.tenant
        ));
        let text = if it.dry_run {
            text
        } else {
            taken_in(text.gap(), it)
        };
        left_out(text, it, &answer.tenant)
    })
}

fn taken_in(text: Text, it: &Report) -> Text {
    let row = |name: &str, counts: &Counts| {
        let Counts {
            created,
            changed,
            unchanged,
        } = *counts;
        [
            format!("  {name}"),
            grouped(created),
            grouped(changed),
            grouped(unchanged),
        ]
    };
    let rows = [
        row("contacts", &it.contacts),
        row("cases", &it.cases),
        row("messages", &it.messages),
        row("forwardings", &it.forwardings),
    ];
    text.table(["", "NEW", "CHANGED", "AS BEFORE"], &rows)
}

fn left_out(text: Text, it: &Report, tenant: &str) -> Text {
    let dropped = [
        (
            it.suppressed,
            "record dated before the person's erasure",
            "records dated before the person's erasure",
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
    ];
    let dropped: Vec<_> = dropped
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .collect();
    let text = match dropped.is_empty() {
        true => text,
        false => dropped
            .into_iter()
            .fold(text.gap().and("Dropped"), |text, (number, one, many)| {
                text.and(format!("  {}", count(number, one, many)))
            }),
    };
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

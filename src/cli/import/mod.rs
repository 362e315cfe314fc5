//! `gallra import`: taking in what another system exported.

mod bar;
mod paths;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, BufReader};

use self::bar::Bar;
use super::failure::{Exit, Failure};
use super::output::Output;
use crate::app::App;
use crate::catalog::TenantRef;
use crate::ingest::{
    Encoding, FORMATS, Format, IngestError, Intake, Options, Report, Session, Settings,
};

/// Large enough that reading is never what an import waits for.
const BUFFER: usize = 256 << 10;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Into which client's data
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// What the files are; auto looks at how each begins
    #[arg(long, default_value = "auto", value_parser = format_named())]
    format: String,
    /// Read and count, show what would be left out, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Take a table's column as a field: id, name, first_name, last_name, email, phone, mobile, source,
    /// further_email, further_phone, case, subject, state, text, message_id, direction, channel, author,
    /// date, or - for none
    #[arg(long = "map", value_name = "HEADER=FIELD", value_parser = column)]
    columns: Vec<(String, String)>,
    /// The encoding of a table, when the one detected is wrong
    #[arg(long, value_parser = ["utf-8", "windows-1252"])]
    encoding: Option<String>,
    /// The client's own address or @domain: mail from it went out; its address on record counts too
    #[arg(long, value_name = "ADDRESS")]
    own: Vec<String>,
    /// Where clock times without a zone are from [default: the client's time zone]
    #[arg(long, value_name = "ZONE")]
    zone: Option<chrono_tz::Tz>,
    /// Files, directories (a Maildir, a folder of mails or exports), or `-` for standard input; users
    /// and tickets before comments
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

fn format_named() -> clap::builder::PossibleValuesParser {
    use clap::builder::PossibleValue;
    let auto = PossibleValue::new("auto").help("as each file begins");
    let formats = FORMATS
        .iter()
        .map(|it| PossibleValue::new(it.name).help(it.about));
    clap::builder::PossibleValuesParser::new(std::iter::once(auto).chain(formats))
}

fn column(text: &str) -> Result<(String, String), String> {
    let (header, field) = text.rsplit_once('=').ok_or("write HEADER=FIELD")?;
    Ok((header.to_owned(), field.to_owned()))
}

#[derive(Debug, Serialize)]
struct Answer {
    tenant: String,
    files: Vec<FileReport>,
}

#[derive(Debug, Serialize)]
struct FileReport {
    file: String,
    /// Why nothing of it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(flatten)]
    report: Report,
}

pub async fn run(arguments: Arguments, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = app.catalog.tenant_ref(&arguments.tenant).await?;
    let settings = settings(&arguments, &tenant, app).await?;
    let mut answer = Answer {
        tenant: tenant.slug.clone(),
        files: Vec::new(),
    };
    let mut import = Import {
        session: Session::new(&app.catalog, &tenant, settings),
        app,
        tenant: &tenant,
        format: Format::named(&arguments.format),
        dry_run: arguments.dry_run,
        json: output.json,
    };
    for path in &arguments.paths {
        let (report, failure) = match import.path(path).await {
            Ok(report) => (report, None),
            Err(Stopped::ThisFile(error)) => (Report::default(), Some(error.to_string())),
            Err(Stopped::All(failure)) => return Err(failure),
        };
        answer.files.push(FileReport {
            file: path.display().to_string(),
            failure,
            report,
        });
    }
    output.give(&answer, text::text_of)?;
    match answer.files.iter().all(read_nothing) {
        true => Err(Failure::new(
            Exit::Failed,
            nothing_read(&answer, &arguments),
        )),
        false => Ok(()),
    }
}

/// Why nothing was taken in, as far as that is known, and what to type next: nothing that was typed
/// already.
fn nothing_read(answer: &Answer, arguments: &Arguments) -> String {
    let failures: Option<BTreeSet<&str>> = answer
        .files
        .iter()
        .map(|it| it.failure.as_deref())
        .collect();
    if let Some(failures) = failures {
        let failures: Vec<_> = failures.into_iter().collect();
        return format!("nothing could be read: {}", failures.join("; "));
    }
    let format = match arguments.format.as_str() {
        "auto" => "name the format with --format".to_owned(),
        given => format!("see whether the format is {given}: without --format it is looked for"),
    };
    let lines = match arguments.dry_run {
        true => "what is wrong with which line is said above",
        false => "run with --dry-run to see what is wrong with which line",
    };
    format!("nothing could be read: {format}; {lines}")
}

fn read_nothing(file: &FileReport) -> bool {
    let left_out = file.report.quarantined_total() > 0 || file.report.skipped > 0;
    file.report.records == 0 && (left_out || file.failure.is_some())
}

async fn settings(
    arguments: &Arguments,
    tenant: &TenantRef,
    app: &App,
) -> Result<Settings, Failure> {
    let known = app.catalog.show_tenant(&tenant.slug).await?;
    let zone = arguments
        .zone
        .or_else(|| known.summary.timezone.parse().ok());
    let mut own = arguments.own.clone();
    own.push(known.email.expose().to_owned());
    Ok(Settings {
        country: tenant.country.clone(),
        zone: zone.unwrap_or(chrono_tz::Tz::UTC),
        own,
        columns: arguments.columns.clone(),
        encoding: arguments.encoding.as_deref().map(|it| match it {
            "utf-8" => Encoding::Utf8,
            _ => Encoding::Windows1252,
        }),
    })
}

/// What ended the reading of a path.
enum Stopped {
    /// It cannot be read, others may be.
    ThisFile(IngestError),
    /// Nothing more can be taken in.
    All(Failure),
}

impl From<IngestError> for Stopped {
    fn from(error: IngestError) -> Self {
        match error.is_of_one_file() {
            true => Stopped::ThisFile(error),
            false => Stopped::All(error.into()),
        }
    }
}

struct Import<'a> {
    session: Session<'a>,
    app: &'a App,
    tenant: &'a TenantRef,
    format: Option<&'static Format>,
    dry_run: bool,
    json: bool,
}

impl<'a> Import<'a> {
    async fn path(&mut self, path: &Path) -> Result<Report, Stopped> {
        let options = Options {
            dry_run: self.dry_run,
            ..Options::default()
        };
        let mut intake = Intake::new(&self.app.catalog, self.tenant, options);
        if path == Path::new("-") {
            let bar = Bar::new(None, self.json);
            let mut source = BufReader::with_capacity(BUFFER, bar.watch(tokio::io::stdin()));
            let beginning = source.fill_buf().await;
            if beginning.map_err(|error| failed(path, &error))?.is_empty() {
                return Err(Stopped::ThisFile(IngestError::NoInput));
            }
            let session = &mut self.session;
            session
                .read(source, self.format, &mut intake, |it| bar.show(it))
                .await?;
        } else if path.is_dir() {
            self.directory(path, &mut intake).await?;
        } else {
            let length = std::fs::metadata(path)
                .map_err(|error| failed(path, &error))?
                .len();
            let bar = Bar::new(Some(length), self.json);
            self.file(path, &bar, &mut intake).await?;
        }
        Ok(intake.finish().await?)
    }

    async fn file(
        &mut self,
        path: &Path,
        bar: &Bar,
        intake: &mut Intake<'a>,
    ) -> Result<(), Stopped> {
        let file = File::open(path)
            .await
            .map_err(|error| failed(path, &error))?;
        let source = BufReader::with_capacity(BUFFER, bar.watch(file));
        let session = &mut self.session;
        let format = self.format.or_else(|| Format::of_path(path));
        let read = session.read(source, format, intake, |it| bar.show(it));
        Ok(read.await?)
    }

    /// Every file of a directory. One that cannot be read is named and passed over.
    async fn directory(&mut self, path: &Path, intake: &mut Intake<'a>) -> Result<(), Stopped> {
        let files = paths::files_of(path).map_err(|error| failed(path, &error))?;
        let length = files.iter().map(|(_, length)| length).sum();
        let bar = Bar::new(Some(length), self.json);
        for (file, _) in &files {
            let name = file.strip_prefix(path).unwrap_or(file);
            intake.begin_file(name.display().to_string());
            match self.file(file, &bar, intake).await {
                Err(Stopped::ThisFile(error)) => intake.skip(error.to_string()),
                read => read?,
            }
        }
        Ok(())
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Stopped {
    let message = format!("{}: {error}: check the path", path.display());
    Stopped::All(Failure::new(Exit::Failed, message))
}

//! `gallra verify`: a receipt file or a package with nothing but the file, or the whole log.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text, count};
use super::verify_package::package;
use crate::app::App;
use crate::receipts::log::LogReport;
use crate::receipts::{Policy, verify};

/// A receipt file has a few thousand characters; what is larger is none.
const LARGEST: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The receipt file, or `-` for standard input; a package of Art. 15 (zip), or its manifest.json
    #[arg(required_unless_present = "all")]
    file: Option<PathBuf>,
    /// Whom to believe: the operator's log.policy
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    policy: Option<PathBuf>,
    /// Every receipt of this installation, and the log itself
    #[arg(long, conflicts_with = "file")]
    pub all: bool,
}

/// Checks a file. Reads no settings, no data directory and no network.
pub fn file(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let policy = match &arguments.policy {
        Some(path) => Some(read(path)?.parse::<Policy>()?),
        None => None,
    };
    let file = arguments.file.as_deref().unwrap_or(Path::new("-"));
    if let Some(report) = package(file, policy.as_ref()).map_err(|error| unread(file, &error))? {
        output.give(&report, |report| Text::verbatim(report.to_string()))?;
        return passed(report.passed);
    }
    let report = verify(&read(file)?, policy.as_ref());
    output.give(&report, |report| Text::verbatim(report.to_string()))?;
    passed(report.passed)
}

/// The log's report, with the one word that a program asks for.
#[derive(Debug, Serialize)]
struct Checked {
    passed: bool,
    #[serde(flatten)]
    report: LogReport,
}

/// Checks the log of this installation.
pub async fn all(app: &App, output: Output) -> Result<(), Failure> {
    let report = app.log.verify_all().await?;
    let checked = Checked {
        passed: report.passed(),
        report,
    };
    output.give(&checked, |it| log_text(&it.report))?;
    passed(checked.passed)
}

fn passed(passed: bool) -> Result<(), Failure> {
    if passed {
        Ok(())
    } else {
        Err(Failure::silent(Exit::Unverified))
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = match path.to_str() {
        Some("-") => io::stdin().lock().take(LARGEST).read_to_end(&mut bytes),
        _ => fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)),
    };
    read.map_err(|error| unread(path, &error))?;
    // Bytes that are no text make a file that is no receipt, which the report says.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn unread(path: &Path, error: &io::Error) -> Failure {
    let message = format!("{}: {error}: check the path", path.display());
    Failure::new(Exit::Failed, message)
}

fn log_text(report: &LogReport) -> Text {
    let checked = count(report.checked, "receipt", "receipts");
    let text = report
        .problems
        .iter()
        .fold(Text::default(), |text, problem| match problem.seq {
            Some(seq) => text.and(format!("FAILED  receipt {seq}: {}", problem.what)),
            None => text.and(format!("FAILED  log: {}", problem.what)),
        });
    match report.passed() {
        true => text.and(format!(
            "Verified: {checked}, every tile and the checkpoint."
        )),
        false => text.gap().paragraph(
            0,
            &format!(
                "NOT VERIFIED ({checked} read). Compare with the receipts in a backup, and put the \
                 vault back with `gallra mirror promote`."
            ),
        ),
    }
}

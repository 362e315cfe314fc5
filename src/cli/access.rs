//! `gallra access`: everything held about a person, as JSON.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text, count};
use super::person::Named;
use crate::app::App;
use crate::vocabulary::ContactId;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// In which client's data
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    #[command(flatten)]
    who: Named,
    /// A new file, readable by its owner only; standard output when not given
    #[arg(long, value_name = "FILE.json")]
    out: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Written {
    contact: ContactId,
    file: String,
    cases: u64,
    messages: u64,
}

pub async fn run(arguments: Arguments, app: &App, output: Output) -> Result<(), Failure> {
    if arguments
        .out
        .as_deref()
        .and_then(Path::extension)
        .is_some_and(|it| it == "zip")
    {
        return Err(Failure::usage(
            "this release writes JSON: name a file that ends in .json",
        ));
    }
    let tenant = app.catalog.tenant_ref(&arguments.tenant).await?;
    let contact = arguments.who.resolve(&app.catalog, &tenant).await?;
    let record = app.catalog.access(&tenant, contact).await?;
    let Some(file) = arguments.out else {
        return output.document(&record);
    };
    write_new(&file, &record)?;
    let written = Written {
        contact,
        file: file.display().to_string(),
        cases: record.cases.len() as u64,
        messages: record
            .cases
            .iter()
            .map(|case| case.messages.len() as u64)
            .sum(),
    };
    output.give(&written, |it| {
        let (cases, messages) = (
            count(it.cases, "case", "cases"),
            count(it.messages, "message", "messages"),
        );
        Text::line(format!(
            "Wrote the profile, {cases} and {messages} to {}.",
            it.file
        ))
        .paragraph(0, "It is not encrypted: hand it over and delete it.")
    })
}

/// Never over another file; nothing is left behind when the disk is full.
pub fn write_new(path: &Path, record: &impl Serialize) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let remedy = "name a new file in a directory that can be written";
        Failure::new(
            Exit::Failed,
            format!("{}: {error}: {remedy}", path.display()),
        )
    };
    let text = serde_json::to_vec_pretty(record)
        .map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let text = zeroize::Zeroizing::new(text);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    let written = file.write_all(&text).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(path); // A torn package helps nobody.
        failed(error)
    })
}

//! `gallra access`: everything held about a person, as the package of Art. 15 or as JSON.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::new_file;
use super::output::{Output, Text, count};
use super::person::Named;
use crate::app::App;
use crate::requests::Requests;
use crate::requests::package::{PackageOrder, Packed};
use crate::vocabulary::{ContactId, Lang};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// In which client's data
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    #[command(flatten)]
    who: Named,
    /// A new file, readable by its owner only: the package where it ends in .zip,
    /// else JSON; JSON on standard output when not given
    #[arg(long, value_name = "FILE.zip")]
    out: Option<PathBuf>,
    /// The package's language, sv or en; the client's first when not said
    #[arg(long, value_name = "CODE", requires = "out")]
    lang: Option<Lang>,
}

#[derive(Debug, Serialize)]
struct Written {
    contact: ContactId,
    file: String,
    cases: u64,
    messages: u64,
}

pub async fn run(arguments: Arguments, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = app.catalog.tenant_ref(&arguments.tenant).await?;
    let contact = arguments.who.resolve(&app.catalog, &tenant).await?;
    if let Some(file) = arguments.out.as_deref().filter(|it| is_zip(it)) {
        let order = PackageOrder {
            tenant,
            contact,
            lang: arguments.lang,
            case_no: None,
        };
        let packed = write_package(file, &app.requests(), &order).await?;
        return output.give(&Zipped::of(packed, file), Zipped::text);
    }
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
        .paragraph(0, NOT_ENCRYPTED)
    })
}

/// What whoever has the file must know.
pub const NOT_ENCRYPTED: &str = "It is not encrypted: hand it over and delete it.";

/// A package in a file.
#[derive(Debug, Serialize)]
pub struct Zipped {
    file: String,
    #[serde(flatten)]
    packed: Packed,
}

impl Zipped {
    pub fn of(packed: Packed, file: &Path) -> Self {
        Self {
            file: file.display().to_string(),
            packed,
        }
    }

    pub fn text(&self) -> Text {
        let it = &self.packed;
        let mut held = vec![
            count(it.cases, "case", "cases"),
            count(it.messages, "message", "messages"),
        ];
        if it.attachments > 0 {
            held.push(count(it.attachments, "attached file", "attached files"));
        }
        let text = Text::line(format!(
            "Wrote the package with {} to {}.",
            held.join(", "),
            self.file
        ));
        let text = match it.masked {
            0 => text,
            masked => {
                let masked = count(masked, "message", "messages");
                text.paragraph(0, &format!("Redacted: {masked} of other people."))
            }
        };
        text.paragraph(0, NOT_ENCRYPTED)
    }
}

/// Whether a file is to be a package.
pub fn is_zip(path: &Path) -> bool {
    path.extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("zip"))
}

/// The package of a person in a new file.
pub async fn write_package(
    path: &Path,
    requests: &Requests,
    order: &PackageOrder,
) -> Result<Packed, Failure> {
    let out = tokio::fs::File::from_std(new_file::create(path)?);
    let written = Box::pin(requests.write_package(order, out)).await;
    new_file::end(path, written.map_err(Failure::from))
}

/// Never over another file; nothing is left behind when the disk is full.
pub fn write_new(path: &Path, record: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_vec_pretty(record)
        .map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let text = zeroize::Zeroizing::new(text);
    let written = new_file::create(path)?.write_all(&text);
    let written = written.map_err(|error| Failure::from_error(Exit::Failed, &error));
    new_file::end(path, written)
}

//! `gallra notice …`: what a client tells people about their data, now and in its versions.

use chrono::NaiveDate;
use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text};
use crate::app::App;
use crate::disclosure::versions::VersionState;
use crate::disclosure::{Change, DisclosureError, Format, Missing, Version, Weight, Written};
use crate::receipts::body::Reference;
use crate::vocabulary::{Lang, Timestamp};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The notice as it is now
    Show {
        /// The client's short name
        slug: String,
        /// sv or en; the client's first language when not said
        #[arg(long, value_name = "CODE")]
        lang: Option<Lang>,
        /// html, md or txt
        #[arg(long, value_name = "FORM", default_value = "txt")]
        format: Format,
        /// This version and not what is true now
        #[arg(long, value_name = "N", conflicts_with = "on")]
        version: Option<u64>,
        /// What was in force at the end of this day
        #[arg(long, value_name = "DATE")]
        on: Option<NaiveDate>,
    },
    /// Write a version of it as it is now, for the client to approve
    Draft {
        /// The client's short name
        slug: String,
    },
    /// Its versions, the newest first
    Versions {
        /// The client's short name
        slug: String,
    },
    /// Record that the client approved a version
    Approve {
        /// The client's short name
        slug: String,
        /// Which version
        number: u64,
        /// Who at the client, as a reference such as an e-mail's case number
        #[arg(long, value_name = "REF")]
        by: String,
    },
    /// Put an approved version in force
    Publish {
        /// The client's short name
        slug: String,
        /// Which version; the newest that is approved when not said
        number: Option<u64>,
        /// Publish though the law asks for more, for this reason, which stays with the version
        #[arg(long, value_name = "REASON")]
        in_spite_of: Option<String>,
    },
    /// What changed from one version to another
    Diff {
        /// The client's short name
        slug: String,
        /// The older version
        from: u64,
        /// The newer version
        to: u64,
        /// sv or en; the client's first language when not said
        #[arg(long, value_name = "CODE")]
        lang: Option<Lang>,
    },
    /// What is missing in it, and where to set that
    Lint {
        /// The client's short name
        slug: String,
    },
}

#[derive(Debug, Serialize)]
struct Shown {
    slug: String,
    lang: Lang,
    format: Format,
    text: String,
}

#[derive(Debug, Serialize)]
struct Items<T> {
    items: Vec<T>,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::Show {
            slug,
            lang,
            format,
            version,
            on,
        } => {
            let notice = match (version, on) {
                (Some(number), _) => app
                    .notices()
                    .written(&slug, number)
                    .await?
                    .in_language(lang),
                (_, Some(day)) => in_force(app, &slug, day).await?.in_language(lang),
                _ => app.notices().show(&slug, lang).await?,
            };
            let shown = Shown {
                text: notice.written(format, None)?,
                slug: notice.slug,
                lang: notice.lang,
                format,
            };
            output.give(&shown, |it| Text::verbatim(it.text.clone()))
        }
        Command::Lint { slug } => lint(&slug, app, output).await,
        Command::Draft { slug } => {
            let version = app.notices().draft(&slug).await?;
            output.give(&version, |it| {
                let next = format!("gallra notice approve {slug} {} --by REF", it.number);
                about(it).and("").and(format!("Next: {next}"))
            })
        }
        Command::Versions { slug } => {
            let items = app.notices().versions(&slug).await?;
            output.give(&Items { items }, |it| match it.items.is_empty() {
                true => Text::line("No version yet: `gallra notice draft` writes one."),
                false => {
                    Text::default().table(HEADINGS, &it.items.iter().map(row).collect::<Vec<_>>())
                }
            })
        }
        Command::Approve { slug, number, by } => {
            let by = Reference::new(by).map_err(DisclosureError::from)?;
            let version = app.notices().approve(&slug, number, by).await?;
            output.give(&version, about)
        }
        Command::Publish {
            slug,
            number,
            in_spite_of,
        } => {
            let reason = in_spite_of.map(Reference::new).transpose();
            let reason = reason.map_err(DisclosureError::from)?;
            let number = match number {
                Some(number) => number,
                None => approved(app, &slug).await?,
            };
            let version = app.notices().publish(&slug, number, reason).await?;
            output.give(&version, about)
        }
        Command::Diff {
            slug,
            from,
            to,
            lang,
        } => {
            let items = app.notices().changes(&slug, from, to, lang).await?;
            output.give(&Items { items }, |it| match it.items.is_empty() {
                true => Text::line("Nothing changed."),
                false => it.items.iter().fold(Text::default(), changed),
            })
        }
    }
}

async fn in_force(app: &App, slug: &str, day: NaiveDate) -> Result<Written, Failure> {
    let none = || {
        let text =
            format!("no version was in force on {day}: `gallra notice versions {slug}` lists them");
        Failure::new(Exit::Failed, text)
    };
    let found = app.notices().in_force_on(slug, day).await?;
    found.ok_or_else(none)
}

/// The newest version that is approved and not published.
async fn approved(app: &App, slug: &str) -> Result<u64, Failure> {
    let versions = app.notices().versions(slug).await?;
    let approved = versions
        .iter()
        .find(|it| it.state == VersionState::Approved);
    approved.map(|it| it.number).ok_or_else(|| {
        let text = format!(
            "no approved version waits: `gallra notice draft {slug}`, then have it approved"
        );
        Failure::new(Exit::Refused, text)
    })
}

const HEADINGS: [&str; 5] = ["VERSION", "STATE", "IN FORCE FROM", "UNTIL", "APPROVED BY"];

fn row(it: &Version) -> [String; 5] {
    let day = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    // A draft that was never in force has an end, too.
    let until = it.ended_at.filter(|_| it.published_at.is_some());
    [
        it.number.to_string(),
        word(it.state).to_owned(),
        day(it.published_at),
        day(until),
        it.approved_by.clone().unwrap_or_default(),
    ]
}

fn word(state: VersionState) -> &'static str {
    match state {
        VersionState::Draft => "draft",
        VersionState::Approved => "approved",
        VersionState::Published => "in force",
        VersionState::Ended => "over",
    }
}

fn about(it: &Version) -> Text {
    Text::line(format!("Version {} is {}.", it.number, word(it.state)))
        .and("")
        .and(format!("  SHA-256 of its texts  {}", it.hash))
}

fn changed(text: Text, it: &Change) -> Text {
    let text = text.and(it.heading.clone());
    let removed = it.removed.iter().map(|line| ("-", line));
    let added = it.added.iter().map(|line| ("+", line));
    removed
        .chain(added)
        .fold(text, |text, (sign, line)| text.labelled(sign, 2, line))
}

async fn lint(slug: &str, app: &App, output: Output) -> Result<(), Failure> {
    let items = app.notices().lint(slug).await?;
    let has_errors = items.iter().any(|it| it.weight == Weight::Error);
    output.give(&Items { items }, |it| match it.items.is_empty() {
        true => Text::line("Nothing is missing."),
        false => it.items.iter().fold(Text::default(), one),
    })?;
    match has_errors {
        true => Err(Failure::silent(Exit::Unverified)),
        false => Ok(()),
    }
}

fn one(text: Text, it: &Missing) -> Text {
    let weight = match it.weight {
        Weight::Error => "missing",
        Weight::Warning => "advice",
    };
    text.labelled(weight, 9, &format!("{}: {}", it.field, it.what))
        .and(format!("         {}", it.remedy))
}

//! `gallra notice show|lint`: what a client tells people about their data.

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text};
use crate::app::App;
use crate::disclosure::{Format, Missing, Weight};
use crate::vocabulary::Lang;

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
struct Linted {
    items: Vec<Missing>,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::Show { slug, lang, format } => {
            let notice = app.notices().show(&slug, lang).await?;
            let shown = Shown {
                text: notice.written(format, None)?,
                slug: notice.slug,
                lang: notice.lang,
                format,
            };
            output.give(&shown, |it| Text::verbatim(it.text.clone()))
        }
        Command::Lint { slug } => lint(&slug, app, output).await,
    }
}

async fn lint(slug: &str, app: &App, output: Output) -> Result<(), Failure> {
    let items = app.notices().lint(slug).await?;
    let has_errors = items.iter().any(|it| it.weight == Weight::Error);
    output.give(&Linted { items }, |it| match it.items.is_empty() {
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

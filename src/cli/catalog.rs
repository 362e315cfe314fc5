//! `gallra catalog`: what is held of a client.

use super::failure::{Exit, Failure};
use super::output::{Output, Text, grouped};
use crate::app::App;
use crate::disclosure::{DeclaredCategory, DeclaredInventory};
use crate::vocabulary::Timestamp;
use crate::web::csv_table;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The client's short name
    slug: String,
    /// In which form
    #[arg(long, value_name = "FORM", value_enum, default_value = "table")]
    format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Table,
    Csv,
}

pub async fn run(arguments: Arguments, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = app.catalog.tenant_ref(&arguments.slug).await?;
    let inventory = app.notices().inventory(&tenant).await?;
    if arguments.format == Form::Csv && !output.json {
        let table = csv_table(&inventory.categories);
        let table = table.ok_or_else(|| Failure::from_error(Exit::Failed, &std::fmt::Error))?;
        return output.raw(&table);
    }
    output.give(&inventory, text)
}

fn text(it: &DeclaredInventory) -> Text {
    if it.categories.is_empty() {
        return Text::line(format!("Nothing is held of {}.", it.rest.tenant));
    }
    let rows: Vec<_> = it.categories.iter().map(row).collect();
    let headings = [
        "CATEGORY", "PEOPLE", "RECORDS", "OLDEST", "NEWEST", "KEPT", "TOLD",
    ];
    let text = Text::line(format!("Held of {}:", it.rest.tenant))
        .gap()
        .table(headings, &rows)
        .gap();
    let channels = it.rest.channels.iter();
    let channels = channels.map(|it| format!("{} {}", it.channel.word(), grouped(it.messages)));
    let custody = it.rest.custody.iter();
    let custody = custody.map(|it| format!("{} {}", it.custody.word(), grouped(it.cases)));
    let Some(first) = it.categories.first() else {
        return text;
    };
    let mut sources: Vec<&str> = Vec::new();
    for source in it.categories.iter().flat_map(|it| &it.held.sources) {
        if !sources.contains(&source.as_str()) {
            sources.push(source);
        }
    }
    let purposes = first.held.purposes.iter().map(|it| it.word());
    [
        ("channels", joined(channels)),
        ("cases with", joined(custody)),
        ("sources", joined(sources.iter().map(|it| (*it).to_owned()))),
        ("recipients", joined(first.held.recipients.iter().cloned())),
        ("purposes", joined(purposes.map(str::to_owned))),
        ("legal basis", first.held.legal_basis.clone()),
    ]
    .into_iter()
    .filter(|(_, words)| !words.is_empty())
    .fold(text, |text, (label, words)| {
        text.labelled(label, 13, &words)
    })
}

fn row(it: &DeclaredCategory) -> [String; 7] {
    let held = &it.held;
    let date = |time: Option<Timestamp>| match time {
        Some(time) => time.to_utc().format("%Y-%m-%d").to_string(),
        None => "–".to_owned(),
    };
    [
        held.category.word().replace('_', " "),
        grouped(held.contacts),
        grouped(held.records),
        date(held.oldest),
        date(held.newest),
        held.retention.to_string(),
        if it.declared { "yes" } else { "NO" }.to_owned(),
    ]
}

fn joined(words: impl IntoIterator<Item = String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

//! `gallra find`: what is held about a person.

use super::failure::Failure;
use super::output::{Output, Text, count};
use super::person::Typed;
use crate::app::App;
use crate::catalog::{Finding, Identifier, Match};
use crate::vocabulary::Personal;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// E-mail address, telephone number, name or external id, or `-`
    identifier: Typed,
    /// In this client's data only
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// What kind of identifier it is; guessed when not said
    #[arg(long = "as", value_name = "KIND")]
    kind: Option<Kind>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    Email,
    Phone,
    Name,
    ExternalId,
}

impl Kind {
    fn identifier(self, text: Personal) -> Identifier {
        match self {
            Kind::Email => Identifier::Email(text),
            Kind::Phone => Identifier::Phone(text),
            Kind::Name => Identifier::Name(text),
            Kind::ExternalId => Identifier::ExternalId(text),
        }
    }
}

pub async fn run(arguments: Arguments, app: &App, output: Output) -> Result<(), Failure> {
    let text = arguments.identifier.read()?;
    let identifier = match arguments.kind {
        Some(kind) => kind.identifier(text),
        None => Identifier::guess(text.expose()),
    };
    let tenant = match &arguments.tenant {
        Some(slug) => Some(app.catalog.tenant_ref(slug).await?),
        None => None,
    };
    let finding = app.catalog.find(&identifier, tenant.as_ref()).await?;
    output.give(&finding, |finding| text_of(finding, &identifier))
}

fn text_of(finding: &Finding, identifier: &Identifier) -> Text {
    let kind = match identifier {
        Identifier::Email(_) => "e-mail address",
        Identifier::Phone(_) => "telephone number",
        Identifier::Name(_) => "name",
        Identifier::ExternalId(_) => "external id",
    };
    let found = finding.matches.len() as u64;
    let heading = match found {
        0 => format!("Nothing is held under this {kind}."),
        _ => format!("{} by this {kind}.", count(found, "contact", "contacts")),
    };
    let text = finding
        .matches
        .iter()
        .fold(Text::line(heading), |text, it| person(text.gap(), it));
    match finding.being_erased {
        0 => text,
        more => text.gap().and(format!(
            "{} being erased at this moment.",
            count(more, "more is", "more are")
        )),
    }
}

fn person(text: Text, it: &Match) -> Text {
    let name = it.name.as_ref().map_or("(no name)", Personal::expose);
    let heading = match &it.external_id {
        Some(external) => format!("{name}, {} there", external.expose()),
        None => name.to_owned(),
    };
    let or_dash = |text: String| {
        if text.is_empty() {
            "–".to_owned()
        } else {
            text
        }
    };
    let rows: Vec<_> = it
        .categories
        .iter()
        .map(|held| {
            [
                format!("  {}", held.category.word().replace('_', " ")),
                held.records.to_string(),
                or_dash(held.source.clone().unwrap_or_default()),
                or_dash(held.recipients.join(", ")),
                match held.kept_until {
                    Some(day) => day.to_string(),
                    None => format!("{} after closing", held.retention),
                },
            ]
        })
        .collect();
    let text = text
        .and(format!("{heading}: contact {} of {}", it.id, it.tenant))
        .table(
            [
                "  CATEGORY",
                "RECORDS",
                "SOURCE",
                "RECIPIENTS",
                "KEPT UNTIL",
            ],
            &rows,
        );
    match it.categories.first() {
        Some(any) => {
            let purposes: Vec<&str> = any.purposes.iter().map(|it| it.word()).collect();
            let why = format!("for {} ({})", purposes.join(", "), any.legal_basis);
            text.paragraph(2, &why)
        }
        None => text,
    }
}

//! `gallra recipient add|list|remove`: who may be given data.

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text};
use crate::app::App;
use crate::catalog::processing::{Recipient, RecipientRole};
use crate::vocabulary::RecipientId;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a company or a role to the register
    Add {
        /// For this client only; for all when not given
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// A company or a role, no person
        #[arg(long)]
        name: String,
        /// sub_processor, second_line, telecom, carrier, payment, platform,
        /// authority or other
        #[arg(long)]
        role: RecipientRole,
        /// ISO 3166 code of where it works
        #[arg(long, value_name = "CODE", default_value = "SE")]
        country: String,
        /// What protects the data outside the EEA
        #[arg(long, value_name = "TEXT")]
        safeguard: Option<String>,
    },
    /// The register
    List {
        /// Of this client, with those for all
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
    },
    /// Take somebody out of the register
    Remove {
        /// Which one, as `recipient list --json` shows it
        id: RecipientId,
    },
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Recipient>,
}

#[derive(Debug, Serialize)]
struct Removed {
    id: RecipientId,
    removed: bool,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::Add {
            tenant,
            name,
            role,
            country,
            safeguard,
        } => {
            let tenant = match tenant {
                Some(slug) => Some(app.catalog.tenant_ref(&slug).await?.id),
                None => None,
            };
            let new = Recipient {
                id: None,
                tenant,
                name,
                role,
                country,
                safeguard,
                added_at: None,
            };
            let added = app.catalog.add_recipient(new).await?;
            output.give(&added, |it| Text::line(format!("Added {}.", it.name)))
        }
        Command::List { tenant } => {
            let tenant = match tenant {
                Some(slug) => Some(app.catalog.tenant_ref(&slug).await?.id),
                None => None,
            };
            let items = app.catalog.recipients(tenant).await?;
            output.give(&List { items }, list)
        }
        Command::Remove { id } => {
            let removed = app.catalog.remove_recipient(id).await?;
            removed.ok_or_else(|| {
                let message = format!("no recipient {id}: `gallra recipient list` shows them");
                Failure::new(Exit::Failed, message)
            })?;
            output.give(&Removed { id, removed: true }, |_| {
                Text::line("Taken out of the register.")
            })
        }
    }
}

fn list(list: &List) -> Text {
    if list.items.is_empty() {
        return Text::line("Nobody is in the register.")
            .and("Next: gallra recipient add --name NAME --role ROLE");
    }
    let row = |it: &Recipient| {
        [
            it.role.word().replace('_', " "),
            it.country.clone(),
            match it.tenant {
                Some(_) => "one",
                None => "all",
            }
            .to_owned(),
            it.name.clone(),
        ]
    };
    let rows: Vec<_> = list.items.iter().map(row).collect();
    Text::default().table(["ROLE", "COUNTRY", "CLIENTS", "NAME"], &rows)
}

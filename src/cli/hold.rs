//! `gallra hold add|list|release`: reasons why something may not be erased yet.

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text, moment};
use crate::app::App;
use crate::erasure::hold::Hold;
use crate::vocabulary::{ContactId, HoldId};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Place a hold on a client's data or on one contact
    Add {
        /// On which client's data
        #[arg(long, value_name = "SLUG")]
        tenant: String,
        /// On this contact only
        #[arg(long, value_name = "ID")]
        contact: Option<ContactId>,
        /// Why, as a reference that names no person
        #[arg(long, value_name = "REF")]
        reason: String,
    },
    /// Holds in force
    List {
        /// Of this client only
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
    },
    /// Release a hold
    Release {
        /// Which one, as `hold list` shows it
        id: HoldId,
    },
}

#[derive(Debug, Serialize)]
struct Placed {
    id: HoldId,
}

#[derive(Debug, Serialize)]
struct Released {
    id: HoldId,
    released: bool,
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    /// Absent while the client is being purged.
    slug: Option<String>,
    #[serde(flatten)]
    hold: Hold,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::Add {
            tenant,
            contact,
            reason,
        } => {
            let tenant = app.catalog.tenant_ref(&tenant).await?;
            let id = app.eraser.add_hold(tenant.id, contact, &reason).await?;
            output.give(&Placed { id }, |it| {
                Text::line(format!("Hold {} is in force.", it.id))
            })
        }
        Command::List { tenant } => list(tenant, app, output).await,
        Command::Release { id } => {
            if !app.eraser.release_hold(id).await? {
                let message = format!("no hold {id} is in force: `gallra hold list` shows them");
                return Err(Failure::new(Exit::Failed, message));
            }
            let released = Released { id, released: true };
            output.give(&released, |it| {
                Text::line(format!("Hold {} is released.", it.id))
            })
        }
    }
}

async fn list(tenant: Option<String>, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = match tenant {
        Some(slug) => Some(app.catalog.tenant_ref(&slug).await?.id),
        None => None,
    };
    let tenants = app.catalog.tenant_refs().await?;
    let slug = |id| {
        tenants
            .iter()
            .find(|tenant| tenant.id == id)
            .map(|it| it.slug.clone())
    };
    let holds = app.eraser.holds(tenant).await?;
    let items = holds
        .into_iter()
        .map(|hold| Item {
            slug: slug(hold.tenant),
            hold,
        })
        .collect();
    output.give(&List { items }, |list| {
        if list.items.is_empty() {
            return Text::line("No hold is in force.");
        }
        list.items.iter().fold(Text::default(), |text, it| {
            text.and(format!("Hold {}", it.hold.id)).pairs(lines(it))
        })
    })
}

fn lines(it: &Item) -> [(&'static str, String); 4] {
    let client = it
        .slug
        .clone()
        .unwrap_or_else(|| it.hold.tenant.to_string());
    let on = match it.hold.contact {
        Some(contact) => format!("contact {contact} of {client}"),
        None => format!("everything of {client}"),
    };
    [
        ("on", on),
        ("reason", it.hold.reason.clone()),
        ("since", moment(it.hold.placed_at)),
        ("by", it.hold.placed_by.clone()),
    ]
}

//! `gallra token create|list|revoke`: keys to the API.

use std::time::Duration;

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text, moment};
use crate::app::App;
use crate::staff::{NewToken, Role, Token};
use crate::vocabulary::{Timestamp, TokenId};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a token; it is shown once and never again
    Create(Create),
    /// Every token, without itself
    List,
    /// End a token at once
    Revoke {
        /// Which one, as `token list` shows it
        id: TokenId,
    },
}

#[derive(Debug, clap::Args)]
pub struct Create {
    /// What it is for: lower-case letters, digits, dots, hyphens; no person's name
    #[arg(long)]
    name: String,
    /// admin, dpo, tenant, hook or auditor
    #[arg(long)]
    role: Role,
    /// For this client only
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// After how many days it ends by itself
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    days: Option<u16>,
}

#[derive(Debug, Serialize)]
struct Created {
    id: TokenId,
    token: String,
}

#[derive(Debug, Serialize)]
struct Revoked {
    id: TokenId,
    revoked: bool,
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Item {
    /// Absent for all clients, or when the client is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<String>,
    #[serde(flatten)]
    token: Token,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create(new) => create(new, app, output).await,
        Command::List => list(app, output).await,
        Command::Revoke { id } => {
            app.revoke_token(id).await?;
            output.give(&Revoked { id, revoked: true }, |it| {
                Text::line(format!("Token {} opens nothing any more.", it.id))
            })
        }
    }
}

async fn create(new: Create, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = match &new.tenant {
        Some(slug) => Some(app.catalog.tenant_ref(slug).await?.id),
        None => None,
    };
    let expires_at = new.days.map(|days| after(app.clock.now(), days));
    let made = app.create_token(NewToken {
        name: new.name,
        role: new.role,
        tenant,
        expires_at,
    });
    let (id, token) = made.await?;
    let created = Created {
        id,
        token: token.expose().to_owned(),
    };
    output.give(&created, |it| {
        Text::line(&it.token)
            .gap()
            .paragraph(
                0,
                "It is shown this once. Send it as `Authorization: Bearer …`; end it with:",
            )
            .and(format!("gallra token revoke {}", it.id))
    })
}

fn after(now: Timestamp, days: u16) -> Timestamp {
    let length = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
    Timestamp(now.0.saturating_add_unsigned(length.as_micros() as u64))
}

async fn list(app: &App, output: Output) -> Result<(), Failure> {
    let tenants = app.catalog.tenant_refs().await?;
    let slug = |id| {
        tenants
            .iter()
            .find(|it| it.id == id)
            .map(|it| it.slug.clone())
    };
    let tokens = app.tokens().list().await?.into_iter();
    let items = tokens
        .map(|token| Item {
            slug: token.tenant.and_then(slug),
            token,
        })
        .collect();
    let now = app.clock.now();
    output.give(&List { items }, |list| text(list, now))
}

fn text(list: &List, now: Timestamp) -> Text {
    if list.items.is_empty() {
        return Text::line("No tokens yet.")
            .and("Next: gallra token create --name NAME --role dpo");
    }
    let row = |it: &Item| {
        let token = &it.token;
        [
            token.id.to_string(),
            token.role.to_owned(),
            it.slug.clone().unwrap_or_else(|| "-".to_owned()),
            state(token, now),
            token.name.clone(),
        ]
    };
    let rows: Vec<_> = list.items.iter().map(row).collect();
    Text::default().table(["TOKEN", "ROLE", "CLIENT", "STATE", "NAME"], &rows)
}

fn state(token: &Token, now: Timestamp) -> String {
    match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {}", moment(at)),
        (None, Some(end)) if end <= now => format!("expired {}", moment(end)),
        (None, Some(end)) => format!("until {}", moment(end)),
        (None, None) => "valid".to_owned(),
    }
}

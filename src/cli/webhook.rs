//! `gallra webhook`: other systems that are told of what happens.

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text, moment};
use crate::app::App;
use crate::audit::{Action, Entry};
use crate::vocabulary::{DeliveryId, EndpointId, Personal, TenantId, Timestamp};
use crate::webhooks::{DeliveryState, Kind, NewEndpoint, WebhookError};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make an endpoint; its secret is shown once and never again
    Add {
        /// Where to post: https, and an address of the public internet
        url: String,
        /// Only what happens in this client's data
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// Only this; may be given several times [default: everything]
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
    },
    /// Every endpoint, without its secret
    List,
    /// What was sent to an endpoint, and what came of it
    Deliveries {
        /// Which one, as `webhook list` shows it
        id: EndpointId,
    },
    /// Send an endpoint something to try it with
    Test {
        /// Which one
        id: EndpointId,
    },
    /// Send something once more, as the same message
    Redeliver {
        /// To which endpoint
        id: EndpointId,
        /// Which delivery, as `webhook deliveries` shows it
        delivery: DeliveryId,
    },
    /// Give an endpoint another secret; the one before signs too for a day
    RotateSecret {
        /// Which one
        id: EndpointId,
    },
    /// Remove an endpoint, and what was on its way to it
    Remove {
        /// Which one
        id: EndpointId,
    },
}

#[derive(Debug, Serialize)]
struct Secret {
    id: EndpointId,
    secret: String,
}

#[derive(Debug, Serialize)]
struct Endpoint {
    id: EndpointId,
    tenant_id: Option<TenantId>,
    url: Personal,
    events: Vec<&'static str>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Delivery {
    id: DeliveryId,
    r#type: &'static str,
    state: DeliveryState,
    attempts: u32,
    status: Option<u16>,
    reason: Option<String>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Debug, Serialize)]
struct Sent {
    delivery: DeliveryId,
}

#[derive(Debug, Serialize)]
struct Removed {
    id: EndpointId,
    removed: bool,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    let webhooks = app.webhooks();
    let note = async |action, id: EndpointId| {
        let entry = Entry::new(app.catalog.actor, action).to(id.as_bytes());
        let recorded = app.catalog.recorder.record(&entry).await;
        recorded.map_err(|error| Failure::from_error(super::failure::Exit::Failed, error.as_ref()))
    };
    match command {
        Command::Add {
            url,
            tenant,
            events,
        } => {
            let new = new_endpoint(url, tenant, &events, app).await?;
            let (id, secret) = webhooks.add(new).await?;
            note(Action::WebhookAdded, id).await?;
            show_secret(id, &secret.shown(), output)
        }
        Command::List => list(app, output).await,
        Command::Deliveries { id } => deliveries(id, app, output).await,
        Command::Test { id } => sent(webhooks.test(id).await?, output),
        Command::Redeliver { id, delivery } => {
            sent(webhooks.redeliver(id, delivery).await?, output)
        }
        Command::RotateSecret { id } => {
            let secret = webhooks.rotate_secret(id).await?;
            note(Action::WebhookRotated, id).await?;
            show_secret(id, &secret.shown(), output)
        }
        Command::Remove { id } => {
            webhooks.remove(id).await?;
            note(Action::WebhookRemoved, id).await?;
            output.give(&Removed { id, removed: true }, |it| {
                Text::line(format!("Endpoint {} is removed.", it.id))
            })
        }
    }
}

async fn new_endpoint(
    url: String,
    tenant: Option<String>,
    events: &[String],
    app: &App,
) -> Result<NewEndpoint, Failure> {
    let tenant = match tenant {
        Some(slug) => Some(app.catalog.tenant_ref(&slug).await?.id),
        None => None,
    };
    let events = match events {
        [] => Some(Kind::ALL.to_vec()),
        words => words.iter().map(|word| Kind::from_word(word)).collect(),
    };
    Ok(NewEndpoint {
        url: url.into(),
        tenant,
        events: events.ok_or(WebhookError::Event)?,
    })
}

fn show_secret(id: EndpointId, secret: &str, output: Output) -> Result<(), Failure> {
    let answer = Secret {
        id,
        secret: secret.to_owned(),
    };
    output.give(&answer, |it| {
        Text::line(format!("Endpoint {}", it.id))
            .pairs([("secret", &it.secret)])
            .gap()
            .paragraph(0, "The secret is shown once. The other side checks signatures with it, as Standard Webhooks has it.")
    })
}

fn sent(delivery: DeliveryId, output: Output) -> Result<(), Failure> {
    output.give(&Sent { delivery }, |it| {
        Text::line(format!("Delivery {} is on its way.", it.delivery))
    })
}

async fn list(app: &App, output: Output) -> Result<(), Failure> {
    let endpoints = app.webhooks().endpoints().await?.into_iter();
    let items = endpoints.map(|it| Endpoint {
        id: it.id,
        tenant_id: it.tenant,
        url: it.url,
        events: it.events.into_iter().map(Kind::word).collect(),
        created_at: it.created_at,
    });
    let items = items.collect();
    output.give(&Items { items }, |list: &Items<Endpoint>| {
        if list.items.is_empty() {
            return Text::line("Nobody is told.");
        }
        let lines = list.items.iter().map(|it| {
            let whose = it
                .tenant_id
                .map_or("every client".to_owned(), |id| id.to_string());
            let pairs = [
                ("url", it.url.expose().to_owned()),
                ("of", whose),
                ("events", it.events.join(", ")),
                ("since", moment(it.created_at)),
            ];
            (it.id, pairs)
        });
        lines.fold(Text::default(), |text, (id, pairs)| {
            text.and(format!("Endpoint {id}")).pairs(pairs)
        })
    })
}

async fn deliveries(id: EndpointId, app: &App, output: Output) -> Result<(), Failure> {
    let webhooks = app.webhooks();
    webhooks.endpoint(id).await?;
    let (mut items, mut after) = (Vec::new(), DeliveryId([0; 16]));
    loop {
        let page = webhooks.deliveries(id, after, 500).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        items.extend(page);
    }
    items.sort_unstable_by_key(|it| std::cmp::Reverse(it.created_at));
    let items: Vec<_> = items
        .into_iter()
        .map(|it| Delivery {
            id: it.id,
            r#type: it.kind.word(),
            state: it.state,
            attempts: it.attempts,
            status: it.status,
            reason: it.reason,
            created_at: it.created_at,
        })
        .collect();
    output.give(&Items { items }, |list: &Items<Delivery>| {
        let rows: Vec<_> = list.items.iter().map(row).collect();
        Text::default().table(["DELIVERY", "EVENT", "STATE", "TRIES", "SINCE"], &rows)
    })
}

fn row(it: &Delivery) -> [String; 5] {
    let state = match it.state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "failed",
    };
    [
        it.id.to_string(),
        it.r#type.to_owned(),
        state.to_owned(),
        it.attempts.to_string(),
        moment(it.created_at),
    ]
}

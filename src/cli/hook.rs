//! `gallra hook`: what contract and billing systems announce, and what they sign with.

use std::path::PathBuf;

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text, moment};
use super::secret_file;
use crate::app::App;
use crate::offboarding::Offboarder;
use crate::offboarding::hooks::{HookSecret, Source, Stored};
use crate::vocabulary::{HookEventId, HookSecretId};

/// Events that are listed when nobody says how many.
const USUAL: u32 = 50;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Take events of a source from now on: makes a secret, shown once, or takes the other side's
    Add {
        /// standard-webhooks, stripe or cloudevents
        source: Source,
        /// A file with the secret that the other side made; `-` for standard input
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
    },
    /// Every secret, without itself
    List,
    /// End a secret at once and for good
    Remove {
        /// Which one, as `hook list` shows it
        id: HookSecretId,
    },
    /// What came, without the bodies, the newest first
    Events {
        /// So many at most
        #[arg(long, value_name = "N", default_value_t = USUAL)]
        limit: u32,
    },
    /// One event as it came, opened; the reading is written down
    Show {
        /// Which one, as `hook events` shows it
        id: HookEventId,
    },
}

#[derive(Serialize)]
struct Added<'a> {
    id: HookSecretId,
    source: Source,
    /// Only where it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Removed {
    id: HookSecretId,
    removed: bool,
}

#[derive(Debug, Serialize)]
struct List<T> {
    items: Vec<T>,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    about: &'a Stored,
    body: Option<std::borrow::Cow<'a, str>>,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    let room = app.offboarder();
    match command {
        Command::Add {
            source,
            secret_file,
        } => add(source, secret_file, &room, output).await,
        Command::List => {
            let list = List {
                items: room.hook_secrets().await?,
            };
            output.give(&list, |list| secrets_text(&list.items))
        }
        Command::Remove { id } => {
            room.end_hook_secret(id).await?;
            output.give(&Removed { id, removed: true }, |it| {
                Text::line(format!("Secret {} opens nothing any more.", it.id))
            })
        }
        Command::Events { limit } => {
            let list = List {
                items: room.hook_events(limit).await?,
            };
            output.give(&list, |list| events_text(&list.items))
        }
        Command::Show { id } => {
            let (about, body) = room.open_hook_event(id).await?;
            let body = body.as_ref().map(|body| String::from_utf8_lossy(body));
            output.give(
                &Shown {
                    about: &about,
                    body,
                },
                shown_text,
            )
        }
    }
}

async fn add(
    source: Source,
    secret_file: Option<PathBuf>,
    room: &Offboarder,
    output: Output,
) -> Result<(), Failure> {
    let given = secret_file.map(|path| secret_file::read(&path));
    let added = room.add_hook_secret(source, given.transpose()?).await?;
    let secret = added.made.as_deref().map(String::as_str);
    let id = added.id;
    output.give(&Added { id, source, secret }, added_text)
}

fn added_text(it: &Added<'_>) -> Text {
    let address = format!("POST /api/v1/hooks/{}", it.source.word());
    match it.secret {
        Some(secret) => Text::line(secret).gap().paragraph(
            0,
            &format!(
                "It is shown this once. The other side signs with it what it sends to {address}."
            ),
        ),
        None => Text::line(format!("Events to {address} are taken from now on.")),
    }
}

fn secrets_text(items: &[HookSecret]) -> Text {
    if items.is_empty() {
        return Text::line("No system is known.").and("Next: gallra hook add standard-webhooks");
    }
    let row = |it: &HookSecret| {
        let state = match it.ended_at {
            Some(at) => format!("ended {}", moment(at)),
            None => format!("since {}", moment(it.created_at)),
        };
        [it.id.to_string(), state, it.source.clone()]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    Text::default().table(["SECRET", "STATE", "SOURCE"], &rows)
}

fn events_text(items: &[Stored]) -> Text {
    if items.is_empty() {
        return Text::line("Nothing came yet.");
    }
    let row = |it: &Stored| {
        [
            it.id.to_string(),
            moment(it.received_at),
            it.outcome.clone(),
            it.source.clone(),
        ]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    Text::default().table(["EVENT", "CAME", "OUTCOME", "SOURCE"], &rows)
}

fn shown_text(it: &Shown<'_>) -> Text {
    let pairs = [
        ("source", it.about.source.clone()),
        ("outcome", it.about.outcome.clone()),
        ("came", moment(it.about.received_at)),
    ];
    let body = it.body.as_deref().unwrap_or("(erased)");
    Text::default().pairs(pairs).gap().and(body)
}

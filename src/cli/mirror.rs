//! `gallra mirror`: a second living vault, and going on from it when the first is lost.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text, moment};
use super::signals;
use crate::app::mirror::{self, Keys, promote};
use crate::config::Settings;
use crate::keyring::mirror::{Promoted, destroy_remains};
use crate::vocabulary::{MirrorId, Timestamp};

/// How often the mirror looks at the main vault; a receipt waits at most this long for it.
const INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Arguments {
    /// The mirror's directory, on another disk; made when it is empty
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// What it is called on lists and in warnings [default: as before; at first, mirror]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Catch up and end, instead of following until stopped
    #[arg(long)]
    once: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Every mirror, and how far each has followed
    List,
    /// Go on from a mirror, because the main vault or its root is lost
    Promote {
        /// The mirror's directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,
        /// Accept losing so much, as the refusal counted it
        #[arg(long, value_name = "NUMBER")]
        accept_loss: Option<u64>,
    },
    /// Wait no longer for a mirror that is gone for good; receipts name it until it is destroyed
    Forget {
        /// Its name, as `mirror list` shows it
        name: String,
        /// Who destroyed its directory, with every copy of it
        #[arg(long, value_name = "WHO")]
        destroyed_by: Option<String>,
    },
    /// Overwrite the keys in root directories that a promotion set aside
    DestroyRemains,
}

#[derive(Debug, Serialize)]
struct Followed {
    id: MirrorId,
    name: String,
    epoch: u64,
    version: i64,
    /// With the vault or its root: one failure takes both.
    same_file_system: bool,
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Item>,
    /// Forgotten ones whose directories nobody says are destroyed.
    forgotten: Vec<Forgotten>,
}

#[derive(Debug, Serialize)]
struct Item {
    id: MirrorId,
    name: String,
    epoch: u64,
    /// Epochs it has not heard of.
    behind: u64,
    version: i64,
    versions_behind: u64,
    silent_seconds: u64,
    late: bool,
    acknowledged_at: Timestamp,
    #[serde(skip)]
    state: String,
}

#[derive(Debug, Serialize)]
struct Forgotten {
    name: String,
    /// What was erased later its directory still opens, unless it is destroyed.
    epoch: u64,
    destroyed: bool,
}

#[derive(Debug, Serialize)]
struct Destroyed {
    directories: Vec<String>,
}

#[derive(Debug, Serialize)]
struct GoneOn {
    /// Its directory: it can follow the vault that it became.
    mirror: String,
    epoch: u64,
    pages: u64,
    followed_at: Timestamp,
    lost_blocks: u64,
    undone_erasures: u64,
    remains: Option<String>,
}

pub async fn run(arguments: Arguments, settings: Settings, output: Output) -> Result<(), Failure> {
    if let Some(Command::Promote {
        directory,
        accept_loss,
    }) = &arguments.command
    {
        let done = promote(&settings, directory, *accept_loss).await?;
        return promoted(done, directory, output);
    }
    let keys = Keys::open(&settings).await?;
    let done = with_keys(arguments, &settings, &keys, output).await;
    let closed = keys.close().await;
    done.and_then(|()| Ok(closed?))
}

async fn with_keys(
    arguments: Arguments,
    settings: &Settings,
    keys: &Keys,
    output: Output,
) -> Result<(), Failure> {
    match arguments.command {
        Some(Command::List) => list(keys, output).await,
        Some(Command::Forget { name, destroyed_by }) => {
            forget((name, destroyed_by), settings, keys, output).await
        }
        Some(Command::DestroyRemains) => {
            let found = destroy_remains(keys.keyring.root())?;
            let directories = found
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            output.give(&Destroyed { directories }, |it| match &it.directories[..] {
                [] => Text::line("There is nothing left to destroy."),
                some => some
                    .iter()
                    .fold(Text::line("Overwrote the keys in:"), |text, path| {
                        text.and(format!("  {path}"))
                    }),
            })
        }
        Some(Command::Promote { .. }) => Ok(()), // Done before: there may be no keys to open.
        None => follow(arguments, keys, output).await,
    }
}

async fn follow(arguments: Arguments, keys: &Keys, output: Output) -> Result<(), Failure> {
    let directory = arguments.directory.unwrap_or_default();
    let ended = signals::ended()?;
    let mut mirror = keys.mirror(&directory, arguments.name.as_deref()).await?;
    let reached = mirror.follow_once().await?;
    let followed = Followed {
        id: mirror.id(),
        name: mirror.name().to_owned(),
        epoch: reached.epoch,
        version: reached.version,
        same_file_system: keys.shares_a_disk(&directory),
    };
    output.give(&followed, |it| {
        let text = Text::line(format!("Mirror {:?} holds epoch {}.", it.name, it.epoch));
        let text = match it.same_file_system {
            true => text.paragraph(
                0,
                "WARNING: it is on the same file system as the vault or its root, so one failure \
                 takes both; name a directory on another disk.",
            ),
            false => text,
        };
        if arguments.once {
            text
        } else {
            text.and("It follows until it is stopped (Ctrl-C).")
        }
    })?;
    if !arguments.once {
        mirror.follow(INTERVAL, ended).await?;
    }
    mirror.close().await;
    Ok(())
}

async fn list(keys: &Keys, output: Output) -> Result<(), Failure> {
    let mirrors = keys.keyring.mirror_lags().await?.into_iter();
    let items = mirrors.map(|(it, lag)| Item {
        id: it.id,
        name: it.name,
        epoch: it.epoch,
        behind: lag.epochs,
        version: it.version,
        versions_behind: lag.versions,
        silent_seconds: lag.silence.as_secs(),
        late: lag.is_late(),
        acknowledged_at: it.acknowledged_at,
        state: lag.to_string(),
    });
    let forgotten = keys.keyring.forgotten_mirrors().await?.into_iter();
    let forgotten = forgotten.map(|it| Forgotten {
        name: it.name,
        epoch: it.epoch,
        destroyed: false,
    });
    output.give(
        &List {
            items: items.collect(),
            forgotten: forgotten.collect(),
        },
        |list| {
            let forgotten = list.forgotten.iter().map(still_there);
            if list.items.is_empty() {
                let text =
                    Text::line("No mirror follows this vault: a disk failure loses all data.")
                        .and("Next: gallra mirror DIR, with a directory on another disk");
                return forgotten.fold(text, |text, it| text.gap().paragraph(0, &it));
            }
            let row = |it: &Item| {
                [
                    it.name.clone(),
                    it.epoch.to_string(),
                    it.version.to_string(),
                    it.state.clone(),
                    moment(it.acknowledged_at),
                ]
            };
            let rows: Vec<_> = list.items.iter().map(row).collect();
            let head = ["NAME", "EPOCH", "CHANGE", "STATE", "LAST HEARD OF"];
            let text = Text::default().table(head, &rows);
            forgotten.fold(text, |text, it| text.gap().paragraph(0, &it))
        },
    )
}

async fn forget(
    (name, destroyed_by): (String, Option<String>),
    settings: &Settings,
    keys: &Keys,
    output: Output,
) -> Result<(), Failure> {
    let keyring = &keys.keyring;
    let mut before = keyring.forgotten_mirrors().await?.into_iter();
    let before = before.find(|it| it.name == name).map(|it| it.epoch);
    // One of this name may be forgotten and another follow: what is destroyed is the forgotten one.
    let epoch = match before {
        Some(epoch) if destroyed_by.is_some() => Some(epoch),
        _ => {
            let known = mirror::forget(settings, keys, &name).await?;
            known.map(|it| it.epoch)
        }
    };
    let Some(epoch) = epoch else {
        let message = format!("no mirror {name:?}: `gallra mirror list` shows them");
        return Err(Failure::new(Exit::Failed, message));
    };
    let destroyed = match &destroyed_by {
        Some(by) => keyring.mirror_destroyed(&name, by).await? > 0,
        None => false,
    };
    let forgotten = Forgotten {
        name,
        epoch,
        destroyed,
    };
    output.give(&forgotten, |it| {
        let text = Text::line(format!("Receipts wait no longer for {:?}.", it.name));
        match it.destroyed {
            true => text.and("Its directory is noted as destroyed: receipts name it no longer."),
            false => text.paragraph(0, &still_there(it)),
        }
    })
}

fn still_there(forgotten: &Forgotten) -> String {
    let Forgotten { name, epoch, .. } = forgotten;
    format!(
        "The directory of the forgotten mirror {name:?} holds the keys of epoch {epoch}, and opens \
         whatever is erased since. Receipts name it as an open copy: destroy it with every copy of \
         it, then `gallra mirror forget {name} --destroyed-by WHO`."
    )
}

fn promoted(promoted: Promoted, mirror: &Path, output: Output) -> Result<(), Failure> {
    let answer = GoneOn {
        mirror: mirror.display().to_string(),
        epoch: promoted.epoch,
        pages: promoted.pages,
        followed_at: promoted.followed_at,
        lost_blocks: promoted.lost_blocks,
        undone_erasures: promoted.undone_erasures,
        remains: promoted.remains.map(|path| path.display().to_string()),
    };
    output.give(&answer, |it| {
        let text = Text::line(format!(
            "The mirror is the vault now; this is epoch {}.",
            it.epoch
        ))
        .gap()
        .paragraph(
            0,
            &format!(
                "It knows everything up to {}. What the data, or a backup that is restored, knows to \
                     be erased after that is erased again; what else was erased after that and has no \
                     receipt, order again.",
                moment(it.followed_at)
            ),
        );
        let text = match &it.remains {
            Some(path) => text.paragraph(
                0,
                &format!(
                    "The old root was set aside as {path}. Once the old vault is not wanted any \
                     more: `gallra mirror destroy-remains`."
                ),
            ),
            None => text,
        };
        text.gap()
            .and("Next: gallra reconcile --full")
            .and(format!("      gallra mirror {}", it.mirror))
    })
}

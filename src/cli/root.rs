//! `gallra root status|rotate`: the epoch key.

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text};
use crate::app::App;
use crate::receipts::body::Assurance;
use crate::vocabulary::VaultId;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Where it lies and what its destruction reaches
    Status,
    /// Replace it now, as every erasure does
    Rotate,
}

#[derive(Debug, Serialize)]
struct Status {
    vault: VaultId,
    directory: String,
    provider: String,
    epoch: u64,
    erasures: u64,
    assurance: Assurance,
}

#[derive(Debug, Serialize)]
struct Rotated {
    epoch: u64,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::Status => status(app, output).await,
        Command::Rotate => {
            let rotated = Rotated {
                epoch: app.eraser.rotate_root().await?,
            };
            output.give(&rotated, |it| {
                Text::line(format!("The root is replaced; this is epoch {}.", it.epoch))
            })
        }
    }
}

async fn status(app: &App, output: Output) -> Result<(), Failure> {
    let head = app.keyring.head().await?;
    let root = app.eraser.root();
    let status = Status {
        vault: head.vault,
        directory: app.keyring.root().directory().display().to_string(),
        provider: root.provider,
        epoch: head.epoch,
        erasures: app.keyring.erasures().await?,
        assurance: root.assurance,
    };
    output.give(&status, |it| {
        Text::default()
            .pairs([
                ("root", format!("{}:{}", it.provider, it.directory)),
                ("vault", it.vault.to_string()),
                ("epoch", it.epoch.to_string()),
                ("erasures", it.erasures.to_string()),
                ("assurance", meaning(it.assurance).to_owned()),
            ])
            .gap()
            .paragraph(
                0,
                "Never copy this directory: an old copy of it undoes erasures.",
            )
    })
}

fn meaning(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::A => "A: old copies of the data are dead",
        Assurance::B => "B: old copies of the data and of the vault are dead",
        Assurance::C => "C: old copies of data, vault and whole disks are dead",
    }
}

//! `gallra backup`, `restore`, `reconcile`: copies of the data, and what became of them.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text, count, moment};
use crate::app::{App, Purpose};
use crate::config::Settings;
use crate::erasure::backup::Manifest;
use crate::erasure::orphans::{Handling, Orphans};
use crate::erasure::rehouse::RehousedUnit;
use crate::erasure::{Lost, Report};

#[derive(Debug, clap::Args)]
pub struct Directory {
    /// The backup's directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The backup's directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// After a late mirror was promoted: accept losing so much, as the refusal counted it
    #[arg(long, value_name = "NUMBER")]
    accept_loss: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub struct Reconcile {
    /// Look at every unit's key too, and make a missing search index anew
    #[arg(long)]
    pub full: bool,
    /// Destroy keys that no record names: what only backups newer than the last one restored
    /// hold can then never be read again
    #[arg(long)]
    pub destroy_orphans: bool,
    /// With --destroy-orphans: count those keys, and destroy none
    #[arg(long, requires = "destroy_orphans")]
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Reconciled {
    #[serde(flatten)]
    report: Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    orphans: Option<Orphans>,
}

#[derive(Debug, Serialize)]
struct BackedUp {
    directory: String,
    /// Below the directory that holds the house, and so lost with it.
    inside_data_dir: bool,
    #[serde(flatten)]
    manifest: Manifest,
}

#[derive(Debug, Serialize)]
struct Restored {
    directory: String,
    backup: Manifest,
    /// Blocks of keys that it uses and nobody has.
    lost_blocks: u64,
    /// Erasures that it knows and the vault did not.
    undone_erasures: u64,
    reconciled: Report,
}

pub async fn backup(arguments: Directory, app: &App, output: Output) -> Result<(), Failure> {
    let directory = arguments.directory;
    let manifest = app.backup(&directory).await?;
    let answer = BackedUp {
        directory: shown(&directory),
        inside_data_dir: app.is_beside_the_house(&directory),
        manifest,
    };
    output.give(&answer, |it| {
        let text = Text::line(format!(
            "Backed up the data and the receipts to {}.",
            it.directory
        ));
        let text = match it.inside_data_dir {
            true => text.paragraph(
                0,
                "WARNING: it lies in the data directory and is lost with it; name a directory \
                 elsewhere, best on another disk.",
            ),
            false => text,
        };
        text.gap().paragraph(
            0,
            "Keep it as long as you like: what is erased from now on cannot be read in it. It \
                 holds no keys, and cannot be read without this installation's vault and root. \
                 Those are never copied; a mirror keeps a second living vault: `gallra mirror`.",
        )
    })
}

pub async fn restore(
    arguments: Restore,
    settings: Settings,
    output: Output,
) -> Result<(), Failure> {
    let directory = arguments.directory;
    let restored = App::restore(&settings, &directory, arguments.accept_loss).await?;
    let (app, reconciled) = App::open_and_settle(settings, Purpose::Repair).await?;
    app.close().await?;
    let answer = Restored {
        directory: shown(&directory),
        backup: restored.manifest,
        lost_blocks: restored.lost_blocks,
        undone_erasures: restored.undone_erasures,
        reconciled,
    };
    output.give(&answer, |it| {
        let made = moment(it.backup.made_at);
        let text = Text::line(format!("Restored {} of {made}.", it.directory));
        let text = reconciled_text(text.gap(), &it.reconciled);
        text.gap().paragraph(
            0,
            "Queued work (imports, messages to other systems) waits: look with `gallra jobs list`, \
             then let it go on with `gallra jobs resume`.",
        )
    })
}

pub async fn reconcile(
    arguments: Reconcile,
    settings: Settings,
    output: Output,
) -> Result<(), Failure> {
    let (app, mut report) = App::open_and_settle(settings, Purpose::Repair).await?;
    if arguments.full {
        report = app.eraser.check_fully(report).await?;
    }
    let handling = match (arguments.destroy_orphans, arguments.full) {
        (true, _) if arguments.dry_run => Some(Handling::Count),
        (true, _) => Some(Handling::Destroy),
        (false, true) => Some(Handling::Note),
        (false, false) => None,
    };
    let orphans = match handling {
        Some(handling) => Some(app.eraser.orphans(handling).await?),
        None => None,
    };
    app.close().await?;
    let answer = Reconciled { report, orphans };
    output.give(&answer, |it| {
        orphans_text(
            reconciled_text(Text::default(), &it.report),
            it.orphans.as_ref(),
            arguments.dry_run,
        )
    })?;
    if answer.report.keys_missing > 0 {
        return Err(Failure::silent(Exit::Failed));
    }
    match answer.orphans.is_some_and(|it| !it.held.is_empty()) {
        true if handling == Some(Handling::Destroy) => Err(Failure::silent(Exit::Refused)),
        _ => Ok(()),
    }
}

fn orphans_text(text: Text, orphans: Option<&Orphans>, is_dry: bool) -> Text {
    let Some(orphans) = orphans else { return text };
    let text = match orphans.perhaps_leased {
        0 => text,
        leased => text.gap().paragraph(
            0,
            &format!(
                "{} left alone: a running process may be about to use them. Stop `gallra serve` and \
                 repeat.",
                count(leased, "key is", "keys are")
            ),
        ),
    };
    let text = orphans.held.iter().fold(text, |text, held| {
        let keys = count(held.keys, "key is", "keys are");
        let (client, hold) = (&held.client, held.hold);
        let remedy = format!("release it with `gallra hold release {hold}`, then repeat");
        text.gap().paragraph(
            0,
            &format!("{keys} left alone: a hold on {client} stands in the way; {remedy}."),
        )
    });
    let text = match &orphans.late_mirrors[..] {
        [] => text,
        late => text.gap().paragraph(
            0,
            &format!(
                "Receipts name newer backups as an open copy until mirror {} has followed: start it, \
                 then repeat.",
                late.join(", ")
            ),
        ),
    };
    let text = match orphans.clients {
        0 => text,
        clients => text.gap().paragraph(
            0,
            &format!(
                "{} no record names: added after the backup that was restored.",
                count(clients, "client that", "clients that")
            ),
        ),
    };
    match (orphans.destroyed, orphans.found) {
        (0, 0) => text,
        (0, found) => text.gap().paragraph(
            0,
            &format!(
                "{} no record names. Commands that end leave such keys, never used, and so does a \
                 backup that is put back: then what only newer backups hold is readable with them. \
                 Nothing tells which{}. To destroy them: `gallra reconcile --destroy-orphans`.",
                count(found, "key that", "keys that"),
                match is_dry {
                    true => "; this dry run changes nothing, also not what receipts say",
                    false => ", so receipts name newer backups as an open copy",
                }
            ),
        ),
        (destroyed, _) => text.gap().paragraph(
            0,
            &format!(
                "Destroyed {} no record named.",
                count(destroyed, "key that", "keys that")
            ),
        ),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// What the backup could not bring back: said by id, for whoever has to look it up.
fn rehoused_text(text: Text, rehoused: &[RehousedUnit]) -> Text {
    if rehoused.is_empty() {
        return text;
    }
    let number = count(
        rehoused.len() as u64,
        "unit of data was",
        "units of data were",
    );
    let text = text.gap().paragraph(
        0,
        &format!(
            "{number} corrected, redacted or moved after this backup was made. Their old keys are \
             destroyed, and what was kept of them is only in newer backups. Restore a newer one if \
             there is one; else record again what is missing of:"
        ),
    );
    rehoused.iter().fold(text, |text, unit| {
        let kept = count(unit.kept, "value", "values");
        text.and(match unit.case {
            None => format!("  contact {}: the profile, {kept}", unit.contact),
            Some(case) => format!("  contact {}: case {case}, {kept}", unit.contact),
        })
    })
}

/// What the late mirror did not have: whoever loses it has to see whether that is to be notified.
fn lost_text(text: Text, lost: &Lost) -> Text {
    if lost.units == 0 {
        return text;
    }
    let number = count(lost.units, "unit of data", "units of data");
    let text = text.gap().paragraph(
        0,
        &format!(
            "Deleted {number} that nobody can read: their keys were lost with the old vault. Import \
             again what the clients still have, and see whether the loss is to be notified (GDPR \
             Art. 33). It concerns:"
        ),
    );
    let contacts = lost.contacts.iter().map(|id| format!("  contact {id}"));
    let clients = lost.clients.iter();
    let clients = clients.map(|id| format!("  client {id}: its address and contact details"));
    contacts.chain(clients).fold(text, Text::and)
}

fn reconciled_text(text: Text, report: &Report) -> Text {
    let done = [
        (
            report.carried_out,
            "erasure of the ledger carried out",
            "erasures of the ledger carried out",
        ),
        (
            report.erased_again,
            "erasure carried out again, with a receipt",
            "erasures carried out again, each with a receipt",
        ),
        (report.receipts, "receipt issued", "receipts issued"),
        (
            report.indexes_rebuilt,
            "search index rebuilt",
            "search indexes rebuilt",
        ),
        (
            report.units_checked,
            "unit's key checked",
            "units' keys checked",
        ),
        (
            report.pending,
            "receipt waits for a mirror or the signing key: see `gallra doctor`",
            "receipts wait for a mirror or the signing key: see `gallra doctor`",
        ),
    ];
    let done: Vec<_> = done.into_iter().filter(|it| it.0 > 0).collect();
    let text = match done.is_empty() {
        true => text.and("Nothing to do: the data agrees with the vault."),
        false => text.and("The data agrees with the vault:").counted(done),
    };
    let text = lost_text(text, &report.lost);
    let text = rehoused_text(text, &report.rehoused);
    let text = report.unfinished.iter().fold(text, |text, what| {
        text.gap().paragraph(0, &format!("Not finished: {what}"))
    });
    match report.keys_missing {
        0 => text,
        missing => text.gap().paragraph(
            0,
            &format!(
                "{} neither a key nor an entry in the ledger: keep a copy of the data and run \
                 `gallra doctor`.",
                count(missing, "unit has", "units have")
            ),
        ),
    }
}

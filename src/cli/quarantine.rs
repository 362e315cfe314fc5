//! `gallra quarantine list|show|discard`: records that an import could not read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::erase::{self, Issued};
use super::failure::Failure;
use super::output::{Output, Text, count, grouped, moment};
use crate::app::App;
use crate::catalog::{Quarantined, QuarantinedRecord};
use crate::erasure::discard::{DiscardRequest, Which};
use crate::vocabulary::{QuarantineId, TenantId};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// What is in quarantine, without what the records hold
    List {
        /// Of this client only
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
    },
    /// One record as it came, opened; the reading is written down
    Show {
        /// Which one, as `quarantine list` shows it
        id: QuarantineId,
    },
    /// Make records gone for good, with a receipt
    Discard(Discard),
}

#[derive(Debug, clap::Args)]
pub struct Discard {
    /// Which ones, as `quarantine list` shows them
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<QuarantineId>,
    /// Every one of a client
    #[arg(long, requires = "tenant")]
    all: bool,
    /// Whose, with --all
    #[arg(long, value_name = "SLUG", requires = "all")]
    tenant: Option<String>,
    /// The client's instruction, as a reference that names no person
    #[arg(long, value_name = "REF", required_unless_present = "dry_run")]
    instruction: Option<String>,
    /// Count what would be discarded, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Quarantined>,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    about: &'a Quarantined,
    record: std::borrow::Cow<'a, str>,
}

#[derive(Debug, Serialize)]
struct DryRun {
    dry_run: bool,
    records: u64,
}

#[derive(Debug, Serialize)]
struct Discarded {
    records: u64,
    receipts: Vec<Issued>,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::List { tenant } => list(tenant, app, output).await,
        Command::Show { id } => show(&app.catalog.open_quarantined(id).await?, output),
        Command::Discard(arguments) => discard(arguments, app, output).await,
    }
}

async fn list(tenant: Option<String>, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = match tenant {
        Some(slug) => Some(app.catalog.tenant_ref(&slug).await?),
        None => None,
    };
    let items = app.catalog.list_quarantined(tenant.as_ref()).await?;
    output.give(&List { items }, |list| {
        if list.items.is_empty() {
            return Text::line("Nothing is in quarantine.");
        }
        let rows: Vec<_> = list.items.iter().map(row).collect();
        Text::default()
            .table(["ID", "CLIENT", "LINE", "SINCE", "REASON"], &rows)
            .gap()
            .and("gallra quarantine show ID")
            .and("gallra quarantine discard ID --instruction REF")
    })
}

fn row(it: &Quarantined) -> [String; 5] {
    [
        it.id.to_string(),
        it.tenant.clone(),
        grouped(it.line),
        moment(it.at),
        it.reason.clone(),
    ]
}

/// The record itself, byte for byte; with `--json` what is no UTF-8 is replaced.
fn show(it: &QuarantinedRecord, output: Output) -> Result<(), Failure> {
    if output.json {
        return output.document(&Shown {
            about: &it.about,
            record: String::from_utf8_lossy(&it.record),
        });
    }
    let mut line = it.record.clone();
    line.push(b'\n');
    output.raw(&line)
}

async fn discard(arguments: Discard, app: &App, output: Output) -> Result<(), Failure> {
    let wanted = wanted(&arguments, app).await?;
    let mut records = 0;
    for (tenant, which) in &wanted {
        records += app.eraser.preview_discard(*tenant, which).await?;
    }
    if arguments.dry_run {
        let dry_run = true;
        return output.give(&DryRun { dry_run, records }, |it| {
            let records = count(it.records, "quarantined record", "quarantined records");
            Text::line(format!("{records} would be gone for good."))
        });
    }
    let instruction = arguments.instruction.unwrap_or_default();
    let mut receipts = Vec::new();
    for (tenant, which) in wanted {
        let request = DiscardRequest {
            tenant,
            which,
            instruction: instruction.clone(),
        };
        let outcomes = app.eraser.discard_quarantined(request).await?;
        receipts.extend(outcomes.into_iter().map(Issued::of));
    }
    output.give(&Discarded { records, receipts }, text_of)
}

/// Which records of which client.
async fn wanted(arguments: &Discard, app: &App) -> Result<BTreeMap<TenantId, Which>, Failure> {
    let mut wanted = BTreeMap::new();
    if let Some(slug) = &arguments.tenant {
        let tenant = app.catalog.tenant_ref(slug).await?;
        wanted.insert(tenant.id, Which::All);
    }
    let mut by_tenant: BTreeMap<TenantId, BTreeSet<QuarantineId>> = BTreeMap::new();
    for id in &arguments.ids {
        let tenant = app.catalog.tenant_of_quarantined(*id).await?;
        by_tenant.entry(tenant).or_default().insert(*id);
    }
    let these = by_tenant.into_iter();
    wanted.extend(these.map(|(tenant, ids)| (tenant, Which::These(ids))));
    Ok(wanted)
}

fn text_of(it: &Discarded) -> Text {
    if it.receipts.is_empty() {
        return Text::line("Nothing is in quarantine.");
    }
    let records = count(it.records, "record", "records");
    let text = Text::line(format!("Discarded {records}.")).gap();
    it.receipts.iter().fold(text, |text, receipt| {
        erase::how_to_show(text.pairs([("receipt", receipt.receipt_id)]), receipt)
    })
}

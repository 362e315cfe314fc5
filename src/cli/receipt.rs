//! `gallra receipt list|show`: the proofs.

use serde::Serialize;

use super::failure::{Exit, Failure};
use super::output::{Output, Text};
use crate::app::App;
use crate::receipts::render::{certificate, html};
use crate::receipts::{Body, Receipt, ReceiptError};
use crate::vocabulary::{ErasureId, Lang, Timestamp};

/// Receipts read at a time.
const PAGE: u32 = 500;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Every receipt, the oldest first
    List {
        /// Of this client only, also when it is purged
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
    },
    /// One receipt
    Show {
        /// Its id, as `erase` and `receipt list` print it
        id: ErasureId,
        /// note: the file to hand over; html: a certificate as a page; json: the content; a certificate
        /// in plain text when not said
        #[arg(long, value_name = "FORM")]
        format: Option<Format>,
        /// Language of the certificate: sv or en
        #[arg(long, default_value = "en")]
        lang: Lang,
        /// Only the salt, which shows whom the receipt speaks of: for a day
        #[arg(long, conflicts_with = "format")]
        salt: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Note,
    Html,
}

impl std::str::FromStr for Format {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "json" => Ok(Format::Json),
            "note" => Ok(Format::Note),
            "html" => Ok(Format::Html),
            "pdf" => Err("this build makes no pdf: take html, and print that".to_owned()),
            _ => Err("choose one of json, note, html".to_owned()),
        }
    }
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Debug, Serialize)]
struct Salt {
    receipt_id: ErasureId,
    salt: String,
}

#[derive(Debug, Serialize)]
struct Item {
    seq: u64,
    id: ErasureId,
    kind: String,
    tenant: String,
    people: u64,
    issued_at: Timestamp,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::List { tenant } => list(tenant.as_deref(), app, output).await,
        Command::Show { id, salt: true, .. } => salt(id, app, output).await,
        Command::Show {
            id, format, lang, ..
        } => show(id, format, lang, app, output).await,
    }
}

/// By what the receipts say themselves, because a purged client is not in the data any more.
async fn list(slug: Option<&str>, app: &App, output: Output) -> Result<(), Failure> {
    let mut list = List { items: Vec::new() };
    let mut from = 0;
    loop {
        let page = app.log.list(None, from, PAGE).await?;
        let Some(last) = page.last() else { break };
        from = last.seq + 1;
        for receipt in &page {
            let item = item(receipt)?;
            if slug.is_none_or(|slug| slug == item.tenant) {
                list.items.push(item);
            }
        }
    }
    output.give(&list, list_text)
}

fn item(receipt: &Receipt) -> Result<Item, ReceiptError> {
    let body = receipt.body()?;
    Ok(Item {
        seq: receipt.seq,
        id: receipt.id,
        kind: receipt.kind.clone(),
        tenant: body.tenant.slug,
        people: body.people,
        issued_at: receipt.issued_at,
    })
}

fn list_text(list: &List) -> Text {
    if list.items.is_empty() {
        return Text::line("No receipts yet: `gallra erase` makes the first.");
    }
    let rows: Vec<_> = list
        .items
        .iter()
        .map(|it| {
            [
                it.seq.to_string(),
                it.id.to_string(),
                it.issued_at.to_utc().format("%Y-%m-%d").to_string(),
                it.kind.replace('_', "-"),
                it.tenant.clone(),
            ]
        })
        .collect();
    Text::default().table(["SEQ", "RECEIPT", "ISSUED", "KIND", "CLIENT"], &rows)
}

async fn show(
    id: ErasureId,
    format: Option<Format>,
    lang: Lang,
    app: &App,
    output: Output,
) -> Result<(), Failure> {
    let name = match format {
        Some(Format::Note) => "note",
        Some(Format::Html) => "html",
        Some(Format::Json) | None => "",
    };
    if !name.is_empty() && output.json {
        let message = format!("--json and --format {name} exclude each other: that is a file");
        return Err(Failure::usage(message));
    }
    let body = body(id, app).await?;
    match format {
        Some(Format::Html) => {
            let since = app.offboarder().confirmed_since(&body).await?;
            output.raw(html::page(&body, lang, &since).as_bytes())
        }
        Some(Format::Note) => output.raw(app.log.receipt_file(id).await?.as_bytes()),
        Some(Format::Json) => output.document(&body),
        None => output.give(&body, |body| Text::verbatim(certificate(body, lang))),
    }
}

/// Also of a receipt that is still pending: whoever lost the answer of `erase` asks here.
async fn salt(id: ErasureId, app: &App, output: Output) -> Result<(), Failure> {
    let Some(salt) = app.catalog.salt(id).await? else {
        let message = "this receipt's salt cannot be read: it is kept for a day after the erasure, \
            and only receipts of a person have one; whoever was handed it has the only copy";
        return Err(Failure::new(Exit::Failed, message));
    };
    let shown = Salt {
        receipt_id: id,
        salt: hex::encode(salt.expose()),
    };
    output.give(&shown, |it| Text::line(&it.salt))
}

async fn body(id: ErasureId, app: &App) -> Result<Body, Failure> {
    match app.log.find(id).await {
        Ok(receipt) => Ok(receipt.body()?),
        Err(ReceiptError::Unknown(_)) if app.keyring.ledger_entry(id).await?.is_some() => {
            let message = "the keys are destroyed, the receipt is pending: `gallra reconcile` \
                issues it as soon as every mirror has followed";
            Err(Failure::new(Exit::Failed, message))
        }
        Err(error) => Err(error.into()),
    }
}

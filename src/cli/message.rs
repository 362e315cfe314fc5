//! `gallra message redact`: taking out of a message what should never have been written.

use serde::Serialize;

use super::erase::{Issued, how_to_show};
use super::failure::Failure;
use super::output::{Output, Text, count};
use super::person::Typed;
use crate::app::App;
use crate::erasure::redact::{Redacted, Redaction, RedactionPreview};
use crate::vocabulary::{MessageId, Personal};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Take words out of a message, or all of it: gone for good, with a receipt
    Redact(Redact),
}

#[derive(Debug, clap::Args)]
pub struct Redact {
    /// In which client's data
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// Which message, by its id
    #[arg(long, value_name = "ID")]
    message: MessageId,
    /// Words that go wherever they stand in its text, or `-`; may be given again
    #[arg(
        long,
        value_name = "WORDS",
        allow_hyphen_values = true,
        required_unless_present = "whole"
    )]
    remove: Vec<Typed>,
    /// All of it goes, with its files
    #[arg(long, conflicts_with = "remove")]
    whole: bool,
    /// The client's instruction, as a reference that names no person
    #[arg(long, value_name = "REF")]
    instruction: String,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Done {
    message: MessageId,
    receipt: Issued,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    let Command::Redact(it) = command;
    let words: Result<Vec<Personal>, Failure> = it.remove.iter().map(Typed::read).collect();
    let order = Redaction {
        tenant: app.catalog.tenant_ref(&it.tenant).await?,
        message: it.message,
        what: match it.whole {
            true => Redacted::Whole,
            false => Redacted::Words(words?),
        },
        instruction: it.instruction,
    };
    if it.dry_run {
        let preview = app.eraser.preview_redaction(&order).await?;
        return output.give(&preview, shown);
    }
    let outcome = Box::pin(app.eraser.redact(order)).await?;
    let done = Done {
        message: it.message,
        receipt: Issued::of(outcome),
    };
    output.give(&done, |it| {
        let text = Text::line("Redacted. What was taken out is gone for good.").gap();
        let text = text.pairs([("receipt", it.receipt.receipt_id.to_string())]);
        how_to_show(text.gap(), &it.receipt).paragraph(
            0,
            "Older backups no longer open this part of the case: make a new one now.",
        )
    })
}

fn shown(it: &RedactionPreview) -> Text {
    let goes = match it.whole {
        true => "all of the message, with its files".to_owned(),
        false => count(it.places, "place of its text", "places of its text"),
    };
    Text::line("This would be done:").pairs([
        ("goes", goes),
        ("case", it.case_id.to_string()),
        ("contact", it.contact.to_string()),
        (
            "sealed anew",
            count(it.sealed_anew, "other message", "other messages"),
        ),
    ])
}

//! `gallra contact …`: putting right what is known of a person.

mod regroup;

use serde::Serialize;

use super::erase::{Issued, how_to_show};
use super::failure::Failure;
use super::output::{Output, Text};
use super::person::{Named, Typed};
use crate::app::App;
use crate::catalog::Expected;
use crate::catalog::rehouse::Fate;
use crate::catalog::types::Category;
use crate::erasure::rectify::{Rectification, Step};
use crate::vocabulary::{ContactId, Personal};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Correct a profile (Art. 16): the old value is gone for good, with a receipt
    Rectify(Rectify),
    /// Two contacts are one person: everything of one goes to the other
    Merge(regroup::Merge),
    /// One contact is two people: chosen cases go to another contact
    Split(regroup::Split),
}

#[derive(Debug, clap::Args)]
pub struct Rectify {
    /// In which client's data
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    #[command(flatten)]
    who: Named,
    /// The right name, or `-`
    #[arg(long, value_name = "NAME", conflicts_with = "no_name")]
    set_name: Option<Typed>,
    /// The right telephone number, or `-`
    #[arg(
        long,
        value_name = "NUMBER",
        allow_hyphen_values = true,
        conflicts_with = "no_phone"
    )]
    set_phone: Option<Typed>,
    /// The right e-mail address, or `-`
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_email")]
    set_email: Option<Typed>,
    /// Take the name out
    #[arg(long)]
    no_name: bool,
    /// Take the telephone number out
    #[arg(long)]
    no_phone: bool,
    /// Take the e-mail address out
    #[arg(long)]
    no_email: bool,
    /// A further e-mail address, or `-`; may be given again
    #[arg(long, value_name = "ADDRESS")]
    add_email: Vec<Typed>,
    /// A further telephone number, or `-`; may be given again
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    add_phone: Vec<Typed>,
    /// An address, number or id that is wrong, further or not, or `-`; may be
    /// given again
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    remove: Vec<Typed>,
    /// The client's instruction, as a reference that names no person
    #[arg(long, value_name = "REF")]
    instruction: String,
}

#[derive(Debug, Serialize)]
struct Rectified {
    contact: ContactId,
    changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Issued>,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::Rectify(arguments) => rectify(arguments, app, output).await,
        Command::Merge(arguments) => regroup::merge(arguments, app, output).await,
        Command::Split(arguments) => regroup::split(arguments, app, output).await,
    }
}

async fn rectify(it: Rectify, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = app.catalog.tenant_ref(&it.tenant).await?;
    let contact = it.who.resolve(&app.catalog, &tenant).await?;
    let order = Rectification {
        tenant,
        contact,
        name: fate(&it.set_name, it.no_name)?,
        phone: fate(&it.set_phone, it.no_phone)?,
        email: fate(&it.set_email, it.no_email)?,
        further: steps(&it)?,
        expected: Expected::Any,
        instruction: it.instruction,
    };
    let fates = [&order.name, &order.phone, &order.email];
    if order.further.is_empty() && fates.iter().all(|fate| **fate == Fate::Keep) {
        return Err(Failure::usage(
            "say what is right: --set-name, --set-phone, --set-email, or --no-name and so on; \
             --add-email, --add-phone, --remove for further ones",
        ));
    }
    let outcome = Box::pin(app.eraser.rectify(order)).await?;
    let rectified = Rectified {
        contact,
        changed: outcome.is_some(),
        receipt: outcome.map(Issued::of),
    };
    output.give(&rectified, |it| match &it.receipt {
        None => Text::line("It is right already: nothing was changed."),
        Some(issued) => {
            let text = Text::line("Corrected. What was wrong is gone for good.").gap();
            let text = text
                .pairs([("receipt", issued.receipt_id.to_string())])
                .gap();
            how_to_show(text, issued).paragraph(
                0,
                "Older backups no longer open this profile: make a new one now.",
            )
        }
    })
}

/// What is wrong goes before what is right comes: a value may take another's place.
fn steps(it: &Rectify) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    for wrong in &it.remove {
        steps.push(Step::Remove(wrong.read()?));
    }
    for (kind, added) in [
        (Category::Email, &it.add_email),
        (Category::Phone, &it.add_phone),
    ] {
        for value in added {
            steps.push(Step::Add(kind, value.read()?));
        }
    }
    Ok(steps)
}

fn fate(right: &Option<Typed>, out: bool) -> Result<Fate, Failure> {
    let right: Option<Personal> = right.as_ref().map(Typed::read).transpose()?;
    Ok(match right {
        Some(right) => Fate::Replace(right),
        None if out => Fate::Drop,
        None => Fate::Keep,
    })
}

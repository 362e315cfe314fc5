//! `gallra contact merge|split`: two contacts who are one person, and one who is two. Shown first, then
//! carried out as it was shown.

use super::super::failure::Failure;
use super::super::output::{Output, Text, count};
use super::super::person::Typed;
use crate::app::App;
use crate::catalog::types::Category;
use crate::requests::regroup::{How, Preview, Regrouped, Regrouping};
use crate::vocabulary::{CaseId, ContactId};

#[derive(Debug, clap::Args)]
pub struct Merge {
    /// In which client's data
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// The contact that stays
    #[arg(long, value_name = "ID")]
    keep: ContactId,
    /// The contact whose cases go there, and that is erased then
    #[arg(long, value_name = "ID")]
    from: ContactId,
    #[command(flatten)]
    said: Said,
}

#[derive(Debug, clap::Args)]
pub struct Split {
    /// In which client's data
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// The contact that is two people
    #[arg(long, value_name = "ID")]
    contact: ContactId,
    /// The other person's contact: import it first, if it is not there
    #[arg(long, value_name = "ID")]
    into: ContactId,
    /// A case of the other person; may be given again
    #[arg(long = "case", value_name = "ID", required = true)]
    cases: Vec<CaseId>,
    /// name, phone, email or external_id: everything of this kind is the other
    /// person's, and goes to their profile; may be given again
    #[arg(long, value_name = "WHAT")]
    remove: Vec<Category>,
    /// One address, number or id that is the other person's, or `-`; may be
    /// given again
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    identifier: Vec<Typed>,
    #[command(flatten)]
    said: Said,
}

#[derive(Debug, clap::Args)]
pub struct Said {
    /// The client's instruction, as a reference that names no person
    #[arg(long, value_name = "REF")]
    instruction: String,
    /// Show what would be done, and do nothing; --seen does it afterwards
    #[arg(long, conflicts_with = "seen")]
    dry_run: bool,
    /// The version that the dry run showed: it is carried out as it was shown
    #[arg(long, value_name = "VERSION")]
    seen: Option<String>,
}

pub async fn merge(it: Merge, app: &App, output: Output) -> Result<(), Failure> {
    let order = Regrouping {
        tenant: app.catalog.tenant_ref(&it.tenant).await?,
        from: it.from,
        into: it.keep,
        how: How::Merge,
    };
    regroup(order, it.said, app, output).await
}

pub async fn split(it: Split, app: &App, output: Output) -> Result<(), Failure> {
    let order = Regrouping {
        tenant: app.catalog.tenant_ref(&it.tenant).await?,
        from: it.contact,
        into: it.into,
        how: How::Split {
            cases: it.cases.into_iter().collect(),
            remove: it.remove.into_iter().collect(),
            identifiers: it
                .identifier
                .iter()
                .map(Typed::read)
                .collect::<Result<_, _>>()?,
        },
    };
    regroup(order, it.said, app, output).await
}

async fn regroup(order: Regrouping, said: Said, app: &App, output: Output) -> Result<(), Failure> {
    let requests = app.requests();
    let Some(version) = said.seen else {
        if !said.dry_run {
            return Err(Failure::usage(
                "look first: the same with --dry-run shows what would be done, and ends with a \
                 version; then the same with --seen VERSION does just that",
            ));
        }
        let preview = requests.preview_regrouping(&order, &said.instruction);
        return output.give(&preview.await?, shown);
    };
    let done = requests.regroup(&order, &version, &said.instruction);
    output.give(&Box::pin(done).await?, told)
}

fn shown(it: &Preview) -> Text {
    let words = |all: &[Category]| match all {
        [] => "nothing".to_owned(),
        all => {
            let words: Vec<&str> = all.iter().map(|it| it.word()).collect();
            words.join(", ")
        }
    };
    let text = Text::line("This would be done:").pairs([
        ("cases that go", it.cases.to_string()),
        ("messages with them", it.messages.to_string()),
        ("forwardings with them", it.forwardings.to_string()),
        ("cases that stay", it.cases_that_stay.to_string()),
        ("given to who stays", words(&it.filled_in)),
        ("gone for good", words(&it.removed)),
        (
            "contact erased",
            if it.erases { "yes" } else { "no" }.to_owned(),
        ),
    ]);
    let text = match it.in_the_way.is_empty() {
        true => text,
        false => text.gap().and("In the way:"),
    };
    let text = it.in_the_way.iter().fold(text, |text, one| {
        text.labelled("  - ", 4, &format!("{} {}, {}", one.kind, one.id, one.what))
    });
    text.gap()
        .and(format!("To do it: the same with --seen {}", it.version))
}

fn told(it: &Regrouped) -> Text {
    let text = Text::line(format!(
        "Done: {} moved, {}.",
        count(it.cases, "case", "cases"),
        count(it.receipts.len() as u64, "receipt", "receipts"),
    ))
    .gap();
    let receipts = it.receipts.iter().map(|id| ("receipt", id.to_string()));
    let text = text.pairs(receipts);
    let text = match it.pending {
        0 => text,
        pending => text.paragraph(
            0,
            &format!(
                "{} not issued yet: `gallra receipt list` shows when.",
                count(pending, "receipt is", "receipts are")
            ),
        ),
    };
    text.gap().paragraph(
        0,
        "Older backups no longer open what was moved: make a new one now.",
    )
}

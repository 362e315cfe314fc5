//! `gallra erase` and `gallra purge`: making a person, or a client, gone for good.

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text};
use super::person::Named;
use crate::app::App;
use crate::erasure::{EraseRequest, Outcome, Preview};
use crate::offboarding::OffboardingError;
use crate::vocabulary::ErasureId;

#[derive(Debug, clap::Args)]
pub struct Erase {
    /// In which client's data
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    #[command(flatten)]
    who: Named,
    /// The client's instruction, as a reference that names no person
    #[arg(long, value_name = "REF")]
    instruction: String,
    /// Replace the search keys too: not even an old index confirms the person
    #[arg(long)]
    strict: bool,
    /// Show what would be erased, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct Purge {
    /// The client's short name
    slug: String,
    /// The client's name, typed exactly
    #[arg(long, value_name = "NAME", required_unless_present = "dry_run")]
    confirm: Option<String>,
    /// Show what would be purged and what stands in the way, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct DryRun {
    dry_run: bool,
    #[serde(flatten)]
    preview: Preview,
    /// What stands in the way of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    obstacles: Vec<String>,
}

/// What became of the receipt of an erasure.
#[derive(Debug, Serialize)]
pub struct Issued {
    pub receipt_id: ErasureId,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
}

impl Issued {
    pub fn of(outcome: Outcome) -> Self {
        Self {
            receipt_id: outcome.erasure,
            state: match outcome.pending {
                Some(_) => "pending",
                None => "issued",
            },
            pending: outcome.pending,
            salt: outcome.salt.map(|salt| hex::encode(salt.expose())),
        }
    }
}

pub async fn erase(arguments: Erase, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = app.catalog.tenant_ref(&arguments.tenant).await?;
    let who = arguments.who.look_up(&app.catalog, &tenant).await?;
    let contact = match who.contact {
        Ok(contact) => contact,
        Err(nobody) if arguments.dry_run => return Err(nobody),
        Err(nobody) => match app.eraser.erased_lately(tenant.id, &who.named_by).await? {
            Some(outcome) => return done(outcome, "Erased before.", output),
            None => return Err(nobody),
        },
    };
    if arguments.dry_run {
        let preview = app
            .eraser
            .preview_contact(tenant.id, contact, &arguments.instruction);
        return dry_run(preview.await?, Vec::new(), output);
    }
    let request = EraseRequest {
        tenant: tenant.id,
        contact,
        named_by: who.named_by,
        instruction: arguments.instruction,
        strict: arguments.strict,
    };
    done(app.eraser.erase_contact(request).await?, "Erased.", output)
}

/// A purge needs what `gallra offboard` records; see the offboarding room for the rules.
pub async fn purge(arguments: Purge, app: &App, output: Output) -> Result<(), Failure> {
    let offboarder = app.offboarder();
    let client = offboarder.client(&arguments.slug).await?;
    if arguments.dry_run {
        let preview = app.eraser.preview_tenant(client.id).await?;
        let obstacles = match offboarder.status(&client).await {
            Ok(status) => status.obstacles.into_iter().map(|it| it.detail).collect(),
            Err(error @ OffboardingError::NotBegun(_)) => vec![error.to_string()],
            Err(error) => return Err(error.into()),
        };
        return dry_run(preview, obstacles, output);
    }
    let confirm = arguments.confirm.unwrap_or_default();
    let outcome = Box::pin(offboarder.execute(&client, confirm)).await?;
    done(outcome, "Purged.", output)
}

fn dry_run(preview: Preview, obstacles: Vec<String>, output: Output) -> Result<(), Failure> {
    output.give(
        &DryRun {
            dry_run: true,
            preview,
            obstacles,
        },
        |it| {
            let (it, obstacles) = (&it.preview, &it.obstacles);
            let mut pairs = vec![
                ("people", it.people),
                ("cases", it.cases),
                ("messages", it.messages),
                ("forwardings", it.forwardings),
            ];
            if it.quarantined > 0 {
                pairs.push(("quarantined records", it.quarantined));
            }
            pairs.push(("keys", it.keys));
            let text = Text::line("This would be gone for good:").pairs(pairs);
            in_the_way(text, obstacles)
        },
    )
}

/// What stands in the way of a purge, each with what to do about it.
pub fn in_the_way(text: Text, obstacles: &[String]) -> Text {
    if obstacles.is_empty() {
        return text;
    }
    let text = text.gap().and("In the way:");
    obstacles
        .iter()
        .fold(text, |text, it| text.labelled("  - ", 4, it))
}

fn done(outcome: Outcome, headline: &str, output: Output) -> Result<(), Failure> {
    output.give(&Issued::of(outcome), |it| {
        handed_over(Text::line(headline).gap(), it)
    })
}

/// The receipt with its salt, and what to do with them.
pub fn handed_over(text: Text, it: &Issued) -> Text {
    let mut pairs = vec![("receipt", it.receipt_id.to_string())];
    pairs.extend(it.salt.clone().map(|salt| ("salt", salt)));
    let text = text.pairs(pairs).gap();
    let text = match it.salt {
        Some(_) => text.paragraph(
            0,
            &format!(
                "Hand the salt over together with the receipt: it shows whom the receipt speaks \
                 of. For a day `gallra receipt show {} --salt` shows it again; then it is gone.",
                it.receipt_id
            ),
        ),
        None => text,
    };
    how_to_show(text, it)
}

/// The commands that show and check a receipt, or why there is none to show yet.
pub fn how_to_show(text: Text, it: &Issued) -> Text {
    let text = match &it.pending {
        None => text,
        Some(why) => text
            .paragraph(
                0,
                &format!("The keys are destroyed. The receipt is pending: {why}."),
            )
            .gap()
            .and("Once it is issued:"),
    };
    let show = format!(
        "gallra receipt show {} --format note > receipt.txt",
        it.receipt_id
    );
    text.and(show).and("gallra verify receipt.txt")
}

//! `gallra erase` and `gallra purge`: making a person, or a client, gone for good.

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text};
use super::person::Named;
use crate::app::App;
use crate::catalog::{CatalogError, TenantRef};
use crate::erasure::{EraseRequest, Outcome, Preview, PurgeRequest};
use crate::vocabulary::{ErasureId, TenantId};

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
    /// The contract's end or the client's instruction, as a reference
    #[arg(long, value_name = "REF", default_value = "end of contract")]
    instruction: String,
    /// Show what would be purged, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct DryRun {
    dry_run: bool,
    #[serde(flatten)]
    preview: Preview,
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
    let (contact, named_by) = arguments.who.resolve(&app.catalog, &tenant).await?;
    if arguments.dry_run {
        let preview = app
            .eraser
            .preview_contact(tenant.id, contact, &arguments.instruction);
        return dry_run(preview.await?, output);
    }
    let request = EraseRequest {
        tenant: tenant.id,
        contact,
        named_by,
        instruction: arguments.instruction,
        strict: arguments.strict,
    };
    done(app.eraser.erase_contact(request).await?, "Erased.", output)
}

pub async fn purge(arguments: Purge, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = tenant_id(app, &arguments.slug).await?;
    if arguments.dry_run {
        return dry_run(app.eraser.preview_tenant(tenant).await?, output);
    }
    let request = PurgeRequest {
        tenant,
        confirm: arguments.confirm.unwrap_or_default(),
        instruction: arguments.instruction,
    };
    done(app.eraser.purge_tenant(request).await?, "Purged.", output)
}

/// The tenant's id, also when its purge has begun already and is to be finished.
async fn tenant_id(app: &App, slug: &str) -> Result<TenantId, Failure> {
    match app.catalog.tenant_ref(slug).await {
        Ok(TenantRef { id, .. }) => Ok(id),
        Err(CatalogError::TenantBeingErased) => {
            let tenants = app.catalog.list_tenants().await?;
            let found = tenants.into_iter().find(|tenant| tenant.slug == slug);
            Ok(found
                .ok_or_else(|| CatalogError::TenantUnknown(slug.to_owned()))?
                .id)
        }
        Err(error) => Err(error.into()),
    }
}

fn dry_run(preview: Preview, output: Output) -> Result<(), Failure> {
    output.give(
        &DryRun {
            dry_run: true,
            preview,
        },
        |it| {
            let it = &it.preview;
            let mut pairs = vec![
                ("people", it.people),
                ("cases", it.cases),
                ("messages", it.messages),
                ("forwardings", it.forwardings),
            ];
            if it.quarantined > 0 {
                pairs.push(("quarantined records", it.quarantined));
            }
            pairs.push(("keys", it.units));
            Text::line("This would be gone for good:").pairs(pairs)
        },
    )
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
            "Hand the salt over together with the receipt: it shows whom the receipt speaks \
             of. It can be read for a day and is then gone.",
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

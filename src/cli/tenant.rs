//! `gallra tenant add|list|show`: the clients.

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text, moment};
use super::person::Typed;
use crate::app::App;
use crate::catalog::{Controller, NewTenant, Tenant, TenantSummary};
use crate::vocabulary::Personal;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a client
    Add(Add),
    /// Set what a client's notice says of it
    Set(Set),
    /// Let imports go on after the search index was lost, and with it whom they must not bring back
    AllowImports {
        /// The client's short name
        slug: String,
    },
    /// Every client
    List,
    /// One client with its address
    Show {
        /// The client's short name
        slug: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct Add {
    /// Short name: lower-case letters, digits, hyphens
    slug: String,
    /// The company's name
    #[arg(long)]
    name: String,
    /// Its registration number
    #[arg(long, value_name = "NUMBER")]
    org_no: String,
    /// Where to write to, or `-` to read it from standard input
    #[arg(long, value_name = "ADDRESS")]
    email: Typed,
    /// ISO 3166 code; telephone numbers are read as from there
    #[arg(long, value_name = "CODE", default_value = "SE")]
    country: String,
    /// Languages of its notices, the first is the default
    #[arg(
        long,
        value_name = "CODES",
        value_delimiter = ',',
        default_value = "sv,en"
    )]
    lang: Vec<String>,
    /// IANA time zone
    #[arg(long, value_name = "ZONE", default_value = "Europe/Stockholm")]
    timezone: String,
}

/// An empty value is taken out.
#[derive(Debug, clap::Args)]
pub struct Set {
    /// The client's short name
    slug: String,
    /// Postal address on one line
    #[arg(long, value_name = "TEXT")]
    address: Option<String>,
    /// Telephone number
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    phone: Option<String>,
    /// Its website
    #[arg(long, value_name = "URL")]
    website: Option<String>,
    /// Where requests go, when that is not the client's own address
    #[arg(long, value_name = "ADDRESS")]
    rights_email: Option<String>,
    /// A page where people make their requests
    #[arg(long, value_name = "URL")]
    rights_url: Option<String>,
    /// The data protection officer's e-mail address
    #[arg(long, value_name = "ADDRESS")]
    dpo_email: Option<String>,
    /// The data protection officer's telephone number
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    dpo_phone: Option<String>,
    /// Country where the data is stored, as ISO 3166 code
    #[arg(long, value_name = "CODE")]
    stored_in: Option<String>,
}

#[derive(Debug, Serialize)]
struct Allowed {
    tenant: String,
    /// Whether imports had waited for it.
    waited: bool,
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<TenantSummary>,
    /// Whether receipts tell of clients that are gone.
    #[serde(skip)]
    any_gone: bool,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::Add(new) => add(new, app, output).await,
        Command::Set(values) => set(values, app, output).await,
        Command::AllowImports { slug } => {
            let tenant = app.catalog.tenant_ref(&slug).await?;
            let waited = app.catalog.allow_imports(&tenant).await?;
            let allowed = Allowed {
                tenant: tenant.slug,
                waited,
            };
            output.give(&allowed, |it| match it.waited {
                true => Text::line(format!("Imports of {} go on.", it.tenant)),
                false => Text::line(format!("Imports of {} did not wait.", it.tenant)),
            })
        }
        Command::List => {
            let list = List {
                items: app.catalog.list_tenants().await?,
                any_gone: !app.log.list(None, 0, 1).await?.is_empty(),
            };
            output.give(&list, list_text)
        }
        Command::Show { slug } => {
            let tenant = app.catalog.show_tenant(&slug).await?;
            output.give(&tenant, |tenant| profile(Text::default(), tenant))
        }
    }
}

async fn add(new: Add, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = app.catalog.add_tenant(NewTenant {
        email: new.email.read()?,
        slug: new.slug,
        name: new.name,
        org_no: new.org_no,
        country: new.country,
        languages: new.lang,
        timezone: new.timezone,
    });
    output.give(&tenant.await?, |tenant| {
        let slug = &tenant.summary.slug;
        profile(
            Text::line(format!("Added {}.", tenant.summary.name)).gap(),
            tenant,
        )
        .gap()
        .and(format!("Next: gallra import --tenant {slug} FILE"))
    })
}

async fn set(it: Set, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = app.catalog.tenant_ref(&it.slug).await?;
    let change = Controller {
        address: it.address.map(Personal::from),
        phone: it.phone.map(Personal::from),
        website: it.website.map(Personal::from),
        rights_email: it.rights_email.map(Personal::from),
        rights_url: it.rights_url.map(Personal::from),
        dpo_email: it.dpo_email.map(Personal::from),
        dpo_phone: it.dpo_phone.map(Personal::from),
        stored_in: it.stored_in.map(Personal::from),
    };
    if change == Controller::default() {
        let message = "nothing to set: name a value, `gallra tenant set --help` lists them";
        return Err(Failure::usage(message));
    }
    let tenant = app.catalog.change_controller(&tenant, change).await?;
    output.give(&tenant, |tenant| profile(Text::default(), tenant))
}

fn profile(text: Text, tenant: &Tenant) -> Text {
    let it = &tenant.summary;
    let own = tenant.controller.values().into_iter();
    let own = own.filter_map(|(name, value)| Some((name.replace('_', " "), value?.expose())));
    let own: Vec<(String, String)> = own.map(|(name, value)| (name, value.to_owned())).collect();
    let always = [
        ("id", it.id.to_string()),
        ("slug", it.slug.clone()),
        ("name", it.name.clone()),
        ("org. no", it.org_no.clone()),
        ("email", tenant.email.expose().to_owned()),
        ("country", it.country.clone()),
        ("languages", it.languages.join(", ")),
        ("time zone", it.timezone.clone()),
        ("state", it.state.clone()),
        ("added", moment(it.created_at)),
    ];
    let always = always.map(|(name, value)| (name.to_owned(), value));
    text.pairs(always.into_iter().chain(own))
}

fn list_text(list: &List) -> Text {
    if list.items.is_empty() && list.any_gone {
        return Text::line("No clients. `gallra receipt list` tells of those that are gone.");
    }
    if list.items.is_empty() {
        return Text::line("No clients yet.")
            .and("Next: gallra tenant add SLUG --name NAME --org-no NUMBER --email ADDRESS");
    }
    let row = |it: &TenantSummary| {
        [
            it.slug.clone(),
            it.state.clone(),
            it.org_no.clone(),
            it.country.clone(),
            it.name.clone(),
        ]
    };
    let rows: Vec<_> = list.items.iter().map(row).collect();
    Text::default().table(["SLUG", "STATE", "ORG. NO", "COUNTRY", "NAME"], &rows)
}

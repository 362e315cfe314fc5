//! `gallra request …` and `gallra due`: data subjects' requests.

mod text;

use std::path::PathBuf;

use serde::Serialize;

use super::access::{NOT_ENCRYPTED, Zipped, is_zip, write_new, write_package};
use super::erase::Issued;
use super::failure::Failure;
use super::output::{Output, Text};
use super::person::Typed;
use crate::app::App;
use crate::catalog::TenantRef;
use crate::catalog::types::Channel;
use crate::requests::package::PackageOrder;
use crate::requests::types::{ExtensionReason, RefusalGround};
use crate::requests::{Identifiers, NewRequest, Request, Right, Step};
use crate::vocabulary::{ContactId, Lang, RequestId, Timestamp};

/// How many requests are read at a time.
const PAGE: u16 = 500;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Register a request; its clock runs from when it came in
    Add(Add),
    /// Requests that are open
    List {
        /// Of this client only
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// Closed ones too
        #[arg(long)]
        all: bool,
    },
    /// One request with who asked, what was written and every step
    Show(Which),
    /// It is known who the person is; or, with --doubt, it is not
    Verify {
        #[command(flatten)]
        which: Which,
        /// Which contact, where several fitted or none
        #[arg(long, value_name = "ID", conflicts_with = "doubt")]
        contact: Option<ContactId>,
        /// Why it is doubted; the person is asked and the clock stands still
        #[arg(long, value_name = "REASON")]
        doubt: Option<String>,
    },
    /// The client was told
    Forward(Which),
    /// The client decided that it is to be carried out
    Instruct {
        #[command(flatten)]
        which: Which,
        /// The client's instruction, as a reference that names no person
        #[arg(long, value_name = "REF")]
        instruction: Option<String>,
    },
    /// The client takes up to two months longer
    Extend {
        #[command(flatten)]
        which: Which,
        /// The client's instruction
        #[arg(long, value_name = "REF")]
        instruction: Option<String>,
        /// complexity or number
        #[arg(long)]
        reason: ExtensionReason,
        /// What is complex about it, in forty characters or more
        #[arg(long, value_name = "TEXT")]
        facts: String,
    },
    /// The client refuses
    Refuse {
        #[command(flatten)]
        which: Which,
        /// The client's instruction
        #[arg(long, value_name = "REF")]
        instruction: Option<String>,
        /// Why, such as legal_claims
        #[arg(long)]
        ground: RefusalGround,
    },
    /// Take out everything held about the person, to hand it over
    Package {
        #[command(flatten)]
        which: Which,
        /// A new file, readable by its owner only: the package where it ends in .zip,
        /// else JSON
        #[arg(long, value_name = "FILE.zip")]
        out: PathBuf,
        /// The package's language, sv or en; the client's first when not said
        #[arg(long, value_name = "CODE")]
        lang: Option<Lang>,
    },
    /// Carry it out and close it: handed over, then erased if asked for
    Deliver(Which),
    /// The person took it back
    Withdraw(Which),
    /// Take a closed request up again; its days stay
    Reopen {
        #[command(flatten)]
        which: Which,
        /// Why, as a reference that names no person
        #[arg(long, value_name = "REF")]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
pub struct Which {
    /// Its number or its id
    request: String,
}

#[derive(Debug, clap::Args)]
pub struct Add {
    /// At which client
    #[arg(long, value_name = "SLUG")]
    tenant: String,
    /// access, rectification, erasure, restriction, portability or objection;
    /// may be given again
    #[arg(long = "right", value_name = "RIGHT", required = true)]
    rights: Vec<Right>,
    /// How it came in
    #[arg(long, default_value = "email")]
    channel: Channel,
    /// When it came in, as 2026-03-01T09:30:00Z; now when not said
    #[arg(long, value_name = "TIME", value_parser = time)]
    received: Option<Timestamp>,
    /// By e-mail address, or `-`
    #[arg(long, value_name = "ADDRESS")]
    email: Option<Typed>,
    /// By telephone number, or `-`
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    phone: Option<Typed>,
    /// By the id in the system the data came from, or `-`
    #[arg(long, value_name = "ID")]
    external_id: Option<Typed>,
    /// By name, or `-`
    #[arg(long)]
    name: Option<Typed>,
    /// What the person wrote, or `-`
    #[arg(long)]
    text: Option<Typed>,
}

#[derive(Debug, clap::Args)]
pub struct Due {
    /// Within so many days, such as 7d
    #[arg(long, value_name = "DAYS", default_value = "7d", value_parser = days)]
    within: u16,
}

fn time(text: &str) -> Result<Timestamp, String> {
    let wrong = "no time: write one such as 2026-03-01T09:30:00Z";
    Timestamp::parse(text).ok_or_else(|| wrong.to_owned())
}

fn days(text: &str) -> Result<u16, String> {
    let number = text.strip_suffix('d').unwrap_or(text).parse();
    number.map_err(|_| "no number of days: write one such as 7d".to_owned())
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Request>,
}

#[derive(Debug, Serialize)]
struct Packaged {
    id: RequestId,
    held: bool,
    file: Option<String>,
    #[serde(rename = "package", skip_serializing_if = "Option::is_none")]
    zip: Option<Zipped>,
}

#[derive(Debug, Serialize)]
struct Carried {
    #[serde(flatten)]
    request: Request,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Issued>,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Command::Add(new) => add(new, app, output).await,
        Command::List { tenant, all } => list(tenant, all, app, output).await,
        Command::Show(which) => {
            let (id, tenant) = which.find(app).await?;
            let shown = app.requests().show(&tenant, id).await?;
            output.give(&shown, text::in_full)
        }
        Command::Package { which, out, lang } => package(which, out, lang, app, output).await,
        Command::Deliver(which) => deliver(which, app, output).await,
        other => {
            let (which, taken) = step(other)?;
            let (id, tenant) = which.find(app).await?;
            let request = app.requests().step(&tenant, id, taken).await?;
            output.give(&request, text::one)
        }
    }
}

/// The step of a command that is one.
fn step(command: Command) -> Result<(Which, Step), Failure> {
    Ok(match command {
        Command::Verify {
            which,
            contact,
            doubt,
        } => match doubt {
            Some(reason) => (which, Step::Doubt { reason }),
            None => (which, Step::Verify { contact }),
        },
        Command::Forward(which) => (which, Step::Forward),
        Command::Instruct { which, instruction } => (which, Step::Instruct { instruction }),
        Command::Extend {
            which,
            instruction,
            reason,
            facts,
        } => {
            let taken = Step::Extend {
                instruction,
                reason,
                facts,
            };
            (which, taken)
        }
        Command::Refuse {
            which,
            instruction,
            ground,
        } => {
            let taken = Step::Refuse {
                instruction,
                ground,
            };
            (which, taken)
        }
        Command::Withdraw(which) => (which, Step::Withdraw),
        Command::Reopen { which, reason } => (which, Step::Reopen { reason }),
        _ => {
            return Err(Failure::usage(
                "no step: `gallra request --help` lists them",
            ));
        }
    })
}

impl Which {
    async fn find(&self, app: &App) -> Result<(RequestId, TenantRef), Failure> {
        let requests = app.requests();
        let id = match self.request.parse() {
            Ok(id) => id,
            Err(_) => requests.by_case_no(&self.request.to_uppercase()).await?,
        };
        Ok((id, requests.tenant_of(id).await?))
    }
}

async fn add(new: Add, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = app.catalog.tenant_ref(&new.tenant).await?;
    let read = |typed: &Option<Typed>| typed.as_ref().map(Typed::read).transpose();
    let new = NewRequest {
        rights: new.rights,
        channel: new.channel,
        received_at: new.received.unwrap_or_else(|| app.clock.now()),
        identifiers: Identifiers {
            email: read(&new.email)?,
            phone: read(&new.phone)?,
            external_id: read(&new.external_id)?,
            name: read(&new.name)?,
        },
        text: read(&new.text)?,
    };
    let request = app.requests().register(&tenant, new).await?;
    output.give(&request, text::registered)
}

async fn list(tenant: Option<String>, all: bool, app: &App, output: Output) -> Result<(), Failure> {
    let tenant = match tenant {
        Some(slug) => Some(app.catalog.tenant_ref(&slug).await?.id),
        None => None,
    };
    let (mut items, mut after) = (Vec::new(), RequestId([0; 16]));
    loop {
        let page = app.requests().list(tenant, all, after, PAGE).await?;
        items.extend(page.items);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    items.sort_by(|a, b| (a.legal_due, &a.case_no).cmp(&(b.legal_due, &b.case_no)));
    output.give(&List { items }, |it| {
        text::table(&it.items, "No request is open.")
    })
}

pub async fn due(arguments: Due, app: &App, output: Output) -> Result<(), Failure> {
    let items = app.requests().due(arguments.within).await?;
    let nothing = format!("Nothing is due within {} days.", arguments.within);
    output.give(&List { items }, |it| text::table(&it.items, &nothing))
}

async fn package(
    which: Which,
    out: PathBuf,
    lang: Option<Lang>,
    app: &App,
    output: Output,
) -> Result<(), Failure> {
    let (id, tenant) = which.find(app).await?;
    let requests = app.requests();
    let order = requests.packageable(&tenant, id).await?;
    let zip = match &order {
        Some(order) if is_zip(&out) => {
            let order = PackageOrder {
                lang,
                ..order.clone()
            };
            let packed = write_package(&out, &requests, &order).await?;
            requests.packaged(id).await?;
            Some(Zipped::of(packed, &out))
        }
        _ => {
            if let Some(record) = requests.package(&tenant, id).await? {
                write_new(&out, &record)?;
            }
            None
        }
    };
    let packaged = Packaged {
        id,
        held: order.is_some(),
        file: order.map(|_| out.display().to_string()),
        zip,
    };
    let next = "Next: gallra request deliver";
    output.give(&packaged, |it| match (&it.file, &it.zip) {
        (_, Some(zip)) => zip.text().and(next),
        (Some(file), None) => {
            Text::line(format!("Wrote everything held about the person to {file}."))
                .paragraph(0, NOT_ENCRYPTED)
                .and(next)
        }
        (None, None) => Text::line("Nobody is held under these identifiers: answer so."),
    })
}

async fn deliver(which: Which, app: &App, output: Output) -> Result<(), Failure> {
    let (id, tenant) = which.find(app).await?;
    let delivered = app.requests().deliver(&tenant, id).await?;
    let carried = Carried {
        request: delivered.request,
        receipt: delivered.erased.map(Issued::of),
    };
    output.give(&carried, |it| {
        let text = text::one(&it.request);
        match &it.receipt {
            Some(issued) => super::erase::handed_over(text.gap(), issued),
            None => text,
        }
    })
}

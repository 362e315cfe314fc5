//! The command line. One file per command: its arguments, one call of the domain, what a person
//! reads.
//!
//! **To add a command**: a file with a `clap::Args` struct and a `run` that ends in
//! [`Output::give`], and a line in [`Command`] or [`Inside`], and in `dispatch` or `inside`. What it answers is one
//! serialisable value; text for a person is made from that same value, so neither says more than the
//! other. Standard output carries answers only; logs, progress, warnings and errors go to standard
//! error.

mod access;
mod catalog;
mod contact;
mod demo;
mod doctor;
mod erase;
mod failure;
mod find;
mod hold;
mod hook;
mod import;
mod init;
mod jobs;
mod logs;
mod message;
mod mirror;
mod new_file;
mod notice;
mod offboard;
mod output;
mod person;
mod processing;
mod quarantine;
mod receipt;
mod recipient;
mod request;
mod root;
mod secret_file;
mod serve;
mod settings;
mod signals;
mod stores;
mod tenant;
mod token;
mod verify;
mod verify_package;
mod webhook;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Parser, Subcommand};
use serde_json::json;

use self::failure::Failure;
use self::output::Output;
use crate::app::{App, Purpose};
use crate::config::{Flags, Settings};

/// Keeps a support desk's personal data, tells what it holds, and makes it gone for good, with a
/// receipt anyone can verify offline.
#[derive(Debug, Parser)]
#[command(
    name = "gallra",
    version,
    arg_required_else_help = true,
    max_term_width = 80
)]
#[command(after_help = AFTER_HELP)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by a rule, 4 unverified.
An identifier may be `-` and is then read from standard input, which keeps it
out of the shell's history and the list of processes.";

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// Where everything lies [env: GALLRA_DATA_DIR] [default: ./gallra-data]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    data_dir: Option<PathBuf>,
    /// Settings in TOML; the environment and flags go before them
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    config: Option<PathBuf>,
    /// Answer in JSON on standard output, and nothing else there
    #[arg(long, global = true, help_heading = "Everywhere")]
    json: bool,
    /// Show the settings as they come out, and do nothing
    #[arg(long, global = true, help_heading = "Everywhere")]
    check_config: bool,
}

/// In the order a person needs them.
#[derive(Debug, Subcommand)]
enum Command {
    /// See it work: a running example, and a restored backup that brings nobody back
    Demo(demo::Arguments),
    /// Prepare a new installation
    Init(init::Arguments),
    /// Run the server
    Serve(serve::Arguments),
    #[command(flatten)]
    Inside(Inside),
    /// Check a receipt file or a package offline, or every receipt and the log
    Verify(verify::Arguments),
    /// Put a backup back, and erase again what was erased since
    Restore(stores::Restore),
    /// Bring the data in line with the vault; finish what was interrupted
    Reconcile(stores::Reconcile),
    /// Keep a second living vault, best on another disk
    Mirror(mirror::Arguments),
    /// Look at everything, and say what to do about what is wrong
    Doctor,
}

/// Commands that work in the open house.
#[derive(Debug, Subcommand)]
enum Inside {
    /// Clients: the companies whose data this is
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// What is held of a client, counted by category
    Catalog(catalog::Arguments),
    /// What a client tells people about their data
    #[command(subcommand)]
    Notice(notice::Command),
    /// Who may be given data, sub-processors among them
    #[command(subcommand)]
    Recipient(recipient::Command),
    /// What clients' data is processed for
    #[command(subcommand)]
    Purpose(processing::Purposes),
    /// How long clients' data is kept
    #[command(subcommand)]
    Retention(processing::Retention),
    /// Keys to the API, each for one purpose
    #[command(subcommand)]
    Token(token::Command),
    /// Take in what another system exported
    Import(import::Arguments),
    /// Records that an import could not read
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    /// What is held about a person, across clients
    Find(find::Arguments),
    /// Everything held about a person: the package of Art. 15, or JSON
    Access(access::Arguments),
    /// Put right what is known of a person
    #[command(subcommand)]
    Contact(contact::Command),
    /// Take out of a message what should never have been written
    #[command(subcommand)]
    Message(message::Command),
    /// What people ask for about their data, and when an answer is due
    #[command(subcommand)]
    Request(request::Command),
    /// Requests that are due soon, the most urgent first
    Due(request::Due),
    /// Make a person gone for good
    Erase(erase::Erase),
    /// Contract events: what they are signed with, what came
    #[command(subcommand)]
    Hook(hook::Command),
    /// End a client's contract: choice, approvals, return, copies
    Offboard(offboard::Arguments),
    /// Make a client and everybody in its data gone for good
    Purge(erase::Purge),
    /// Reasons why something may not be erased yet
    #[command(subcommand)]
    Hold(hold::Command),
    /// The proofs of what was erased
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// The epoch key that every erasure replaces
    #[command(subcommand)]
    Root(root::Command),
    /// Work that is done later: imports, messages to other systems
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Other systems that are told of what happens
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Copy the data and the receipts, while everybody works on
    Backup(stores::Directory),
}

impl Inside {
    /// Whether it changes what is held, so that it first finishes what a crash interrupted.
    fn writes(&self) -> bool {
        matches!(
            self,
            Inside::Import(_)
                | Inside::Erase(_)
                | Inside::Purge(_)
                | Inside::Hold(_)
                | Inside::Request(_)
                | Inside::Backup(_)
                | Inside::Root(root::Command::Rotate)
        )
    }
}

impl Command {
    /// Settings that this command has flags for.
    fn settings(&self) -> Vec<(&'static str, String)> {
        match self {
            Command::Init(arguments) => arguments.settings(),
            Command::Serve(arguments) => arguments.settings(),
            _ => Vec::new(),
        }
    }

    /// What is logged unless the settings say otherwise.
    fn log_level(&self) -> &'static str {
        match self {
            Command::Serve(_) => "info",
            _ => "warn",
        }
    }
}

/// Runs the program with the arguments and environment of this process.
pub fn main() -> ExitCode {
    logs::hide_panics();
    if let Err(failure) = signals::outlive_file_limits() {
        return failure.end(false);
    }
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, &arguments),
    };
    let output = Output {
        json: cli.global.json,
    };
    match run(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.end(output.json),
    }
}

/// Help and version are answers; everything else that clap says is wrong usage.
fn usage(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let json = arguments.iter().any(|argument| argument == "--json");
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion if json => {
            let answer = match error.kind() {
                ErrorKind::DisplayVersion => json!({ "version": env!("CARGO_PKG_VERSION") }),
                _ => json!({ "help": error.render().to_string() }),
            };
            match (Output { json }).document(&answer) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => ExitCode::from(failure.exit as u8),
            }
        }
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = error.print(); // Nobody may be reading any more.
            ExitCode::SUCCESS
        }
        _ if json => {
            let text = without_values(error).unwrap_or_else(|| error.render().to_string());
            let text = text.split("\n\n").next().unwrap_or(&text);
            Failure::usage(text.trim_start_matches("error: ").trim()).end(true)
        }
        _ => {
            match without_values(error) {
                Some(text) => eprint!("{text}"),
                None => _ = error.print(),
            }
            ExitCode::from(failure::Exit::Usage as u8)
        }
    }
}

/// What clap says, without what was typed where it did not fit: an address in the place of an id
/// would stand in whatever keeps our standard error. A plain word is a command, a flag, or one of a
/// few words mistyped.
fn without_values(error: &clap::Error) -> Option<String> {
    let kinds = [
        ContextKind::InvalidValue,
        ContextKind::InvalidArg,
        ContextKind::InvalidSubcommand,
    ];
    let plain = |text: &str| {
        let letters = |it: char| it.is_ascii_lowercase() || it == '-';
        text.chars().all(letters) || text.starts_with("--") && text.contains('<')
    };
    let of_few = error.get(ContextKind::ValidValue).is_some();
    let typed = kinds.iter().find_map(|kind| match error.get(*kind) {
        Some(ContextValue::String(text)) => {
            let free = *kind == ContextKind::InvalidValue && !of_few;
            (free || !plain(text)).then_some(text)
        }
        _ => None,
    })?;
    let quoted = format!("'{typed}'");
    // Only as a whole and in quotes: what is typed may be a letter that every word has. What our own
    // readers say of it never repeats it.
    Some(error.render().to_string().replace(&quoted, "(not shown)"))
}

fn run(cli: Cli, output: Output) -> Result<(), Failure> {
    if let Some(Command::Verify(arguments)) = &cli.command
        && !arguments.all
    {
        return verify::file(arguments, output);
    }
    let flags = Flags {
        config: cli.global.config,
        data_dir: cli.global.data_dir,
        other: cli
            .command
            .as_ref()
            .map(Command::settings)
            .unwrap_or_default(),
    };
    let settings = Settings::resolve(&flags, &|name| std::env::var_os(name))?;
    if cli.global.check_config {
        return settings::show(&settings, output);
    }
    let Some(command) = cli.command else {
        return Err(Failure::usage("which command? `gallra --help` lists them"));
    };
    logs::begin(settings.log.as_deref().unwrap_or(command.log_level()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(failure::Exit::Failed, &error))?;
    runtime.block_on(dispatch(command, settings, output))
}

async fn dispatch(command: Command, settings: Settings, output: Output) -> Result<(), Failure> {
    match command {
        Command::Demo(arguments) => demo::run(arguments, output).await,
        Command::Init(arguments) => init::run(arguments, settings, output).await,
        Command::Serve(_) => serve::run(settings, output).await,
        Command::Restore(arguments) => stores::restore(arguments, settings, output).await,
        Command::Reconcile(arguments) => stores::reconcile(arguments, settings, output).await,
        Command::Mirror(arguments) => mirror::run(arguments, settings, output).await,
        Command::Doctor => doctor::run(settings, output).await,
        Command::Verify(_) => {
            let app = App::open(settings, Purpose::Command).await?;
            finish(verify::all(&app, output).await, &app).await
        }
        Command::Inside(command) => {
            let app = App::open(settings, Purpose::Command).await?;
            if command.writes() {
                app.recover().await;
            }
            finish(inside(command, &app, output).await, &app).await
        }
    }
}

/// Closes the house, also after a failure; the failure goes first.
async fn finish(done: Result<(), Failure>, app: &App) -> Result<(), Failure> {
    let closed = app.close().await;
    done.and_then(|()| Ok(closed?))
}

async fn inside(command: Inside, app: &App, output: Output) -> Result<(), Failure> {
    match command {
        Inside::Tenant(command) => tenant::run(command, app, output).await,
        Inside::Catalog(arguments) => catalog::run(arguments, app, output).await,
        Inside::Notice(command) => notice::run(command, app, output).await,
        Inside::Recipient(command) => recipient::run(command, app, output).await,
        Inside::Purpose(command) => processing::purposes(command, app, output).await,
        Inside::Retention(command) => processing::retention(command, app, output).await,
        Inside::Token(command) => token::run(command, app, output).await,
        Inside::Import(arguments) => import::run(arguments, app, output).await,
        Inside::Quarantine(command) => quarantine::run(command, app, output).await,
        Inside::Find(arguments) => find::run(arguments, app, output).await,
        Inside::Access(arguments) => access::run(arguments, app, output).await,
        Inside::Contact(command) => Box::pin(contact::run(command, app, output)).await,
        Inside::Message(command) => Box::pin(message::run(command, app, output)).await,
        Inside::Request(command) => Box::pin(request::run(command, app, output)).await,
        Inside::Due(arguments) => request::due(arguments, app, output).await,
        Inside::Erase(arguments) => erase::erase(arguments, app, output).await,
        Inside::Hook(command) => hook::run(command, app, output).await,
        Inside::Offboard(arguments) => offboard::run(arguments, app, output).await,
        Inside::Purge(arguments) => erase::purge(arguments, app, output).await,
        Inside::Hold(command) => hold::run(command, app, output).await,
        Inside::Receipt(command) => receipt::run(command, app, output).await,
        Inside::Root(command) => root::run(command, app, output).await,
        Inside::Jobs(command) => jobs::run(command, app, output).await,
        Inside::Webhook(command) => webhook::run(command, app, output).await,
        Inside::Backup(arguments) => stores::backup(arguments, app, output).await,
    }
}

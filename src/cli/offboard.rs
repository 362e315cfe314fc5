//! `gallra offboard`: the end of a client's contract.

mod export;
mod text;

use chrono::NaiveDate;
use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text};
use crate::app::App;
use crate::offboarding::hooks::Waiting;
use crate::offboarding::{Begin, Offboarder, Person, Status, Task};
use crate::receipts::body::Choice;
use crate::receipts::places::{END_OF_CONTRACT, NAMED_HERE};
use crate::vocabulary::{HoldId, TaskId};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    begin: Option<Recorded>,
}

/// What the client chose.
#[derive(Debug, clap::Args)]
pub struct Recorded {
    /// The client's short name
    #[arg(required = true)]
    slug: String,
    /// What the client chose: delete, or return and then delete
    #[arg(long, required = true)]
    choice: Chosen,
    /// The contract's last day; what an event announced, or today, when not said
    #[arg(long, value_name = "DATE")]
    ends: Option<NaiveDate>,
    /// Days to wait after it, 0 to 90; 30 when not said
    #[arg(long, value_name = "DAYS")]
    grace: Option<u16>,
    /// The client's instruction, as a reference that names no person
    #[arg(long, value_name = "REF", default_value = END_OF_CONTRACT)]
    instruction: String,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Chosen {
    Delete,
    Return,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// How far it has come and what stands in the way; without SLUG: of every client
    Status {
        /// The client's short name
        slug: Option<String>,
    },
    /// Stop: nothing of the client is erased until it is released
    Hold {
        /// The client's short name
        slug: String,
        /// Why, as a reference that names no person
        #[arg(long, value_name = "REF")]
        reason: String,
    },
    /// Release the holds on all of the client
    Release {
        /// The client's short name
        slug: String,
    },
    /// Call it off: the contract goes on
    Cancel {
        /// The client's short name
        slug: String,
        /// The client's instruction, as a reference that names no person
        #[arg(long, value_name = "REF", default_value = "contract goes on")]
        instruction: String,
    },
    /// Approve the purge of what is there now; two different people must
    Approve {
        /// The client's short name
        slug: String,
        /// Who approves: name or staff number; it stands on the receipt
        #[arg(long, value_name = "USER")]
        by: String,
    },
    /// Return: write everything that is held, encrypted to the client
    Export(export::Arguments),
    /// Copies elsewhere: what others must erase
    #[command(subcommand)]
    Task(TaskCommand),
}

#[derive(Debug, clap::Subcommand)]
pub enum TaskCommand {
    /// Every copy elsewhere, open or confirmed
    List {
        /// The client's short name
        slug: String,
    },
    /// Confirm that a copy is gone
    Confirm {
        /// The client's short name
        slug: String,
        /// Which one, as `offboard task list` shows it
        id: TaskId,
        /// Who confirms: name or staff number; it stands on the receipt
        #[arg(long, value_name = "USER")]
        by: String,
        /// What shows it, as a reference that names no person
        #[arg(long, value_name = "REF")]
        evidence: Option<String>,
    },
}

#[derive(Debug, Serialize)]
struct List<T> {
    items: Vec<T>,
}

#[derive(Debug, Serialize)]
struct All {
    items: Vec<Status>,
    needs_a_person: Vec<Waiting>,
}

#[derive(Debug, Serialize)]
struct Held {
    hold: HoldId,
}

#[derive(Debug, Serialize)]
struct Released {
    released: u64,
}

pub async fn run(arguments: Arguments, app: &App, output: Output) -> Result<(), Failure> {
    let offboarder = app.offboarder();
    match (arguments.command, arguments.begin) {
        (Some(Command::Task(command)), _) => tasks(command, &offboarder, output).await,
        (Some(command), _) => act(command, &offboarder, output).await,
        (None, Some(begin)) => {
            let client = offboarder.client(&begin.slug).await?;
            let status = offboarder.begin(&client, begin.order()).await?;
            output.give(&status, text::status)
        }
        (None, None) => Err(Failure::usage(
            "which client? `gallra offboard --help` shows how",
        )),
    }
}

impl Recorded {
    fn order(self) -> Begin {
        Begin {
            choice: match self.choice {
                Chosen::Delete => Choice::Delete,
                Chosen::Return => Choice::Return,
            },
            contract_ends: self.ends,
            grace_days: self.grace,
            instruction: self.instruction,
        }
    }
}

async fn act(command: Command, offboarder: &Offboarder, output: Output) -> Result<(), Failure> {
    match command {
        Command::Status { slug: None } => {
            let mut items: Vec<Status> = Vec::new();
            for client in offboarder.under_way().await? {
                items.push(offboarder.status(&client).await?);
            }
            let needs_a_person = offboarder.waiting_for_a_person().await?;
            let all = All {
                items,
                needs_a_person,
            };
            output.give(&all, |all| text::list(&all.items, &all.needs_a_person))
        }
        Command::Status { slug: Some(slug) } => {
            let client = offboarder.client(&slug).await?;
            output.give(&offboarder.status(&client).await?, text::status)
        }
        Command::Hold { slug, reason } => {
            let client = offboarder.client(&slug).await?;
            let hold = offboarder.hold(&client, &reason).await?;
            output.give(&Held { hold }, |it| {
                Text::line(format!(
                    "Hold {} is in force: nothing of {slug} is erased.",
                    it.hold
                ))
            })
        }
        Command::Release { slug } => {
            let client = offboarder.client(&slug).await?;
            let released = offboarder.release(&client).await?;
            output.give(&Released { released }, |_| Text::line("Released."))
        }
        Command::Cancel { slug, instruction } => {
            let client = offboarder.client(&slug).await?;
            let status = offboarder.cancel(&client, &instruction).await?;
            output.give(&status, text::status)
        }
        Command::Approve { slug, by } => {
            let client = offboarder.client(&slug).await?;
            let person = Person {
                name: by,
                known_by: NAMED_HERE.to_owned(),
            };
            let status = offboarder.approve(&client, person).await?;
            output.give(&status, text::status)
        }
        Command::Export(arguments) => export::run(arguments, offboarder, output).await,
        Command::Task(command) => tasks(command, offboarder, output).await,
    }
}

async fn tasks(
    command: TaskCommand,
    offboarder: &Offboarder,
    output: Output,
) -> Result<(), Failure> {
    match command {
        TaskCommand::List { slug } => {
            let client = offboarder.client(&slug).await?;
            let items: Vec<Task> = offboarder.status(&client).await?.tasks;
            output.give(&List { items }, |list| text::tasks(&list.items))
        }
        TaskCommand::Confirm {
            slug,
            id,
            by,
            evidence,
        } => {
            let client = offboarder.client(&slug).await?;
            let task = offboarder.confirm_task(&client, id, &by, evidence).await?;
            output.give(&task, |task| text::tasks(std::slice::from_ref(task)))
        }
    }
}

//! `gallra jobs`: work that is done later, how it stands, and doing it now.

use serde::Serialize;

use super::failure::Failure;
use super::output::{Output, Text, count, moment};
use crate::app::App;
use crate::jobs::Ran;
use crate::queue::{Cursor, Depth, Job, State};
use crate::vocabulary::JobId;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Work, the newest first: what waits, how far it has come, what was given up and why
    List {
        /// At most so many
        #[arg(long, default_value_t = 50, value_name = "NUMBER")]
        limit: u32,
    },
    /// Do everything that is due now, and end
    Run,
    /// Begin given-up work anew, once the reason is mended
    Retry {
        /// Which, as `jobs list` shows it
        id: JobId,
    },
    /// Let work begin again after a restore
    Resume,
}

#[derive(Debug, Serialize)]
struct List {
    paused: bool,
    #[serde(flatten)]
    depth: Depth,
    items: Vec<Job>,
}

#[derive(Debug, Default, Serialize)]
struct Summary {
    done: u64,
    put_off: u64,
    given_up: u64,
    paused: bool,
}

#[derive(Debug, Serialize)]
struct Again {
    id: JobId,
    state: State,
}

#[derive(Debug, Serialize)]
struct Resumed {
    paused: bool,
}

pub async fn run(command: Command, app: &App, output: Output) -> Result<(), Failure> {
    let queue = app.queue();
    match command {
        Command::List { limit } => {
            let list = List {
                paused: queue.is_paused().await?,
                depth: queue.depth().await?,
                items: queue.list(Cursor::NEWEST, limit).await?,
            };
            output.give(&list, list_text)
        }
        Command::Run => work(app, output).await,
        Command::Retry { id } => {
            queue.retry(id).await?;
            let again = Again {
                id,
                state: State::Waiting,
            };
            output.give(&again, |it| {
                Text::line(format!("Job {} begins anew.", it.id))
            })
        }
        Command::Resume => {
            queue.set_paused(false).await?;
            output.give(&Resumed { paused: false }, |_| {
                Text::line("Work goes on: `gallra serve` does what is due, or `gallra jobs run`.")
            })
        }
    }
}

async fn work(app: &App, output: Output) -> Result<(), Failure> {
    let mut summary = Summary {
        paused: app.queue().is_paused().await?,
        ..Summary::default()
    };
    for ran in app.worker().run_due().await? {
        match ran {
            Ran::Done => summary.done += 1,
            Ran::PutOff | Ran::LeftToOthers => summary.put_off += 1,
            Ran::GivenUp => summary.given_up += 1,
        }
    }
    output.give(&summary, |it| match (it.paused, it) {
        (true, _) => Text::line(PAUSED),
        (
            false,
            Summary {
                done: 0,
                put_off: 0,
                given_up: 0,
                ..
            },
        ) => Text::line("Nothing is due."),
        (false, it) => Text::line(format!(
            "{} done, {} put off, {} given up.",
            it.done, it.put_off, it.given_up
        )),
    })
}

const PAUSED: &str = "The data was restored, so nothing begins by itself: `gallra jobs list` shows what \
    waits, `gallra jobs resume` lets it go on.";

fn list_text(list: &List) -> Text {
    let text = match list.paused {
        true => Text::default().paragraph(0, PAUSED).gap(),
        false => Text::default(),
    };
    if list.items.is_empty() {
        return text.and("No work is known.");
    }
    let rows: Vec<_> = list.items.iter().map(row).collect();
    let text = text.table(["JOB", "KIND", "STATE", "PROGRESS", "NEXT OR ENDED"], &rows);
    let reasons = list.items.iter().filter_map(|job| {
        let reason = job.reason.as_ref()?;
        Some((job.id, count(job.attempts.into(), "try", "tries"), reason))
    });
    reasons.fold(text, |text, (id, tries, reason)| {
        text.gap().paragraph(0, &format!("{id}, {tries}: {reason}"))
    })
}

fn row(job: &Job) -> [String; 5] {
    let progress = match job.total {
        Some(0) | None => String::new(),
        Some(total) => format!("{} %", job.progress.saturating_mul(100) / total),
    };
    let when = job.ended_at.or(job.due_at).map(moment).unwrap_or_default();
    let (kind, state) = (job.kind.word().to_owned(), job.state.word().to_owned());
    [job.id.to_string(), kind, state, progress, when]
}

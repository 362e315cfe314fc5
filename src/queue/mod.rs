//! Work that is done later, and is not lost: a job is a row, written in the transaction of whatever makes
//! it necessary, so both are there or neither.
//!
//! ```text
//! waiting ──lease──▶ running ──end──▶ done
//!    ▲                 │  │  └─────▶ failed: it was tried as often as its kind says; a person is told
//!    └──put off, later─┘  └─ silent: its lease runs out and another worker takes it
//! ```
//!
//! A job names what it is about by ids and holds nothing else, so it may stand in a backup for ever. Its
//! work must be such that doing it twice does no harm: a worker that dies half way leaves it to the next,
//! which begins again. A lease is a row's `due_at` in the future, by the wall clock that all machines of
//! one installation share; a clock that jumps makes work start early or late, and at worst twice.
//!
//! After a restore the queue is paused: what old data wants done may have been done, or be wanted no
//! more. `gallra jobs resume` is a person's word that it is to go on.
//!
//! **To add a kind of work**, add a line to [`Kind`] with how often and how long it is tried, and say in
//! the `jobs` room what is done.

mod error;
mod kind;
mod lease;
pub(crate) mod rows;

use std::sync::Arc;
use std::time::Duration;

pub use error::QueueError;
pub use kind::Kind;
pub use lease::{Lease, Verdict};

use crate::store::{Db, Row, StoreError, Tx, args};
use crate::vocabulary::{Clock, JobId, LeaseId, Random, TenantId, Timestamp};

/// How long a worker may be silent before another takes its work.
pub const LEASE: Duration = Duration::from_secs(60);
/// How long work that ended well is remembered.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How a piece of work stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// To be begun when it is due.
    Waiting,
    /// A worker has it.
    Running,
    /// It ended well.
    Done,
    /// It was given up.
    Failed,
}

impl State {
    /// Every state.
    pub const ALL: [State; 4] = [State::Waiting, State::Running, State::Done, State::Failed];

    /// The word that is stored.
    pub const fn word(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
        }
    }

    fn from_word(word: &str) -> Result<Self, QueueError> {
        let found = Self::ALL.into_iter().find(|state| state.word() == word);
        found.ok_or(QueueError::Stored)
    }
}

/// Work to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewJob {
    /// What is to be done.
    pub kind: Kind,
    /// In whose data.
    pub tenant: Option<TenantId>,
    /// What it is about.
    pub object: [u8; 16],
    /// Not before this.
    pub due: Timestamp,
}

/// A piece of work as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What is to be done.
    pub kind: Kind,
    /// In whose data.
    pub tenant: Option<TenantId>,
    /// What it is about, as hexadecimal digits.
    pub object: String,
    /// How it stands.
    pub state: State,
    /// When it is begun next.
    pub due_at: Option<Timestamp>,
    /// How often it was begun.
    pub attempts: u32,
    /// How far it has come.
    pub progress: u64,
    /// What progress counts up to.
    pub total: Option<u64>,
    /// Why the last attempt failed.
    pub reason: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Job {
    fn read(row: &Row) -> Result<Self, QueueError> {
        Ok(Self {
            id: row.id(0)?,
            kind: Kind::from_word(&row.text(1)?).ok_or(QueueError::Stored)?,
            tenant: row.opt_id(2)?,
            object: hex::encode(row.blob(3)?),
            state: State::from_word(&row.text(4)?)?,
            due_at: row.opt_timestamp(5)?,
            attempts: row.u32(6)?,
            progress: row.u64(7)?,
            total: row.opt_i64(8)?.map(i64::unsigned_abs),
            reason: row.opt_text(9)?,
            created_at: row.timestamp(10)?,
            ended_at: row.opt_timestamp(11)?,
        })
    }
}

/// A place in the list of jobs: those after it are older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(Timestamp, JobId);

impl Cursor {
    /// Before the newest.
    pub const NEWEST: Cursor = Cursor(Timestamp(i64::MAX), JobId([0xff; 16]));

    /// After this job.
    pub fn after(job: &Job) -> Self {
        Self(job.created_at, job.id)
    }
}

/// How much work there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Depth {
    /// To be begun.
    pub waiting: u64,
    /// Under way.
    pub running: u64,
    /// Given up.
    pub failed: u64,
    /// When the oldest of them was due.
    pub oldest_due: Option<Timestamp>,
}

/// Adds work in the transaction of whatever makes it necessary. Work that is known is left as it is.
pub async fn add_in(
    tx: &mut Tx,
    job: NewJob,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<(), StoreError> {
    let arguments = args![
        JobId::generate(random),
        job.kind.word(),
        job.tenant,
        job.object,
        State::Waiting.word(),
        job.due,
        clock.now(),
    ];
    tx.execute(rows::INSERT_JOB, arguments).await?;
    Ok(())
}

/// Lets waiting work begin at another time, in the transaction of whatever makes that necessary.
pub async fn move_in(
    tx: &mut Tx,
    kind: Kind,
    object: [u8; 16],
    due: Timestamp,
) -> Result<(), StoreError> {
    let arguments = args![due, kind.word(), object, State::Waiting.word()];
    tx.execute(rows::MOVE_JOB, arguments).await?;
    Ok(())
}

/// The queue. Cheap to clone.
#[derive(Clone)]
pub struct Queue {
    /// The data store.
    pub data: Db,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
}

impl Queue {
    /// Adds work that no other change belongs to.
    pub async fn add(&self, job: NewJob) -> Result<(), QueueError> {
        let mut tx = self.data.begin().await?;
        add_in(&mut tx, job, self.clock.as_ref(), self.random.as_ref()).await?;
        Ok(tx.commit().await?)
    }

    /// Takes the work that has been due longest; `None` when there is none, or when the queue is paused.
    pub async fn lease(&self) -> Result<Option<Lease>, QueueError> {
        let now = self.clock.now();
        // An idle worker reads, and takes no writer's place.
        let oldest = self.data.fetch_one(rows::OLDEST_DUE, args![]).await?;
        if oldest.opt_timestamp(0)?.is_none_or(|due| due > now) {
            return Ok(None);
        }
        let id = LeaseId::generate(self.random.as_ref());
        let until = after(now, LEASE);
        let arguments = args![State::Running.word(), id, until, now, true, now];
        let mut tx = self.data.begin().await?;
        let row = tx.fetch_optional(rows::LEASE_JOB, arguments).await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Lease {
            id,
            job: row.id(0)?,
            kind: Kind::from_word(&row.text(1)?).ok_or(QueueError::Stored)?,
            tenant: row.opt_id(2)?,
            object: row.bytes(3)?,
            attempt: row.u32(4)?,
        }))
    }

    /// Begins given-up work anew: somebody has done something about the reason.
    pub async fn retry(&self, id: JobId) -> Result<(), QueueError> {
        let (waiting, failed) = (State::Waiting.word(), State::Failed.word());
        let arguments = args![waiting, self.clock.now(), id, failed];
        match self.data.execute(rows::RETRY_JOB, arguments).await? {
            0 => Err(QueueError::NotFailed(id)),
            _ => Ok(()),
        }
    }

    /// Forgets work that ended well a month ago. What was given up is kept until somebody looks.
    pub async fn forget_old(&self) -> Result<u64, QueueError> {
        let before = Timestamp(self.clock.now().0 - REMEMBERED.as_micros() as i64);
        let arguments = args![State::Done.word(), before];
        Ok(self.data.execute(rows::FORGET_JOBS, arguments).await?)
    }

    /// Work, the newest first.
    pub async fn list(&self, after: Cursor, limit: u32) -> Result<Vec<Job>, QueueError> {
        let arguments = args![after.0, after.0, after.1, limit];
        let found = self.data.fetch_all(rows::JOBS, arguments).await?;
        found.iter().map(Job::read).collect()
    }

    /// The work about one thing.
    pub async fn job_of(&self, kind: Kind, object: [u8; 16]) -> Result<Option<Job>, QueueError> {
        let arguments = args![kind.word(), object];
        let found = self.data.fetch_optional(rows::JOB_OF, arguments).await?;
        found.as_ref().map(Job::read).transpose()
    }

    /// How much work there is.
    pub async fn depth(&self) -> Result<Depth, QueueError> {
        let mut depth = Depth::default();
        for row in self.data.fetch_all(rows::COUNT_JOBS, args![]).await? {
            match State::from_word(&row.text(0)?)? {
                State::Waiting => depth.waiting = row.u64(1)?,
                State::Running => depth.running = row.u64(1)?,
                State::Failed => depth.failed = row.u64(1)?,
                State::Done => {}
            }
        }
        let oldest = self.data.fetch_one(rows::OLDEST_DUE, args![]).await?;
        depth.oldest_due = oldest.opt_timestamp(0)?;
        Ok(depth)
    }

    /// Whether the queue waits for a person: the data was restored.
    pub async fn is_paused(&self) -> Result<bool, QueueError> {
        let row = self.data.fetch_optional(rows::IS_PAUSED, args![]).await?;
        Ok(match row {
            Some(row) => row.opt_bool(0)?.unwrap_or(false),
            None => false,
        })
    }

    /// Lets the queue go on after a restore, or has it wait.
    pub async fn set_paused(&self, paused: bool) -> Result<(), QueueError> {
        self.data.execute(rows::SET_PAUSED, args![paused]).await?;
        Ok(())
    }
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    Timestamp(now.0.saturating_add(wait))
}

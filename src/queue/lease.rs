//! A worker's hold on a piece of work, and how the work ends.

use std::time::Duration;

use super::{Kind, LEASE, Queue, QueueError, State, after, rows};
use crate::store::{Value, args};
use crate::vocabulary::{JobId, LeaseId, TenantId, Timestamp};

/// The longest reason that is kept.
const LONGEST_REASON: usize = 500;
/// Waits are made longer by up to a tenth, so that what failed together is not tried together.
const SPREAD: u64 = 10;

/// A piece of work that this worker has, for as long as it renews the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The lease.
    pub id: LeaseId,
    /// The work.
    pub job: JobId,
    /// What is to be done.
    pub kind: Kind,
    /// In whose data.
    pub tenant: Option<TenantId>,
    /// What it is about.
    pub object: [u8; 16],
    /// The how manieth attempt this is.
    pub attempt: u32,
}

impl Lease {
    /// Whether this is the last attempt: if it fails, the work is given up.
    pub fn is_last_try(&self) -> bool {
        self.attempt as usize > self.kind.waits().len()
    }

    /// Whether it was begun more often than its kind is tried: its worker died each time.
    pub fn is_beyond_trying(&self) -> bool {
        self.attempt as usize > self.kind.waits().len() + 1
    }
}

/// What became of failed work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is tried again then.
    Again(Timestamp),
    /// It was tried for the last time.
    GivenUp,
}

impl Queue {
    /// Keeps the lease and says how far the work has come.
    pub async fn renew(
        &self,
        lease: &Lease,
        progress: u64,
        total: Option<u64>,
    ) -> Result<(), QueueError> {
        let until = after(self.clock.now(), LEASE);
        let total = total.and_then(|total| i64::try_from(total).ok());
        let progress = i64::try_from(progress).unwrap_or(i64::MAX);
        let arguments = args![until, progress, total, lease.job, lease.id];
        self.held(rows::RENEW_LEASE, arguments).await
    }

    /// The work is done.
    pub async fn succeed(&self, lease: &Lease) -> Result<(), QueueError> {
        let (done, now) = (State::Done.word(), self.clock.now());
        let arguments = args![done, Value::NullText, now, lease.job, lease.id];
        self.held(rows::END_JOB, arguments).await
    }

    /// The work failed: it is tried again later, or given up.
    pub async fn fail(&self, lease: &Lease, reason: &str) -> Result<Verdict, QueueError> {
        let reason: String = reason.chars().take(LONGEST_REASON).collect();
        let now = self.clock.now();
        let tried = lease.attempt.saturating_sub(1) as usize;
        let Some(wait) = lease.kind.waits().get(tried) else {
            self.give_up(lease, &reason).await?;
            return Ok(Verdict::GivenUp);
        };
        let due = after(now, self.spread(*wait));
        let arguments = args![State::Waiting.word(), due, reason, lease.job, lease.id];
        self.held(rows::PUT_OFF_JOB, arguments).await?;
        Ok(Verdict::Again(due))
    }

    /// The work is not tried again: trying again would change nothing.
    pub async fn give_up(&self, lease: &Lease, reason: &str) -> Result<(), QueueError> {
        let reason: String = reason.chars().take(LONGEST_REASON).collect();
        let (failed, now) = (State::Failed.word(), self.clock.now());
        let arguments = args![failed, reason, now, lease.job, lease.id];
        self.held(rows::END_JOB, arguments).await
    }

    /// The worker ends and has not finished: the next one may begin at once.
    pub async fn give_back(&self, lease: &Lease) -> Result<(), QueueError> {
        let (waiting, now) = (State::Waiting.word(), self.clock.now());
        let arguments = args![waiting, now, lease.job, lease.id];
        self.held(rows::GIVE_JOB_BACK, arguments).await
    }

    async fn held(&self, sql: &'static str, arguments: Vec<Value>) -> Result<(), QueueError> {
        match self.data.execute(sql, arguments).await? {
            0 => Err(QueueError::Lost),
            _ => Ok(()),
        }
    }

    fn spread(&self, wait: Duration) -> Duration {
        let mut byte = [0];
        self.random.fill(&mut byte);
        let most = wait.as_millis() as u64 / SPREAD;
        wait + Duration::from_millis(most * u64::from(byte[0]) / 256)
    }
}

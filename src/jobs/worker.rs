//! One worker: takes work, does it, says how it ended.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;

use crate::queue::{LEASE, Lease, Queue, QueueError, Verdict};

/// How often a lease is renewed: several times before it would run out.
const RENEWAL: Duration = Duration::from_secs(LEASE.as_secs() / 4);
/// How long an idle worker waits before it looks again.
const GLANCE: Duration = Duration::from_millis(500);
/// What is unknown until the work says it.
const UNKNOWN: u64 = u64::MAX;

/// Why a piece of work did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What a person reads. The program's own words: no personal data.
    pub reason: String,
    /// Whether it may succeed when it is tried again.
    pub again: bool,
}

impl Failure {
    /// It may succeed later.
    pub fn for_now(reason: impl ToString) -> Self {
        Self {
            reason: reason.to_string(),
            again: true,
        }
    }

    /// It would fail in the same way each time.
    pub fn for_good(reason: impl ToString) -> Self {
        Self {
            reason: reason.to_string(),
            again: false,
        }
    }
}

/// How far the work has come. Whoever does the work raises it; the worker writes it down.
#[derive(Debug)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            done: AtomicU64::new(0),
            total: AtomicU64::new(UNKNOWN),
        }
    }
}

impl Progress {
    /// So much is done.
    pub fn reach(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    /// So much there is.
    pub fn of(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    fn read(&self) -> (u64, Option<u64>) {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed);
        (done, (total != UNKNOWN).then_some(total))
    }
}

/// Whoever knows what a piece of work is. Doing it twice, or half and then again, must do no harm.
pub trait Does: Send + Sync {
    /// Does the work.
    fn carry_out(
        &self,
        lease: &Lease,
        progress: &Progress,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// How one piece of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// Well.
    Done,
    /// It is tried again later.
    PutOff,
    /// It was given up.
    GivenUp,
    /// Another worker has it, or this one was told to end.
    LeftToOthers,
}

/// A worker.
#[derive(Clone)]
pub struct Worker<D> {
    /// Where work comes from.
    pub queue: Queue,
    /// What is done.
    pub does: D,
}

impl<D: Does> Worker<D> {
    /// Does one piece of work; `None` when nothing is due. When `ended` completes first, the work goes
    /// back to the queue as it was.
    pub async fn run_one<E: Future + Send>(&self, ended: E) -> Result<Option<Ran>, QueueError> {
        let Some(lease) = self.queue.lease().await? else {
            return Ok(None);
        };
        let ran = match self.work(&lease, ended).await {
            Err(QueueError::Lost) => Ran::LeftToOthers,
            ran => ran?,
        };
        tracing::info!(job = %lease.job, kind = lease.kind.word(), attempt = lease.attempt, ?ran, "job");
        Ok(Some(ran))
    }

    /// Does everything that is due now; what is put off is left for later. Answers how each ended.
    pub async fn run_due(&self) -> Result<Vec<Ran>, QueueError> {
        let mut all = Vec::new();
        while let Some(ran) = self.run_one(std::future::pending::<()>()).await? {
            all.push(ran);
        }
        Ok(all)
    }

    /// Works until it is told to end.
    pub async fn run_until(&self, ended: tokio::sync::watch::Receiver<bool>) {
        while !*ended.borrow() {
            let worked = match self.run_one(told(ended.clone())).await {
                Ok(ran) => ran.is_some(),
                Err(error) => {
                    tracing::warn!(%error, "the queue does not answer");
                    false
                }
            };
            if !worked {
                let _ = tokio::time::timeout(GLANCE, told(ended.clone())).await;
            }
        }
    }

    async fn work<E: Future + Send>(&self, lease: &Lease, ended: E) -> Result<Ran, QueueError> {
        if lease.is_beyond_trying() {
            let reason = "every process that tried it died: look at the server's log, then \
                `gallra jobs retry`";
            self.queue.give_up(lease, reason).await?;
            return Ok(Ran::GivenUp);
        }
        let progress = Progress::default();
        let work = AssertUnwindSafe(self.does.carry_out(lease, &progress)).catch_unwind();
        tokio::select! {
            done = work => {
                let (reached, total) = progress.read();
                self.queue.renew(lease, reached, total).await?;
                self.end(lease, done.unwrap_or_else(|_| Err(Failure::for_now(
                    "a fault of the program: the server's log says where"))))
                    .await
            }
            lost = self.keep(lease, &progress) => lost.map(|()| Ran::LeftToOthers),
            _ = ended => {
                self.queue.give_back(lease).await?;
                Ok(Ran::LeftToOthers)
            }
        }
    }

    async fn end(&self, lease: &Lease, done: Result<(), Failure>) -> Result<Ran, QueueError> {
        let Err(failure) = done else {
            self.queue.succeed(lease).await?;
            return Ok(Ran::Done);
        };
        tracing::warn!(job = %lease.job, reason = failure.reason, "a job failed");
        if !failure.again {
            self.queue.give_up(lease, &failure.reason).await?;
            return Ok(Ran::GivenUp);
        }
        match self.queue.fail(lease, &failure.reason).await? {
            Verdict::Again(_) => Ok(Ran::PutOff),
            Verdict::GivenUp => Ok(Ran::GivenUp),
        }
    }

    /// Keeps the lease for as long as the work goes on; ends only when it is lost.
    async fn keep(&self, lease: &Lease, progress: &Progress) -> Result<(), QueueError> {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let (done, total) = progress.read();
            match self.queue.renew(lease, done, total).await {
                Err(QueueError::Store(error)) => {
                    tracing::warn!(%error, "a lease is not renewed yet")
                }
                renewed => renewed?,
            }
        }
    }
}

/// Completes when it is true, and when nobody is left who could say so.
async fn told(mut ended: tokio::sync::watch::Receiver<bool>) {
    let _ = ended.wait_for(|it| *it).await;
}

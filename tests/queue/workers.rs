//! What a worker does with work that ends well, badly, or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use gallra::jobs::{Does, Failure, Progress, Ran, Worker};
use gallra::queue::{Kind, LEASE, Lease, State};

use crate::{Bench, both_engines};

/// Work that fails so often before it succeeds.
#[derive(Clone, Default)]
struct Stubborn {
    fails: u32,
    again: bool,
    begun: Arc<AtomicU32>,
}

impl Does for Stubborn {
    async fn carry_out(&self, _: &Lease, progress: &Progress) -> Result<(), Failure> {
        let before = self.begun.fetch_add(1, Ordering::SeqCst);
        progress.of(10);
        progress.reach(7);
        match before < self.fails {
            true if self.again => Err(Failure::for_now("not yet")),
            true => Err(Failure::for_good("never")),
            false => Ok(()),
        }
    }
}

/// Work that never ends, or panics.
struct Endless;
struct Faulty;

impl Does for Endless {
    async fn carry_out(&self, _: &Lease, _: &Progress) -> Result<(), Failure> {
        std::future::pending().await
    }
}

impl Does for Faulty {
    async fn carry_out(&self, _: &Lease, _: &Progress) -> Result<(), Failure> {
        panic!("a fault");
    }
}

both_engines! {
    async fn work_is_tried_until_it_succeeds(bench) {
        let it = Bench::new(bench).await;
        it.add(1).await;
        let does = Stubborn { fails: 2, again: true, ..Stubborn::default() };
        let worker = Worker { queue: it.queue.clone(), does: does.clone() };
        assert_eq!(worker.run_due().await.unwrap(), [Ran::PutOff], "not again at once");
        for ran in [Ran::PutOff, Ran::Done] {
            it.clock.advance(Duration::from_secs(3600));
            assert_eq!(worker.run_due().await.unwrap(), [ran]);
        }
        assert_eq!(does.begun.load(Ordering::SeqCst), 3);
        let job = it.queue.job_of(Kind::Import, [1; 16]).await.unwrap().expect("it is there");
        assert_eq!((job.state, job.attempts, job.progress, job.total), (State::Done, 3, 7, Some(10)));
    }

    async fn what_cannot_succeed_is_given_up_at_once(bench) {
        let it = Bench::new(bench).await;
        it.add(1).await;
        let does = Stubborn { fails: 1, ..Stubborn::default() };
        let worker = Worker { queue: it.queue.clone(), does };
        assert_eq!(worker.run_due().await.unwrap(), [Ran::GivenUp]);
        let job = it.queue.job_of(Kind::Import, [1; 16]).await.unwrap().expect("it is there");
        assert_eq!((job.state, job.reason.as_deref()), (State::Failed, Some("never")));
    }

    async fn a_worker_that_is_told_to_end_gives_its_work_back(bench) {
        let it = Bench::new(bench).await;
        it.add(1).await;
        let worker = Worker { queue: it.queue.clone(), does: Endless };
        let ran = worker.run_one(std::future::ready(())).await.unwrap();
        assert_eq!(ran, Some(Ran::LeftToOthers));
        let next = it.queue.lease().await.unwrap().expect("it may begin at once");
        assert_eq!(next.attempt, 1, "and it does not count as an attempt");
    }

    async fn work_that_kills_its_workers_is_given_up(bench) {
        let it = Bench::new(bench).await;
        it.add(1).await;
        for _ in 0..=Kind::Import.waits().len() {
            it.queue.lease().await.unwrap().expect("a worker takes it, and dies");
            it.clock.advance(LEASE);
        }
        let worker = Worker { queue: it.queue.clone(), does: Endless };
        assert_eq!(worker.run_due().await.unwrap(), [Ran::GivenUp], "the next one does not try");
        let job = it.queue.job_of(Kind::Import, [1; 16]).await.unwrap().expect("it is there");
        assert!(job.reason.expect("a reason").contains("died"));
    }

    async fn a_panic_is_a_failure_and_no_end_of_the_worker(bench) {
        let it = Bench::new(bench).await;
        it.add(1).await;
        let worker = Worker { queue: it.queue.clone(), does: Faulty };
        assert_eq!(worker.run_due().await.unwrap(), [Ran::PutOff]);
    }
}

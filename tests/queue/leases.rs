//! Who has a piece of work, and for how long.

use std::collections::BTreeSet;
use std::time::Duration;

use gallra::queue::{Kind, LEASE, QueueError, State, Verdict};

use crate::{Bench, both_engines};

both_engines! {
    async fn the_same_work_is_added_once(bench) {
        let it = Bench::new(bench).await;
        it.add(1).await;
        it.add(1).await;
        assert_eq!(it.queue.depth().await.unwrap().waiting, 1);
        let lease = it.queue.lease().await.unwrap().expect("it is due");
        it.queue.succeed(&lease).await.unwrap();
        it.add(1).await;
        assert_eq!(it.queue.lease().await.unwrap(), None, "what is done stays done");
    }

    async fn two_workers_never_have_the_same_work(bench) {
        let it = Bench::new(bench).await;
        for number in 0..20 {
            it.add(number).await;
        }
        let worker = async || {
            let mut had = Vec::new();
            while let Some(lease) = it.queue.lease().await.unwrap() {
                had.push(lease.object[0]);
            }
            had
        };
        // A worker that loses a race may see nothing for a moment; nobody may see the same twice.
        let (mut one, other) = tokio::join!(worker(), worker());
        one.extend(other);
        one.extend(worker().await);
        let different: BTreeSet<u8> = one.iter().copied().collect();
        assert_eq!((one.len(), different.len()), (20, 20));
    }

    async fn a_silent_worker_loses_its_work_to_another(bench) {
        let it = Bench::new(bench).await;
        it.add(1).await;
        let dead = it.queue.lease().await.unwrap().expect("it is due");
        it.queue.renew(&dead, 3, Some(9)).await.unwrap();
        it.clock.advance(LEASE - Duration::from_secs(1));
        assert_eq!(it.queue.lease().await.unwrap(), None, "it still has time");
        it.clock.advance(Duration::from_secs(1));
        let next = it.queue.lease().await.unwrap().expect("it was silent for too long");
        assert_eq!((next.job, next.attempt), (dead.job, 2));
        for late in [it.queue.succeed(&dead).await, it.queue.renew(&dead, 4, None).await,
            it.queue.give_back(&dead).await, it.queue.fail(&dead, "x").await.map(drop)] {
            assert!(matches!(late, Err(QueueError::Lost)), "{late:?}");
        }
        let job = it.queue.job_of(Kind::Import, [1; 16]).await.unwrap().expect("it is there");
        assert_eq!((job.state, job.progress, job.total), (State::Running, 3, Some(9)));
        it.queue.succeed(&next).await.unwrap();
    }

    async fn failed_work_waits_longer_each_time_and_is_given_up(bench) {
        let it = Bench::new(bench).await;
        it.add(1).await;
        for wait in Kind::Import.waits() {
            let lease = it.queue.lease().await.unwrap().expect("it is due");
            let verdict = it.queue.fail(&lease, "the store is full: make room").await.unwrap();
            let Verdict::Again(_) = verdict else { panic!("{verdict:?}") };
            it.clock.advance(*wait - Duration::from_millis(1));
            assert_eq!(it.queue.lease().await.unwrap(), None, "too early");
            it.clock.advance(*wait / 10 + Duration::from_millis(1));
        }
        let last = it.queue.lease().await.unwrap().expect("it is due");
        assert!(!last.is_beyond_trying());
        assert_eq!(it.queue.fail(&last, "the store is full: make room").await.unwrap(), Verdict::GivenUp);
        it.clock.advance(Duration::from_secs(365 * 24 * 3600));
        assert_eq!(it.queue.lease().await.unwrap(), None);
        assert_eq!(it.queue.forget_old().await.unwrap(), 0, "what was given up is kept");
        let job = it.queue.job_of(Kind::Import, [1; 16]).await.unwrap().expect("it is there");
        assert_eq!(job.state, State::Failed);
        assert_eq!(job.reason.as_deref(), Some("the store is full: make room"));
        it.queue.retry(job.id).await.unwrap();
        assert_eq!(it.queue.lease().await.unwrap().expect("begun anew").attempt, 1);
        assert!(matches!(it.queue.retry(job.id).await, Err(QueueError::NotFailed(_))));
    }

    async fn what_ended_well_is_forgotten_after_a_month(bench) {
        let it = Bench::new(bench).await;
        it.add(1).await;
        let lease = it.queue.lease().await.unwrap().expect("it is due");
        it.queue.succeed(&lease).await.unwrap();
        assert_eq!(it.queue.forget_old().await.unwrap(), 0);
        it.clock.advance(Duration::from_secs(31 * 24 * 3600));
        assert_eq!(it.queue.forget_old().await.unwrap(), 1);
    }
}

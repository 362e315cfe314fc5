//! The queue and its workers, with time that the test moves.

#[path = "../support/mod.rs"]
mod support;

mod leases;
mod restored;
mod uploads;
mod webhooks;
mod workers;

use std::sync::Arc;

use gallra::queue::{Kind, NewJob, Queue};
use gallra::store::Role;
use gallra::vocabulary::{Clock, FixedClock, SeededRandom};

/// A queue over empty data, and its clock.
struct Bench {
    queue: Queue,
    clock: Arc<FixedClock>,
}

impl Bench {
    async fn new(bench: &support::Bench) -> Bench {
        let clock = Arc::new(FixedClock::at("2026-03-01T09:00:00Z"));
        let queue = Queue {
            data: bench.open(Role::Data).await,
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
        };
        Bench { queue, clock }
    }

    /// Adds work about this number, due now.
    async fn add(&self, number: u8) {
        let job = NewJob {
            kind: Kind::Import,
            tenant: None,
            object: [number; 16],
            due: self.clock.now(),
        };
        self.queue.add(job).await.expect("work is added");
    }
}

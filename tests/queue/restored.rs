//! Work of old data does not begin by itself.

use gallra::erasure::{Standing, restore::restore};
use gallra::queue::{Kind, NewJob, Queue};
use gallra::store::Role;
use gallra::vocabulary::{Clock, SystemClock, SystemRandom};

use crate::both_engines;
use crate::support::house::House;

fn queue(house: &House) -> Queue {
    Queue {
        data: house.catalog.data.clone(),
        clock: house.clock.clone(),
        random: house.catalog.random.clone(),
    }
}

both_engines! {
    async fn after_a_restore_the_queue_waits_for_a_person(bench) {
        let house = House::new(bench).await;
        let due = house.clock.now();
        let job = NewJob { kind: Kind::Import, tenant: None, object: [1; 16], due };
        queue(&house).add(job).await.unwrap();
        let directory = bench.directory().join("backup");
        house.eraser.backup(&bench.url(Role::Data), &directory).await.expect("a backup");
        let keyring = house.catalog.keyring.clone();
        house.catalog.data.close().await;
        restore(&keyring, &bench.url(Role::Data), &directory, &SystemClock, &SystemRandom).await.expect("it is put back");
        house.close().await;

        let house = House::open(bench).await;
        let queue = queue(&house);
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Restored);
        assert_eq!(queue.lease().await.unwrap(), None, "not while it is not reconciled");
        house.eraser.settle().await.unwrap();
        assert!(queue.is_paused().await.unwrap());
        assert_eq!(queue.lease().await.unwrap(), None, "nor before somebody confirms");
        queue.set_paused(false).await.unwrap();
        assert!(queue.lease().await.unwrap().is_some());
    }
}

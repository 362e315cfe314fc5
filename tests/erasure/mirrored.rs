//! Erasing while a mirror is late: should it be promoted, nobody who was erased comes back.

use std::path::Path;
use std::sync::Arc;

use gallra::catalog::TenantRef;
use gallra::keyring::Mirror;
use gallra::store::args;
use gallra::vocabulary::SystemRandom;

use crate::both_engines;
use crate::support::house::House;

async fn mirror(house: &House, directory: &Path) -> Mirror {
    let (main, random) = (&house.catalog.keyring, Arc::new(SystemRandom));
    let mirror = Mirror::open_or_create(directory, "cellar", main, house.clock.clone(), random);
    mirror.await.expect("a mirror is made")
}

/// Under how many generations of index keys people are suppressed.
async fn generations(house: &House, tenant: &TenantRef) -> i64 {
    let sql = "SELECT COUNT(DISTINCT generation) FROM suppression WHERE tenant = $1";
    let row = house.catalog.index.fetch_one(sql, args![tenant.id]).await;
    row.unwrap().i64(0).unwrap()
}

both_engines! {
    /// Anna is erased; the mirror follows. Bo is erased, and the index keys are replaced: the mirror
    /// has not seen it. What is suppressed under the earlier keys stands beside what is under the new
    /// ones until it has. What a promotion makes of that: `tests/cli/put_back_index.rs`.
    async fn suppressions_stay_under_the_keys_that_a_late_mirror_has(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let (anna, bo) = (house.person(&tenant, 1, 1).await, house.person(&tenant, 2, 1).await);
        let mut mirror = mirror(&house, &bench.directory().join("mirror")).await;
        house.erase(&tenant, anna, false).await;
        mirror.follow_once().await.unwrap();
        house.eraser.settle().await.unwrap();
        assert_eq!(generations(&house, &tenant).await, 1);

        let strict = house.erase(&tenant, bo, true).await;
        assert!(strict.pending.is_some(), "the receipt waits for the mirror");
        assert_eq!(generations(&house, &tenant).await, 2);

        // It has seen the new keys: the old ones will never be in force again.
        mirror.follow_once().await.unwrap();
        house.eraser.settle_fully().await.unwrap();
        assert_eq!(generations(&house, &tenant).await, 1);
    }
}

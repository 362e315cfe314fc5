//! What else goes on while somebody is erased: others write, the clock jumps.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gallra::catalog::Identifier;
use gallra::erasure::Standing;
use gallra::store::args;
use gallra::vocabulary::{Clock, Timestamp};

use crate::both_engines;
use crate::support::house::{House, email};

both_engines! {
    /// Two processes bring people while a third purges their tenant: whoever came too late was
    /// refused, and nothing of the tenant is left in any store.
    async fn nobody_is_created_in_a_tenant_that_is_purged(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        for number in 0..4 {
            house.person(&tenant, number, 1).await;
        }
        let begun = Arc::new(AtomicUsize::new(0));
        let mut writers = Vec::new();
        for writer in 1..3 {
            let (other, tenant) = (House::open(bench).await, tenant.clone());
            let begun = begun.clone();
            writers.push(tokio::spawn(async move {
                let mut brought = 0;
                for number in 0..200 {
                    let contact = gallra::catalog::write::ContactChange {
                        external_id: Some(format!("ny-{writer}-{number}").into()),
                        email: Some(format!("ny{writer}.{number}@example.se").into()),
                        ..Default::default()
                    };
                    match other.catalog.upsert_contact(&tenant, contact).await {
                        Ok(_) => {
                            brought += 1;
                            begun.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(_) => break,
                    }
                }
                other.close().await;
                brought
            }));
        }
        while begun.load(Ordering::SeqCst) < 10 {
            tokio::task::yield_now().await;
        }
        house.purge(&tenant).await;
        let mut brought = 0;
        for writer in writers {
            brought += writer.await.unwrap();
        }
        assert!(brought > 0, "nobody raced");
        for (db, sql) in [
            (&house.catalog.data, "SELECT COUNT(*) FROM contact WHERE tenant = $1"),
            (&house.catalog.data, "SELECT COUNT(*) FROM unit WHERE tenant = $1"),
            (&house.catalog.data, "SELECT COUNT(*) FROM index_outbox WHERE tenant = $1"),
            (&house.catalog.index, "SELECT COUNT(*) FROM token WHERE tenant = $1"),
            (&house.catalog.index, "SELECT COUNT(*) FROM reservation WHERE tenant = $1"),
        ] {
            let left = db.fetch_one(sql, args![tenant.id]).await.unwrap().i64(0).unwrap();
            assert_eq!(left, 0, "{sql}");
        }
    }

    /// A year back between two erasures: nothing depends on the wall clock but what people read.
    async fn a_clock_that_is_set_back_loses_nothing(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let (anna, bo) = (house.person(&tenant, 1, 1).await, house.person(&tenant, 2, 1).await);
        let first = house.erase(&tenant, anna, false).await;
        let year = 365 * 24 * 60 * 60 * 1_000_000;
        house.clock.set(Timestamp(house.clock.now().0 - year));
        house.catalog.read_contact(&tenant, bo).await.unwrap();
        let second = house.erase(&tenant, bo, true).await;
        assert!(first.pending.is_none() && second.pending.is_none());
        let receipts = house.eraser.log.list(None, 0, 10).await.unwrap();
        let order: Vec<_> = receipts.iter().map(|receipt| receipt.id).collect();
        assert_eq!(order, [first.erasure, second.erasure]);
        assert!(house.eraser.log.verify_all().await.unwrap().passed());
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
        for number in 1..3 {
            let found = house.catalog.find(&Identifier::Email(email(number)), None).await.unwrap();
            assert!(found.matches.is_empty());
        }
    }
}

//! Index keys are thirty days old and somebody replaces them: aborted at each point, nobody is told
//! "nothing" of a person who is held, and who was erased stays away.
//!
//! ```text
//! carried over  redo …  before-commit │ committed  old root destroyed  replaced  barrier  index rebuilt
//!          keys 1, index 1            │ keys 2, index 1: whoever looks rebuilds it first
//! ```

use gallra::catalog::TenantRef;
use gallra::ingest::{Options, import_gallra};
use gallra::vocabulary::Clock;

use crate::both_engines;
use crate::crash::{By, POINTS, dies};
use crate::invariants;
use crate::support::house::House;
use crate::tools::process::Running;
use crate::worker::{known, worker};

/// What replacing passes: its own points and those of a new epoch.
fn points() -> Vec<&'static str> {
    let elsewhere = ["destroy:before-lock", "destroy:locked"];
    let passed = POINTS.iter().filter(|(name, by)| match by {
        By::Renewal => true,
        By::All => name.starts_with("destroy:") && !elsewhere.contains(name),
        _ => false,
    });
    passed.map(|(name, _)| *name).collect()
}

/// How many records of an export about person 1, older than the erasure, are dropped.
async fn dropped<C: Clock + 'static>(house: &House<C>, tenant: &TenantRef) -> u64 {
    let text = r#"{"type":"message","case":"fall-1","contact":"kund-1","external_id":"m-1","direction":"in","channel":"email","sent_at":"2026-02-01T10:00:00Z","body":"Hej"}"#;
    let options = Options::default();
    let done = import_gallra(&house.catalog, tenant, text.as_bytes(), options, |_| ()).await;
    done.unwrap().suppressed
}

both_engines! {
    async fn new_index_keys_survive_a_crash_at_each_point(bench) {
        let house = House::new(bench).await;
        house.close().await;
        let points = points();
        assert!(points.len() > 6, "{points:?}");
        for (round, point) in points.iter().enumerate() {
            // The house's clock stands in March 2026; the worker's goes, so these keys are old to it.
            let house = House::open(bench).await;
            let tenant = house.tenant(&format!("skor-{round}")).await;
            let erased = house.person(&tenant, 1, 1).await;
            house.person(&tenant, 2, 1).await;
            house.erase(&tenant, erased, false).await;
            house.close().await;

            dies(bench, point, "renew");
            let house = House::open(bench).await;
            assert!(known(&house, &tenant, 2).await.is_some(), "{point}");
            assert!(known(&house, &tenant, 1).await.is_none(), "{point}");
            assert_eq!(dropped(&house, &tenant).await, 1, "{point}");
            house.close().await;

            Running::start(worker(bench, ["renew"])).finish().succeeded();
            let house = House::open(bench).await;
            let keys = house.catalog.keyring.index_keys(tenant.id).await.unwrap();
            assert_eq!(keys.generation, 2, "{point}: replaced once");
            assert!(known(&house, &tenant, 2).await.is_some(), "{point}");
            assert_eq!(dropped(&house, &tenant).await, 1, "{point}");
            assert_eq!(invariants::hold(bench, &house).await, round + 1, "{point}");
            house.close().await;
        }
    }
}

//! Benchmarks of the foundation, each against a baseline measured in the same run.
//!
//! ```text
//! cargo bench                 every benchmark on both engines
//! cargo bench -- import       those whose name contains `import`
//! cargo bench -- sqlite       on one engine
//! cargo bench -- --scale      the million contacts too
//! ```
//!
//! Nothing here fails because it is slow: each line says whether its goal was met. What was measured
//! where and when stands in `docs/BENCHMARKS.md`.

#[path = "../shared/mod.rs"]
mod shared;
#[path = "../../tests/support/mod.rs"]
mod support;

mod erase;
mod import;
mod process;
mod purge;
mod read;
mod reconcile;
mod sync;

use gallra::catalog::TenantRef;
use gallra::vocabulary::ContactId;

use shared::Named;
use support::house::House;

const ALL: &[Named] = &[
    ("import", |case| Box::pin(import::run(case))),
    ("read", |case| Box::pin(read::run(case))),
    ("erase", |case| Box::pin(erase::run(case))),
    ("purge", |case| Box::pin(purge::run(case))),
    ("reconcile", |case| Box::pin(reconcile::run(case))),
    ("process", |case| Box::pin(process::run(case))),
];

fn main() {
    shared::run(ALL);
}

/// The ids of a tenant's contacts.
async fn contacts(house: &House, tenant: &TenantRef) -> Vec<ContactId> {
    const ALL: &str = "SELECT id FROM contact WHERE tenant = $1";
    let rows = house
        .catalog
        .data
        .fetch_all(ALL, vec![tenant.id.into()])
        .await;
    let rows = rows.expect("the rows are read");
    rows.iter().map(|row| row.id(0).expect("an id")).collect()
}

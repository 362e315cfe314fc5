//! Power cuts under the whole house (SQLite): people are imported, erased and a tenant purged while
//! every write is recorded; then the disk is rebuilt as it could be had the power gone at any point.
//!
//! Promised, and checked on each rebuilt disk: an acknowledged import is there; a person or tenant
//! whose receipt id was printed is gone for ever; nobody else's key is lost; the house settles.

use std::collections::BTreeSet;
use std::sync::Arc;

use gallra::catalog::CatalogError;
use gallra::store::Engine;
use gallra::vocabulary::SystemClock;

use crate::invariants;
use crate::support::{Bench, house::House};
use crate::tools::lostwrites::{Kind, Plan, PowerCut, Recording};
use crate::worker::{TENANT, known, worker};

const OTHER_TENANT: &str = "hattar";

/// What the workers said before the power went.
struct Said<'t>(&'t str);

impl<'t> Said<'t> {
    fn lines(&self, beginning: &'t str) -> impl Iterator<Item = Vec<&'t str>> {
        let rest = self
            .0
            .lines()
            .filter_map(move |line| line.strip_prefix(beginning));
        rest.map(|rest| rest.split(' ').collect())
    }

    fn people(&self, beginning: &'t str) -> BTreeSet<usize> {
        let first = |words: Vec<&str>| words[0].parse().ok();
        self.lines(beginning).filter_map(first).collect()
    }

    fn imported(&self) -> BTreeSet<usize> {
        let mut people = BTreeSet::new();
        for words in self.lines("imported skor ") {
            people.extend(words[0].parse::<usize>().unwrap()..=words[1].parse().unwrap());
        }
        people
    }
}

async fn promises_are_kept(cut: &PowerCut<'_>) -> Result<(), String> {
    let bench = Bench::at(Engine::Sqlite, &cut.directory, "cut");
    hold(&bench, &cut.promised()).await
}

/// Whether the house on a rebuilt disk keeps what was promised before the power went.
pub async fn hold(bench: &Bench, promised: &str) -> Result<(), String> {
    let said = Said(promised);
    let opened = House::try_open(bench, Arc::new(SystemClock)).await;
    let house = opened.map_err(|error| format!("it does not open: {error}"))?;
    let settled = house.eraser.settle().await;
    settled.map_err(|error| format!("it does not settle: {error}"))?;
    let tenant = house
        .catalog
        .tenant_ref(TENANT)
        .await
        .map_err(|error| error.to_string())?;

    let (erasing, erased) = (said.people("erasing "), said.people("erased "));
    for number in said.imported() {
        let there = known(&house, &tenant, number).await.is_some();
        match there {
            true if erased.contains(&number) => return Err(format!("{number} is back")),
            false if !erasing.contains(&number) => return Err(format!("{number} is lost")),
            _ => {}
        }
    }
    let purged = said.lines("purged hattar").next().is_some();
    let purging = said.lines("begin purge hattar").next().is_some();
    match house.catalog.tenant_ref(OTHER_TENANT).await {
        Ok(_) if purged => return Err("the purged tenant is back".into()),
        Err(error) if !purging => return Err(format!("the other tenant is lost: {error}")),
        Ok(_) | Err(CatalogError::TenantUnknown(_) | CatalogError::TenantBeingErased) => {}
        Err(error) => return Err(error.to_string()),
    }
    for words in said.lines("erased ").chain(said.lines("purged ")) {
        let receipt = words[1]
            .parse()
            .map_err(|_| format!("no receipt id: {words:?}"))?;
        let found = house.eraser.log.find(receipt).await;
        found.map_err(|error| format!("the receipt that was printed is gone: {error}"))?;
    }
    let full = house
        .eraser
        .settle_fully()
        .await
        .map_err(|error| error.to_string())?;
    if full.keys_missing > 0 {
        return Err(format!("keys are lost: {full:?}"));
    }
    invariants::hold(bench, &house).await;
    house.close().await;
    Ok(())
}

#[test]
fn no_power_cut_brings_anybody_back_or_loses_anybody_else() {
    let (scratch, runtime) = (
        tempfile::tempdir().unwrap(),
        tokio::runtime::Runtime::new().unwrap(),
    );
    runtime.block_on(async {
        let bench = Bench::new(Engine::Sqlite).await;
        let house = House::new(&bench).await;
        house.tenant(TENANT).await;
        house.tenant(OTHER_TENANT).await;
        house.close().await;

        let recording = Recording::start(bench.directory(), scratch.path());
        let orders = [
            "import skor 1 6",
            "import hattar 1 4",
            "erase 2 3",
            "strict 4",
            "import skor 7 8",
            "purge hattar",
            "erase 7",
            "rotate",
            "import skor 9 9",
        ];
        let mut command = worker(&bench, orders);
        recording.attach(&mut command);
        let output = tokio::task::block_in_place(|| command.output().unwrap());
        assert!(output.status.success(), "{output:?}");
        let trace = recording.finish();
        trace.assert_complete();
        assert!(trace.count(Kind::SyncEnd) > 50, "too few to be durable");

        let check = |cut: &PowerCut<'_>| {
            tokio::task::block_in_place(|| runtime.handle().block_on(promises_are_kept(cut)))
        };
        let violations = trace.cut_power(&Plan::default(), check);
        assert!(violations.is_empty(), "{violations:#?}");
        bench.remove().await;
    });
}

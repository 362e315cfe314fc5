//! What a house can lose and get back: its index, one copy of its root, its vault and root for which a
//! mirror stands in, and its data, put back with other tools than `gallra restore`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use gallra::ingest::{Options, import_gallra};
use gallra::keyring::Mirror;
use gallra::store::{Engine, Role};
use gallra::vocabulary::{FixedClock, SystemRandom};
use proptest::sample::Index;

use super::{Gone, Run};
use crate::model::Order;
use crate::support::house::{House, root};
use crate::support::{Bench, server, sql};
use crate::tools::process::{FailPoint, Finished, Gallra};
use crate::worker::records;

/// Where a promotion may be killed, in order.
const PROMOTION: [&str; 5] = [
    "promote:root-made",
    "promote:root-written",
    "promote:before-commit",
    "promote:committed",
    "promote:noted",
];

impl Run<'_> {
    /// The mirror, where there is one, follows, and what waited for it is finished.
    pub(super) async fn follow(&self) {
        if self.mirrored {
            follow_once(&self.house, &mirror(self.bench)).await;
            self.house.eraser.settle().await.unwrap();
        }
    }

    /// Receipts wait for the mirror no longer.
    pub(super) async fn forget_mirror(&mut self) {
        if std::mem::take(&mut self.mirrored) {
            let keyring = &self.house.catalog.keyring;
            assert!(keyring.forget_mirror("mirror").await.unwrap().is_some());
        }
    }

    /// A mirror misses orders, and then follows again, or is promoted since vault and root are lost.
    pub(super) async fn missed(
        mut self,
        orders: &[Order],
        promoted: Option<&Option<Index>>,
    ) -> Self {
        for order in orders {
            self.prepare(*order).await;
            self.release_for(*order).await;
        }
        // Twice: the receipts, which waited for it, are something to follow too.
        self.mirrored = true;
        self.follow().await;
        self.follow().await;
        let mut missed = 0;
        // Whoever is erased after a strict erasure is suppressed under keys that the mirror does not have.
        let (mut strict, mut under_new_keys) = (BTreeSet::new(), BTreeSet::new());
        for order in orders {
            // Somebody who was erased with their client just before is not erased again.
            if self.model.world.subject(*order).is_some() {
                let outcome = self.order(*order).await.unwrap();
                assert!(
                    outcome.pending.is_some(),
                    "the receipt waits for the mirror"
                );
                self.model.does(*order);
                missed += 1;
                if strict.contains(&order.tenant()) {
                    under_new_keys.insert(order.tenant());
                }
                if matches!(order, Order::Strict(_)) {
                    strict.insert(order.tenant());
                }
            }
        }
        let Some(crash) = promoted else {
            return self;
        };
        let mut promoted = self.promote(missed, crash.as_ref()).await;
        for at in under_new_keys {
            promoted.model.forgets(at);
        }
        promoted
    }

    /// Everybody whose keys the mirror has is there, and whoever was erased stays gone, also whom the
    /// mirror had not heard of: of that the data knows.
    async fn promote(mut self, missed: usize, crash: Option<&Index>) -> Self {
        let (bench, clock) = (self.bench, self.clock.clone());
        self.house.close().await;
        fs::remove_dir_all(root(bench)).unwrap();
        lose(bench, Role::Vault).await;

        let (gallra, accepted) = (Gallra::at(bench), missed.to_string());
        if missed > 0 {
            let refused = promotion(&gallra, bench, &[]).exited(1);
            let remedy = format!("--accept-loss {accepted}");
            assert!(refused.stderr.contains(&remedy), "{refused:#?}");
        }
        let accepted = ["--accept-loss", &accepted];
        if let Some(point) = crash {
            let point = PROMOTION[point.index(PROMOTION.len())];
            let killed = gallra.failing(FailPoint::abort(point));
            let killed = promotion(&killed, bench, &accepted);
            assert!(killed.was_killed(), "{point}: {killed:#?}");
        }
        promotion(&gallra, bench, &accepted).succeeded();
        self.house = House::try_open(bench, clock).await.unwrap();
        self.house.eraser.settle().await.unwrap();
        self
    }

    /// The index goes. It is made anew from the data; what it suppressed is not, so imports of a client
    /// of whom somebody was erased wait until a person confirms.
    pub(super) async fn lose_index(mut self, confirmed: bool) -> Self {
        let (bench, clock) = (self.bench, self.clock.clone());
        self.house.close().await;
        lose(bench, Role::Index).await;
        self.model.loses_index();
        self.house = House::try_open(bench, clock).await.unwrap();
        self.house.eraser.settle_fully().await.unwrap();
        for tenant in self.model.waiting() {
            let records = records(90);
            let (catalog, source) = (&self.house.catalog, records.as_bytes());
            let import = import_gallra(catalog, &tenant, source, Options::default(), |_| ());
            let refused = import.await.unwrap_err().to_string();
            assert!(refused.contains("allow-imports"), "{refused}");
            if confirmed {
                assert!(catalog.allow_imports(&tenant).await.unwrap());
                self.model.duties.allows_imports(tenant.id);
            }
        }
        self
    }

    /// One copy of the root goes; whoever opens the house mends it from the other, and so well that the
    /// other may go after that.
    pub(super) async fn lose_root_copy(mut self, first: bool, gone: Gone) -> Self {
        let (bench, clock) = (self.bench, self.clock.clone());
        let copies = ["copy-1", "copy-2"].map(|name| root(bench).join(name));
        let (lost, other) = if first { (0, 1) } else { (1, 0) };
        for at in [lost, other] {
            self.house.close().await;
            gone.goes(&copies[at]);
            self.house = House::try_open(bench, clock.clone()).await.unwrap();
            let mended = fs::read(&copies[at]).unwrap();
            assert!(mended.iter().any(|byte| *byte != 0), "copy {at} is mended");
        }
        self
    }

    /// A backup is put in place with tools of one's own: nothing in it says that it was restored. As the
    /// page of operations says, `reconcile --full` comes before anything else.
    pub(super) async fn put_back_by_hand(mut self, at: &Index) -> Self {
        if self.model.backups() == 0 {
            self.back_up().await;
        }
        let backup = at.index(self.model.backups());
        let (bench, clock) = (self.bench, self.clock.clone());
        self.house.close().await;
        put_back(bench, self.model.backup(backup)).await;
        self.house = House::try_open(bench, clock).await.unwrap();
        let report = self.house.eraser.settle_fully().await.unwrap();
        assert_eq!(report.keys_missing, 0, "{report:?}");
        self.model.restores(backup);
        self.model.looks_again(&self.house).await;
        self
    }
}

impl Gone {
    fn goes(self, file: &Path) {
        let bytes = fs::read(file).unwrap();
        match self {
            Gone::Removed => fs::remove_file(file).unwrap(),
            Gone::Cut => fs::write(file, []).unwrap(),
            Gone::Emptied => fs::write(file, vec![0; bytes.len()]).unwrap(),
        }
    }
}

fn mirror(bench: &Bench) -> PathBuf {
    bench.directory().join("mirror")
}

async fn follow_once(house: &House<FixedClock>, directory: &Path) {
    let (keyring, random) = (&house.catalog.keyring, Arc::new(SystemRandom));
    let mirror = Mirror::open_or_create(directory, None, keyring, house.clock.clone(), random);
    let mut mirror = mirror.await.expect("a mirror is made, or opened");
    let reached = mirror.follow_once().await;
    mirror.close().await;
    reached.expect("it follows");
}

fn promotion(gallra: &Gallra, bench: &Bench, accepted: &[&str]) -> Finished {
    let mirror = mirror(bench).display().to_string();
    let promote = [&["mirror", "promote", &mirror][..], accepted].concat();
    tokio::task::block_in_place(|| gallra.run(promote))
}

/// A store goes as with its disk.
async fn lose(bench: &Bench, role: Role) {
    match bench.engine() {
        Engine::Sqlite => fs::remove_dir_all(bench.file(role).parent().unwrap()).unwrap(),
        Engine::Postgres => empty_schema(bench, role).await,
    }
}

async fn empty_schema(bench: &Bench, role: Role) {
    let schema = bench.schema(role);
    let text = format!("DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}");
    sql(text).await;
}

async fn put_back(bench: &Bench, backup: &Path) {
    match bench.engine() {
        Engine::Sqlite => {
            let file = bench.file(Role::Data);
            for end in ["-wal", "-shm"] {
                let _ = fs::remove_file(format!("{}{end}", file.display()));
            }
            fs::copy(backup.join("data.db"), file).unwrap();
        }
        Engine::Postgres => {
            empty_schema(bench, Role::Data).await;
            let mut restore = Command::new("pg_restore");
            restore.args([
                "--no-owner",
                "--no-privileges",
                "--exit-on-error",
                "--dbname",
            ]);
            restore
                .arg(server())
                .arg(format!("--schema={}", bench.schema(Role::Data)));
            let done = restore.arg(backup.join("data.dump")).output();
            let done = done.expect("pg_restore is there, as ./test takes care");
            assert!(done.status.success(), "{done:?}");
        }
    }
}

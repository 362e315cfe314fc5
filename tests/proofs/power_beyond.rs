//! Power cuts beyond one data store (SQLite): a mirror that follows on the same disk, erasures whose
//! receipts wait for it, a restore, and a promotion of the mirror when vault and root are lost. The
//! program itself does it all, a command at a time; the disk is rebuilt as it could be had the power
//! gone at any point.
//!
//! Promised, and checked on each rebuilt disk, besides what [`power`](crate::power) promises: a restore
//! that was cut off leaves the old data, the new, or says how to go on; a promotion that was cut off
//! can be repeated; nobody comes back by either, not even whom the mirror had not heard of; and a
//! mirror that had acknowledged an epoch follows on from there.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use gallra::keyring::mirror::{Mirror, MirrorError};
use gallra::store::{Engine, Role};
use gallra::vocabulary::{ErasureId, SystemClock, SystemRandom};

use crate::desk::{Desk, text};
use crate::power::hold;
use crate::support::{Bench, house::House};
use crate::tools::lostwrites::{Kind, Plan, PowerCut, Recording};
use crate::tools::process::{Finished, Gallra, Running};
use crate::worker::known;

/// What the data of these proofs is ahead of the mirror when it is promoted: one erasure.
const ACCEPTED: [&str; 2] = ["--accept-loss", "1"];

/// A house in which four people are held, somebody is backed up, and a mirror follows.
struct Scene {
    bench: Bench,
    desk: Desk,
    directory: String,
}

impl Scene {
    async fn set() -> Scene {
        let bench = Bench::new(Engine::Sqlite).await;
        let desk = Desk::open(&bench);
        let directory = bench.directory().display().to_string();
        desk.import("skor", 1..=4);
        let scene = Scene {
            bench,
            desk,
            directory,
        };
        scene.desk.run(&["backup", &scene.path("backup")]);
        scene.desk.run(&["mirror", &scene.path("mirror"), "--once"]);
        scene
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.directory)
    }

    /// Erases a person of whom the mirror does not hear: no receipt is issued.
    async fn erase_unmirrored(&self, number: usize) -> ErasureId {
        let house = House::try_open(&self.bench, Arc::new(SystemClock))
            .await
            .unwrap();
        let tenant = house.catalog.tenant_ref("skor").await.unwrap();
        let person = known(&house, &tenant, number).await.expect("they are held");
        let outcome = house.erase(&tenant, person, false).await;
        assert!(outcome.pending.is_some(), "it waits for the mirror");
        house.close().await;
        outcome.erasure
    }

    /// Vault and root are gone.
    fn lose_keys(&self) {
        let vault = self.bench.file(Role::Vault);
        std::fs::remove_dir_all(vault.parent().unwrap()).unwrap();
        std::fs::remove_dir_all(self.bench.directory().join("root")).unwrap();
    }

    /// Records what the program writes, from here on.
    fn record(&self, scratch: &Path) -> Recorded<'_> {
        let recording = Recording::start(self.bench.directory(), scratch);
        recording.mark("imported skor 1 4");
        Recorded {
            scene: self,
            recording,
        }
    }
}

/// The program at work while everything it writes is recorded.
struct Recorded<'s> {
    scene: &'s Scene,
    recording: Recording,
}

impl Recorded<'_> {
    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command: Command = self.scene.desk.gallra.command(arguments);
        self.recording.attach(&mut command);
        tokio::task::block_in_place(|| Running::start(command).finish()).succeeded()
    }

    fn mark(&self, text: &str) {
        self.recording.mark(text);
    }

    /// Lets the mirror follow while something is done.
    fn mirrored(&self, done: impl FnOnce(&Self)) {
        let mut command = self
            .scene
            .desk
            .gallra
            .command(["mirror", &self.scene.path("mirror")]);
        self.recording.attach(&mut command);
        let mirror = Running::start(command);
        done(self);
        tokio::task::block_in_place(|| mirror.terminate()).succeeded();
    }

    /// Restores the backup, in which everybody is.
    fn restore(&self) {
        self.mark("restoring");
        self.run(&["restore", &self.scene.path("backup")]);
    }

    /// Erases a person beside the mirror: the receipt waits for it.
    fn erase(&self, number: usize, more: &[&str]) {
        self.mark(&format!("erasing {number}"));
        let id = format!("kund-{number}");
        let erase = [
            "erase",
            "--tenant",
            "skor",
            "--external-id",
            &id,
            "--instruction",
            "A-1",
        ];
        let erased = self.run(&[&erase[..], more].concat()).json();
        if erased["state"] == "pending" {
            assert_eq!(self.run(&["reconcile"]).json()["receipts"], 1, "{erased}");
        }
        let receipt = text(&erased["receipt_id"]);
        self.mark(&format!("erased {number} {receipt}"));
    }

    /// Cuts the power at a third of the points that other proofs have: there are three of these.
    fn cut_power(self, check: impl AsyncFn(&PowerCut<'_>) -> Result<(), String>) {
        let trace = self.recording.finish();
        trace.assert_complete();
        assert!(trace.count(Kind::SyncEnd) > 10, "too few to be durable");
        let runtime = tokio::runtime::Handle::current();
        let check =
            |cut: &PowerCut<'_>| tokio::task::block_in_place(|| runtime.block_on(check(cut)));
        let plan = Plan::default();
        let third = Plan {
            cuts: plan.cuts.div_ceil(3),
            ..plan
        };
        let violations = trace.cut_power(&third, check);
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

/// A rebuilt disk, and what was promised before the power went.
struct Rebuilt<'c> {
    bench: Bench,
    gallra: Gallra,
    directory: &'c Path,
    promised: String,
}

impl<'c> Rebuilt<'c> {
    fn new(cut: &'c PowerCut<'_>) -> Self {
        let bench = Bench::at(Engine::Sqlite, &cut.directory, "cut");
        Self {
            gallra: Gallra::at(&bench),
            bench,
            directory: &cut.directory,
            promised: cut.promised(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let path = |name: &&str| match *name {
            "backup" | "mirror/" => self.directory.join(name).display().to_string(),
            word => word.to_owned(),
        };
        self.gallra.run(arguments.iter().map(path))
    }

    /// Everything is as promised, once what was cut off has been repeated.
    async fn is_as_promised(&self) -> Result<(), String> {
        self.go_on_with_the_restore()?;
        self.follow().await?;
        hold(&self.bench, &self.promised).await
    }

    /// Between its two renames a restore leaves no data, and the next command says what to repeat.
    fn go_on_with_the_restore(&self) -> Result<(), String> {
        if self.bench.file(Role::Data).exists() {
            return Ok(());
        }
        if !self.promised.contains("restoring") {
            return Err("the data is gone".into());
        }
        let told = self.run(&["tenant", "list"]);
        if !told.stderr.contains("gallra restore DIR") {
            return Err(format!("nothing says how to go on: {told:?}"));
        }
        let restored = self.run(&["restore", "backup"]);
        match restored.code() {
            Some(0) => Ok(()),
            _ => Err(format!("the restore cannot be repeated: {restored:?}")),
        }
    }

    /// Unless it said that it was done: repeated, a promotion is done, or says that it was.
    fn go_on_with_the_promotion(&self) -> Result<(), String> {
        if self.promised.contains("promoted") {
            return Ok(());
        }
        let promote = [&["mirror", "promote", "mirror/"][..], &ACCEPTED].concat();
        let again = self.run(&promote);
        match again.code() {
            Some(0) => Ok(()),
            _ if again.stderr.contains("already holds a vault") => Ok(()),
            _ => Err(format!("the promotion cannot be repeated: {again:?}")),
        }
    }

    async fn is_without(&self, number: usize) -> Result<(), String> {
        let house = House::try_open(&self.bench, Arc::new(SystemClock)).await;
        let house = house.map_err(|error| error.to_string())?;
        let tenant = house.catalog.tenant_ref("skor").await;
        let tenant = tenant.map_err(|error| error.to_string())?;
        let found = known(&house, &tenant, number).await;
        house.close().await;
        match found {
            None => Ok(()),
            Some(_) => Err(format!("{number} is back")),
        }
    }

    /// Finishes whatever was begun, and lets the mirror follow: the receipts wait for it.
    async fn follow(&self) -> Result<(), String> {
        let opened = House::try_open(&self.bench, Arc::new(SystemClock)).await;
        let house = opened.map_err(|error| format!("it does not open: {error}"))?;
        let settled = house.eraser.settle().await;
        settled.map_err(|error| format!("it does not settle: {error}"))?;
        let followed = follow_once(&house, &self.directory.join("mirror")).await;
        house.close().await;
        followed.map_err(|error| format!("the mirror does not follow on: {error}"))
    }
}

async fn follow_once(house: &House<SystemClock>, mirror: &Path) -> Result<(), MirrorError> {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let keyring = &house.catalog.keyring;
    let mut mirror = Mirror::open_or_create(mirror, None, keyring, clock, random).await?;
    let reached = mirror.follow_once().await;
    mirror.close().await;
    reached.map(drop)
}

fn with_a_runtime(proof: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().unwrap().block_on(proof);
}

#[test]
fn no_power_cut_loses_a_mirror_that_follows() {
    let scratch = tempfile::tempdir().unwrap();
    with_a_runtime(async {
        let scene = Scene::set().await;
        let recorded = scene.record(scratch.path());
        recorded.mirrored(|it| it.erase(2, &["--strict"]));
        recorded.mirrored(|it| it.erase(3, &[]));
        recorded.cut_power(async |cut| Rebuilt::new(cut).is_as_promised().await);
        scene.bench.remove().await;
    });
}

/// Person 2 is erased after the backup was made.
#[test]
fn no_power_cut_under_a_restore_brings_anybody_back() {
    let scratch = tempfile::tempdir().unwrap();
    with_a_runtime(async {
        let scene = Scene::set().await;
        let erasure = scene.erase_unmirrored(2).await;
        scene.desk.run(&["mirror", &scene.path("mirror"), "--once"]);
        scene.desk.run(&["reconcile"]);
        let recorded = scene.record(scratch.path());
        recorded.mark("erasing 2");
        recorded.mark(&format!("erased 2 {erasure}"));
        recorded.restore();
        recorded.cut_power(async |cut| Rebuilt::new(cut).is_as_promised().await);
        scene.bench.remove().await;
    });
}

/// Person 2 is erased, of which the mirror has not heard when it becomes the vault.
#[test]
fn no_power_cut_under_a_promotion_brings_anybody_back() {
    let scratch = tempfile::tempdir().unwrap();
    with_a_runtime(async {
        let scene = Scene::set().await;
        let erasure = scene.erase_unmirrored(2).await;
        scene.lose_keys();
        let recorded = scene.record(scratch.path());
        recorded.mark("erasing 2");
        let mirror = scene.path("mirror");
        recorded.run(&[&["mirror", "promote", &mirror][..], &ACCEPTED].concat());
        recorded.mark("promoted");
        recorded.restore();
        recorded.mirrored(|it| drop(it.run(&["reconcile"])));
        recorded.mark(&format!("erased 2 {erasure}"));
        recorded.cut_power(async |cut| {
            let rebuilt = Rebuilt::new(cut);
            rebuilt.go_on_with_the_promotion()?;
            rebuilt.is_as_promised().await?;
            rebuilt.is_without(2).await // Whether or not the receipt was handed out yet.
        });
        scene.bench.remove().await;
    });
}

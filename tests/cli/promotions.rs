//! A mirror that had not heard of an erasure becomes the vault: whatever goes wrong meanwhile, the
//! erasure is carried out again, and no backup brings anybody back.

use gallra::store::{Engine, Role};

use crate::both_engines;
use crate::desk::{Desk, finding, text};
use crate::interrupted::ERASE;
use crate::late_mirrors::{is_held, lose_data};
use crate::process::FailPoint;
use crate::support::{Bench, sql};

/// Bo is in the backup, then erased, and neither vault nor root is left: only a mirror from before.
async fn lost_with_a_late_mirror(bench: &Bench) -> Desk {
    let desk = Desk::with_people(bench);
    desk.json(["backup", &desk.path("backup")]);
    desk.json(["mirror", &desk.path("mirror"), "--once"]);
    assert_eq!(desk.json(ERASE)["state"], "pending");
    lose_keys(&desk, bench).await;
    desk
}

/// Root and vault are gone.
pub async fn lose_keys(desk: &Desk, bench: &Bench) {
    std::fs::remove_dir_all(desk.path("root")).unwrap();
    let schema = bench.schema(Role::Vault);
    match bench.engine() {
        Engine::Sqlite => {
            std::fs::remove_dir_all(bench.file(Role::Vault).parent().unwrap()).unwrap();
        }
        Engine::Postgres => {
            sql(format!(
                "DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}"
            ))
            .await;
        }
    }
}

fn promotion_dies(desk: &Desk, at: &str) {
    let mirror = desk.path("mirror");
    let promote = ["mirror", "promote", &mirror, "--accept-loss", "1"];
    let killed = desk.gallra.failing(FailPoint::abort(at)).run(promote);
    assert!(killed.was_killed(), "{at}: {killed:?}");
}

/// Which lines of history began to be signed, by the names of their files.
fn lines(desk: &Desk) -> Vec<String> {
    let entries = std::fs::read_dir(desk.path("sign/leaves")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("line-")).collect()
}

fn bo_is_gone(desk: &Desk) {
    let find = ["find", "bo@example.se", "--tenant", "norrsken"];
    // Whoever comes first reconciles the data, and says so on standard error.
    let found = desk.gallra.run(find).succeeded().json();
    assert_eq!(found["matches"], serde_json::json!([]));
}

/// The mirror follows again, so the receipt comes, and the oldest backup brings nobody back.
fn stays_gone(desk: &Desk, at: &str) {
    desk.json(["mirror", &desk.path("mirror"), "--once"]);
    desk.gallra.run(["reconcile"]).succeeded();
    let receipts = desk.json(["receipt", "list", "--tenant", "norrsken"]);
    assert_eq!(receipts["items"][0]["kind"], "contact", "{at}: {receipts}");
    desk.gallra
        .run(["restore", &desk.path("backup")])
        .succeeded();
    bo_is_gone(desk);
    let standing = finding(desk, "standing");
    assert_ne!(standing["health"], "failed", "{at}: {standing}");
}

both_engines! {
    async fn a_promotion_that_was_killed_after_its_commit_is_finished_when_it_is_repeated(bench) {
        for at in ["promote:committed", "promote:noted"] {
            let bench = Bench::new(bench.engine()).await;
            let desk = lost_with_a_late_mirror(&bench).await;
            promotion_dies(&desk, at);
            let again = desk.json(["mirror", "promote", &desk.path("mirror")]);
            assert!(text(&again["mirror"]).ends_with("mirror"), "{again}");
            let error = desk.refused(1, ["mirror", "promote", &desk.path("mirror")]);
            assert!(text(&error["message"]).contains("already holds a vault"), "{error}");
            bo_is_gone(&desk);
            stays_gone(&desk, at);
            bench.remove().await;
        }
    }

    async fn a_promotion_that_was_killed_after_its_commit_is_finished_by_whoever_opens_the_house(bench) {
        for at in ["promote:committed", "promote:noted"] {
            let bench = Bench::new(bench.engine()).await;
            let desk = lost_with_a_late_mirror(&bench).await;
            promotion_dies(&desk, at);
            desk.gallra.run(["reconcile"]).succeeded();
            bo_is_gone(&desk);
            stays_gone(&desk, at);
            bench.remove().await;
        }
    }

    async fn a_restore_after_a_promotion_brings_back_nobody_the_mirror_had_not_heard_of(bench) {
        for at in [None, Some("promote:committed"), Some("promote:noted")] {
            let bench = Bench::new(bench.engine()).await;
            let desk = lost_with_a_late_mirror(&bench).await;
            match at {
                Some(at) => promotion_dies(&desk, at),
                None => {
                    let mirror = desk.path("mirror");
                    desk.json(["mirror", "promote", &mirror, "--accept-loss", "1"]);
                }
            }
            desk.gallra.run(["restore", &desk.path("backup")]).succeeded();
            bo_is_gone(&desk);
            stays_gone(&desk, at.unwrap_or("no crash"));
            bench.remove().await;
        }
    }

    /// Two mirrors of the first line, and twice nothing is left but `sign/`: nobody tells the second of the first,
    /// and each begins a line of the same number.
    async fn a_second_mirror_of_the_first_line_takes_the_place_of_the_first(bench) {
        let desk = Desk::with_people(bench);
        let backup = desk.path("backup");
        desk.json(["backup", &backup]);
        let [near, far] = ["near", "far"].map(|name| desk.path(name));
        for (mirror, name) in [(&near, "near"), (&far, "far")] {
            desk.json(["mirror", mirror, "--name", name, "--once"]);
        }
        for (mirror, other, number) in [(&near, "far", 1), (&far, "near", 2)] {
            lose_keys(&desk, bench).await;
            lose_data(bench).await;
            desk.gallra.run(["mirror", "promote", mirror]).succeeded();
            desk.gallra.run(["restore", &backup]).succeeded();
            assert!(is_held(&desk, "bo@example.se", "norrsken"), "in this mirror he is not erased");
            desk.gallra.run(ERASE).succeeded();
            desk.gallra.run(["mirror", mirror, "--once"]).succeeded();
            let known = desk.json(["mirror", "list"])["items"].to_string();
            if known.contains(&format!("\"{other}\"")) {
                desk.json(["mirror", "forget", other]); // Which receipts would wait for.
            }
            desk.gallra.run(["reconcile"]).succeeded();
            bo_is_gone(&desk);
            assert_eq!(lines(&desk).len(), number, "{:?}", lines(&desk));
            let verified = desk.gallra.run(["verify", "--all"]).succeeded().json();
            assert_eq!(verified["passed"], true, "{verified}");
        }
        let [first, second] = &lines(&desk)[..] else { panic!("two began") };
        assert!(first.starts_with("line-1-") && second.starts_with("line-1-"), "{first} {second}");
    }

    async fn a_vault_that_lost_its_newest_ledger_entries_is_refused(bench) {
        let desk = Desk::with_people(bench);
        assert_eq!(desk.json(ERASE)["state"], "issued");
        let vault = bench.open(Role::Vault).await;
        vault.execute("DELETE FROM ledger", vec![]).await.unwrap();
        vault.close().await;
        let error = desk.refused(1, ["reconcile"]);
        assert!(text(&error["message"]).contains("ledger are missing"), "{error}");
    }
}

//! What is wrong is named with its remedy, and what destroys is counted first.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::both_engines;
use crate::desk::{Desk, text};
use crate::process::FailPoint;

/// What `gallra doctor` finds of a part: its health, and what to do.
fn finding(desk: &Desk, part: &str) -> (String, String) {
    let report = desk.gallra.run(["doctor"]).json();
    let findings = report["findings"].as_array().expect("findings");
    let found = findings.iter().find(|it| it["part"] == part);
    let found = found.unwrap_or_else(|| panic!("no {part} in {report}"));
    (text(&found["health"]), text(&found["detail"]))
}

fn orphans(desk: &Desk, more: &[&str]) -> Value {
    desk.json([&["reconcile", "--destroy-orphans"], more].concat())["orphans"].clone()
}

/// Erases Bo at a client; gives the copies elsewhere that the receipt names.
fn copies_of_bo(desk: &Desk, tenant: &str) -> Value {
    let erase = ["erase", "--tenant", tenant, "--email", "bo@example.se"];
    let erased = desk.json([&erase[..], &["--instruction", "A-17"]].concat());
    assert_eq!(erased["state"], "issued", "{erased}");
    desk.json(["receipt", "show", &text(&erased["receipt_id"])])["copies"].clone()
}

both_engines! {
    async fn an_init_that_cannot_end_does_not_begin(bench) {
        let desk = Desk::bare(bench);
        let closed = desk.file("no-directory", "x");
        let gallra = desk.gallra.clone().with("GALLRA_SIGN_DIR", format!("{closed}/sign"));
        let before = fs::read_dir(bench.directory()).unwrap().count();
        let refused = gallra.run(["init"]).exited(1);
        assert!(refused.stderr.contains("no-directory/sign") && refused.stderr.contains("nothing was made"), "{refused:?}");
        assert_eq!(fs::read_dir(bench.directory()).unwrap().count(), before);
        desk.json(["init"]);
    }

    /// The stores are made and the vault has no head yet: there the power went out.
    async fn an_init_that_broke_off_is_told_from_a_lost_vault(bench) {
        use gallra::store::Role;
        let desk = Desk::bare(bench);
        for role in [Role::Data, Role::Vault, Role::Index] {
            bench.open(role).await.close().await;
        }
        let (health, remedy) = finding(&desk, "installation");
        assert_eq!((health.as_str(), remedy.contains("did not end here")), ("failed", true), "{remedy}");
        let refused = desk.gallra.run(["tenant", "list"]).exited(1);
        assert!(refused.stderr.contains("run it again"), "{refused:?}");
        desk.json(["init"]);
        assert_eq!(finding(&desk, "root").0, "ok");
        fs::remove_dir_all(desk.path("root")).unwrap();
        let report = desk.gallra.run(["doctor"]).json().to_string();
        assert!(!report.contains("did not end here"), "an installation was here: {report}");
    }

    /// backup · somebody is imported · the backup is restored: the newcomer's keys belong to no row,
    /// and only a newer backup could still use them.
    async fn keys_of_nobody_are_counted_before_they_are_destroyed(bench) {
        let desk = Desk::with_people(bench);
        let backup = desk.path("backup");
        desk.json(["backup", &backup]);
        let more = r#"{"type":"contact","external_id":"c9","name":"Kim Alm","email":"kim@example.se"}"#;
        let more = desk.file("more.ndjson", more);
        desk.json(["import", "--tenant", "norrsken", &more]);
        desk.json(["restore", &backup]);

        let alone = desk.refused(2, ["reconcile", "--dry-run"]);
        assert!(text(&alone["message"]).contains("--destroy-orphans"), "{alone}");
        let counted = orphans(&desk, &["--dry-run"]);
        assert_eq!((counted["destroyed"].as_u64(), &counted["receipts"]), (Some(0), &Value::Array(vec![])));
        assert!(counted["found"].as_u64() > Some(0), "{counted}");
        assert_eq!(orphans(&desk, &["--dry-run"]), counted, "counting destroys nothing");
        let told = desk.text(["reconcile", "--destroy-orphans", "--dry-run"]);
        let told = told.replace('\n', " ");
        assert!(told.contains("`gallra reconcile --destroy-orphans`"), "{told}");
        assert!(told.contains("Commands that end leave such keys"), "nobody need have been lost: {told}");
        let before = desk.json(["receipt", "list"])["items"].as_array().unwrap().len();

        let done = orphans(&desk, &[]);
        assert!(done["destroyed"].as_u64() >= counted["found"].as_u64(), "{done} after {counted}");
        let after = desk.json(["receipt", "list"])["items"].as_array().unwrap().len();
        assert_eq!(after - before, done["receipts"].as_array().unwrap().len());
        assert_eq!(desk.json(["find", "asa@example.se"])["matches"].as_array().unwrap().len(), 2);
    }

    /// Both clients have keys of nobody, and one has a hold.
    async fn a_hold_keeps_the_keys_of_its_client_and_of_no_other(bench) {
        let desk = Desk::with_people(bench);
        let hold = text(&desk.json(["hold", "add", "--tenant", "norrsken", "--reason", "TVIST-3"])["id"]);
        let counted = orphans(&desk, &["--dry-run"]);
        let held = counted["held"][0].clone();
        assert_eq!((&held["client"], text(&held["hold"])), (&"norrsken".into(), hold.clone()), "{counted}");
        let all = counted["found"].as_u64().unwrap();

        let done = desk.gallra.run(["reconcile", "--destroy-orphans"]).exited(3).json()["orphans"].clone();
        let kept = done["held"][0]["keys"].as_u64().unwrap();
        assert_eq!(done["destroyed"].as_u64(), Some(all - kept), "{done} after {counted}");
        assert!(0 < kept && kept < all, "{done}");
        let receipt = desk.json(["receipt", "show", &text(&done["receipts"][0])]);
        assert_eq!(receipt["tenant"]["slug"], "brygga", "issued though the other is held");
        let told = desk.run_for_people(["reconcile", "--destroy-orphans"]).exited(3).stdout.replace('\n', " ");
        assert!(told.contains("on norrsken") && told.contains(&format!("gallra hold release {hold}")), "{told}");

        desk.json(["hold", "release", &hold]);
        let rest = orphans(&desk, &[]);
        assert_eq!((rest["destroyed"].as_u64(), &rest["held"]), (Some(kept), &Value::Array(vec![])), "{rest}");
    }

    /// Nobody can tell whose such keys are: a hold on one person keeps those of their client, also one that is
    /// placed when the keys are found and not yet destroyed.
    async fn a_hold_on_a_person_keeps_the_keys_of_nobody_at_their_client(bench) {
        let desk = Desk::with_people(bench);
        let bo = ["norrsken", "brygga"].map(|tenant| (tenant, desk.contact(tenant, "bo@example.se")));
        let gallra = desk.gallra.failing(FailPoint::stop("destroy:locked"));
        let mut destroying = gallra.spawn(["reconcile", "--destroy-orphans"]);
        tokio::task::block_in_place(|| destroying.wait_until_stopped());
        for (tenant, contact) in &bo {
            desk.json(["hold", "add", "--tenant", tenant, "--contact", contact, "--reason", "TVIST-3"]);
        }
        destroying.resume();
        let done = tokio::task::block_in_place(|| destroying.finish()).exited(3).json()["orphans"].clone();
        // One is kept by the vault, which was asked to destroy them, the other by the look at the holds.
        assert_eq!((&done["destroyed"], done["held"].as_array().map(Vec::len)), (&0.into(), Some(2)), "{done}");
        assert_eq!(done["receipts"], serde_json::json!([]), "{done}");
        assert!(done["found"].as_u64() > Some(0), "{done}");
    }

    /// Nothing was ever restored here: commands that ended left such keys.
    async fn a_dry_run_does_not_change_what_receipts_say(bench) {
        let desk = Desk::with_people(bench);
        let counted = orphans(&desk, &["--dry-run"]);
        assert!(counted["found"].as_u64() > Some(0), "{counted}");
        assert_eq!(copies_of_bo(&desk, "norrsken"), serde_json::json!([]));
        let full = desk.json(["reconcile", "--full"])["orphans"].clone();
        assert!(full["found"].as_u64() > Some(0) && full["destroyed"] == 0, "{full}");
        let copies = copies_of_bo(&desk, "brygga");
        assert!(text(&copies[0]["place"]).contains("newer than the data"), "{copies}");
    }

    async fn the_doctor_names_the_remedy_of_what_is_wrong(bench) {
        let desk = Desk::with_people(bench);
        assert_eq!(finding(&desk, "root").0, "ok");
        let server = crate::serving::Server::start(&desk.gallra);
        let (health, inside) = finding(&desk, "processes");
        assert_eq!((health.as_str(), inside.contains(" serve)")), ("ok", true), "{inside}");
        server.end(rustix::process::Signal::TERM);
        let root = desk.path("root");
        fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
        let (health, remedy) = finding(&desk, "root");
        assert_eq!((health.as_str(), remedy.contains("run `chmod 700")), ("warning", true), "{remedy}");
        let (health, reach) = finding(&desk, "assurance");
        assert_eq!((health.as_str(), reach.contains("old keys may have been copied")), ("warning", true), "{reach}");
        fs::set_permissions(&root, Permissions::from_mode(0o700)).unwrap();
        let copy = format!("{root}/copy-1");
        fs::set_permissions(&copy, Permissions::from_mode(0o640)).unwrap();
        let (health, remedy) = finding(&desk, "root");
        let says = remedy.contains(&format!("run `chmod 600 {copy}`"));
        assert_eq!((health.as_str(), says), ("warning", true), "{remedy}");
        assert_eq!(desk.json(["root", "status"])["assurance"], "A");
        fs::set_permissions(&copy, Permissions::from_mode(0o600)).unwrap();
        assert!(!finding(&desk, "assurance").1.contains("copied"));

        let instances = format!("{root}/instances");
        fs::remove_dir_all(&instances).unwrap();
        let refused = desk.run_for_people(["tenant", "list"]).exited(1).stderr;
        assert!(refused.contains(&format!("`mkdir -m 700 {instances}`")), "{refused}");
        fs::create_dir(&instances).unwrap();
        desk.json(["tenant", "list"]);

        let (key, away) = (desk.path("sign/log.key"), desk.path("away.key"));
        fs::rename(&key, &away).unwrap();
        let (health, remedy) = finding(&desk, "signing key");
        assert_eq!((health.as_str(), remedy.contains("log.key")), ("failed", true), "{remedy}");
        assert!(desk.run_for_people(["doctor"]).exited(1).stdout.contains("FAILED"));
        fs::rename(&away, &key).unwrap();

        let away = desk.path("root.away");
        fs::rename(&root, &away).unwrap();
        let (health, remedy) = finding(&desk, "root");
        assert_eq!(health, "failed");
        assert!(remedy.contains("GALLRA_ROOT") && remedy.contains("gallra mirror promote"), "{remedy}");
        fs::remove_dir_all(&root).ok(); // Where processes announce themselves.
        fs::rename(&away, &root).unwrap();
        assert_eq!((finding(&desk, "root").0, finding(&desk, "key tree").0), ("ok".into(), "ok".into()));
    }

    /// The data is put back with other tools, or restored and not reconciled.
    async fn the_doctor_says_of_restored_data_what_comes_next(bench) {
        let desk = Desk::with_people(bench);
        assert_eq!(finding(&desk, "standing").0, "ok");
        let data = bench.open(gallra::store::Role::Data).await;
        let mark = "UPDATE meta SET restoration = $1";
        data.execute(mark, gallra::store::args![vec![7_u8; 16]]).await.unwrap();
        data.close().await;
        let (health, remedy) = finding(&desk, "standing");
        assert_eq!((health.as_str(), remedy.contains("gallra reconcile")), ("warning", true), "{remedy}");
        desk.json(["reconcile"]);
        assert_eq!(finding(&desk, "standing").0, "ok");
    }
}

//! Data, vault and root put back together agree with one another, and hold who was erased since. What was
//! not put back with them tells: the receipts beside the signing key, and the index.

use std::fs;
use std::path::Path;

use gallra::store::{Role, args};

use crate::both_engines;
use crate::desk::{Desk, finding, text};
use crate::late_mirrors::{is_held, lose_data};
use crate::process::FailPoint;
use crate::promotions::lose_keys;
use crate::put_back_index::{keep, put_back};
use crate::support::Bench;

const HOUSE: [Role; 2] = [Role::Data, Role::Vault];
/// Says that the vault is older than what else is here, and what to do.
const SAYS: [&str; 3] = [
    "the vault was rolled back",
    "gallra mirror promote",
    "nothing was changed",
];

fn copy_directory(from: &str, to: &str) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), Path::new(to).join(entry.file_name()));
        if from.is_dir() {
            copy_directory(from.to_str().unwrap(), to.to_str().unwrap());
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
}

/// Keeps data, vault and root under a name.
fn keep_house(desk: &Desk, bench: &Bench, name: &str) {
    for role in HOUSE {
        keep(bench, role, &desk.path(&format!("{name}-{role:?}")));
    }
    copy_directory(&desk.path("root"), &desk.path(&format!("{name}-root")));
}

async fn put_house_back(desk: &Desk, bench: &Bench, name: &str) {
    for role in HOUSE {
        put_back(bench, role, &desk.path(&format!("{name}-{role:?}"))).await;
    }
    copy_directory(&desk.path(&format!("{name}-root")), &desk.path("root"));
}

fn erase(email: &str) -> [&str; 7] {
    let (tenant, instruction) = ("--tenant", "--instruction");
    [
        "erase",
        tenant,
        "norrsken",
        "--email",
        email,
        instruction,
        "A-17",
    ]
}

/// Whatever reads people, or vouches for what is held, is refused, and says why.
fn everything_is_refused(desk: &Desk) {
    let (access, export) = (
        ["access", "--tenant", "norrsken", "--email", "bo@example.se"],
        desk.path("export.ndjson"),
    );
    let import = ["import", "--tenant", "norrsken", &export];
    let erase = erase("bo@example.se");
    let commands: [&[&str]; 8] = [
        &["find", "bo@example.se"],
        &access,
        &erase,
        &import,
        &["receipt", "list"],
        &["verify", "--all"],
        &["reconcile"],
        &["reconcile", "--full"],
    ];
    for command in commands {
        let message = text(&desk.refused(1, command)["message"]);
        assert!(
            SAYS.iter().all(|it| message.contains(it)),
            "{command:?}: {message}"
        );
    }
    let report = desk.gallra.run(["doctor"]).exited(1).json();
    let mut findings = report["findings"].as_array().unwrap().iter();
    let standing = findings
        .find(|it| it["part"] == "standing")
        .expect("a standing");
    assert_eq!(standing["health"], "failed", "{report}");
    assert!(
        SAYS.iter().all(|it| text(&standing["detail"]).contains(it)),
        "{standing}"
    );
}

fn nobody_is_back(desk: &Desk) {
    desk.gallra.run(["reconcile"]).succeeded();
    for email in ["bo@example.se", "asa@example.se"] {
        assert!(!is_held(desk, email, "norrsken"));
        assert!(is_held(desk, email, "brygga"));
    }
    let verified = desk.json(["verify", "--all"]);
    assert_eq!(verified["passed"], true, "{verified}");
    assert_ne!(finding(desk, "standing")["health"], "failed");
}

both_engines! {
    /// data, vault and root are copied · Bo and Åsa are erased · all three are put back: they agree
    async fn a_house_older_than_its_receipts_is_refused(bench) {
        let desk = Desk::with_people(bench);
        keep_house(&desk, bench, "old");
        desk.json(erase("bo@example.se"));
        desk.json(erase("asa@example.se"));
        keep_house(&desk, bench, "newest");
        put_house_back(&desk, bench, "old").await;
        everything_is_refused(&desk);
        everything_is_refused(&desk); // Nothing that was refused has mended or forgotten anything.
        put_house_back(&desk, bench, "newest").await;
        nobody_is_back(&desk);
    }

    /// The other remedy: a mirror that had followed.
    async fn a_mirror_that_followed_takes_the_place_of_a_house_older_than_its_receipts(bench) {
        let desk = Desk::with_people(bench);
        let mirror = desk.path("mirror");
        desk.json(["mirror", &mirror, "--once"]);
        keep_house(&desk, bench, "old");
        for email in ["bo@example.se", "asa@example.se"] {
            let erased = desk.json(erase(email));
            assert_eq!(erased["state"], "pending");
            desk.json(["mirror", &mirror, "--once"]);
            desk.gallra.run(["reconcile"]).succeeded();
        }
        desk.json(["mirror", &mirror, "--once"]);
        put_house_back(&desk, bench, "old").await;
        everything_is_refused(&desk);
        lose_keys(&desk, bench).await;
        desk.json(["mirror", "promote", &mirror]);
        nobody_is_back(&desk);
    }

    /// A leaf is signed, and the vault's commit does not come: the erasure is in the ledger. What the vault
    /// was just before is put back in place of a crash in that very moment.
    async fn a_receipt_that_a_crash_cut_off_refuses_nothing(bench) {
        let desk = Desk::with_people(bench);
        let point = FailPoint::abort("receipt:before-append");
        let killed = desk.gallra.failing(point).run(erase("bo@example.se"));
        assert!(killed.was_killed(), "{killed:?}");
        desk.gallra.run(["root", "status"]).succeeded(); // Whoever closes a house writes its log back into the file.
        keep_house(&desk, bench, "cut");
        desk.gallra.run(["reconcile"]).succeeded();
        assert!(Path::new(&desk.path("sign/leaves/0")).exists(), "it was signed");
        put_house_back(&desk, bench, "cut").await;
        let found = desk.gallra.run(["find", "bo@example.se", "--tenant", "norrsken"]).succeeded();
        assert_eq!(found.json()["matches"], serde_json::json!([]));
        desk.gallra.run(["reconcile"]).succeeded();
        let verified = desk.json(["verify", "--all"]);
        assert_eq!((&verified["passed"], &verified["checked"]), (&true.into(), &1.into()));
    }

    /// The mirror had not heard of Bo's erasure, its receipt was issued without it, and the data is of before.
    async fn what_only_its_receipt_tells_of_after_a_promotion_is_named(bench) {
        let desk = Desk::with_people(bench);
        let mirror = desk.path("mirror");
        desk.json(["backup", &desk.path("old")]);
        desk.json(["mirror", &mirror, "--once"]);
        desk.json(["mirror", "forget", "mirror"]);
        assert_eq!(desk.json(erase("bo@example.se"))["state"], "issued");
        lose_keys(&desk, bench).await;
        lose_data(bench).await;
        desk.json(["mirror", "promote", &mirror]);
        desk.gallra.run(["restore", &desk.path("old")]).succeeded();
        assert!(is_held(&desk, "bo@example.se", "norrsken"));
        let report = desk.gallra.run(["doctor"]).json();
        let mut findings = report["findings"].as_array().unwrap().iter();
        let told = findings.find(|it| it["part"] == "receipts").expect("it is told");
        assert_eq!(told["health"], "warning", "{told}");
        assert!(text(&told["detail"]).contains("number 0 of norrsken (instruction A-17)"), "{told}");
    }

    /// The machine that was lost issued Bo's receipt by a clock ahead of this one's, or behind it: that the
    /// mirror had not heard of it is told, and keeps nothing closed. What is signed from then on does.
    async fn what_is_of_before_a_promotion_is_told_by_no_clock(bench) {
        for (began_at, at) in [(1, "behind"), (i64::MAX / 2, "ahead")] {
            let own = Bench::new(bench.engine()).await;
            let (bench, desk) = (&own, Desk::with_people(&own));
            let mirror = desk.path("mirror");
            desk.json(["backup", &desk.path("old")]);
            desk.json(["mirror", &mirror, "--once"]);
            desk.json(["mirror", "forget", "mirror"]);
            assert_eq!(desk.json(erase("bo@example.se"))["state"], "issued");
            lose_keys(&desk, bench).await;
            lose_data(bench).await;
            desk.json(["mirror", "promote", &mirror]);
            desk.gallra.run(["mirror", "forget", "mirror"]).succeeded();
            let vault = bench.open(Role::Vault).await;
            vault.execute("UPDATE line SET began_at = $1", args![began_at]).await.unwrap();
            vault.close().await;
            desk.gallra.run(["restore", &desk.path("old")]).succeeded();
            assert!(is_held(&desk, "bo@example.se", "norrsken"), "{at}");
            let told = desk.gallra.run(["doctor"]).json().to_string();
            assert!(told.contains("number 0 of norrsken"), "{at}: {told}");

            keep_house(&desk, bench, "promoted");
            let erased = desk.gallra.run(erase("asa@example.se")).succeeded().json();
            assert_eq!(erased["state"], "issued", "{at}");
            put_house_back(&desk, bench, "promoted").await;
            everything_is_refused(&desk);
            own.remove().await;
        }
    }

    /// Without `sign/` nobody can tell; but the index that let go of Bo must not say that he is not held.
    async fn an_index_of_a_later_history_is_made_anew_before_it_answers(bench) {
        let desk = Desk::with_people(bench);
        keep_house(&desk, bench, "old");
        desk.json(erase("bo@example.se"));
        put_house_back(&desk, bench, "old").await;
        fs::remove_dir_all(desk.path("sign")).unwrap();
        let found = desk.gallra.run(["find", "bo@example.se", "--tenant", "norrsken"]).succeeded();
        assert_ne!(found.json()["matches"], serde_json::json!([]), "he is held: {found:?}");
    }
}

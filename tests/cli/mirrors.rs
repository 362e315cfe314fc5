//! A second living vault: followed, acknowledged, promoted when the first is lost.

use gallra::store::{Engine, Role};

use crate::both_engines;
use crate::desk::{Desk, finding, text};

both_engines! {
    async fn a_mirror_is_listed_and_forgotten(bench) {
        let desk = Desk::with_people(bench);
        assert!(desk.text(["mirror", "list"]).contains("a disk failure loses all data"));
        assert_eq!(doctor(&desk, "mirrors"), "warning");
        let mirror = desk.path("mirror");
        desk.json(["mirror", &mirror, "--name", "cellar", "--once"]);
        assert_eq!(desk.json(["mirror", "list"])["items"][0]["behind"], 0);
        assert_eq!(doctor(&desk, "mirrors"), "ok");
        let followed = desk.json(["mirror", &mirror, "--once"]);
        assert_eq!(followed["name"], "cellar", "it keeps its name");
        desk.json(["root", "rotate"]);
        let list = desk.text(["mirror", "list"]);
        assert!(list.contains("late by 1 epoch"), "{list}");
        assert_eq!(doctor(&desk, "mirrors"), "warning");
        assert!(desk.text(["doctor"]).contains("cellar is late by 1 epoch"));
        desk.json(["mirror", "forget", "cellar"]);
        let error = desk.refused(1, ["mirror", "forget", "cellar"]);
        assert!(text(&error["message"]).contains("gallra mirror list"), "{error}");
    }

    async fn a_late_mirror_delays_the_receipt_and_not_the_erasure(bench) {
        let desk = Desk::with_people(bench);
        let mirror = desk.path("mirror");
        desk.json(["mirror", &mirror, "--once"]);
        let erase = ["erase", "--tenant", "norrsken", "--email", "bo@example.se"];
        let erased = desk.json([&erase[..], &["--instruction", "A-1"]].concat());
        assert_eq!(erased["state"], "pending");
        let id = text(&erased["receipt_id"]);
        let found = desk.json(["find", "bo@example.se", "--tenant", "norrsken"]);
        assert_eq!(found["matches"].as_array().unwrap().len(), 0, "gone already");
        assert_eq!(doctor(&desk, "standing"), "warning");
        assert!(desk.text(["doctor"]).contains("wait for mirror"));
        let error = desk.refused(1, ["receipt", "show", &id]);
        assert!(text(&error["message"]).contains("gallra reconcile"), "{error}");

        desk.json(["mirror", &mirror, "--once"]);
        assert_eq!(desk.json(["reconcile"])["receipts"], 1);
        assert_eq!(desk.json(["receipt", "show", &id])["mirrors"]["acknowledged"], 1);
    }

    async fn a_root_that_was_set_aside_counts_on_receipts(bench) {
        let desk = Desk::with_people(bench);
        let reach = || text(&desk.json(["root", "status"])["assurance"]);
        let usual = reach();
        let aside = std::path::PathBuf::from(desk.path("root.lost-1"));
        std::fs::create_dir(&aside).unwrap();
        for copy in ["copy-1", "copy-2"] {
            std::fs::copy(std::path::Path::new(&desk.path("root")).join(copy), aside.join(copy)).unwrap();
        }
        assert_eq!(reach(), "A");
        assert!(desk.text(["doctor"]).contains("A, old copies of the data are dead"));
        let erase = |email| {
            let erased = desk.json(["erase", "--tenant", "norrsken", "--email", email, "--instruction", "A-1"]);
            let receipt = desk.json(["receipt", "show", &text(&erased["receipt_id"])]);
            text(&receipt["root"]["assurance"])
        };
        assert_eq!(erase("bo@example.se"), "A");
        desk.json(["mirror", "destroy-remains"]);
        assert_eq!(erase("asa@example.se"), usual);
    }

    async fn when_vault_and_root_are_lost_the_mirror_goes_on(bench) {
        if bench.engine() == Engine::Postgres {
            return lost_root(&Desk::with_people(bench));
        }
        let desk = Desk::with_people(bench);
        let mirror = desk.path("mirror");
        desk.json(["mirror", &mirror, "--once"]);
        std::fs::remove_dir_all(desk.path("root")).unwrap();
        std::fs::remove_dir_all(bench.file(Role::Vault).parent().unwrap()).unwrap();
        let error = desk.refused(1, ["tenant", "list"]);
        assert!(text(&error["message"]).contains("gallra mirror promote"), "{error}");
        let promoted = desk.json(["mirror", "promote", &mirror]);
        let doctor = desk.text(["doctor"]);
        assert!(doctor.contains("mirror holds nothing yet"), "{doctor}");
        assert_eq!(promoted["mirror"], mirror);
        assert_eq!((&promoted["lost_blocks"], &promoted["undone_erasures"]), (&0.into(), &0.into()));
        assert_eq!(desk.json(["reconcile", "--full"])["keys_missing"], 0);
        let record = desk.json(["access", "--tenant", "norrsken", "--email", "asa@example.se"]);
        assert_eq!(record["profile"]["name"], "Åsa Öberg", "everything can be read");
    }
}

/// On PostgreSQL the vault's schema is still there and stands in the way: nothing is overwritten.
fn lost_root(desk: &Desk) {
    let mirror = desk.path("mirror");
    desk.json(["mirror", &mirror, "--once"]);
    std::fs::remove_dir_all(desk.path("root")).unwrap();
    let error = desk.refused(1, ["mirror", "promote", &mirror]);
    assert!(
        text(&error["message"]).contains("rename the schema"),
        "{error}"
    );
}

fn doctor(desk: &Desk, part: &str) -> String {
    text(&finding(desk, part)["health"])
}

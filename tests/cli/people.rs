//! From the first command to a restored backup, as a script sees it.

use crate::both_engines;
use crate::desk::{Desk, text};

both_engines! {
    async fn everything_held_about_a_person_is_found_and_handed_out(bench) {
        let desk = Desk::with_people(bench);
        let found = desk.json(["find", "asa@example.se"]);
        let tenants: Vec<_> =
            found["matches"].as_array().unwrap().iter().map(|it| text(&it["tenant"])).collect();
        assert_eq!(tenants, ["brygga", "norrsken"], "across clients");
        let messages = &found["matches"][0]["categories"][4];
        assert_eq!(messages["category"], "message");
        assert_eq!(messages["records"], 2);
        assert_eq!(messages["recipients"][0], "Second line AB");

        for identifier in ["Åsa", "0701234567", "+46 70 123 45 67", "c1"] {
            let found = desk.json(["find", identifier, "--tenant", "brygga"]);
            assert_eq!(found["matches"].as_array().unwrap().len(), 1, "{identifier}");
        }
        let record = desk.json(["access", "--tenant", "brygga", "--email", "asa@example.se"]);
        assert_eq!(record["profile"]["name"], "Åsa Öberg");
        assert_eq!(record["cases"][0]["messages"][0]["body"], "Hej! Skidan gick av.");
    }

    async fn an_identifier_may_come_from_standard_input(bench) {
        let desk = Desk::with_people(bench);
        let found = desk.reading("asa@example.se\n", ["find", "-"]).succeeded().json();
        assert_eq!(found["matches"].as_array().unwrap().len(), 2);
        let record = desk.reading("070-1234567", ["access", "--tenant", "brygga", "--phone", "-"]);
        assert_eq!(record.succeeded().json()["profile"]["name"], "Åsa Öberg");
        let empty = desk.reading("", ["find", "-"]).exited(2);
        assert!(empty.stderr.contains("standard input is empty"), "{empty:?}");
        let line = r#"{"type":"contact","external_id":"c9","name":"Eva Dal"}"#;
        let imported = desk.reading(line, ["import", "--tenant", "brygga", "-"]).succeeded();
        assert_eq!(imported.json()["files"][0]["contacts"]["created"], 1);
    }

    async fn a_package_is_written_once_and_for_its_owner_only(bench) {
        use std::os::unix::fs::PermissionsExt;

        let desk = Desk::with_people(bench);
        let out = desk.path("asa.json");
        let access = ["access", "--tenant", "brygga", "--email", "asa@example.se", "--out", &out];
        assert_eq!(desk.json(access)["messages"], 2);
        let mode = std::fs::metadata(&out).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let error = desk.refused(1, access);
        assert!(text(&error["message"]).contains("name a new file"), "{error}");
    }

    async fn an_erased_person_stays_gone_through_a_restore(bench) {
        let desk = Desk::with_people(bench);
        let (backup, contact) = (desk.path("backup"), desk.contact("norrsken", "c1"));
        desk.json(["backup", &backup]);

        let erase = ["erase", "--tenant", "norrsken", "--email", "asa@example.se"];
        let erase = [&erase[..], &["--instruction", "A-17"]].concat();
        let preview = desk.json([&erase[..], &["--dry-run"]].concat());
        assert_eq!((&preview["dry_run"], &preview["messages"]), (&true.into(), &2.into()));
        let erased = desk.json(&erase);
        assert_eq!(erased["state"], "issued");
        assert_eq!(text(&erased["salt"]).len(), 64);
        let again = ["erase", "--tenant", "norrsken", "--contact", &contact, "--instruction", "x"];
        assert_eq!(desk.json(again)["receipt_id"], erased["receipt_id"], "one erasure, one receipt");

        desk.end_contract("brygga");
        let purged = desk.json(["purge", "brygga", "--confirm", "Brygga Kaffe AB"]);
        let restored = desk.gallra.run(["restore", &backup]).succeeded().json();
        assert_eq!(restored["reconciled"]["erased_again"], 2);

        assert_eq!(desk.json(["find", "asa@example.se"])["matches"].as_array().unwrap().len(), 0);
        assert_eq!(desk.json(["find", "bo@example.se"])["matches"].as_array().unwrap().len(), 1);
        assert_eq!(desk.json(["tenant", "list"])["items"].as_array().unwrap().len(), 1);
        let receipts = desk.json(["receipt", "list"]);
        let receipts: Vec<_> = receipts["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (text(&it["kind"]), text(&it["tenant"])))
            .collect();
        let expected = [
            ("contact", "norrsken"),
            ("tenant_purge", "brygga"),
            ("re_erasure", "norrsken"),
            ("re_erasure", "brygga"),
        ];
        assert_eq!(receipts, expected.map(|(kind, tenant)| (kind.to_owned(), tenant.to_owned())));
        let of_purged = desk.json(["receipt", "list", "--tenant", "brygga"]);
        assert_eq!(of_purged["items"][0]["id"], purged["receipt_id"]);

        let settled = desk.json(["reconcile", "--full"]);
        assert_eq!(settled["keys_missing"], 0);
        assert_eq!(settled["erased_again"], 0, "nothing is left to do");
        assert_eq!(desk.json(["verify", "--all"])["checked"], 4);
    }

    async fn a_lost_index_is_made_anew_when_asked(bench) {
        let desk = Desk::with_people(bench);
        if bench.engine() == gallra::store::Engine::Sqlite {
            let index = bench.file(gallra::store::Role::Index);
            std::fs::remove_dir_all(index.parent().unwrap()).unwrap();
            let error = desk.refused(1, ["find", "asa@example.se"]);
            assert!(text(&error["message"]).contains("gallra reconcile --full"), "{error}");
            desk.gallra.run(["reconcile", "--full"]).succeeded();
        }
        assert_eq!(desk.json(["find", "asa@example.se"])["matches"].as_array().unwrap().len(), 2);
    }
}

//! A mirror that is dead, in the wrong place, or twice there is not taken for one that helps, nor is a
//! backup that lies in the house.

use std::path::Path;

use gallra::store::{Engine, Role, args};
use rustix::process::Signal;

use crate::both_engines;
use crate::desk::{Desk, finding, text};
use crate::process::FailPoint;
use crate::serving::Server;
use crate::support::Bench;

/// Directories inside the house's own.
fn inside(desk: &Desk, bench: &Bench) -> Vec<String> {
    let mut places = vec!["root/new", "sign/new"];
    if bench.engine() == Engine::Sqlite {
        places.extend(["vault/new", "data/x/new", "index/new"]);
    }
    places.into_iter().map(|name| desk.path(name)).collect()
}

/// Writes a fourth person in, so that the vault gives out keys.
fn import_more(desk: &Desk) {
    let line =
        r#"{"type":"contact","external_id":"c9","name":"Eva Sund","email":"eva@example.se"}"#;
    let more = desk.file("more.ndjson", line);
    desk.json(["import", "--tenant", "norrsken", &more]);
}

both_engines! {
    async fn a_mirror_that_missed_an_import_is_late(bench) {
        let desk = Desk::with_people(bench);
        let mirror = desk.path("mirror");
        desk.json(["mirror", &mirror, "--name", "cellar", "--once"]);
        assert_eq!(finding(&desk, "mirrors")["health"], "ok");
        import_more(&desk);

        let listed = desk.json(["mirror", "list"])["items"][0].clone();
        assert_eq!((&listed["behind"], &listed["late"]), (&0.into(), &true.into()), "{listed}");
        assert!(listed["versions_behind"].as_u64() > Some(0), "{listed}");
        let table = desk.text(["mirror", "list"]);
        assert!(table.contains("late by") && !table.contains("up to date"), "{table}");
        let found = finding(&desk, "mirrors");
        assert_eq!(found["health"], "warning", "{found}");
        assert!(text(&found["detail"]).contains("cellar is late by"), "{found}");

        let server = Server::start(&desk.gallra);
        let (_, log) = server.end(Signal::TERM);
        assert!(log.contains("a disk failure loses what came since"), "{log}");

        desk.json(["mirror", &mirror, "--once"]);
        assert_eq!(finding(&desk, "mirrors")["health"], "ok", "it caught up");
    }

    async fn a_mirror_that_is_silent_is_late(bench) {
        let desk = Desk::with_people(bench);
        desk.json(["mirror", &desk.path("mirror"), "--name", "cellar", "--once"]);
        let vault = bench.open(Role::Vault).await;
        let earlier = "UPDATE mirror SET acknowledged_at = acknowledged_at - $1";
        vault.execute(earlier, args![5 * 60 * 1_000_000]).await.unwrap();
        vault.close().await;

        let listed = desk.json(["mirror", "list"])["items"][0].clone();
        assert_eq!((&listed["versions_behind"], &listed["late"]), (&0.into(), &true.into()));
        assert!(listed["silent_seconds"].as_u64() >= Some(300), "{listed}");
        let found = finding(&desk, "mirrors");
        assert_eq!(found["health"], "warning", "{found}");
        assert!(text(&found["detail"]).contains("silent for 5 minutes"), "{found}");
    }

    async fn a_mirror_begins_in_an_empty_directory_outside_the_house(bench) {
        let desk = Desk::with_people(bench);
        for place in [inside(&desk, bench), vec![desk.path("root")]].concat() {
            let error = desk.refused(1, ["mirror", &place, "--once"]);
            assert!(text(&error["message"]).contains("inside"), "{error}");
            assert!(!Path::new(&place).join("mirror").exists(), "nothing was made");
        }
        std::fs::create_dir(desk.path("photos")).unwrap();
        desk.file("photos/cat.jpg", "a cat");
        let error = desk.refused(1, ["mirror", &desk.path("photos"), "--once"]);
        assert!(text(&error["message"]).contains("empty directory"), "{error}");
        assert_eq!(std::fs::read_dir(desk.path("photos")).unwrap().count(), 1);

        std::fs::create_dir(desk.path("empty")).unwrap();
        let made = desk.json(["mirror", &desk.path("empty"), "--once"]);
        assert_eq!(made["same_file_system"], true, "both are in one temporary directory");
        let said = desk.text(["mirror", &desk.path("empty"), "--once"]);
        assert!(said.contains("WARNING: it is on the same file system"), "{said}");
    }

    async fn a_backup_lies_outside_the_house(bench) {
        let desk = Desk::with_people(bench);
        for place in inside(&desk, bench) {
            let error = desk.refused(1, ["backup", &place]);
            assert!(text(&error["message"]).contains("name a directory outside the house"), "{error}");
            assert!(!Path::new(&place).exists(), "nothing was made");
        }
        let beside = desk.path("backup");
        assert_eq!(desk.json(["backup", &beside])["inside_data_dir"], true);
        let elsewhere = tempfile::tempdir().unwrap();
        let elsewhere = elsewhere.path().join("backup").display().to_string();
        assert_eq!(desk.json(["backup", &elsewhere])["inside_data_dir"], false);
    }

    async fn a_name_that_is_taken_is_refused_before_anything_is_made(bench) {
        let desk = Desk::with_people(bench);
        desk.json(["mirror", &desk.path("one"), "--once"]);
        let two = desk.path("two");
        let error = desk.refused(1, ["mirror", &two, "--once"]);
        assert!(text(&error["message"]).contains("another mirror is called"), "{error}");
        assert!(!Path::new(&two).exists(), "nothing was made");
    }

    async fn a_promotion_of_no_mirror_makes_nothing(bench) {
        let desk = Desk::with_people(bench);
        desk.json(["mirror", &desk.path("mirror"), "--once"]);
        if bench.engine() == Engine::Sqlite {
            std::fs::remove_dir_all(bench.file(Role::Vault).parent().unwrap()).unwrap();
        }
        let mistyped = desk.path("miror");
        let error = desk.refused(1, ["mirror", "promote", &mistyped]);
        assert!(text(&error["message"]).contains("is no mirror: name the directory of one"), "{error}");
        assert!(!Path::new(&mistyped).exists());
        if bench.engine() == Engine::Sqlite {
            assert!(!bench.file(Role::Vault).exists(), "no vault is made by a mistake");
        }
    }

    async fn an_empty_vault_in_the_place_of_a_lost_one_is_a_lost_one(bench) {
        if bench.engine() == Engine::Postgres {
            return; // A schema is not lost like a file; an empty one is made by hand.
        }
        let desk = Desk::with_people(bench);
        std::fs::remove_dir_all(bench.file(Role::Vault).parent().unwrap()).unwrap();
        for emptied in [false, true] {
            if emptied {
                bench.open(Role::Vault).await.close().await;
            }
            let error = desk.refused(1, ["tenant", "list"]);
            let message = text(&error["message"]);
            assert!(message.contains("gallra mirror promote DIR"), "{message}");
            assert!(!message.contains("gallra init"), "{message}");
        }
    }

    async fn a_copied_mirror_is_refused(bench) {
        let desk = Desk::with_people(bench);
        let (mirror, copy) = (desk.path("mirror"), desk.path("copy"));
        desk.json(["mirror", &mirror, "--once"]);
        let copied = std::process::Command::new("cp").args(["-a", &mirror, &copy]).status();
        assert!(copied.unwrap().success());
        desk.json(["mirror", &mirror, "--once"]);
        let error = desk.refused(1, ["mirror", &copy, "--once"]);
        let message = text(&error["message"]);
        assert!(message.contains("destroy this copy"), "{message}");
        desk.json(["mirror", &mirror, "--once"]);
    }

    async fn a_crash_between_marker_and_registry_is_no_copy(bench) {
        let desk = Desk::with_people(bench);
        let mirror = desk.path("mirror");
        for _ in 0..2 {
            let counted = desk.gallra.failing(FailPoint::abort("mirror:counted"));
            assert!(counted.run(["mirror", &mirror, "--once"]).was_killed());
            desk.json(["mirror", &mirror, "--once"]);
        }
    }
}

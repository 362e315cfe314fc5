//! Everything is gone but a mirror that was late and a backup that is newer: what is lost is counted
//! before anything is put in place, and afterwards the house is whole. Whoever was erased is gone,
//! everybody whose keys are there is as before, and every command works.

use std::path::Path;

use gallra::store::{Engine, Role, archive};
use serde_json::Value;

use crate::both_engines;
use crate::desk::{Desk, finding, text};
use crate::process::FailPoint;
use crate::promotions::lose_keys;
use crate::support::{Bench, sql};

/// Bo was erased and his rows deleted; the mirror had not heard of it.
const ONE_ERASURE: &str = "--accept-loss=1";

/// Somebody new, and a new case of somebody who is in the mirror.
const NEWCOMERS: &str = r#"{"type":"contact","external_id":"c9","name":"Kim Alm","email":"kim@example.se"}
{"type":"message","case":"k9","contact":"c9","direction":"in","channel":"email","sent_at":"2026-03-01T09:00:00Z","body":"Hej!","external_id":"m9"}
{"type":"contact","external_id":"c1","name":"Åsa Öberg","email":"asa@example.se","phone":"070-123 45 67","source":"zendesk"}
{"type":"message","case":"k8","contact":"c1","direction":"in","channel":"email","sent_at":"2026-03-01T10:00:00Z","body":"En sak till.","external_id":"m8"}
"#;

/// Data, vault and root are gone.
async fn lose_everything(desk: &Desk, bench: &Bench) {
    lose_keys(desk, bench).await;
    lose_data(bench).await;
}

/// The data is gone.
pub async fn lose_data(bench: &Bench) {
    let schema = bench.schema(Role::Data);
    match bench.engine() {
        Engine::Sqlite => {
            std::fs::remove_dir_all(bench.file(Role::Data).parent().unwrap()).unwrap();
        }
        Engine::Postgres => {
            sql(format!(
                "DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}"
            ))
            .await;
        }
    }
}

fn import(desk: &Desk, tenant: &str, records: &str) {
    let file = desk.file("import.ndjson", records);
    let import = ["import", "--tenant", tenant, &file];
    desk.gallra.run(import).succeeded();
}

/// A record that no reader can make sense of, in a file of its own.
fn quarantine_one(desk: &Desk, what: &str) {
    let known = r#"{"type":"contact","external_id":"c1"}"#;
    import(desk, "norrsken", &format!("{known}\n{{{what}\n"));
    let kept = desk.json(["quarantine", "list", "--tenant", "norrsken"]);
    assert_ne!(kept["items"], serde_json::json!([]), "{kept}");
}

fn promote(desk: &Desk) {
    let mirror = desk.path("mirror");
    desk.gallra.run(["mirror", "promote", &mirror]).succeeded();
}

/// What a client has of a person, but for what says when it was looked at.
fn everything_of(desk: &Desk, email: &str) -> Value {
    let access = ["access", "--tenant", "norrsken", "--email", email];
    let record = desk.gallra.run(access).succeeded().json();
    let parts = ["profile", "cases"].map(|part| (part.to_owned(), record[part].clone()));
    assert!(parts.iter().all(|(_, part)| !part.is_null()), "{record}");
    Value::Object(parts.into_iter().collect())
}

/// Whether a client holds somebody with this address.
pub fn is_held(desk: &Desk, email: &str, tenant: &str) -> bool {
    let find = ["find", email, "--tenant", tenant];
    let found = desk.gallra.run(find).succeeded().json();
    found["matches"] != serde_json::json!([])
}

/// The number that a refusal asks to accept.
fn refused_number(desk: &Desk, arguments: &[&str]) -> String {
    let error = desk.refused(1, arguments);
    let message = text(&error["message"]);
    assert!(message.contains("nothing was changed"), "{message}");
    let number = message.split("--accept-loss ").nth(1).expect(&message);
    let number = number.split(';').next().expect("a number");
    assert!(number.parse::<u64>().unwrap() > 0, "{message}");
    number.to_owned()
}

/// Whatever can be done in a house can be done in this one, and the doctor knows of nothing broken.
fn everything_works(desk: &Desk) {
    desk.json(["mirror", &desk.path("mirror"), "--once"]);
    let full = desk.gallra.run(["reconcile", "--full"]).succeeded().json();
    assert_eq!(full["keys_missing"], 0, "{full}");
    assert_eq!(full["unfinished"], serde_json::json!([]), "{full}");
    let new = r#"{"type":"contact","external_id":"c7","name":"Ny Ek","email":"ny@example.se"}"#;
    import(desk, "norrsken", new);
    assert!(is_held(desk, "ny@example.se", "norrsken"));
    desk.json(["mirror", "forget", "mirror"]); // Which receipts would wait for.
    let erased = desk.json(erase("ny@example.se"));
    assert_eq!(erased["state"], "issued", "{erased}");
    assert!(!is_held(desk, "ny@example.se", "norrsken"));
    let standing = finding(desk, "standing");
    assert_eq!(standing["health"], "ok", "{standing}");
    desk.gallra.run(["verify", "--all"]).succeeded();
}

fn erase(email: &str) -> [&str; 7] {
    let (erase, instruction) = ("erase", "--instruction");
    [
        erase,
        "--tenant",
        "norrsken",
        "--email",
        email,
        instruction,
        "A-17",
    ]
}

/// Erases somebody whose receipt is to wait for the mirror, and does not wait with it.
fn erase_unheard(desk: &Desk, email: &str) {
    let point = FailPoint::abort("erase:rows-deleted");
    let killed = desk.gallra.failing(point).run(erase(email));
    assert!(killed.was_killed(), "{killed:?}");
}

/// An erasure late: Bo is in the old backup, erased in the new, and the mirror has his key.
async fn an_erasure_late(bench: &Bench) -> (Desk, Value) {
    let desk = Desk::with_people(bench);
    desk.json(["backup", &desk.path("old")]);
    desk.json(["mirror", &desk.path("mirror"), "--once"]);
    erase_unheard(&desk, "bo@example.se");
    desk.json(["backup", &desk.path("new")]);
    let asa = everything_of(&desk, "asa@example.se");
    lose_everything(&desk, bench).await;
    promote(&desk);
    (desk, asa)
}

/// An import late: Kim, a case of Åsa's, and a client that the mirror has not heard of.
async fn an_import_late(bench: &Bench) -> (Desk, Value) {
    let desk = Desk::with_people(bench);
    desk.json(["backup", &desk.path("old")]);
    desk.json(["mirror", &desk.path("mirror"), "--once"]);
    import(&desk, "norrsken", NEWCOMERS);
    let mut asa = everything_of(&desk, "asa@example.se");
    let cases = asa["cases"].as_array_mut().unwrap();
    cases.retain(|case| case["external_id"] == "k1");
    assert_eq!(cases.len(), 1, "the mirror has it");
    let add = [
        "tenant",
        "add",
        "fjall",
        "--name",
        "Fjäll AB",
        "--org-no",
        "556677-8899",
    ];
    desk.json([&add[..], &["--email", "kund@fjall.se"]].concat());
    import(&desk, "fjall", NEWCOMERS);
    desk.json(["backup", &desk.path("new")]);
    (desk, asa)
}

fn restored(desk: &Desk, backup: &str, number: &str) -> Value {
    let restore = ["restore", backup, "--accept-loss", number];
    desk.gallra.run(restore).succeeded().json()
}

fn the_import_is_lost_and_nothing_else(desk: &Desk, asa: &Value) {
    assert!(!is_held(desk, "kim@example.se", "norrsken"));
    assert_eq!(everything_of(desk, "asa@example.se"), *asa);
    assert!(is_held(desk, "bo@example.se", "norrsken"));
    assert!(!is_held(desk, "asa@example.se", "fjall"));
    assert_eq!(desk.json(["tenant", "show", "fjall"])["name"], "Fjäll AB");
    everything_works(desk);
    for tenant in ["norrsken", "fjall"] {
        import(desk, tenant, NEWCOMERS);
        assert!(
            is_held(desk, "kim@example.se", tenant),
            "what a client still has comes back"
        );
    }
}

both_engines! {
    /// Kim is in no row when the order to erase her is found, and in a backup that is put in place later.
    async fn an_order_given_again_is_carried_out_where_nobody_is_there(bench) {
        let desk = Desk::with_people(bench);
        desk.json(["backup", &desk.path("before")]);
        import(&desk, "norrsken", NEWCOMERS);
        desk.json(["backup", &desk.path("with")]);
        desk.json(["mirror", &desk.path("mirror"), "--once"]);
        erase_unheard(&desk, "kim@example.se");
        let asa = everything_of(&desk, "asa@example.se");
        lose_keys(&desk, bench).await;
        let promote = ["mirror", "promote", &desk.path("mirror"), ONE_ERASURE];
        let killed = desk.gallra.failing(FailPoint::abort("promote:noted")).run(promote);
        assert!(killed.was_killed(), "{killed:?}");

        desk.gallra.run(["restore", &desk.path("before")]).succeeded();
        desk.gallra.run(["reconcile"]).succeeded();
        desk.gallra.run(["restore", &desk.path("with")]).succeeded();
        assert!(!is_held(&desk, "kim@example.se", "norrsken"));
        assert_eq!(everything_of(&desk, "asa@example.se"), asa);
        everything_works(&desk);
    }

    /// Two records that could not be read are to go; the mirror has heard of one of them only. What is left
    /// of the order is carried out.
    async fn an_order_of_which_half_is_lost_is_carried_out_on_the_rest(bench) {
        let desk = Desk::with_people(bench);
        quarantine_one(&desk, "en rad");
        desk.json(["mirror", &desk.path("mirror"), "--once"]);
        quarantine_one(&desk, "en till");
        let discard = ["quarantine", "discard", "--all", "--tenant", "norrsken", "--instruction", "A-17"];
        let killed = desk.gallra.failing(FailPoint::abort("erase:accepted")).run(discard);
        assert!(killed.was_killed(), "{killed:?}");
        lose_keys(&desk, bench).await;
        let promote = ["mirror", "promote", &desk.path("mirror")];
        let number = refused_number(&desk, &promote);
        desk.json([&promote[..], &["--accept-loss", &number]].concat());
        let done = desk.gallra.run(["reconcile"]).succeeded().json();
        assert_eq!(done["unfinished"], serde_json::json!([]), "{done}");
        assert_eq!(done["lost"]["units"], 1, "{done}");
        assert_eq!(desk.json(["quarantine", "list"])["items"], serde_json::json!([]));
        everything_works(&desk);
        let receipts = desk.json(["receipt", "list", "--tenant", "norrsken"]);
        assert_eq!(receipts["items"].as_array().unwrap().len(), 2, "{receipts}"); // And that of `everything_works`.
    }

    async fn a_backup_that_knows_one_erasure_more_than_the_mirror_is_restored(bench) {
        let (desk, asa) = an_erasure_late(bench).await;
        let new = desk.path("new");
        assert_eq!(refused_number(&desk, &["restore", &new]), "1");
        assert_eq!(refused_number(&desk, &["restore", &new, "--accept-loss", "2"]), "1");
        let missing = desk.refused(1, ["find", "bo@example.se"]);
        assert!(text(&missing["message"]).contains("gallra restore DIR"), "{missing}");

        let done = desk.gallra.run(["restore", &new, ONE_ERASURE]).succeeded().json();
        assert_eq!((&done["lost_blocks"], &done["undone_erasures"]), (&0.into(), &1.into()), "{done}");
        assert_eq!(done["reconciled"]["lost"]["units"], 0, "{done}");
        assert!(!is_held(&desk, "bo@example.se", "norrsken"));
        assert!(is_held(&desk, "bo@example.se", "brygga"));
        assert_eq!(everything_of(&desk, "asa@example.se"), asa);
        everything_works(&desk);
        let receipts = desk.json(["receipt", "list", "--tenant", "norrsken"]);
        assert_eq!(receipts["items"][0]["kind"], "contact", "{receipts}");
        for backup in ["old", "new"] {
            desk.gallra.run(["restore", &desk.path(backup)]).succeeded();
            assert!(!is_held(&desk, "bo@example.se", "norrsken"), "{backup}");
            assert_eq!(everything_of(&desk, "asa@example.se"), asa, "{backup}");
        }
    }

    async fn a_backup_that_is_an_import_ahead_of_the_mirror_is_restored_without_it(bench) {
        let (desk, asa) = an_import_late(bench).await;
        lose_everything(&desk, bench).await;
        promote(&desk);
        let new = desk.path("new");
        let number = refused_number(&desk, &["restore", &new]);
        let done = restored(&desk, &new, &number);
        let lost = &done["reconciled"]["lost"];
        assert_eq!(done["lost_blocks"].to_string(), number, "{done}");
        assert_eq!(lost["contacts"].as_array().unwrap().len(), 4, "Kim, and Åsa's case: {done}");
        assert_eq!(lost["clients"].as_array().unwrap().len(), 1, "{done}");
        the_import_is_lost_and_nothing_else(&desk, &asa);
        assert_eq!(refused_number(&desk, &["restore", &new]), number, "it is lost for ever");
    }

    /// The same where the data is still there: it is measured when the mirror is promoted.
    async fn data_that_is_an_import_ahead_of_the_promoted_mirror_goes_on_without_it(bench) {
        let (desk, asa) = an_import_late(bench).await;
        lose_keys(&desk, bench).await;
        let mirror = desk.path("mirror");
        let number = refused_number(&desk, &["mirror", "promote", &mirror]);
        let promote = ["mirror", "promote", &mirror, "--accept-loss", &number];
        desk.gallra.run(promote).succeeded();
        the_import_is_lost_and_nothing_else(&desk, &asa);
    }

    /// The old backup is restored first, so that what comes then bears numbers of keys that were lost.
    async fn keys_of_the_same_numbers_are_not_taken_for_one_another(bench) {
        let desk = Desk::with_people(bench);
        desk.json(["backup", &desk.path("old")]);
        desk.json(["mirror", &desk.path("mirror"), "--once"]);
        import(&desk, "norrsken", NEWCOMERS);
        desk.json(["backup", &desk.path("ahead")]);
        erase_unheard(&desk, "kim@example.se");
        desk.json(["backup", &desk.path("further")]);
        lose_everything(&desk, bench).await;
        promote(&desk);
        desk.gallra.run(["restore", &desk.path("old")]).succeeded();
        let other = r#"{"type":"contact","external_id":"c5","name":"Eva Lind","email":"eva@example.se"}"#;
        import(&desk, "norrsken", other);
        let eva = everything_of(&desk, "eva@example.se");
        desk.json(["backup", &desk.path("since")]);

        for backup in ["ahead", "further"] {
            let backup = desk.path(backup);
            let number = refused_number(&desk, &["restore", &backup]);
            restored(&desk, &backup, &number);
            assert!(!is_held(&desk, "kim@example.se", "norrsken"));
            assert!(!is_held(&desk, "eva@example.se", "norrsken"), "she came after this backup");
        }
        desk.gallra.run(["restore", &desk.path("since")]).succeeded();
        assert_eq!(everything_of(&desk, "eva@example.se"), eva, "her key was not Kim's");
        everything_works(&desk);
    }

    async fn an_accepted_restore_that_is_killed_is_finished_by_what_comes_next(bench) {
        for at in ["restore:accepted", "restore:exchanged", "erase:destroyed"] {
            let bench = Bench::new(bench.engine()).await;
            let (desk, asa) = an_erasure_late(&bench).await;
            desk.json(["mirror", "forget", "mirror"]); // Which receipts would wait for.
            let new = desk.path("new");
            let killed = desk.gallra.failing(FailPoint::abort(at)).run(["restore", &new, ONE_ERASURE]);
            assert!(killed.was_killed(), "{at}: {killed:?}");
            if at == "restore:accepted" {
                desk.refused(1, ["find", "bo@example.se"]);
                assert_eq!(refused_number(&desk, &["restore", &new]), "1");
                desk.gallra.run(["restore", &new, ONE_ERASURE]).succeeded();
            }
            desk.gallra.run(["reconcile"]).succeeded();
            assert!(!is_held(&desk, "bo@example.se", "norrsken"), "{at}");
            assert_eq!(everything_of(&desk, "asa@example.se"), asa, "{at}");
            desk.gallra.run(["restore", &desk.path("old")]).succeeded();
            assert!(!is_held(&desk, "bo@example.se", "norrsken"), "{at}");
            bench.remove().await;
        }
    }

    async fn cleaning_up_what_was_lost_is_finished_by_what_comes_next(bench) {
        for at in ["restore:accepted", "restore:exchanged", "reconcile:lost-deleted"] {
            let bench = Bench::new(bench.engine()).await;
            let (desk, asa) = an_import_late(&bench).await;
            lose_everything(&desk, &bench).await;
            promote(&desk);
            let new = desk.path("new");
            let number = refused_number(&desk, &["restore", &new]);
            let restore = ["restore", &new, "--accept-loss", &number];
            let killed = desk.gallra.failing(FailPoint::abort(at)).run(restore);
            assert!(killed.was_killed(), "{at}: {killed:?}");
            if at == "restore:accepted" {
                restored(&desk, &new, &number);
            }
            the_import_is_lost_and_nothing_else(&desk, &asa);
            bench.remove().await;
        }
    }

    /// Put back with other tools nobody was asked: it is refused by name, and the doctor says so.
    async fn a_backup_put_back_by_hand_is_refused_with_the_remedy(bench) {
        let (desk, asa) = an_import_late(bench).await;
        lose_everything(&desk, bench).await;
        promote(&desk);
        let new = desk.path("new");
        archive::put_back(&bench.url(Role::Data), Role::Data, Path::new(&new), vec![]).await.unwrap();
        for command in [&["find", "asa@example.se"][..], &["reconcile"], &["reconcile", "--full"]] {
            let error = desk.refused(1, command);
            assert!(text(&error["message"]).contains("`gallra restore DIR`"), "{error}");
        }
        let report = desk.gallra.run(["doctor"]).exited(1).json();
        let standing = report["findings"].as_array().unwrap().iter().find(|it| it["part"] == "standing");
        let standing = standing.unwrap();
        assert_eq!(standing["health"], "failed", "{standing}");
        assert!(text(&standing["detail"]).contains("`gallra restore DIR`"), "{standing}");
        let number = refused_number(&desk, &["restore", &new]);
        restored(&desk, &new, &number);
        the_import_is_lost_and_nothing_else(&desk, &asa);
    }
}

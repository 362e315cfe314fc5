//! The index is not what it should be: of before somebody was erased, of before somebody came, or under
//! keys that a promoted mirror does not have. An old export brings nobody back who was erased, and
//! nobody who is held is answered with "nothing".

use std::fs;
use std::process::Command;

use gallra::store::{Engine, Role};

use crate::both_engines;
use crate::desk::{Desk, finding};
use crate::late_mirrors::{is_held, lose_data};
use crate::lost_index::lose_index;
use crate::promotions::lose_keys;
use crate::support::{Bench, server, sql};

const CECILIA: &str = r#"{"type":"contact","external_id":"c3","name":"Cecilia Alm","email":"cecilia@example.se"}
{"type":"message","case":"k3","contact":"c3","direction":"in","channel":"email","sent_at":"2026-03-01T09:00:00Z","body":"Hej!"}
"#;

/// Keeps a copy of the index, with tools of one's own.
fn keep_index(desk: &Desk, bench: &Bench) {
    keep(bench, Role::Index, &desk.path("index.kept"));
}

/// Puts the copy in the index's place.
async fn put_index_back(desk: &Desk, bench: &Bench) {
    put_back(bench, Role::Index, &desk.path("index.kept")).await;
}

/// Keeps a copy of a store.
pub fn keep(bench: &Bench, role: Role, kept: &str) {
    match bench.engine() {
        Engine::Sqlite => {
            fs::copy(bench.file(role), kept).unwrap();
        }
        Engine::Postgres => {
            let mut dump = Command::new("pg_dump");
            dump.args(["--format=custom", "--dbname"]).arg(server());
            dump.arg(format!("--schema={}", bench.schema(role)));
            dump.arg("--file").arg(kept);
            done(dump);
        }
    }
}

/// Puts that copy in the store's place.
pub async fn put_back(bench: &Bench, role: Role, kept: &str) {
    match bench.engine() {
        Engine::Sqlite => {
            let file = bench.file(role);
            for end in ["-wal", "-shm"] {
                let _ = fs::remove_file(format!("{}{end}", file.display()));
            }
            fs::copy(kept, file).unwrap();
        }
        Engine::Postgres => {
            let schema = bench.schema(role);
            sql(format!("DROP SCHEMA {schema} CASCADE")).await;
            let mut restore = Command::new("pg_restore");
            restore.args(["--no-owner", "--exit-on-error", "--dbname"]);
            restore.arg(server()).arg(kept);
            done(restore);
        }
    }
}

fn done(mut command: Command) {
    let done = command.output().expect("it is there, as ./test takes care");
    assert!(done.status.success(), "{done:?}");
}

fn erase<'a>(email: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let erase = ["erase", "--tenant", "norrsken", "--email", email];
    [&erase[..], &["--instruction", "A-17"], more].concat()
}

fn promote(desk: &Desk, undone: &str) {
    let promote = [
        "mirror",
        "promote",
        &desk.path("mirror"),
        "--accept-loss",
        undone,
    ];
    desk.gallra.run(promote).succeeded();
}

/// The old export is not taken in before a person says so, and then for good: no later look at the same
/// erasures stops it again.
fn imports_wait_for_a_person(desk: &Desk) {
    let export = desk.path("export.ndjson");
    let import = ["import", "--tenant", "norrsken", &export];
    let refused = desk.gallra.run(import);
    assert_ne!(refused.code(), Some(0), "{refused:?}");
    let remedy = "gallra tenant allow-imports norrsken";
    assert!(refused.stderr.contains(remedy), "{refused:?}");
    assert!(!is_held(desk, "bo@example.se", "norrsken"));
    assert_eq!(finding(desk, "imports")["health"], "warning");
    desk.json(["import", "--tenant", "brygga", &export]); // Nobody of it was erased.

    let allow = ["tenant", "allow-imports", "norrsken"];
    assert_eq!(desk.json(allow)["waited"], true);
    desk.json(["reconcile", "--full"]);
    let newer = desk.file("newer.ndjson", CECILIA);
    desk.json(["import", "--tenant", "norrsken", &newer]);
    desk.json(erase("cecilia@example.se", &["--strict"]));
    desk.json(["reconcile", "--full"]);
    assert_eq!(desk.json(allow)["waited"], false);
    let again = &desk.json(import)["files"][0];
    assert_ne!(
        again["contacts"]["created"], 0,
        "a person answers for it: {again}"
    );
    assert_ne!(
        desk.json(["import", "--tenant", "norrsken", &newer])["files"][0]["suppressed"],
        0
    );
}

both_engines! {
    /// Åsa is erased under new keys, Bo under those only: the mirror, which has the old ones, becomes the
    /// vault.
    async fn whoever_is_unknown_under_the_keys_of_a_promoted_mirror_is_not_imported(bench) {
        let desk = Desk::with_people(bench);
        for _ in 0..2 {
            desk.json(["mirror", &desk.path("mirror"), "--once"]);
        }
        assert_eq!(desk.json(erase("asa@example.se", &["--strict"]))["state"], "pending");
        assert_eq!(desk.json(erase("bo@example.se", &[]))["state"], "pending");
        lose_keys(&desk, bench).await;
        promote(&desk, "2");
        desk.gallra.run(["reconcile", "--full"]).succeeded();
        imports_wait_for_a_person(&desk);
    }

    /// The same without new keys: what was suppressed under the old ones holds, and nobody is asked.
    async fn whoever_is_known_under_the_keys_of_a_promoted_mirror_stays_away(bench) {
        let desk = Desk::with_people(bench);
        for _ in 0..2 {
            desk.json(["mirror", &desk.path("mirror"), "--once"]);
        }
        assert_eq!(desk.json(erase("bo@example.se", &[]))["state"], "pending");
        lose_keys(&desk, bench).await;
        promote(&desk, "1");
        desk.gallra.run(["reconcile", "--full"]).succeeded();
        let export = desk.path("export.ndjson");
        let done = desk.json(["import", "--tenant", "norrsken", &export]);
        assert_eq!(done["files"][0]["suppressed"], 1, "{done}");
        assert!(!is_held(&desk, "bo@example.se", "norrsken"));
        assert_eq!(desk.json(["tenant", "allow-imports", "norrsken"])["waited"], false);
    }

    /// Vault, root and index are in one directory, and so are gone together; the mirror has not heard of Bo.
    async fn an_index_that_is_lost_with_a_late_mirror_s_vault_stops_imports(bench) {
        for with_data in [false, true] {
            let bench = Bench::new(bench.engine()).await;
            let desk = Desk::with_people(&bench);
            for _ in 0..2 {
                desk.json(["mirror", &desk.path("mirror"), "--once"]);
            }
            assert_eq!(desk.json(erase("bo@example.se", &[]))["state"], "pending");
            desk.json(["backup", &desk.path("backup")]);
            lose_keys(&desk, &bench).await;
            lose_index(&bench).await;
            if with_data {
                lose_data(&bench).await;
                desk.json(["mirror", "promote", &desk.path("mirror")]);
                let restore = ["restore", &desk.path("backup"), "--accept-loss", "1"];
                desk.gallra.run(restore).succeeded();
            } else {
                promote(&desk, "1");
                desk.gallra.run(["reconcile", "--full"]).succeeded();
            }
            imports_wait_for_a_person(&desk);
            bench.remove().await;
        }
    }

    /// The copy is of before Bo was erased, with and without new index keys. Åsa was erased before it.
    async fn an_index_of_before_an_erasure_stops_imports(bench) {
        for more in [&[][..], &["--strict"]] {
            let bench = Bench::new(bench.engine()).await;
            let desk = Desk::with_people(&bench);
            desk.json(erase("asa@example.se", &[]));
            keep_index(&desk, &bench);
            desk.json(erase("bo@example.se", more));
            put_index_back(&desk, &bench).await;
            imports_wait_for_a_person(&desk);
            bench.remove().await;
        }
    }

    /// The copy is of before Cecilia came: she is found, and is not made a second time.
    async fn an_index_of_before_somebody_came_is_made_anew_before_it_answers(bench) {
        let desk = Desk::with_people(bench);
        keep_index(&desk, bench);
        let newer = desk.file("newer.ndjson", CECILIA);
        let import = ["import", "--tenant", "norrsken", &newer];
        desk.json(import);
        let held = desk.contact("norrsken", "cecilia@example.se");
        put_index_back(&desk, bench).await;
        // Whoever opens the house says on standard error what is made anew.
        let find = ["find", "cecilia@example.se", "--tenant", "norrsken"];
        let found = desk.gallra.run(find).succeeded().json();
        assert_eq!(found["matches"][0]["id"], held, "{found}");
        put_index_back(&desk, bench).await;
        let again = &desk.gallra.run(import).succeeded().json()["files"][0];
        assert_eq!(again["contacts"]["created"], 0, "{again}");
        assert_eq!(again["messages"]["created"], 0, "{again}");
        put_index_back(&desk, bench).await;
        desk.gallra.run(erase("cecilia@example.se", &[])).succeeded();
        assert!(!is_held(&desk, "cecilia@example.se", "norrsken"));
    }
}

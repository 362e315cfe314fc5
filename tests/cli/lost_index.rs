//! The index is lost, and with it whom an old export must not bring back.

use gallra::store::{Engine, Role};

use crate::both_engines;
use crate::desk::{Desk, finding, text};
use crate::support::{Bench, sql};

/// Loses the index, as a disk does.
pub async fn lose_index(bench: &Bench) {
    match bench.engine() {
        Engine::Sqlite => {
            std::fs::remove_dir_all(bench.file(Role::Index).parent().unwrap()).unwrap()
        }
        Engine::Postgres => {
            let schema = bench.schema(Role::Index);
            sql(format!("DROP SCHEMA {schema} CASCADE")).await;
            sql(format!("CREATE SCHEMA {schema}")).await;
        }
    }
}

both_engines! {
    /// Bo is erased · the index is lost and made anew · the old export comes again.
    async fn a_lost_index_stops_imports_until_a_person_confirms(bench) {
        let desk = Desk::with_people(bench);
        let export = desk.path("export.ndjson");
        let bo = ["--tenant", "norrsken", "--email", "bo@example.se", "--instruction", "A-17"];
        desk.json([&["erase"][..], &bo].concat());
        lose_index(bench).await;
        desk.json(["reconcile", "--full"]);

        let refused = desk.refused(3, ["import", "--tenant", "norrsken", &export]);
        assert!(text(&refused["message"]).contains("gallra tenant allow-imports norrsken"), "{refused}");
        assert_eq!(finding(&desk, "imports")["health"], "warning");
        let found = desk.json(["find", "bo@example.se"]);
        let matches = found["matches"].as_array().unwrap();
        assert!(matches.iter().all(|it| it["tenant"] != "norrsken"), "{found}");
        desk.json(["import", "--tenant", "brygga", &export]); // Nobody of it was erased.

        assert_eq!(desk.json(["tenant", "allow-imports", "norrsken"])["waited"], true);
        assert_eq!(desk.json(["tenant", "allow-imports", "norrsken"])["waited"], false);
        desk.json(["import", "--tenant", "norrsken", &export]);
    }
}

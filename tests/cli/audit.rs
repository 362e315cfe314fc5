//! Every act leaves its row: also those whose store is the vault, or that replace the data itself.

use std::collections::BTreeSet;

use gallra::audit::{self, Action, Cursor};
use gallra::store::{Engine, Role};

use crate::both_engines;
use crate::desk::{Desk, text};
use crate::support::{Bench, sql};

/// The words of all acts in the trail.
async fn words(bench: &Bench) -> BTreeSet<String> {
    let data = bench.open(Role::Data).await;
    let page = audit::page(&data, None, Cursor::NEWEST, 1_000)
        .await
        .unwrap();
    data.close().await;
    page.records
        .into_iter()
        .map(|record| record.action)
        .collect()
}

both_engines! {
    async fn what_is_done_to_the_vault_and_to_the_data_itself_is_in_the_trail(bench) {
        let desk = Desk::with_people(bench);
        let hold = desk.json(["hold", "add", "--tenant", "norrsken", "--reason", "TVIST-3"]);
        desk.json(["hold", "release", &text(&hold["id"])]);
        desk.json(["root", "rotate"]);
        let (backup, mirror) = (desk.path("backup"), desk.path("mirror"));
        desk.json(["backup", &backup]);
        assert!(words(bench).await.is_superset(&of(&[
            Action::HoldAdded,
            Action::HoldReleased,
            Action::RootRotated,
            Action::BackedUp,
        ])));

        let late = desk.file("late.ndjson", "{\"type\":\"contact\",\"external_id\":\"c9\",\"name\":\"Siv\"}\n");
        desk.json(["import", "--tenant", "norrsken", &late]);
        desk.json(["restore", &backup]);
        let acts = words(bench).await;
        assert!(acts.is_superset(&of(&[Action::Restored, Action::Reconciled])), "{acts:?}");
        let orphans = desk.json(["reconcile", "--destroy-orphans"]);
        assert!(orphans["orphans"]["destroyed"].as_u64() > Some(0), "{orphans}");
        let receipt = text(&orphans["orphans"]["receipts"][0]);
        assert_eq!(desk.json(["receipt", "show", &receipt])["kind"], "orphans");
        assert!(words(bench).await.contains(Action::OrphansDestroyed.word()));

        desk.json(["mirror", &mirror, "--once"]);
        desk.json(["mirror", "forget", "mirror"]);
        assert!(words(bench).await.contains(Action::MirrorForgotten.word()));
        let second = desk.path("second");
        desk.json(["mirror", &second, "--once"]);
        lose_vault_and_root(bench, &desk).await;
        desk.json(["mirror", "promote", &second]);
        assert!(words(bench).await.contains(Action::MirrorPromoted.word()));

        let full = desk.json(["reconcile", "--full"]);
        let clients = desk.json(["tenant", "list"])["items"].as_array().unwrap().len();
        assert_eq!(full["indexes_rebuilt"], clients, "each once: {full}");
    }
}

async fn lose_vault_and_root(bench: &Bench, desk: &Desk) {
    std::fs::remove_dir_all(desk.path("root")).unwrap();
    match bench.engine() {
        Engine::Sqlite => {
            let vault = bench.file(Role::Vault);
            std::fs::remove_dir_all(vault.parent().unwrap()).unwrap();
        }
        Engine::Postgres => {
            let schema = bench.schema(Role::Vault);
            sql(format!("DROP SCHEMA {schema} CASCADE")).await;
            sql(format!("CREATE SCHEMA {schema}")).await;
        }
    }
}

fn of(actions: &[Action]) -> BTreeSet<String> {
    actions.iter().map(|it| it.word().to_owned()).collect()
}

//! `gallra token`: made once, listed without itself, ended at once, and not brought back by a restore.

use crate::both_engines;
use crate::desk::{Desk, text};

both_engines! {
    async fn a_token_is_shown_once_and_listed_without_itself(bench) {
        let desk = Desk::with_people(bench);
        let create = ["token", "create", "--name", "billing-hook", "--role", "hook"];
        let made = desk.json(create);
        let token = text(&made["token"]);
        assert!(token.starts_with("gallra_") && token.len() == 7 + 43, "{token}");
        let list = desk.json(["token", "list"]);
        let listed = &list["items"][0];
        assert_eq!((&listed["id"], &listed["role"]), (&made["id"], &"hook".into()));
        assert!(listed["revoked_at"].is_null());
        assert!(!list.to_string().contains(&token), "a list shows no token");
        let vault = bench.open(gallra::store::Role::Vault).await;
        let stored = vault.fetch_one("SELECT hash FROM token", gallra::store::args![]).await.unwrap();
        assert_eq!(stored.blob(0).unwrap().len(), 32, "only its hash is kept");
        vault.close().await;

        let id = text(&made["id"]);
        assert_eq!(desk.json(["token", "revoke", &id])["revoked"], true);
        desk.json(["token", "revoke", &id]);
        assert!(desk.json(["token", "list"])["items"][0]["revoked_at"].is_string());
        assert!(desk.text(["token", "list"]).contains("revoked 20"));
    }

    async fn what_cannot_be_a_token_is_refused_with_the_remedy(bench) {
        let desk = Desk::with_people(bench);
        let create = ["token", "create", "--name"];
        for (rest, words) in [
            (&["Anna Ek", "--role", "dpo"][..], "no person's name"),
            (&["x", "--role", "boss"], "choose one of admin, dpo, tenant, hook, auditor"),
            (&["x", "--role", "tenant"], "name it with --tenant"),
            (&["x", "--role", "dpo", "--days", "0"], "is not in 1..=65535"),
        ] {
            let error = desk.refused(2, [&create[..], rest].concat());
            assert!(text(&error["message"]).contains(words), "{error}");
        }
        let unknown = "0".repeat(32);
        let error = desk.refused(1, ["token", "revoke", &unknown]);
        assert!(text(&error["message"]).contains("gallra token list"), "{error}");
    }

    async fn a_restored_backup_brings_no_revoked_token_back(bench) {
        let desk = Desk::with_people(bench);
        let made = desk.json(["token", "create", "--name", "x", "--role", "dpo"]);
        let backup = desk.path("backup");
        desk.json(["backup", &backup]);
        desk.json(["token", "revoke", &text(&made["id"])]);
        desk.gallra.run(["restore", &backup]).succeeded();
        assert!(desk.json(["token", "list"])["items"][0]["revoked_at"].is_string());
    }
}

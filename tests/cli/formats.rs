//! Exports of other systems, as whoever runs the import sees it.

use crate::answers::stable;
use crate::both_engines;
use crate::desk::{Desk, text};
use crate::fixture_files::{FIXTURES, new, path};

fn fixture(name: &str) -> String {
    path(name).display().to_string()
}

both_engines! {
    async fn a_table_is_shown_before_it_is_taken_in(bench) {
        let desk = Desk::with_people(bench);
        let table = std::fs::read_to_string(fixture("contacts.csv")).unwrap();
        let table = desk.file("contacts.csv", &table);
        let import = ["import", "--tenant", "norrsken", &table];
        let preview = desk.text([&import[..], &["--dry-run", "--map", "Skapad=-"]].concat());
        insta::assert_snapshot!("import-table-dry-run", stable(&preview, &desk));
        let found = desk.json(["find", "asa.lindqvist@example.se"]);
        assert_eq!(found["matches"].as_array().unwrap().len(), 0, "a dry run writes nothing");
        let done = desk.text(&import[..]);
        insta::assert_snapshot!("import-table", stable(&done, &desk));
        let found = desk.json(["find", "asa.lindqvist@example.se"]);
        assert_eq!(found["matches"].as_array().unwrap().len(), 1);
        let wrong = desk.refused(1, [&import[..], &["--map", "Vad=email"]].concat());
        assert!(text(&wrong["message"]).contains("does not have"), "{wrong}");
    }

    async fn a_maildir_is_one_import_and_tmp_is_left_alone(bench) {
        let desk = Desk::with_people(bench);
        let import = ["import", "--tenant", "norrsken", &fixture("maildir")];
        let report = desk.json(import);
        let file = &report["files"][0];
        assert_eq!(file["format"], "mail");
        assert_eq!((&file["messages"]["created"], &file["cases"]["created"]), (&2.into(), &1.into()));
        let record = desk.json(["access", "--tenant", "norrsken", "--email", "rut.alm@example.se"]);
        assert_eq!(record["cases"].as_array().unwrap().len(), 1, "an answer is of the same case");
        let again = desk.json(import);
        assert_eq!(again["files"][0]["messages"]["unchanged"], 2);
    }

    async fn every_format_is_taken_in_by_one_command(bench) {
        let desk = Desk::with_people(bench);
        let files: Vec<String> = FIXTURES.iter().map(|it| fixture(it.0)).collect();
        let import = ["import", "--tenant", "norrsken", "--own", "@nord.example.se"];
        let import: Vec<&str> = import.into_iter().chain(files.iter().map(String::as_str)).collect();
        let report = desk.json(&import);
        for ((name, format, expected), it) in FIXTURES.iter().zip(report["files"].as_array().unwrap()) {
            assert_eq!((&it["format"], new(it)), (&(*format).into(), *expected), "{name}: {it}");
        }
        let again = desk.json(&import);
        assert!(again["files"].as_array().unwrap().iter().all(|it| new(it) == 0), "{again}");
        let record = desk.json(["access", "--tenant", "norrsken", "--email", "kerstin.ost@example.se"]);
        let messages = record["cases"][0]["messages"].as_array().unwrap();
        assert_eq!((messages.len(), &messages[0]["attachments"][0]["name"]), (2, &"sko.png".into()));
    }

    async fn one_unreadable_file_does_not_stop_the_others(bench) {
        let desk = Desk::with_people(bench);
        let archive = desk.file("export.zip", "PK\u{3}\u{4}");
        let users = fixture("zendesk-1-users.json");
        let report = desk.json(["import", "--tenant", "norrsken", &archive, &users]);
        let failure = text(&report["files"][0]["failure"]);
        assert!(failure.contains("unpack it"), "{failure}");
        assert_eq!(report["files"][1]["contacts"]["created"], 2);
        let alone = desk.gallra.run(["import", "--tenant", "norrsken", &archive]).exited(1);
        assert!(alone.json()["files"][0]["failure"].is_string());
        let wrong = desk.gallra.run(["import", "--tenant", "norrsken", "--format", "xml", &users]);
        assert!(wrong.exited(2).stderr.contains("zendesk"), "it names those there are");
    }
}

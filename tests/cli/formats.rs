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

    async fn a_directory_says_which_file_did_what(bench) {
        let desk = Desk::with_people(bench);
        let directory = desk.path("export");
        std::fs::create_dir_all(format!("{directory}/more")).expect("a directory");
        desk.file("export/kunder.csv", "Kundnr;E-post;Skostorlek\n7;sju@example.se;42\n8;\u{fffd}@example.se;\n");
        desk.file("export/more/users.csv", "id,name,email,role,ticket_restriction,notes\n77,Sju,77@example.se,end-user,,x\n");
        desk.file("export/more/trasig.ndjson", "{\"type\":\"contact\",\"external_id\":\"k8\"}\n{\"type\":\n");
        desk.file("export/bild.png", "\u{89}PNG");
        let import = ["import", "--tenant", "norrsken", &directory];
        let dry: Vec<&str> = import.into_iter().chain(["--dry-run"]).collect();
        for arguments in [dry, import.to_vec()] {
            let report = desk.json(&arguments);
            let files = report["files"][0]["within"].as_array().unwrap();
            let names: Vec<String> = files.iter().map(|it| text(&it["file"])).collect();
            assert_eq!(names, ["bild.png", "kunder.csv", "more/trasig.ndjson", "more/users.csv"]);
            assert!(text(&files[0]["refused"]).contains("--format"), "{report}");
            let columns = |at: usize| files[at]["table"]["columns"].as_array().unwrap().clone();
            let taken = |at: usize| columns(at).iter().map(|it| it["field"].as_str().unwrap_or("-").to_owned()).collect::<Vec<_>>();
            assert_eq!(taken(1), ["id", "email", "-"]);
            assert_eq!(taken(3), ["id", "name", "email", "role", "-", "-"], "only what the reader reads");
            assert_eq!(files[2]["unread"].as_object().unwrap().values().next().unwrap(), &serde_json::json!([2]));
            assert_eq!((&files[1]["records"], &files[2]["records"]), (&2.into(), &1.into()));
        }
        let told = desk.text(["import", "--tenant", "norrsken", "--dry-run", &directory]);
        assert!(told.contains("kunder.csv") && told.contains("more/trasig.ndjson: not one JSON object on one line: line 2"), "{told}");
        assert!(told.contains("(not read)"), "{told}");
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

//! What the program refuses, with which exit code, and that it says what to do instead.

use std::process::Command;

use gallra::store::{Engine, Role};

use crate::both_engines;
use crate::desk::{Desk, reading, text};
use crate::support::sql;

fn says(error: &serde_json::Value, what: &str) {
    assert!(
        text(&error["message"]).contains(what),
        "{error} was to say: {what}"
    );
}

both_engines! {
    async fn without_an_installation_each_command_says_how_to_make_one(bench) {
        let desk = Desk::bare(bench);
        for command in [
            &["tenant", "list"][..],
            &["find", "anna"],
            &["receipt", "list"],
            &["reconcile"],
            &["backup", "/nonexistent/b"],
            &["root", "status"],
            &["serve", "--listen", "127.0.0.1:0"],
            &["verify", "--all"],
        ] {
            says(&desk.refused(1, command), "gallra init");
        }
        if bench.engine() == Engine::Sqlite {
            assert!(!bench.file(Role::Vault).exists(), "nothing is initialised anew");
        }
    }

    /// As docs/OPERATIONS.md tells scripts.
    async fn an_error_in_json_has_four_fields_whatever_its_kind(bench) {
        let desk = Desk::with_people(bench);
        desk.json(["hold", "add", "--tenant", "norrsken", "--reason", "TVIST-3"]);
        let erase = ["erase", "--tenant", "norrsken", "--email", "bo@example.se", "--instruction", "A-1"];
        for (kind, code, command) in [
            ("failed", 1, &["tenant", "show", "nordpol"][..]),
            ("usage", 2, &["tenant", "show"]),
            ("usage", 2, &["no-such-command"]),
            ("refused", 3, &erase),
        ] {
            let error = desk.refused(code, command);
            let fields: Vec<&String> = error.as_object().unwrap().keys().collect();
            assert_eq!(fields, ["kind", "exit", "message", "causes"], "{error}");
            assert_eq!(error["kind"], kind, "{error}");
            assert!(error["causes"].is_array() && !text(&error["message"]).is_empty(), "{error}");
        }
    }

    async fn an_installation_is_not_made_twice(bench) {
        let desk = Desk::new(bench);
        says(&desk.refused(1, ["init"]), "nothing is initialised anew");
        std::fs::rename(desk.path("root"), desk.path("root-lost")).unwrap();
        says(&desk.refused(1, ["init"]), "nothing is initialised anew");
        says(&desk.refused(1, ["tenant", "list"]), "gallra mirror promote");
    }

    async fn a_rule_that_stands_in_the_way_is_exit_3(bench) {
        let desk = Desk::with_people(bench);
        let hold = desk.json(["hold", "add", "--tenant", "norrsken", "--reason", "TVIST-3"]);
        let list = desk.json(["hold", "list"]);
        assert_eq!(list["items"][0]["id"], hold["id"]);
        assert_eq!(list["items"][0]["slug"], "norrsken");
        let erase =
            ["erase", "--tenant", "norrsken", "--email", "bo@example.se", "--instruction", "A-1"];
        let error = desk.refused(3, erase);
        assert_eq!(error["kind"], "refused");
        says(&error, "gallra hold release");
        says(&desk.refused(3, ["purge", "brygga", "--confirm", "Brygga Kaffe AB"]), "gallra offboard brygga");
        desk.end_contract("brygga");
        says(&desk.refused(3, ["purge", "brygga", "--confirm", "Bryggan"]), "\"Brygga Kaffe AB\"");

        let id = text(&hold["id"]);
        assert_eq!(desk.json(["hold", "release", &id])["released"], true);
        says(&desk.refused(1, ["hold", "release", &id]), "gallra hold list");
        assert_eq!(desk.json(erase)["state"], "issued");
    }

    async fn a_receipt_that_does_not_verify_is_exit_4(bench) {
        let desk = Desk::with_people(bench);
        let erase =
            ["erase", "--tenant", "norrsken", "--email", "bo@example.se", "--instruction", "A-17"];
        let id = text(&desk.json(erase)["receipt_id"]);
        let note = desk.text(["receipt", "show", &id, "--format", "note"]);
        let file = desk.file("receipt.txt", &note);
        let policy = desk.path("sign/log.policy");

        // No settings, no data directory, no environment: what an outsider has.
        let verify = |arguments: &[&str], input: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_gallra"));
            command.env_clear().current_dir("/").arg("verify").args(arguments);
            reading(command, input)
        };
        let checked = verify(&[&file, "--policy", &policy, "--json"], "").succeeded().json();
        assert_eq!((&checked["passed"], &checked["issuer_established"]), (&true.into(), &true.into()));
        assert!(verify(&[&file], "").succeeded().stdout.contains("who issued it is not established"));
        let altered = note.replace("A-17", "A-18");
        assert!(verify(&["-"], &altered).exited(4).stdout.contains("FAILED"));
        assert_eq!(verify(&["-", "--json"], "not a receipt").exited(4).json()["passed"], false);
        let missing = verify(&["/nonexistent/receipt.txt"], "").exited(1);
        assert!(missing.stderr.contains("check the path"), "{missing:?}");
        let policy = verify(&[&file, "--policy", &file], "").exited(2);
        assert!(policy.stderr.contains("policy"), "{policy:?}");
    }

    async fn without_the_signing_key_only_receipts_wait(bench) {
        let desk = Desk::with_people(bench);
        let (key, away) = (desk.path("sign/log.key"), desk.path("log.key"));
        std::fs::rename(&key, &away).unwrap();
        let found = desk.gallra.run(["find", "bo@example.se"]).succeeded();
        assert_eq!(found.json()["matches"].as_array().unwrap().len(), 2);
        assert!(found.stderr.contains("no receipt can be signed"), "{found:?}");
        let erase =
            ["erase", "--tenant", "norrsken", "--email", "bo@example.se", "--instruction", "A-17"];
        let finished = desk.gallra.run(erase).succeeded();
        let answer = finished.json();
        assert_eq!(answer["state"], "pending", "the person is gone, and that is what is said");
        assert!(text(&answer["salt"]).len() == 64 && answer["receipt_id"].is_string(), "{answer}");
        let why = text(&answer["pending"]);
        assert!(why.contains("waits for the signing key: put the backup"), "{why}");
        let said = desk.run_for_people(erase).succeeded().stdout;
        assert!(said.contains("The keys are destroyed. The receipt is pending"), "{said}");

        std::fs::rename(&away, &key).unwrap();
        assert_eq!(desk.json(["reconcile"])["receipts"], 1, "the erasure is done and proven");
        assert_eq!(desk.json(["find", "bo@example.se"])["matches"].as_array().unwrap().len(), 1);
    }

    async fn what_is_not_there_is_exit_1_with_where_to_look(bench) {
        let desk = Desk::with_people(bench);
        let nobody = "00000000000000000000000000000000";
        let by_id = ["erase", "--tenant", "norrsken", "--instruction", "A-1", "--contact", nobody];
        for (command, remedy) in [
            (&["tenant", "show", "nordpol"][..], "gallra tenant list"),
            (&["import", "--tenant", "nordpol", "/dev/null"], "gallra tenant list"),
            (&["import", "--tenant", "norrsken", "/nonexistent"], "check the path"),
            (&["access", "--tenant", "norrsken", "--email", "x@y.se"], "gallra find"),
            (&by_id, "gallra find"),
            (&["receipt", "show", nobody], "gallra receipt list"),
            (&["restore", "/nonexistent"], "/nonexistent"),
            (&["tenant", "add", "brygga", "--name", "B", "--org-no", "556677-8899", "--email", "a@b.se"], "another slug"),
        ] {
            says(&desk.refused(1, command), remedy);
        }
    }

    /// The remedy names nothing that was typed already, and an empty pipe is no import of nothing.
    async fn an_import_of_nothing_says_why(bench) {
        let desk = Desk::with_people(bench);
        let import = |format: &[&str], input: &str| {
            let finished = desk.reading(input, [&["import", "--tenant", "norrsken", "-"], format].concat());
            finished.exited(1).stderr
        };
        for format in [&[][..], &["--format", "csv"], &["--format", "zendesk"]] {
            let said = import(format, "");
            assert!(said.contains("standard input was empty"), "{said}");
            assert!(!said.contains("--format"), "{said}");
        }
        assert!(import(&[], "what is this").contains("name it with --format"));
        let said = import(&["--format", "gallra"], "what is this\n");
        assert!(said.contains("whether the format is gallra") && !said.contains("name the format"), "{said}");
        let said = import(&["--format", "gallra", "--dry-run"], "what is this\n");
        assert!(!said.contains("run with --dry-run"), "{said}");
        let empty = desk.file("empty.ndjson", "");
        desk.json(["import", "--tenant", "norrsken", &empty]);
    }

    async fn an_operator_has_a_number_that_is_one(bench) {
        let desk = Desk::bare(bench);
        let init = ["init", "--operator", "Exempel Support AB", "--org-no"];
        let wrong = [&init[..], &["556000-0002"]].concat();
        says(&desk.refused(2, &wrong), "organisationsnummer");
        let abroad = [&init[..], &["DK-12345678", "--country", "DK"]].concat();
        let made = desk.json(&abroad);
        let warnings = made["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 1, "{made}");
        assert!(text(&warnings[0]).contains("--public-url"), "{made}");
    }

    async fn a_log_without_an_address_is_warned_of(bench) {
        let desk = Desk::bare(bench);
        let said = desk.text(["init"]);
        assert!(said.contains("gallra.invalid") && said.contains("do not name the operator"), "{said}");
    }

    async fn an_installation_with_name_and_address_is_made_without_a_warning(bench) {
        let desk = Desk::bare(bench);
        let url = "https://gallra.example.se/";
        let made = desk.json(["init", "--operator", "Exempel Support AB", "--public-url", url]);
        assert_eq!(made["warnings"].as_array().unwrap().len(), 0, "{made}");
        assert!(text(&made["origin"]).starts_with("gallra.example.se/gallra/"), "{made}");
    }

    async fn an_import_fails_only_when_nothing_could_be_read(bench) {
        let desk = Desk::with_people(bench);
        let half = "what?\n{\"type\":\"contact\",\"external_id\":\"c7\",\"name\":\"Siv\"}\n";
        let half = desk.file("half.ndjson", half);
        let report = desk.json(["import", "--tenant", "norrsken", &half]);
        assert_eq!(report["files"][0]["contacts"]["created"], 1);
        assert_eq!(report["files"][0]["quarantined_lines"].as_object().unwrap().len(), 1);
        let none = desk.file("none.ndjson", "what?\n");
        let finished = desk.gallra.run(["import", "--tenant", "norrsken", &none]).exited(1);
        assert!(finished.stderr.contains("name it with --format"), "{finished:?}");
        assert_eq!(finished.json()["files"][0]["records"], 0, "and still says what became of it");
    }
}

/// An empty schema is a new installation; one that is not there cannot hold any, and `gallra init`
/// alone would be the wrong advice.
#[test]
fn a_schema_that_nobody_made_is_named_with_how_to_make_it() {
    crate::support::run(Engine::Postgres, async |bench| {
        let gone = format!("DROP SCHEMA {} CASCADE", bench.schema(Role::Data));
        sql(gone).await;
        let desk = Desk::bare(bench);
        let schema = format!("no schema {}: create it", bench.schema(Role::Data));
        says(&desk.refused(1, ["init"]), &schema);
        sql(format!("CREATE SCHEMA {}", bench.schema(Role::Data))).await;
        desk.json(["init"]);
        desk.json(["tenant", "list"]);
        for role in [Role::Data, Role::Vault, Role::Index] {
            let (here, away) = (bench.schema(role), format!("{}_away", bench.schema(role)));
            sql(format!("ALTER SCHEMA {here} RENAME TO {away}")).await;
            for command in [
                &["tenant", "list"][..],
                &["find", "anna"],
                &["reconcile", "--full"],
            ] {
                says(
                    &desk.refused(1, command),
                    &format!("no schema {here}: create it"),
                );
            }
            sql(format!("ALTER SCHEMA {away} RENAME TO {here}")).await;
        }
        desk.json(["tenant", "list"]);
    });
}

#[test]
fn wrong_usage_is_exit_2() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gallra"));
        command.env_clear().args(arguments);
        reading(command, "")
    };
    for arguments in [
        &["frobnicate"][..],
        &["erase"],
        &["erase", "--tenant", "a", "--instruction", "b"],
        &[
            "erase",
            "--tenant",
            "a",
            "--instruction",
            "b",
            "--email",
            "c",
            "--phone",
            "d",
        ],
        &["receipt", "show", "not-an-id"],
        &[
            "receipt",
            "show",
            "00000000000000000000000000000000",
            "--format",
            "docx",
        ],
        &["import", "--tenant", "a"],
        &["verify"],
        &["--no-such-flag"],
    ] {
        let finished = run(arguments).exited(2);
        assert_eq!(finished.stdout, "", "{arguments:?}");
        assert!(finished.stderr.starts_with("error: "), "{finished:?}");

        let finished = run(&[arguments, &["--json"]].concat()).exited(2);
        let error: serde_json::Value = serde_json::from_str(&finished.stderr).unwrap();
        assert_eq!(error["error"]["kind"], "usage", "{arguments:?}");
    }
    for arguments in [
        &[
            "erase",
            "--tenant",
            "a",
            "--instruction",
            "b",
            "--contact",
            "anna",
        ][..],
        &[
            "erase",
            "--tenant",
            "a",
            "--instruction",
            "b",
            "--contact",
            "anna@example.se",
        ],
        &["receipt", "show", "070-1234567"],
        &[
            "hold",
            "add",
            "--tenant",
            "a",
            "--reason",
            "b",
            "--contact",
            "Anna Ek",
        ],
        &["erase", "anna@example.se"],
        &["find", "a", "anna@example.se"],
        &["anna@example.se"],
    ] {
        for json in [&[][..], &["--json"]] {
            let finished = run(&[arguments, json].concat()).exited(2);
            let typed = arguments.last().unwrap();
            assert!(!finished.stderr.contains(typed), "{}", finished.stderr);
        }
    }
    let version = run(&["--json", "--version"]).succeeded().json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    let help = run(&["erase", "--help", "--json"]).succeeded().json();
    assert!(text(&help["help"]).contains("--instruction"), "{help}");
    assert_eq!(
        run(&[]).exited(2).stdout,
        "",
        "help that was not asked for is no answer"
    );
}

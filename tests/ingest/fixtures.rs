//! A fixture of our own for every format, with what becomes of it.

use gallra::catalog::Identifier;
use gallra::ingest::FORMATS;

use crate::both_engines;
use crate::fixture_files::{FIXTURES, path};
use crate::tools::{import, one, settings, summary};
use crate::world::World;

fn lines(reports: &[gallra::ingest::Report]) -> String {
    let pairs = FIXTURES.iter().zip(reports);
    let lines: Vec<_> = pairs
        .map(|((name, ..), it)| format!("{name}\n  {}", summary(it)))
        .collect();
    lines.join("\n")
}

both_engines! {
    async fn every_fixture_ends_as_stated_and_twice_is_once(bench) {
        let world = World::new(bench).await;
        let files: Vec<_> = FIXTURES.iter().map(|it| path(it.0)).collect();
        let first = import(&world, &world.north, &files).await;
        insta::assert_snapshot!("first", lines(&first));
        let rows = "SELECT (SELECT COUNT(*) FROM contact) + (SELECT COUNT(*) FROM support_case) \
                    + (SELECT COUNT(*) FROM message) + (SELECT COUNT(*) FROM attachment) \
                    + (SELECT COUNT(*) FROM unit) + (SELECT COUNT(*) FROM quarantine)";
        let before = world.rows(rows).await;
        let again = import(&world, &world.north, &files).await;
        for ((name, ..), report) in FIXTURES.iter().zip(&again) {
            for counts in [&report.contacts, &report.cases, &report.messages] {
                assert_eq!((counts.created, counts.changed), (0, 0), "{name}: {report:?}");
            }
        }
        assert_eq!(world.rows(rows).await, before, "the same files again bring nothing new");
        let read: Vec<&str> = first.iter().map(|it| it.format.as_str()).collect();
        for format in FORMATS.iter().filter(|it| it.name != "gallra") {
            assert!(read.contains(&format.name), "{} has a fixture", format.name);
        }
    }

    async fn people_are_found_by_what_another_system_said_of_them(bench) {
        let world = World::new(bench).await;
        let files: Vec<_> = FIXTURES.iter().map(|it| path(it.0)).collect();
        import(&world, &world.north, &files).await;
        for (email, messages) in [
            ("asa.lindqvist@example.se", 0),
            ("ake.nystrom@example.se", 3),
            ("helena.sjogren@example.se", 3),
            ("ture.wallin@example.se", 2),
            ("elsa.hallberg@example.se", 3),
            ("nils.forsman@example.se", 3),
            ("sanna.holm@example.se", 3),
            ("vera.nord@example.se", 2),
            ("greta.lund@example.se", 3),
            ("kerstin.ost@example.se", 2),
            ("rut.alm@example.se", 2),
        ] {
            let found = world.catalog.find(&Identifier::Email(email.into()), None).await.unwrap();
            assert_eq!(found.matches.len(), 1, "{email}");
            let record = world.catalog.access(&world.north, found.matches[0].id).await.unwrap();
            let own = record.cases.iter().flat_map(|it| &it.messages).filter(|it| !it.masked);
            assert_eq!(own.count(), messages, "{email}");
        }
        // Second addresses and numbers, of Freshdesk, Zendesk, Zammad, and a table.
        for (first, second) in [
            (Identifier::Email("elsa.hallberg@example.se".into()), Identifier::Email("elsa.privat@example.se".into())),
            (Identifier::Phone("0701740615".into()), Identifier::Phone("0701740671".into())),
            (Identifier::Email("orjan.berg@example.se".into()), Identifier::Phone("0701740672".into())),
            (Identifier::Phone("0701740616".into()), Identifier::Phone("0701740673".into())),
            (Identifier::Phone("0701740614".into()), Identifier::Email("helena.privat@example.se".into())),
            (Identifier::Email("helena.sjogren@example.se".into()), Identifier::Phone("0701740674".into())),
        ] {
            let first = world.catalog.find(&first, None).await.unwrap();
            let second = world.catalog.find(&second, None).await.unwrap();
            assert_eq!((first.matches.len(), &first.matches), (1, &second.matches), "{second:?}");
        }
        for phone in ["+46 70 174 06 11", "070-174 06 17", "0701740621", "0701740623"] {
            let found = world.catalog.find(&Identifier::Phone(phone.into()), None).await.unwrap();
            assert_eq!(found.matches.len(), 1, "{phone}");
        }
        let staff = world.catalog.find(&Identifier::Name("Maja".into()), None).await.unwrap();
        assert!(staff.matches.is_empty(), "staff are no contacts");
    }

    async fn a_table_of_zendesk_s_comments_knows_who_wrote(bench) {
        let world = World::new(bench).await;
        let table = "id,_fivetran_synced,body,created,public,ticket_id,user_id\n\
            1,x,Var är paketet?,2026-01-10 07:15:00 UTC,TRUE,9001,501\n\
            2,x,På väg.,2026-01-10 08:15:00 UTC,TRUE,9001,900\n\
            3,x,Ring lagret.,2026-01-10 09:15:00 UTC,FALSE,9001,900\n\
            4,x,Vems?,2026-01-10 09:15:00 UTC,TRUE,7,900\n";
        let users = std::fs::read(path("zendesk-1-users.json")).unwrap();
        let ticket = r#"{"id":9001,"requester_id":501,"submitter_id":501,"created_at":"2026-01-10T07:15:00Z","description":"Var är paketet?"}"#;
        let mut session = gallra::ingest::Session::new(&world.catalog, &world.north, settings());
        one(&mut session, &users, None, false).await.unwrap();
        one(&mut session, ticket.as_bytes(), None, false).await.unwrap();
        let report = one(&mut session, table.as_bytes(), None, false).await.unwrap();
        assert_eq!((report.format.as_str(), report.contacts.created, report.cases.created), ("zendesk", 0, 0));
        let read = (report.read.messages_in, report.read.messages_out, report.read.notes);
        assert_eq!((read, report.quarantined_total()), ((1, 1, 1), 1), "{report:?}");
    }

    async fn a_mail_has_its_words_its_file_and_its_case(bench) {
        let world = World::new(bench).await;
        import(&world, &world.north, &[path("mail.eml"), path("mail.mbox")]).await;
        let kerstin = Identifier::Email("kerstin.ost@example.se".into());
        let found = world.catalog.find(&kerstin, Some(&world.north)).await.unwrap();
        assert_eq!(found.matches[0].name.as_ref().unwrap().expose(), "Kerstin Öst");
        let record = world.catalog.access(&world.north, found.matches[0].id).await.unwrap();
        let [case] = record.cases.as_slice() else {
            panic!("one conversation is one case: {}", record.cases.len());
        };
        assert_eq!(case.case.subject.as_ref().unwrap().expose(), "Retur av skor");
        let (question, answer) = (&case.messages[0], &case.messages[1]);
        assert_eq!(question.body.as_ref().unwrap().expose(), "Hej! Skorna är för små.");
        assert_eq!((question.direction.as_str(), question.author_kind.as_str()), ("in", "contact"));
        assert_eq!((answer.direction.as_str(), answer.author_kind.as_str()), ("out", "staff"));
        assert!(answer.body.as_ref().unwrap().expose().contains("\nFrom oss på Nord."));
        let file = &question.attachments[0];
        assert_eq!(file.name.as_ref().unwrap().expose(), "sko.png");
        let content = world.catalog.attachment(&world.north, found.matches[0].id, file.id).await;
        assert_eq!(content.unwrap().unwrap().as_slice(), b"\x89PNG\r\n\x1a\n");
    }

    async fn secrets_are_nowhere_not_even_in_quarantine(bench) {
        let world = World::new(bench).await;
        let files: Vec<_> = FIXTURES.iter().map(|it| path(it.0)).collect();
        import(&world, &world.north, &files).await;
        for kept in world.catalog.list_quarantined(Some(&world.north)).await.unwrap() {
            let opened = world.catalog.open_quarantined(kept.id).await.unwrap();
            let text = String::from_utf8_lossy(&opened.record).into_owned();
            for secret in ["f8be19af", "5f4dcc3b", "k8s2", "attachments/token", "Signature="] {
                assert!(!text.contains(secret), "{secret} in {}", kept.reason);
            }
        }
    }
}

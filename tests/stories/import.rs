//! Imports: once, twice, of bad lines, of erased people.

use gallra::catalog::index::suppression::Suppression;
use gallra::catalog::index::tokens;
use gallra::catalog::{Identifier, TenantRef};
use gallra::ingest::Counts;
use gallra::store::args;
use gallra::vocabulary::{ContactId, ErasureId, Timestamp};

use crate::both_engines;
use crate::world::{World, email, name};

const NORD: &str = include_str!("../fixtures/nord.ndjson");
const BAD: &str = include_str!("../fixtures/bad.ndjson");

fn created(created: u64) -> Counts {
    Counts {
        created,
        ..Counts::default()
    }
}

/// Every row of the data store but the audit trail.
async fn all_rows(world: &World) -> i64 {
    world
        .rows(
            "SELECT (SELECT COUNT(*) FROM contact) + (SELECT COUNT(*) FROM support_case) \
             + (SELECT COUNT(*) FROM message) + (SELECT COUNT(*) FROM forwarding) \
             + (SELECT COUNT(*) FROM unit) + (SELECT COUNT(*) FROM quarantine)",
        )
        .await
}

/// What erasure does around the keys, as far as the catalog is concerned.
async fn erase_rows(world: &World, tenant: &TenantRef, contact: ContactId, cutoff: &str) {
    let catalog = &world.catalog;
    let profile = catalog.open_contact(tenant, contact).await.unwrap();
    let mark = "UPDATE contact SET erased_at = $1 WHERE id = $2";
    catalog.data.execute(mark, args![1, contact]).await.unwrap();
    let suppression = Suppression {
        cutoff: Timestamp::parse(cutoff).unwrap(),
        expires_at: Timestamp(i64::MAX),
        erasure: ErasureId([1; 16]),
    };
    let values = tokens::suppressible(profile.identifiers(), &tenant.country);
    catalog
        .suppress(tenant.id, &values, suppression)
        .await
        .unwrap();
    catalog.remove_from_index(tenant.id, contact).await.unwrap();
    for statement in [
        "DELETE FROM message WHERE contact = $1",
        "DELETE FROM forwarding WHERE contact = $1",
        "DELETE FROM support_case WHERE requester = $1",
        "DELETE FROM contact WHERE id = $1",
        "DELETE FROM unit WHERE contact = $1",
    ] {
        catalog
            .data
            .execute(statement, args![contact])
            .await
            .unwrap();
    }
}

both_engines! {
    async fn an_import_run_twice_changes_nothing(bench) {
        let world = World::new(bench).await;
        let first = world.import(&world.north, NORD).await;
        assert!(first.is_clean(), "{first:?}");
        assert_eq!(first.contacts, created(4), "one of them only named by a message");
        assert_eq!((first.cases.created, first.cases.changed), (2, 1), "one opened by a message");
        assert_eq!(first.messages, created(4));
        assert_eq!(first.forwardings, created(1));
        let rows = all_rows(&world).await;
        assert_eq!(world.rows("SELECT COUNT(*) FROM index_outbox").await, 0);

        let second = world.import(&world.north, NORD).await;
        assert_eq!(second.contacts, Counts { unchanged: 3, ..Counts::default() });
        assert_eq!(second.messages.unchanged, 4);
        assert_eq!(second.forwardings.unchanged, 1);
        assert_eq!(all_rows(&world).await, rows);
        assert_eq!(world.count(name("björn åström"), &world.north).await, 1);
        assert_eq!(world.count(email("cecilia.lind@example.se"), &world.north).await, 1);
        assert_eq!(world.count(name("björn"), &world.south).await, 0);
    }

    async fn messages_before_their_contact_find_it_later(bench) {
        let world = World::new(bench).await;
        let backwards: Vec<&str> = NORD.lines().rev().filter(|line| !line.contains("forwarding")).collect();
        world.import(&world.north, &backwards.join("\n")).await;
        let id = Identifier::ExternalId("K-1001".into());
        let found = world.catalog.find(&id, Some(&world.north)).await.unwrap();
        assert_eq!(found.matches.len(), 1);
        assert_eq!(found.matches[0].name.as_ref().unwrap().expose(), "Anna-Karin Öberg");
        let record = world.catalog.access(&world.north, found.matches[0].id).await.unwrap();
        assert_eq!(record.cases[0].messages.len(), 3);
    }

    async fn bad_lines_are_quarantined_and_the_rest_goes_on(bench) {
        let world = World::new(bench).await;
        let report = world.import(&world.north, BAD).await;
        assert_eq!(report.lines, 10);
        assert_eq!(report.contacts, created(1));
        assert_eq!((report.unknown_case, report.no_identifier), (1, 1));
        assert_eq!(report.quarantined_total(), 6);
        assert_eq!(report.quarantined_lines["type is not contact, case, message or forwarding"], [4]);
        assert_eq!(world.rows("SELECT COUNT(*) FROM quarantine").await, 6);
        let kept = world.catalog.list_quarantined(Some(&world.north)).await.unwrap();
        let lines: Vec<u64> = kept.iter().map(|it| it.line).collect();
        assert_eq!(kept.len(), 6);
        assert!(lines.is_sorted(), "{lines:?}");
        let second = kept.iter().find(|it| it.line == 2).unwrap();
        assert_eq!(second.reason, "not one JSON object on one line");
        let opened = world.catalog.open_quarantined(second.id).await.unwrap();
        assert_eq!(opened.record.as_slice(), b"Namn;Telefon");
        assert!(world.catalog.list_quarantined(Some(&world.south)).await.unwrap().is_empty());
        let rows = all_rows(&world).await;
        let again = world.import(&world.north, BAD).await;
        assert_eq!(again.quarantined_total(), 6);
        assert_eq!(all_rows(&world).await, rows, "quarantined once");
    }

    async fn many_batches_in_one_import(bench) {
        let world = World::new(bench).await;
        let mut text = String::new();
        for number in 0..1_300 {
            let (contact, case) = (number % 70, number % 300);
            text += &format!(
                "{{\"type\":\"message\",\"case\":\"A-{case}\",\"contact\":\"K-{contact}\",\
                 \"direction\":\"in\",\"channel\":\"email\",\"sent_at\":\"2026-01-10T08:00:00Z\",\
                 \"body\":\"Meddelande {number}\"}}\n"
            );
        }
        let report = world.import(&world.north, &text).await;
        assert_eq!(report.messages, created(1_300));
        assert_eq!(world.rows("SELECT COUNT(*) FROM contact").await, 70);
        assert_eq!(world.rows("SELECT COUNT(*) FROM support_case").await, 300);
        assert_eq!(world.rows("SELECT COUNT(*) FROM index_outbox").await, 0);
        let again = world.import(&world.north, &text).await;
        assert_eq!(again.messages.unchanged, 1_300);
    }

    async fn an_erased_person_comes_back_only_by_writing_anew(bench) {
        let world = World::new(bench).await;
        world.import(&world.north, NORD).await;
        let id = Identifier::ExternalId("K-1001".into());
        let found = world.catalog.find(&id, Some(&world.north)).await.unwrap();
        let erased = found.matches[0].id;
        erase_rows(&world, &world.north, erased, "2026-03-01T09:00:00Z").await;

        let again = world.import(&world.north, NORD).await;
        // Her contact, two cases' records, two messages; the neighbour's message opens the case anew.
        assert_eq!(again.suppressed, 5, "{again:?}");
        assert_eq!(world.count(email("anna.oberg@example.se"), &world.north).await, 0);
        assert_eq!(world.count(id.clone(), &world.north).await, 0);

        let later = r#"{"type":"message","case":"A-9","contact":"K-1001","direction":"in",
            "channel":"email","sent_at":"2026-03-02T08:00:00Z","body":"Hej igen"}"#.replace('\n', "");
        let report = world.import(&world.north, &later).await;
        assert_eq!(report.messages, created(1));
        let found = world.catalog.find(&id, Some(&world.north)).await.unwrap();
        assert_eq!(found.matches.len(), 1);
        assert_ne!(found.matches[0].id, erased, "new id, new keys, no link");
    }

    async fn who_is_being_erased_is_reported_and_holds_up_nobody(bench) {
        let world = World::new(bench).await;
        world.import(&world.north, NORD).await;
        let id = Identifier::ExternalId("K-1002".into());
        let found = world.catalog.find(&id, Some(&world.north)).await.unwrap();
        let mark = "UPDATE contact SET erased_at = $1 WHERE id = $2";
        world.catalog.data.execute(mark, args![1, found.matches[0].id]).await.unwrap();
        let report = world.import(&world.north, NORD).await;
        assert_eq!(report.being_erased, 2, "his contact and his message");
        assert_eq!(report.contacts.unchanged, 2);
    }

    async fn a_dry_run_writes_nothing(bench) {
        let world = World::new(bench).await;
        let rows = all_rows(&world).await;
        let options = gallra::ingest::Options { dry_run: true, ..Default::default() };
        let report = gallra::ingest::import_gallra(
            &world.catalog, &world.north, BAD.as_bytes(), options, |_| {},
        ).await.unwrap();
        assert_eq!((report.records, report.quarantined_total()), (3, 6));
        assert_eq!(all_rows(&world).await, rows);
    }
}

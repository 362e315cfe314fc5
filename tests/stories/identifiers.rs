//! One person with several addresses, numbers and ids: found by each, whatever wrote them down.

use gallra::catalog::further::Further;
use gallra::catalog::types::Category;
use gallra::catalog::write::ContactChange;
use gallra::catalog::{CatalogError, Identifier, TenantRef};
use gallra::vocabulary::{ContactId, Personal};

use crate::both_engines;
use crate::world::{World, anna, email, message};

fn all_hers() -> [Identifier; 6] {
    [
        email("ANNA.OBERG@example.se"),
        email("anna.privat@example.se"),
        Identifier::Phone("0701740605".into()),
        Identifier::Phone("+46 70 174 06 06".into()),
        Identifier::ExternalId("K-1001".into()),
        Identifier::ExternalId("shop-77".into()),
    ]
}

/// Anna with a second of everything.
fn annas() -> ContactChange {
    ContactChange {
        further: Further {
            emails: vec![
                "Anna.Privat@example.se".into(),
                "anna.oberg@example.se".into(),
            ],
            phones: vec!["070-174 06 06".into(), "+46701740605".into()],
            external_ids: vec!["shop-77".into()],
        },
        ..anna()
    }
}

async fn who(world: &World, tenant: &TenantRef, by: &Identifier) -> Vec<ContactId> {
    let found = world.catalog.find(by, Some(tenant)).await.unwrap();
    found.matches.iter().map(|it| it.id).collect()
}

both_engines! {
    async fn a_person_is_found_by_each_of_several_addresses_numbers_and_ids(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let made = catalog.upsert_contact(nord, annas()).await.unwrap();
        for by in all_hers() {
            assert_eq!(who(&world, nord, &by).await, [made.id], "{by:?}");
        }
        let stored = catalog.read_contact(nord, made.id).await.unwrap();
        assert_eq!(stored.further.emails, [Personal::from("Anna.Privat@example.se")], "one spelling of each");
        assert_eq!(stored.identifiers().count(), 6);
        catalog.upsert_contact(nord, annas()).await.unwrap();
        assert_eq!(catalog.read_contact(nord, made.id).await.unwrap().version, 1, "nothing new");

        let found = catalog.find(&all_hers()[0], Some(nord)).await.unwrap();
        let held: Vec<_> = found.matches[0].categories.iter().map(|it| (it.category, it.records)).collect();
        assert_eq!(held, [(Category::Name, 1), (Category::Phone, 2), (Category::Email, 2), (Category::ExternalId, 2)]);
        let inventory = catalog.inventory(nord).await.unwrap();
        let counted: Vec<_> = inventory.categories.iter().map(|it| (it.category, it.contacts, it.records)).collect();
        assert_eq!(counted, [(Category::Name, 1, 1), (Category::Phone, 1, 2), (Category::Email, 1, 2),
            (Category::ExternalId, 1, 2)]);

        catalog.rebuild_index_of(nord.id).await.unwrap();
        for by in all_hers() {
            assert_eq!(who(&world, nord, &by).await, [made.id], "after a rebuild, {by:?}");
        }
        assert_eq!(world.count(email("anna.privat@example.se"), &world.south).await, 0);
    }

    async fn what_comes_under_a_further_id_goes_to_the_same_person_and_takes_nothing_away(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let made = catalog.upsert_contact(nord, annas()).await.unwrap();
        catalog.drain(nord).await.unwrap();
        let sent = message("A-1", "shop-77", "2026-02-01T09:00:00Z", "Hej");
        catalog.record_message(nord, sent).await.unwrap();
        let other = ContactChange {
            external_id: Some("shop-77".into()),
            name: Some("A. Öberg".into()),
            email: Some("anna@shop.example.se".into()),
            ..ContactChange::default()
        };
        assert_eq!(catalog.upsert_contact(nord, other).await.unwrap().id, made.id);
        assert_eq!(world.rows("SELECT COUNT(*) FROM contact").await, 1);
        let stored = catalog.read_contact(nord, made.id).await.unwrap();
        assert_eq!(stored.name, anna().name, "a name is filled in, not replaced");
        assert_eq!(stored.email, anna().email);
        assert_eq!(world.count(email("anna@shop.example.se"), nord).await, 1);

        // Under her own id a further address is put first, and none is lost.
        let now = ContactChange { email: Some("anna.privat@example.se".into()), ..anna() };
        catalog.upsert_contact(nord, now).await.unwrap();
        let stored = catalog.read_contact(nord, made.id).await.unwrap();
        assert_eq!(stored.email, Some("anna.privat@example.se".into()));
        for by in all_hers() {
            assert_eq!(who(&world, nord, &by).await, [made.id], "{by:?}");
        }
    }

    async fn whoever_was_known_by_an_id_first_stays_known_by_it(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let shop = ContactChange { external_id: Some("shop-77".into()), ..ContactChange::default() };
        let other = catalog.upsert_contact(nord, shop.clone()).await.unwrap().id;
        let anna = catalog.upsert_contact(nord, annas()).await.unwrap().id;
        for _ in 0..2 {
            let mut both = who(&world, nord, &Identifier::ExternalId("shop-77".into())).await;
            both.sort();
            assert_eq!(both, { let mut ids = [anna, other]; ids.sort(); ids }, "both fit, nobody is missing");
            assert_eq!(catalog.upsert_contact(nord, shop.clone()).await.unwrap().id, other);
            catalog.rebuild_index_of(nord.id).await.unwrap();
        }
    }

    async fn lines_bring_further_identifiers_and_a_list_of_people_is_none(bench) {
        let world = World::new(bench).await;
        let line = r#"{"type":"contact","external_id":"K-1","email":"a@example.se","further":{"emails":["b@example.se"],"phones":["070-174 06 07"]}}"#;
        let people: Vec<String> = (0..101).map(|it| format!("\"p{it}@example.se\"")).collect();
        let list = format!(r#"{{"type":"contact","external_id":"K-2","further":{{"emails":[{}]}}}}"#, people.join(","));
        let shoe = r#"{"type":"contact","external_id":"K-3","further":{"shoes":["42"]}}"#;
        let report = world.import(&world.north, &format!("{line}\n{list}\n{shoe}\n")).await;
        assert_eq!((report.contacts.created, report.quarantined_total()), (1, 2), "{report:?}");
        for by in [email("b@example.se"), Identifier::Phone("0701740607".into())] {
            assert_eq!(world.count(by, &world.north).await, 1);
        }
        let again = world.import(&world.north, line).await;
        assert_eq!((again.contacts.created, again.contacts.changed, again.contacts.unchanged), (0, 0, 1));
        // One record after the other, no person has more than a hundred either.
        let one = |number: usize| format!(
            r#"{{"type":"contact","external_id":"K-4","further":{{"phones":["070-{number:07}"]}}}}"#);
        let lines: Vec<String> = (0..102).map(one).collect();
        let report = world.import(&world.north, &lines.join("\n")).await;
        assert_eq!((report.too_many_identifiers, report.is_clean()), (1, false), "{report:?}");
        let too_many = Further { emails: (0..101).map(|it| format!("p{it}@example.se").into()).collect(), ..Further::default() };
        let refused = world.catalog.upsert_contact(&world.north, ContactChange { further: too_many, ..anna() }).await;
        assert!(matches!(refused, Err(CatalogError::Invalid { field: "further", .. })), "{refused:?}");
    }
}

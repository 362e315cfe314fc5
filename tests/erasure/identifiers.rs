//! A person with several addresses and numbers is erased with all of them, and no old export brings them
//! back by any.

use gallra::catalog::Identifier;
use gallra::catalog::further::Further;
use gallra::catalog::write::ContactChange;
use gallra::ingest::{Options, import_gallra};

use crate::both_engines;
use crate::support::house::{House, external_id};

both_engines! {
    async fn an_erased_person_comes_back_by_none_of_several_addresses(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let further = Further {
            emails: vec!["anna.privat@example.se".into()],
            phones: vec!["070-174 06 98".into()],
            external_ids: vec!["shop-77".into()],
        };
        let more = ContactChange { external_id: Some(external_id(1)), further, ..Default::default() };
        assert_eq!(house.catalog.upsert_contact(&tenant, more).await.unwrap().id, anna);

        let outcome = house.erase(&tenant, anna, false).await;
        let receipt = house.eraser.log.find(outcome.erasure).await.unwrap().body().unwrap();
        let counted: Vec<(&str, u64)> =
            receipt.categories.iter().map(|it| (it.category.as_str(), it.records)).collect();
        let expected = [("case", 1), ("email", 2), ("external_id", 2), ("message", 1), ("name", 1), ("phone", 2)];
        assert_eq!(counted, expected);
        for by in [
            Identifier::Email("anna.privat@example.se".into()),
            Identifier::Phone("0701740698".into()),
            Identifier::ExternalId("shop-77".into()),
        ] {
            assert!(house.catalog.find(&by, None).await.unwrap().matches.is_empty(), "{by:?}");
        }
        let old = r#"{"type":"contact","external_id":"a-1","email":"anna.privat@example.se"}
{"type":"contact","external_id":"a-2","phone":"+46701740698"}
{"type":"contact","external_id":"shop-77","name":"Anna"}
{"type":"contact","external_id":"a-3","further":{"emails":["Anna.Privat@example.se"]}}
{"type":"contact","external_id":"a-4","email":"bo@example.se"}
"#;
        let options = Options::default();
        let report = import_gallra(&house.catalog, &tenant, old.as_bytes(), options, |_| {}).await.unwrap();
        assert_eq!((report.suppressed, report.contacts.created), (4, 1), "{report:?}");
    }

    async fn a_purge_counts_every_address(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        house.person(&tenant, 1, 1).await;
        let further = Further { emails: vec!["b@example.se".into(), "c@example.se".into()], ..Further::default() };
        let more = ContactChange { external_id: Some(external_id(1)), further, ..Default::default() };
        house.catalog.upsert_contact(&tenant, more).await.unwrap();
        let outcome = house.purge(&tenant).await;
        let receipt = house.eraser.log.find(outcome.erasure).await.unwrap().body().unwrap();
        let emails = receipt.categories.iter().find(|it| it.category == "email").unwrap();
        assert_eq!(emails.records, 3);
    }
}

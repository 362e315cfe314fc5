//! One person, one tenant: gone from every store, with one receipt, whoever asks however often.

use gallra::catalog::{CatalogError, Identifier};
use gallra::erasure::{EraseError, EraseRequest, PurgeRequest};
use gallra::receipts::body::{Kind, VerificationMethod};
use gallra::receipts::verify;
use gallra::vocabulary::{ContactId, SystemRandom};

use crate::both_engines;
use crate::support::house::{House, email, external_id, message};

both_engines! {
    async fn an_erased_person_is_gone_and_the_neighbour_is_not(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 3).await;
        let bo = house.person(&tenant, 2, 2).await;
        let before = house.catalog.access(&tenant, bo).await.unwrap();

        let outcome = house.erase(&tenant, anna, false).await;
        assert!(outcome.pending.is_none(), "{outcome:?}");
        assert!(outcome.salt.is_some());

        let found = house.catalog.find(&Identifier::Email(email(1)), None).await.unwrap();
        assert!(found.matches.is_empty());
        assert!(house.catalog.read_contact(&tenant, anna).await.is_err());
        let mut after = house.catalog.access(&tenant, bo).await.unwrap();
        after.read_at = before.read_at;
        assert_eq!(before, after);

        let receipt = house.eraser.log.find(outcome.erasure).await.unwrap().body().unwrap();
        assert_eq!(receipt.kind, Kind::Contact);
        assert_eq!(receipt.people, 1);
        assert_eq!(receipt.keys.destroyed, 2, "a profile and one part");
        let counted: Vec<(String, u64)> =
            receipt.categories.iter().map(|it| (it.category.clone(), it.records)).collect();
        let expected = [
            ("case", 1), ("email", 1), ("external_id", 1), ("message", 3), ("name", 1), ("phone", 1),
        ];
        assert_eq!(counted, expected.map(|(name, count)| (name.to_owned(), count)));
        assert!(receipt.verification.iter().all(|it| it.passed), "{:?}", receipt.verification);
        let methods: Vec<_> = receipt.verification.iter().map(|it| it.method).collect();
        assert!(methods.contains(&VerificationMethod::NegativeDecrypt));
        let file = house.eraser.log.receipt_file(outcome.erasure).await.unwrap();
        let report = verify(&file, None);
        assert!(report.passed, "{report:?}");
    }

    async fn asked_twice_or_by_two_at_once_it_is_one_erasure_with_one_receipt(bench) {
        let house = House::new(bench).await;
        let other = House::open(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 2).await;
        let (one, two) =
            tokio::join!(house.erase(&tenant, anna, false), other.erase(&tenant, anna, false));
        let three = house.erase(&tenant, anna, false).await;
        assert_eq!((one.erasure, one.erasure), (two.erasure, three.erasure));
        let first = house.eraser.log.find(one.erasure).await.unwrap();
        let second = other.eraser.log.find(one.erasure).await.unwrap();
        assert_eq!(first.note, second.note);
        assert_eq!(house.catalog.keyring.head().await.unwrap().ledger_seq, 1);
    }

    async fn a_purged_tenant_is_gone_and_refuses_new_people(bench) {
        let house = House::new(bench).await;
        let (shoes, hats) = (house.tenant("skor").await, house.tenant("hattar").await);
        for number in 0..5 {
            house.person(&shoes, number, 2).await;
        }
        let bo = house.person(&hats, 1, 1).await;
        let wrong = PurgeRequest {
            tenant: shoes.id,
            confirm: "skor".into(),
            instruction: "AVTAL-1".into(),
        };
        let refused = house.eraser.purge_tenant(wrong).await.unwrap_err();
        assert!(matches!(refused, EraseError::NotConfirmed(_)), "{refused}");

        let outcome = house.purge(&shoes).await;
        assert!(outcome.pending.is_none(), "{outcome:?}");
        let receipt = house.eraser.log.find(outcome.erasure).await.unwrap().body().unwrap();
        assert_eq!((receipt.kind, receipt.people), (Kind::TenantPurge, 5));
        assert_eq!(receipt.keys.destroyed, 11, "five profiles, five parts, the tenant's own");
        assert!(house.catalog.record_message(&shoes, message(9, 0, receipt.issued_at)).await.is_err());
        let found = house.catalog.find(&Identifier::Email(email(1)), None).await.unwrap();
        assert_eq!(found.matches.len(), 1, "the same address at the other tenant");
        house.catalog.access(&hats, bo).await.unwrap();
        assert_eq!(house.purge(&shoes).await.erasure, outcome.erasure);
    }

    async fn a_hold_stands_in_the_way_until_it_is_released(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let bo = house.person(&tenant, 2, 1).await;
        let hold = house.eraser.add_hold(tenant.id, Some(anna), "TVIST-4").await.unwrap();
        let request = EraseRequest {
            tenant: tenant.id,
            contact: anna,
            named_by: email(1),
            instruction: "ARENDE-1".into(),
            strict: false,
        };
        let refused = house.eraser.erase_contact(request.clone()).await.unwrap_err();
        assert!(matches!(refused, EraseError::Held(_)), "{refused}");
        assert!(house.eraser.preview_tenant(tenant.id).await.is_err());
        house.erase(&tenant, bo, false).await;
        assert!(house.eraser.release_hold(hold).await.unwrap());
        assert!(!house.eraser.release_hold(hold).await.unwrap());
        house.eraser.erase_contact(request).await.unwrap();
    }

    async fn a_stranger_is_refused_and_an_instruction_names_nobody(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let request = |contact, instruction: &str| EraseRequest {
            tenant: tenant.id,
            contact,
            named_by: email(1),
            instruction: instruction.into(),
            strict: false,
        };
        let stranger = ContactId::generate(&SystemRandom);
        let refused = house.eraser.erase_contact(request(stranger, "ARENDE-1")).await.unwrap_err();
        assert!(matches!(refused, EraseError::UnknownContact(_)), "{refused}");
        let refused =
            house.eraser.erase_contact(request(anna, "mejl från anna@example.se")).await.unwrap_err();
        assert!(matches!(refused, EraseError::Receipt(_)), "{refused}");
        house.catalog.read_contact(&tenant, anna).await.unwrap();
    }

    async fn whoever_writes_anew_is_a_new_person_with_new_keys(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        house.erase(&tenant, anna, true).await;
        let again = house.person(&tenant, 1, 1).await;
        assert_ne!(anna, again);
        let found = house.catalog.find(&Identifier::ExternalId(external_id(1)), None).await.unwrap();
        assert_eq!(found.matches.len(), 1);
        assert!(matches!(
            house.catalog.read_contact(&tenant, anna).await,
            Err(CatalogError::ContactUnknown(_))
        ));
    }
}

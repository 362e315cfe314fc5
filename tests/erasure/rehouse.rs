//! Plaintext changes units: what stays can be read, what goes is gone with its key, and whoever comes
//! in between loses nothing.

use std::collections::BTreeMap;

use gallra::catalog::rehouse::{Choice, Fate, Home, MessageChoice, PartChoice, ProfileChoice};
use gallra::catalog::write::{MessageChange, NewAttachment};
use gallra::catalog::{CaseRecord, Catalog, CatalogError, Identifier, TenantRef};
use gallra::erasure::rehouse::{Reason, RehouseRequest};
use gallra::erasure::{EraseError, Outcome, Standing};
use gallra::ingest::{Options, import_gallra};
use gallra::keyring::{KeyRef, KeyringError};
use gallra::receipts::body::Kind;
use gallra::receipts::verify;
use gallra::vocabulary::{CaseId, Clock, ContactId, MessageId, SystemRandom};

use crate::both_engines;
use crate::support::house::{House, email, external_id, message};

/// Orders what a test chose.
pub async fn rehouse(
    house: &House,
    tenant: &TenantRef,
    choice: Choice,
) -> Result<Outcome, EraseError> {
    let request = RehouseRequest {
        tenant: tenant.id,
        choice,
        reason: Reason::Redaction,
        instruction: "ARENDE-23".into(),
    };
    house.eraser.rehouse(request).await
}

/// The first case of a contact, and the ids of its messages.
pub async fn case_of(
    catalog: &Catalog,
    tenant: &TenantRef,
    contact: ContactId,
) -> (Home, Vec<MessageId>) {
    let cases = catalog.access(tenant, contact).await.unwrap().cases;
    let case = cases[0].case.id;
    let ids = cases[0].messages.iter().map(|it| it.id).collect();
    (Home { case, contact }, ids)
}

/// Drops one message, and nothing else.
pub fn without(message: MessageId) -> PartChoice {
    let drop = MessageChoice {
        body: Fate::Drop,
        ..Default::default()
    };
    PartChoice {
        messages: BTreeMap::from([(message, drop)]),
        ..Default::default()
    }
}

async fn is_destroyed(house: &House, tenant: &TenantRef, key: KeyRef) -> bool {
    let read = house.catalog.keyring.data_key(tenant.id, key).await;
    match read {
        Ok(_) => false,
        Err(KeyringError::Erased(_)) => true,
        Err(error) => panic!("{error}"),
    }
}

fn bodies(case: &CaseRecord) -> Vec<&str> {
    let bodies = case.messages.iter().filter_map(|it| it.body.as_ref());
    bodies.map(|it| it.expose()).collect()
}

both_engines! {
    async fn a_redacted_message_is_gone_and_its_neighbours_are_as_they_were(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 3).await;
        let before = house.catalog.access(&tenant, anna).await.unwrap();
        let (home, ids) = case_of(&house.catalog, &tenant, anna).await;
        let old = house.units(&tenant).await;

        let choice = Choice::Part(home, without(ids[1]));
        let outcome = rehouse(&house, &tenant, choice).await.unwrap();
        assert!(outcome.pending.is_none(), "{outcome:?}");
        let mut expected = before.clone();
        expected.cases[0].messages.remove(1);
        expected.cases[0].case.sealed += 1; // Another version: sealed anew, under the new key.
        expected.read_at = house.clock.now();
        assert_eq!(house.catalog.access(&tenant, anna).await.unwrap(), expected);

        let new = house.units(&tenant).await;
        assert_eq!(new.len(), 2, "no unit is left over");
        let gone: Vec<_> = old.iter().filter(|key| !new.contains(key)).collect();
        assert_eq!(gone.len(), 1, "the profile kept its key");
        assert!(is_destroyed(&house, &tenant, *gone[0]).await);
        let receipt = house.eraser.log.find(outcome.erasure).await.unwrap().body().unwrap();
        assert_eq!((receipt.kind, receipt.people, receipt.keys.destroyed), (Kind::Rehousing, 0, 1));
        let counted: Vec<_> =
            receipt.categories.iter().map(|it| (it.category.as_str(), it.records)).collect();
        assert_eq!(counted, [("message", 1)]);
        assert_eq!(receipt.kept.len(), 1);
        let file = house.eraser.log.receipt_file(outcome.erasure).await.unwrap();
        assert!(verify(&file, None).passed);
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
        assert!(house.eraser.settle_fully().await.unwrap().rehoused.is_empty());
    }

    /// An old export still has the message: it is not taken in again, one that was never here is.
    async fn an_old_export_does_not_bring_a_redacted_message_back(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let line = |id: &str, body: &str| {
            let id = if id.is_empty() { String::new() } else { format!(r#""external_id":"{id}","#) };
            format!(
                r#"{{"type":"message","case":"fall-1","contact":"kund-1",{id}"direction":"in","channel":"email","sent_at":"2026-02-01T10:00:00Z","body":"{body}"}}"#
            )
        };
        let old = [line("m-1", "Hej"), line("m-2", "Mitt barn är sjukt"), line("", "Kod 1234")];
        let import = async |lines: &[String]| {
            let text = lines.join("\n");
            let options = Options::default();
            let done = import_gallra(&house.catalog, &tenant, text.as_bytes(), options, |_| ()).await;
            done.unwrap()
        };
        import(&old).await;
        let found = house.catalog.find(&Identifier::ExternalId(external_id(1)), None).await.unwrap();
        let anna = found.matches[0].id;
        let (home, _) = case_of(&house.catalog, &tenant, anna).await;
        let messages = house.catalog.access(&tenant, anna).await.unwrap().cases.remove(0).messages;
        let mut choice = PartChoice::default();
        for it in messages.iter().filter(|it| it.body.as_ref().unwrap().expose() != "Hej") {
            choice.messages.extend(without(it.id).messages);
        }
        rehouse(&house, &tenant, Choice::Part(home, choice)).await.unwrap();
        // Also after the index keys were replaced for another reason.
        let bo = house.person(&tenant, 2, 1).await;
        house.erase(&tenant, bo, true).await;

        let again = import(&[&old[..], &[line("m-3", "Nytt")]].concat()).await;
        assert_eq!((again.messages.created, again.messages.unchanged, again.suppressed), (1, 1, 2), "{again:?}");
        let access = house.catalog.access(&tenant, anna).await.unwrap();
        let mut texts = bodies(&access.cases[0]);
        texts.sort();
        assert_eq!(texts, ["Hej", "Nytt"]);
    }

    async fn a_corrected_address_is_found_and_the_wrong_one_is_not(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 2).await;
        let old = house.units(&tenant).await;
        let choice = ProfileChoice {
            email: Fate::Replace("ratt@example.se".into()),
            phone: Fate::Drop,
            ..Default::default()
        };
        let outcome = rehouse(&house, &tenant, Choice::Profile(anna, choice)).await.unwrap();
        let find = async |text: &str| {
            let found = house.catalog.find(&Identifier::Email(text.into()), None).await.unwrap();
            found.matches.len()
        };
        assert_eq!((find("ratt@example.se").await, find(email(1).expose()).await), (1, 0));
        let access = house.catalog.access(&tenant, anna).await.unwrap();
        assert_eq!(access.profile.phone, None);
        assert_eq!(access.profile.external_id, Some(external_id(1)));
        assert_eq!(access.cases[0].messages.len(), 2);
        assert!(is_destroyed(&house, &tenant, old[0]).await);
        let receipt = house.eraser.log.find(outcome.erasure).await.unwrap().body().unwrap();
        let counted: Vec<_> =
            receipt.categories.iter().map(|it| (it.category.as_str(), it.records)).collect();
        assert_eq!(counted, [("email", 1), ("phone", 1)]);
        // The same person is known again, and can be erased.
        let again = house.catalog.record_message(&tenant, message(1, 5, house.clock.now())).await;
        assert!(again.unwrap().created);
        assert_eq!(house.catalog.access(&tenant, anna).await.unwrap().cases[0].messages.len(), 3);
        house.erase(&tenant, anna, false).await;
        assert_eq!(find("ratt@example.se").await, 0);
    }

    /// Who is known by an address only is known by the new one afterwards, and an address that
    /// somebody else is known by is refused.
    async fn an_identity_follows_its_person_and_never_takes_anothers(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let known_by = |address: &str| gallra::catalog::write::ContactChange {
            email: Some(address.into()),
            ..Default::default()
        };
        let upsert = async |address: &str| {
            house.catalog.upsert_contact(&tenant, known_by(address)).await.unwrap()
        };
        let (anna, bo) = (upsert("ana@example.se").await.id, upsert("bo@example.se").await.id);
        let correct = |address: &str| {
            let email = Fate::Replace(address.into());
            Choice::Profile(anna, ProfileChoice { email, ..Default::default() })
        };
        let taken = rehouse(&house, &tenant, correct("bo@example.se")).await.unwrap_err();
        assert!(
            matches!(taken, EraseError::Catalog(CatalogError::IdentifierTaken(it)) if it == bo),
            "{taken}"
        );
        assert_eq!(upsert("ana@example.se").await.id, anna, "a refusal changes nothing");
        rehouse(&house, &tenant, correct("anna@example.se")).await.unwrap();
        assert_eq!(upsert("anna@example.se").await.id, anna);
        assert!(upsert("ana@example.se").await.created, "the wrong address is nobody's");
    }

    /// Two contacts were one person: the case goes over, and is erased with its new owner only.
    async fn a_part_moves_to_another_contact_with_its_case(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let (anna, bo) = (house.person(&tenant, 1, 2).await, house.person(&tenant, 2, 1).await);
        let (home, ids) = case_of(&house.catalog, &tenant, anna).await;
        let (bos, _) = case_of(&house.catalog, &tenant, bo).await;
        // One message goes into Bo's own case, the case itself with the other one to Bo.
        let elsewhere = MessageChoice { to: Some(bos), ..Default::default() };
        let choice = PartChoice {
            to: Some(Home { contact: bo, ..home }),
            messages: BTreeMap::from([(ids[0], elsewhere)]),
            ..Default::default()
        };
        rehouse(&house, &tenant, Choice::Part(home, choice)).await.unwrap();
        assert!(house.catalog.access(&tenant, anna).await.unwrap().cases.is_empty());
        let of_bo = house.catalog.access(&tenant, bo).await.unwrap();
        let counts: BTreeMap<_, _> =
            of_bo.cases.iter().map(|it| (it.case.id, bodies(it).len())).collect();
        assert_eq!(counts, BTreeMap::from([(home.case, 1), (bos.case, 2)]));
        let moved = of_bo.cases.iter().find(|it| it.case.id == home.case).unwrap();
        assert_eq!(moved.case.requester, bo);
        assert!(moved.case.subject.is_some());

        house.erase(&tenant, anna, false).await;
        let mut after = house.catalog.access(&tenant, bo).await.unwrap();
        after.read_at = of_bo.read_at;
        assert_eq!(after, of_bo);
        house.erase(&tenant, bo, false).await;
        let left = house.catalog.data.fetch_one("SELECT COUNT(*) FROM message", vec![]).await;
        assert_eq!(left.unwrap().i64(0).unwrap(), 0);
        assert!(house.units(&tenant).await.is_empty());
    }

    /// Two messages with two files each: one file goes, the other three follow their messages.
    async fn files_follow_their_messages(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let (anna, bo) = (house.person(&tenant, 1, 0).await, house.person(&tenant, 2, 1).await);
        let file = |text: &str| NewAttachment {
            name: Some(format!("{text}.txt").into()),
            media_type: "text/plain".into(),
            content: text.as_bytes().to_vec(),
        };
        for at in 0..2 {
            let letter = MessageChange {
                attachments: vec![file(&format!("kvitto {at}")), file(&format!("foto {at}"))],
                ..message(1, at, house.clock.now())
            };
            house.catalog.record_message(&tenant, letter).await.unwrap();
        }
        let (home, ids) = case_of(&house.catalog, &tenant, anna).await;
        let (bos, _) = case_of(&house.catalog, &tenant, bo).await;
        let files = async |contact| {
            let record = house.catalog.access(&tenant, contact).await.unwrap();
            let messages = record.cases.iter().flat_map(|it| it.messages.iter());
            let mut found = BTreeMap::new();
            for it in messages.flat_map(|it| &it.attachments) {
                let content = house.catalog.attachment(&tenant, contact, it.id).await.unwrap();
                let content = String::from_utf8(content.unwrap().to_vec()).unwrap();
                let name = it.name.as_ref().unwrap().expose().to_owned();
                assert_eq!(name, format!("{content}.txt"));
                found.insert(name, it.id);
            }
            found
        };
        let mut photos = files(anna).await;
        photos.retain(|name, _| name.starts_with("foto"));
        let moved = MessageChoice { to: Some(bos), ..Default::default() };
        let stays = MessageChoice {
            without_files: photos.into_values().collect(),
            ..Default::default()
        };
        let choice = PartChoice {
            messages: BTreeMap::from([(ids[0], moved), (ids[1], stays)]),
            ..Default::default()
        };
        rehouse(&house, &tenant, Choice::Part(home, choice)).await.unwrap();
        assert_eq!(files(anna).await.len(), 1, "the photo is gone, the receipt stays");
        assert_eq!(files(bo).await.len(), 2, "two went with their message");
        house.erase(&tenant, anna, false).await;
        assert_eq!(files(bo).await.len(), 2);
        let left = house.catalog.data.fetch_one("SELECT COUNT(*) FROM attachment", vec![]).await;
        assert_eq!(left.unwrap().i64(0).unwrap(), 2);
    }

    async fn a_hold_and_a_wrong_choice_refuse_and_change_nothing(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 2).await;
        let (home, ids) = case_of(&house.catalog, &tenant, anna).await;
        let before = house.catalog.access(&tenant, anna).await.unwrap();
        let stranger = ContactId::generate(&SystemRandom);
        let hold = house.eraser.add_hold(tenant.id, Some(anna), "TVIST-4").await.unwrap();
        let refused = rehouse(&house, &tenant, Choice::Part(home, without(ids[0]))).await;
        assert!(matches!(refused, Err(EraseError::Held(_))), "{refused:?}");
        house.eraser.release_hold(hold).await.unwrap();

        let nobody = Choice::Profile(stranger, ProfileChoice::default());
        let no_case = Home { case: CaseId::generate(&SystemRandom), ..home };
        let bo = house.person(&tenant, 2, 1).await;
        let other = Home { contact: bo, ..home };
        let to_nobody = PartChoice {
            to: Some(Home { contact: stranger, ..home }),
            ..Default::default()
        };
        for choice in [
            nobody,
            Choice::Part(no_case, PartChoice::default()),
            Choice::Part(other, PartChoice::default()),
            Choice::Part(home, without(MessageId::generate(&SystemRandom))),
            Choice::Part(home, to_nobody),
        ] {
            let refused = rehouse(&house, &tenant, choice.clone()).await;
            assert!(matches!(refused, Err(EraseError::Catalog(_))), "{choice:?}: {refused:?}");
        }
        assert_eq!(house.catalog.access(&tenant, anna).await.unwrap(), before);
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
        assert_eq!(house.catalog.keyring.head().await.unwrap().ledger_seq, 0, "no key was destroyed");
        house.eraser.add_hold(tenant.id, Some(anna), "TVIST-5").await.unwrap();
    }

    /// Two write into the case while it is rehoused again and again: every message is there once.
    async fn what_is_written_meanwhile_is_carried_over(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let (home, _) = case_of(&house.catalog, &tenant, anna).await;
        let mut writers = Vec::new();
        for writer in 0..2 {
            let (other, tenant) = (House::open(bench).await, tenant.clone());
            writers.push(tokio::spawn(async move {
                for at in 0..12 {
                    let letter = MessageChange {
                        external_id: Some(format!("m-{writer}-{at}").into()),
                        ..message(1, 0, other.clock.now())
                    };
                    other.catalog.record_message(&tenant, letter).await.unwrap();
                }
                other.close().await;
            }));
        }
        let mut rounds = 0;
        while writers.iter().any(|it| !it.is_finished()) || rounds < 2 {
            let choice = Choice::Part(home, PartChoice::default());
            rehouse(&house, &tenant, choice).await.unwrap();
            let choice = Choice::Profile(anna, ProfileChoice::default());
            rehouse(&house, &tenant, choice).await.unwrap();
            rounds += 1;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let access = house.catalog.access(&tenant, anna).await.unwrap();
        assert_eq!(bodies(&access.cases[0]).len(), 25);
        assert_eq!(house.units(&tenant).await.len(), 2);
        let letter = MessageChange {
            external_id: Some("m-1-7".into()),
            ..message(1, 0, house.clock.now())
        };
        let again = house.catalog.record_message(&tenant, letter).await.unwrap();
        assert!(!again.created, "and each is known again");
    }

    /// Whoever comes first: in the end the person is gone, and every unit that ever was is too.
    async fn a_person_who_is_erased_meanwhile_is_gone(bench) {
        let house = House::new(bench).await;
        let other = House::open(bench).await;
        let tenant = house.tenant("skor").await;
        for number in 0..6 {
            let anna = house.person(&tenant, number, 2).await;
            let (home, ids) = case_of(&house.catalog, &tenant, anna).await;
            let choice = Choice::Part(home, without(ids[0]));
            let (rehoused, erased) =
                tokio::join!(rehouse(&house, &tenant, choice), other.erase(&tenant, anna, false));
            if let Err(error) = &rehoused {
                assert!(matches!(error, EraseError::Catalog(_)), "{error}");
            }
            let receipt = other.eraser.log.find(erased.erasure).await.unwrap().body().unwrap();
            assert_eq!((receipt.kind, receipt.people), (Kind::Contact, 1));
            assert!(house.catalog.read_contact(&tenant, anna).await.is_err());
            assert_eq!(house.eraser.settle().await.unwrap().unfinished, [""; 0]);
            assert!(house.units(&tenant).await.is_empty());
        }
        let census = house.catalog.keyring.census(tenant.id).await.unwrap();
        assert!((12..=18).contains(&census.erased), "{census:?}");
        assert!(house.eraser.log.verify_all().await.unwrap().passed());
    }
}

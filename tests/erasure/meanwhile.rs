//! What else goes on while somebody is erased: others write, the clock jumps.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gallra::audit::Action;
use gallra::catalog::index::settle::Pending;
use gallra::catalog::write::{Change, ContactChange, Manner, MessageChange, Outcome};
use gallra::catalog::{Identifier, TenantRef};
use gallra::erasure::{Standing, facts::Facts};
use gallra::ingest::{Options, import_gallra};
use gallra::keyring::{Destroyed, Destruction, KeptBy, KeyRef};
use gallra::receipts::body::{Kind, Reference, Tenant};
use gallra::store::args;
use gallra::vocabulary::{Clock, ContactId, ErasureId, Timestamp};

use crate::both_engines;
use crate::support::house::{House, email, message};

/// Destroys the key of the contact's one part of a case, as retention will.
async fn destroy_part(house: &House, tenant: &TenantRef, contact: ContactId) {
    let part = "SELECT block, leaf FROM unit WHERE contact = $1 AND kind = 2";
    let part = house.catalog.data.fetch_one(part, args![contact]).await;
    let part = part.unwrap();
    let key = KeyRef {
        block: part.u64(0).unwrap(),
        leaf: part.i64(1).unwrap() as u16,
    };
    let reference = |text: &str| Reference::new(text).unwrap();
    let facts = Facts {
        kind: Kind::Retention,
        operator: house.eraser.operator.clone(),
        tenant: Tenant {
            id: tenant.id,
            slug: tenant.slug.clone(),
            name: "skor AB".into(),
            org_no: "556677-8899".into(),
        },
        subject: None,
        legal_basis: reference("GDPR Art. 5(1)(e)"),
        instruction: reference("REGEL-2"),
        requested_at: house.clock.now(),
        started_at: house.clock.now(),
        approvers: Vec::new(),
        copies: Vec::new(),
        kept: Vec::new(),
        assurance: None,
        ending: None,
        expected: None,
        rehoused: None,
        keys: Vec::new(),
        unnamed_keys: None,
    };
    let destruction = Destruction {
        kept_by: KeptBy::Subject,
        erasure: ErasureId([7; 16]),
        kind: facts.kind.word().into(),
        tenant: tenant.id,
        subject: None,
        what: Destroyed::Units(vec![key]),
        suppressed: None,
        new_index_keys: None,
        facts: serde_json::to_string(&facts).unwrap(),
    };
    house.catalog.keyring.destroy(destruction).await.unwrap();
}

both_engines! {
    /// Two processes bring people while a third purges their tenant: whoever came too late was
    /// refused, and nothing of the tenant is left in any store.
    async fn nobody_is_created_in_a_tenant_that_is_purged(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        for number in 0..4 {
            house.person(&tenant, number, 1).await;
        }
        let begun = Arc::new(AtomicUsize::new(0));
        let mut writers = Vec::new();
        for writer in 1..3 {
            let (other, tenant) = (House::open(bench).await, tenant.clone());
            let begun = begun.clone();
            writers.push(tokio::spawn(async move {
                let mut brought = 0;
                for number in 0..200 {
                    let contact = gallra::catalog::write::ContactChange {
                        external_id: Some(format!("ny-{writer}-{number}").into()),
                        email: Some(format!("ny{writer}.{number}@example.se").into()),
                        ..Default::default()
                    };
                    match other.catalog.upsert_contact(&tenant, contact).await {
                        Ok(_) => {
                            brought += 1;
                            begun.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(_) => break,
                    }
                }
                other.close().await;
                brought
            }));
        }
        while begun.load(Ordering::SeqCst) < 10 {
            tokio::task::yield_now().await;
        }
        house.purge(&tenant).await;
        let mut brought = 0;
        for writer in writers {
            brought += writer.await.unwrap();
        }
        assert!(brought > 0, "nobody raced");
        for (db, sql) in [
            (&house.catalog.data, "SELECT COUNT(*) FROM contact WHERE tenant = $1"),
            (&house.catalog.data, "SELECT COUNT(*) FROM unit WHERE tenant = $1"),
            (&house.catalog.data, "SELECT COUNT(*) FROM index_outbox WHERE tenant = $1"),
            (&house.catalog.index, "SELECT COUNT(*) FROM token WHERE tenant = $1"),
            (&house.catalog.index, "SELECT COUNT(*) FROM reservation WHERE tenant = $1"),
        ] {
            let left = db.fetch_one(sql, args![tenant.id]).await.unwrap().i64(0).unwrap();
            assert_eq!(left, 0, "{sql}");
        }
    }

    /// A year back between two erasures: nothing depends on the wall clock but what people read.
    async fn a_clock_that_is_set_back_loses_nothing(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let (anna, bo) = (house.person(&tenant, 1, 1).await, house.person(&tenant, 2, 1).await);
        let first = house.erase(&tenant, anna, false).await;
        let year = 365 * 24 * 60 * 60 * 1_000_000;
        house.clock.set(Timestamp(house.clock.now().0 - year));
        house.catalog.read_contact(&tenant, bo).await.unwrap();
        let second = house.erase(&tenant, bo, true).await;
        assert!(first.pending.is_none() && second.pending.is_none());
        let receipts = house.eraser.log.list(None, 0, 10).await.unwrap();
        let order: Vec<_> = receipts.iter().map(|receipt| receipt.id).collect();
        assert_eq!(order, [first.erasure, second.erasure]);
        assert!(house.eraser.log.verify_all().await.unwrap().passed());
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
        for number in 1..3 {
            let found = house.catalog.find(&Identifier::Email(email(number)), None).await.unwrap();
            assert!(found.matches.is_empty());
        }
    }

    /// reserve (nothing is suppressed) · somebody with the same address is erased, to the end · write.
    /// The record is known by an id of its own, so no reservation of it went with the person: only a
    /// second look at what is suppressed keeps the address out.
    async fn an_import_under_way_brings_no_erased_address_back(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let manner = Manner { history: true, action: Action::Imported };
        let record = |id: &str, number| Change::Contact(ContactChange {
            external_id: Some(id.into()),
            email: Some(email(number)),
            dated: Some(Timestamp(house.clock.now().0 - 1)),
            ..ContactChange::default()
        });
        let batch = [record("annat-system-1", 1), record("annat-system-2", 2)];
        let pending = Pending::default();
        let catalog = &house.catalog;
        let reserved = catalog.write_ahead(&tenant, &[&batch], manner, &pending).await.unwrap().remove(0);
        assert!(reserved.is_some());
        house.erase(&tenant, anna, false).await;
        let outcomes = catalog.write_reserved(&tenant, &batch, reserved, manner, &pending).await;
        let outcomes = outcomes.unwrap();
        assert_eq!(outcomes[0], Outcome::Suppressed);
        assert!(matches!(outcomes[1], Outcome::Created(_)), "the neighbour is taken in");
        catalog.finish(&tenant, &pending).await.unwrap();
        let found = catalog.find(&Identifier::Email(email(1)), None).await.unwrap();
        assert!(found.matches.is_empty(), "the erased address is back");
        let found = catalog.find(&Identifier::Email(email(2)), None).await.unwrap();
        assert_eq!(found.matches.len(), 1);

        // Once more with suppressions there from the start, of somebody else.
        let batch = [record("annat-system-3", 3)];
        let carl = house.person(&tenant, 3, 1).await;
        let reserved = catalog.write_ahead(&tenant, &[&batch], manner, &pending).await.unwrap().remove(0);
        house.erase(&tenant, carl, false).await;
        let outcomes = catalog.write_reserved(&tenant, &batch, reserved, manner, &pending).await;
        assert_eq!(outcomes.unwrap(), [Outcome::Suppressed]);
    }

    /// The key of a contact's part of a case is destroyed, as retention will do, and the contact lives:
    /// a message for that part begins a new one under a new key, before the old rows are deleted as
    /// after, and the import goes on.
    async fn a_message_for_a_destroyed_part_begins_a_new_one(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 2).await;
        destroy_part(&house, &tenant, anna).await;

        let line = |at: usize| {
            serde_json::json!({
                "type": "message", "case": "fall-1", "contact": "kund-1", "body": format!("Hej igen {at}"),
                "direction": "in", "channel": "email", "sent_at": format!("2026-03-0{at}T10:00:00Z"),
            }).to_string()
        };
        let case = r#"{"type":"case","external_id":"fall-1","contact":"kund-1","state":"closed"}"#;
        let text = format!("{}\n{case}\n{}\n", line(2), line(3));
        let options = || Options { patience: std::time::Duration::ZERO, ..Options::default() };
        let catalog = &house.catalog;
        let report = import_gallra(catalog, &tenant, text.as_bytes(), options(), |_| ()).await.unwrap();
        assert_eq!((report.messages.created, report.being_erased), (0, 3), "its case is about to go");
        house.eraser.settle().await.unwrap();
        let report = import_gallra(catalog, &tenant, text.as_bytes(), options(), |_| ()).await.unwrap();
        assert_eq!((report.messages.created, report.being_erased), (2, 0), "{report:?}");
        let record = catalog.access(&tenant, anna).await.unwrap();
        assert_eq!(record.cases.len(), 1);
        let bodies: Vec<_> = record.cases[0].messages.iter().map(|it| it.body.clone().unwrap()).collect();
        assert_eq!(bodies, ["Hej igen 2".into(), "Hej igen 3".into()]);
        assert!(house.eraser.log.verify_all().await.unwrap().passed());
    }

    /// Two people write in one case; the part of the one who did not open it is destroyed. Their next
    /// message begins a new part at once.
    async fn a_destroyed_part_of_somebody_elses_case_is_begun_anew(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        house.person(&tenant, 1, 1).await;
        let bo = house.person(&tenant, 2, 0).await;
        let in_annas_case = |at| MessageChange {
            case: "fall-1".into(),
            ..message(2, at, house.clock.now())
        };
        house.catalog.record_message(&tenant, in_annas_case(1)).await.unwrap();
        destroy_part(&house, &tenant, bo).await;
        house.catalog.record_message(&tenant, in_annas_case(2)).await.unwrap();
        house.eraser.settle().await.unwrap();
        let record = house.catalog.access(&tenant, bo).await.unwrap();
        let own: Vec<_> = record.cases[0].messages.iter().filter(|it| !it.masked).collect();
        assert_eq!(own.len(), 1, "the second message, under a key of its own");
    }
}

//! Contacts, cases, messages: written, found, shown, refused.

use std::collections::BTreeSet;

use gallra::audit;
use gallra::catalog::types::CaseState;
use gallra::catalog::write::{ContactChange, ForwardingChange};
use gallra::catalog::{CasePatch, CatalogError, Identifier};
use gallra::keyring::SealError;
use gallra::store::args;
use gallra::vocabulary::{CaseId, ContactId, Timestamp};

use crate::both_engines;
use crate::world::{World, anna, email, message, name};

both_engines! {
    async fn a_contact_is_written_found_and_changed(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let first = catalog.upsert_contact(nord, anna()).await.unwrap();
        assert!(first.created);
        let again = catalog.upsert_contact(nord, anna()).await.unwrap();
        assert_eq!((again.id, again.created), (first.id, false));
        assert_eq!(catalog.read_contact(nord, first.id).await.unwrap().version, 1);

        for identifier in [
            email("anna.oberg@example.se"),
            Identifier::Phone("+46 70 174 06 05".into()),
            name("ÖBERG anna"),
            Identifier::ExternalId(" K-1001 ".into()),
        ] {
            assert_eq!(world.count(identifier.clone(), nord).await, 1, "{identifier:?}");
        }

        let moved = ContactChange { email: Some("anna@example.se".into()), ..anna() };
        catalog.upsert_contact(nord, moved).await.unwrap();
        let contact = catalog.read_contact(nord, first.id).await.unwrap();
        assert_eq!(contact.version, 2);
        assert_eq!(contact.email.unwrap().expose(), "anna@example.se");
        assert_eq!(contact.name.unwrap().expose(), "Anna-Karin Öberg");
        assert_eq!(world.count(email("anna@example.se"), nord).await, 1);
        assert_eq!(world.count(email("anna.oberg@example.se"), nord).await, 0);
    }

    async fn two_tenants_with_one_address_have_two_contacts(bench) {
        let world = World::new(bench).await;
        let catalog = &world.catalog;
        let north = catalog.upsert_contact(&world.north, anna()).await.unwrap();
        let south = catalog.upsert_contact(&world.south, anna()).await.unwrap();
        assert_ne!(north.id, south.id);
        let found = catalog.find(&email("anna.oberg@example.se"), None).await.unwrap();
        let tenants: Vec<_> = found.matches.iter().map(|it| it.tenant.as_str()).collect();
        assert_eq!(tenants, ["nord", "syd"]);
        let other = catalog.read_contact(&world.south, north.id).await;
        assert!(matches!(other, Err(CatalogError::ContactUnknown(_))));
    }

    async fn concurrent_upserts_make_one_contact(bench) {
        let world = World::new(bench).await;
        let second = world.second_handle(bench).await;
        let nameless = ContactChange {
            email: Some("cecilia.lind@example.se".into()),
            ..ContactChange::default()
        };
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8 {
            let catalog = if task % 2 == 0 { world.catalog.clone() } else { second.clone() };
            let (north, nameless) = (world.north.clone(), nameless.clone());
            tasks.spawn(async move {
                let one = catalog.upsert_contact(&north, anna()).await.unwrap();
                let other = catalog.upsert_contact(&north, nameless).await.unwrap();
                (one, other)
            });
        }
        let done = tasks.join_all().await;
        let ids: BTreeSet<_> = done.iter().flat_map(|(one, other)| [one.id, other.id]).collect();
        assert_eq!(ids.len(), 2, "one contact each");
        assert_eq!(done.iter().filter(|(one, _)| one.created).count(), 1);
        assert_eq!(done.iter().filter(|(_, other)| other.created).count(), 1);
        assert_eq!(world.rows("SELECT COUNT(*) FROM contact").await, 2);
        // The last notes wait a moment for another batch to take them along; a search does not.
        world.catalog.drain(&world.north).await.unwrap();
        assert_eq!(world.rows("SELECT COUNT(*) FROM index_outbox").await, 0);
        assert_eq!(world.count(name("anna karin"), &world.north).await, 1);
    }

    async fn access_shows_all_of_a_person_and_masks_others(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let anna = catalog.upsert_contact(nord, anna()).await.unwrap();
        let own = message("A-1", "K-1001", "2026-01-10T08:00:00Z", "Var är paketet?");
        let own = catalog.record_message(nord, own).await.unwrap();
        let others = message("A-1", "K-7", "2026-01-10T09:00:00Z", "Grannen har det.");
        catalog.record_message(nord, others).await.unwrap();
        let forwarding = ForwardingChange {
            case: "A-1".into(),
            recipient: "Transportören".to_owned(),
            reason: Some("Eftersökning".into()),
            at: Timestamp::parse("2026-01-10T08:30:00Z").unwrap(),
            message: None,
        };
        catalog.record_forwarding(nord, forwarding).await.unwrap();
        catalog.close_case(nord, own.case.unwrap()).await.unwrap();

        let record = catalog.access(nord, anna.id).await.unwrap();
        let case = &record.cases[0];
        assert_eq!(case.case.state, "closed");
        assert_eq!(case.case.subject.as_ref().unwrap().expose(), "Paketet är borta");
        assert_eq!(case.forwardings[0].reason.as_ref().unwrap().expose(), "Eftersökning");
        let bodies: Vec<_> = case.messages.iter().map(|it| it.body.as_ref().map(|it| it.expose())).collect();
        assert_eq!(bodies, [Some("Var är paketet?"), None]);
        assert!(case.messages[1].masked && case.messages[1].author.is_none());

        let neighbour = catalog.find(&Identifier::ExternalId("K-7".into()), Some(nord)).await.unwrap();
        let record = catalog.access(nord, neighbour.matches[0].id).await.unwrap();
        assert_eq!(record.cases[0].case.subject, None, "another person's subject");
        assert!(record.cases[0].forwardings.is_empty());

        let finding = catalog.find(&email("anna.oberg@example.se"), None).await.unwrap();
        let json = serde_json::to_value(&finding.matches[0].categories).unwrap();
        assert_eq!(json[4]["category"], "message");
        assert_eq!(json[4]["records"], 1);
        assert_eq!(json[4]["recipients"][0], "Transportören");
    }

    async fn what_is_not_here_is_said_so(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let nobody = ContactId([7; 16]);
        let read = catalog.read_contact(nord, nobody).await;
        assert!(matches!(read, Err(CatalogError::ContactUnknown(id)) if id == nobody));
        let case = catalog.close_case(nord, CaseId([7; 16])).await;
        assert!(matches!(case, Err(CatalogError::CaseUnknown(_))));
        let tenant = catalog.show_tenant("ost").await;
        assert!(matches!(tenant, Err(CatalogError::TenantUnknown(_))));
        let empty = catalog.upsert_contact(nord, ContactChange::default()).await;
        assert!(matches!(empty, Err(CatalogError::Invalid { field: "external_id", .. })));

        let anna_id = catalog.upsert_contact(nord, anna()).await.unwrap().id;
        let mark = "UPDATE contact SET erased_at = $1";
        catalog.data.execute(mark, args![1]).await.unwrap();
        let read = catalog.read_contact(nord, anna_id).await;
        assert!(matches!(read, Err(CatalogError::ContactBeingErased(id)) if id == anna_id));
        let write = catalog.upsert_contact(nord, anna()).await;
        assert!(matches!(write, Err(CatalogError::BeingErased)));
        let letter = message("A-1", "K-1001", "2026-01-10T08:00:00Z", "Hej");
        let write = catalog.record_message(nord, letter).await;
        assert!(matches!(write, Err(CatalogError::BeingErased)));
        assert_eq!(world.rows("SELECT COUNT(*) FROM support_case").await, 0);
        let found = catalog.find(&email("anna.oberg@example.se"), None).await.unwrap();
        assert_eq!((found.matches.len(), found.being_erased), (0, 1));
    }

    async fn a_tenant_with_closed_gates_takes_nothing(bench) {
        let world = World::new(bench).await;
        let close = "UPDATE gate SET closed = $1 WHERE tenant = $2";
        world.catalog.data.execute(close, args![true, world.north.id]).await.unwrap();
        let refused = world.catalog.upsert_contact(&world.north, anna()).await;
        assert!(matches!(refused, Err(CatalogError::TenantBeingErased)));
        world.catalog.upsert_contact(&world.south, anna()).await.unwrap();
    }

    async fn a_case_is_closed_and_opened_again(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let letter = message("A-1", "K-1001", "2026-01-10T08:00:00Z", "Hej");
        let case = catalog.record_message(nord, letter).await.unwrap().case.unwrap();
        let closed = "SELECT COUNT(*) FROM support_case WHERE closed_at IS NOT NULL AND state = 'closed'";
        catalog.close_case(nord, case).await.unwrap();
        assert_eq!(world.rows(closed).await, 1);
        let open = CasePatch { state: Some(CaseState::Open), ..CasePatch::default() };
        catalog.change_case(nord, case, open, &gallra::catalog::Expected::Any).await.unwrap();
        assert_eq!(world.rows(closed).await, 0);
    }

    async fn swapped_ciphertexts_are_refused(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let anna_id = catalog.upsert_contact(nord, anna()).await.unwrap().id;
        let twin = ContactChange { external_id: Some("K-9".into()), ..anna() };
        let twin = catalog.upsert_contact(nord, twin).await.unwrap().id;
        let other = catalog.upsert_contact(&world.south, anna()).await.unwrap().id;
        // Each is undone by the next: the name is put back from a copy.
        let keep = "SELECT name, phone, unit, sealed_version FROM contact WHERE id = $1";
        let kept = catalog.data.fetch_one(keep, args![anna_id]).await.unwrap();
        let set_name = "UPDATE contact SET name = $1 WHERE id = $2";
        let name_of = async |id: ContactId| {
            let row = catalog.data.fetch_one(keep, args![id]).await.unwrap();
            row.blob(0).unwrap()
        };
        for (what, foreign) in [
            ("field", kept.blob(1).unwrap()),
            ("row and unit", name_of(twin).await),
            ("tenant", name_of(other).await),
        ] {
            catalog.data.execute(set_name, args![foreign, anna_id]).await.unwrap();
            let read = catalog.read_contact(nord, anna_id).await;
            assert!(matches!(read, Err(CatalogError::Seal(SealError::Tampered(_)))), "{what}");
        }
        catalog.data.execute(set_name, args![kept.blob(0).unwrap(), anna_id]).await.unwrap();
        catalog.read_contact(nord, anna_id).await.unwrap();

        let version = "UPDATE contact SET sealed_version = $1 WHERE id = $2";
        catalog.data.execute(version, args![2, anna_id]).await.unwrap();
        let read = catalog.read_contact(nord, anna_id).await;
        assert!(matches!(read, Err(CatalogError::Seal(SealError::Tampered(_)))), "version");
        catalog.data.execute(version, args![1, anna_id]).await.unwrap();

        let unit = "UPDATE unit SET commitment = $1 WHERE contact = $2";
        catalog.data.execute(unit, args![[0u8; 32], anna_id]).await.unwrap();
        let read = catalog.read_contact(nord, anna_id).await;
        assert!(matches!(read, Err(CatalogError::Seal(SealError::WrongCommitment))));
    }

    async fn every_act_has_an_audit_row_that_names_nobody(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let id = catalog.upsert_contact(nord, anna()).await.unwrap().id;
        let letter = message("A-1", "K-1001", "2026-01-10T08:00:00Z", "Var är paketet?");
        catalog.record_message(nord, letter).await.unwrap();
        catalog.find(&email("anna.oberg@example.se"), None).await.unwrap();
        let mut readers = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (catalog, nord) = (catalog.clone(), nord.clone());
            readers.spawn(async move { catalog.read_contact(&nord, id).await.unwrap() });
        }
        readers.join_all().await;

        let records = audit::page(&catalog.data, None, audit::Cursor::NEWEST, 1_000).await.unwrap().records;
        let of = |action: &str| records.iter().filter(|it| it.action == action).count();
        assert_eq!(of("contact.read"), 20);
        assert_eq!(of("contact.upserted") + of("message.recorded") + of("contact.searched"), 3);
        assert_eq!(of("tenant.added"), 2);
        let found = records.iter().find(|it| it.action == "contact.found").expect("who was shown has a row");
        assert_eq!(found.object.as_deref(), Some(id.to_string().as_str()));
        catalog.find(&email("nobody@example.se"), None).await.unwrap();
        let records = audit::page(&catalog.data, None, audit::Cursor::NEWEST, 1_000).await.unwrap().records;
        let of = |action: &str| records.iter().filter(|it| it.action == action).count();
        assert_eq!((of("contact.searched"), of("contact.found")), (2, 1));
        let read = records.iter().find(|it| it.action == "contact.read").unwrap();
        assert_eq!(read.object.as_deref(), Some(id.to_string().as_str()));
        assert_eq!(read.actor, "command-line");
        let text = serde_json::to_string(&records).unwrap().to_lowercase();
        for personal in ["anna", "öberg", "example.se", "174 06", "k-1001", "paket", "a-1"] {
            assert!(!text.contains(personal), "{personal} in the audit trail");
        }
    }
}

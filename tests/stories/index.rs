//! The index: never a false "nothing", rebuilt when lost, and blind after a change of keys.

use std::time::Duration;

use gallra::audit::Action;
use gallra::catalog::Identifier;
use gallra::catalog::index::settle::Pending;
use gallra::catalog::index::suppression::Suppression;
use gallra::catalog::index::tokens;
use gallra::catalog::write::{Change, Manner};
use gallra::keyring::IndexKeys;
use gallra::store::{Tx, args};
use gallra::vocabulary::{ErasureId, Secret, SystemRandom, Timestamp};

use crate::both_engines;
use crate::world::{World, anna, email, message, name};

const NORD: &str = include_str!("../fixtures/nord.ndjson");

/// Keeps every writer from passing a gate: it has reserved its ids by then and written nothing.
async fn hold_gates(world: &World) -> Tx {
    let mut tx = world.catalog.data.begin().await.unwrap();
    let all = "UPDATE gate SET passes = passes + 1 WHERE tenant = $1";
    tx.execute(all, args![world.north.id]).await.unwrap();
    tx
}

/// Waits until the index has so many reservations.
async fn until_reserved(world: &World, wanted: i64) {
    let count = "SELECT COUNT(*) FROM reservation";
    for _ in 0..500 {
        let row = world.catalog.index.fetch_one(count, args![]).await.unwrap();
        if row.i64(0).unwrap() >= wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody reserved anything");
}

both_engines! {
    async fn a_crash_before_the_drain_hides_nobody(bench) {
        let world = World::new(bench).await;
        let manner = Manner { history: false, action: Action::ContactUpserted };
        let lost = Pending::default();
        let change = [Change::Contact(anna())];
        world.catalog.write(&world.north, &change, manner, &lost).await.unwrap();
        drop(lost); // The process dies here: rows are written, tokens are not.
        assert_eq!(world.rows("SELECT COUNT(*) FROM index_outbox").await, 1);
        assert_eq!(world.count(email("anna.oberg@example.se"), &world.north).await, 1);
        assert_eq!(world.rows("SELECT COUNT(*) FROM index_outbox").await, 0);
    }

    async fn a_late_drain_does_not_undo_a_newer_one(bench) {
        let world = World::new(bench).await;
        let manner = Manner { history: false, action: Action::ContactUpserted };
        let late = Pending::default();
        let change = [Change::Contact(anna())];
        world.catalog.write(&world.north, &change, manner, &late).await.unwrap();
        let mut moved = anna();
        moved.email = Some("ny@example.se".into());
        world.catalog.upsert_contact(&world.north, moved).await.unwrap();
        world.catalog.finish(&world.north, &late).await.unwrap();
        assert_eq!(world.count(email("ny@example.se"), &world.north).await, 1);
        assert_eq!(world.count(email("anna.oberg@example.se"), &world.north).await, 0);
    }

    async fn a_crash_after_reserving_leaves_the_id_to_the_next(bench) {
        let world = World::new(bench).await;
        let first = world.catalog.upsert_contact(&world.north, anna()).await.unwrap();
        for statement in ["DELETE FROM contact", "DELETE FROM unit WHERE kind = 1", "DELETE FROM index_outbox"] {
            world.catalog.data.execute(statement, args![]).await.unwrap();
        }
        let again = world.catalog.upsert_contact(&world.north, anna()).await.unwrap();
        assert!(again.created);
        assert_eq!(again.id, first.id);
        assert_eq!(world.count(name("öberg"), &world.north).await, 1);
    }

    async fn a_lost_index_is_rebuilt(bench) {
        let world = World::new(bench).await;
        world.import(&world.north, NORD).await;
        for statement in ["DELETE FROM token", "DELETE FROM reservation", "DELETE FROM index_state"] {
            world.catalog.index.execute(statement, args![]).await.unwrap();
        }
        assert_eq!(world.count(name("anna"), &world.north).await, 1);
        let again = world.import(&world.north, NORD).await;
        assert_eq!(again.messages.unchanged, 4, "{again:?}");
        assert_eq!(again.contacts.unchanged, 3);
        assert_eq!(again.forwardings.unchanged, 1);
    }

    async fn an_index_under_other_keys_is_rebuilt_first(bench) {
        let world = World::new(bench).await;
        world.import(&world.north, NORD).await;
        let foreign = "UPDATE index_state SET generation = $1 WHERE tenant = $2";
        world.catalog.index.execute(foreign, args![0, world.north.id]).await.unwrap();
        let letter = message("A-1", "K-1001", "2026-03-01T08:00:00Z", "Är det hittat?");
        let recorded = world.catalog.record_message(&world.north, letter).await.unwrap();
        assert!(recorded.created);
        assert_eq!(world.rows("SELECT COUNT(*) FROM contact").await, 4, "nobody twice");
        assert_eq!(world.count(name("anna"), &world.north).await, 1);
    }

    // Rotation of keys against upserts: a writer past its gate when a rebuild begins must be walked
    // over by it, and one that comes later must start again; else somebody is here twice.
    async fn rebuilds_among_upserts_make_nobody_twice(bench) {
        let world = World::new(bench).await;
        let second = world.second_handle(bench).await;
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..12_u32 {
            let catalog = if task % 2 == 0 { world.catalog.clone() } else { second.clone() };
            let north = world.north.clone();
            tasks.spawn(async move {
                for number in 0..8 {
                    let mut contact = anna();
                    contact.external_id = Some(format!("K-{}", number % 5).into());
                    contact.phone = Some(format!("070-174 06 {:02}", 5 + task).into());
                    catalog.upsert_contact(&north, contact).await.unwrap();
                }
            });
        }
        for _ in 0..3 {
            let foreign = "UPDATE index_state SET generation = $1 WHERE tenant = $2";
            world.catalog.index.execute(foreign, args![0, world.north.id]).await.unwrap();
            world.catalog.drain(&world.north).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        tasks.join_all().await;
        assert_eq!(world.rows("SELECT COUNT(*) FROM contact").await, 5);
        assert_eq!(world.count(name("anna"), &world.north).await, 5);
        let reserved = "SELECT COUNT(*) FROM reservation";
        let reserved = world.catalog.index.fetch_one(reserved, args![]).await.unwrap();
        assert_eq!(reserved.i64(0).unwrap(), 5);
    }

    // reserve id ──► [erasure: reservations go, then rows] ──► write
    // Taking the id up would make a person nobody finds, and the next upsert a second one.
    async fn an_id_whose_reservation_went_is_not_taken_up(bench) {
        let world = World::new(bench).await;
        let gates = hold_gates(&world).await;
        let (catalog, north) = (world.catalog.clone(), world.north.clone());
        let writer = tokio::spawn(async move { catalog.upsert_contact(&north, anna()).await });
        until_reserved(&world, 1).await;
        world.catalog.index.execute("DELETE FROM reservation", args![]).await.unwrap();
        gates.rollback().await.unwrap();
        let first = writer.await.unwrap().unwrap();
        let again = world.catalog.upsert_contact(&world.north, anna()).await.unwrap();
        assert_eq!((again.id, again.created), (first.id, false));
    }

    // reserve id ──► [rebuild: not ready, tokens go, walk] ──► write
    async fn a_writer_whom_a_rebuild_overtook_starts_again(bench) {
        let world = World::new(bench).await;
        world.catalog.upsert_contact(&world.north, anna()).await.unwrap();
        let letter = || message("A-1", "K-1001", "2026-03-01T08:00:00Z", "Hej");
        world.catalog.record_message(&world.north, letter()).await.unwrap();
        let second = || message("A-1", "K-1001", "2026-03-01T08:05:00Z", "Hallå?");
        let gates = hold_gates(&world).await;
        let (catalog, north, late) = (world.catalog.clone(), world.north.clone(), second());
        let writer = tokio::spawn(async move { catalog.record_message(&north, late).await });
        until_reserved(&world, 4).await;
        let generation = "UPDATE index_state SET generation = $1 WHERE tenant = $2";
        world.catalog.index.execute(generation, args![0, world.north.id]).await.unwrap();
        let message = "DELETE FROM reservation WHERE domain = 7";
        world.catalog.index.execute(message, args![]).await.unwrap();
        gates.rollback().await.unwrap();
        assert!(writer.await.unwrap().unwrap().created);
        // As if the walk had been over before the writer wrote.
        world.catalog.index.execute(generation, args![1, world.north.id]).await.unwrap();
        let again = world.catalog.record_message(&world.north, second()).await.unwrap();
        assert!(!again.created, "the message is there once");
    }

    async fn a_half_done_rebuild_is_taken_over(bench) {
        let world = World::new(bench).await;
        world.import(&world.north, NORD).await;
        let died = "UPDATE index_state SET ready = $1 WHERE tenant = $2";
        world.catalog.index.execute(died, args![false, world.north.id]).await.unwrap();
        world.catalog.index.execute("DELETE FROM token", args![]).await.unwrap();
        assert_eq!(world.count(name("anna"), &world.north).await, 1);
    }

    async fn suppressions_follow_a_change_of_keys(bench) {
        let world = World::new(bench).await;
        let (catalog, nord) = (&world.catalog, &world.north);
        let id = catalog.upsert_contact(nord, anna()).await.unwrap().id;
        let profile = catalog.open_contact(nord, id).await.unwrap();
        let values = tokens::suppressible(profile.identifiers(), "SE");
        assert_eq!(values.len(), 3);
        let suppression = Suppression {
            cutoff: Timestamp(1),
            expires_at: Timestamp(i64::MAX),
            erasure: ErasureId([1; 16]),
        };
        catalog.suppress(nord.id, &values, suppression).await.unwrap();
        let old = catalog.keyring.index_keys(nord.id).await.unwrap();
        let new = IndexKeys::generate(old.generation + 1, &SystemRandom);
        for _ in 0..2 {
            assert_eq!(catalog.carry_over(nord.id, &old, &new).await.unwrap(), 3);
        }
        let (domain, value) = &values[0];
        let token = new.suppression(*domain, value.expose());
        let carried = "SELECT COUNT(*) FROM suppression WHERE token = $1";
        let row = catalog.index.fetch_one(carried, args![token]).await.unwrap();
        assert_eq!(row.i64(0).unwrap(), 1);
    }

    async fn a_removed_tenant_leaves_no_token(bench) {
        let world = World::new(bench).await;
        world.import(&world.north, NORD).await;
        world.import(&world.south, NORD).await;
        world.catalog.remove_tenant_from_index(world.north.id).await.unwrap();
        for count in [
            "SELECT COUNT(*) FROM token WHERE tenant = $1",
            "SELECT COUNT(*) FROM reservation WHERE tenant = $1",
            "SELECT COUNT(*) FROM index_state WHERE tenant = $1",
        ] {
            let index = &world.catalog.index;
            let row = index.fetch_one(count, args![world.north.id]).await.unwrap();
            assert_eq!(row.i64(0).unwrap(), 0, "{count}");
        }
        assert_eq!(world.count(name("anna"), &world.south).await, 1);
    }

    async fn an_erased_contact_leaves_no_token(bench) {
        let world = World::new(bench).await;
        world.import(&world.north, NORD).await;
        let id = Identifier::ExternalId("K-1001".into());
        let found = world.catalog.find(&id, Some(&world.north)).await.unwrap();
        let anna = found.matches[0].id;
        world.catalog.remove_from_index(world.north.id, anna).await.unwrap();
        let index = &world.catalog.index;
        let left = "SELECT COUNT(*) FROM token WHERE contact = $1";
        assert_eq!(index.fetch_one(left, args![anna]).await.unwrap().i64(0).unwrap(), 0);
        // Björn, Cecilia and the sender of the text message with their records stay: 3 contacts,
        // 1 case, 2 messages.
        let stays = "SELECT COUNT(*) FROM reservation";
        assert_eq!(index.fetch_one(stays, args![]).await.unwrap().i64(0).unwrap(), 6);
    }

    async fn a_salt_is_readable_for_a_day(bench) {
        let world = World::new(bench).await;
        let erasure = ErasureId([9; 16]);
        let salt = Secret::generate(&SystemRandom);
        world.catalog.keep_salt(world.north.id, erasure, &salt).await.unwrap();
        let other = Secret::generate(&SystemRandom);
        world.catalog.keep_salt(world.north.id, erasure, &other).await.unwrap();
        assert_eq!(world.catalog.salt(erasure).await.unwrap(), Some(salt), "the first one stays");
        world.clock.advance(Duration::from_secs(24 * 60 * 60));
        assert_eq!(world.catalog.salt(erasure).await.unwrap(), None);
        assert_eq!(world.catalog.forget_salts().await.unwrap(), 1);
    }
}

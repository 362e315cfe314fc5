//! Changes of several callers at the same moment: written together, each on its own behalf.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use gallra::audit::Actor;
use gallra::catalog::write::{ContactChange, ForwardingChange};
use gallra::catalog::{CatalogError, TenantRef};
use gallra::vocabulary::{TenantId, Timestamp};

use crate::both_engines;
use crate::world::{World, email, message};

/// Callers at once: more than one batch takes.
const CALLERS: u8 = 80;

fn person(number: u8) -> ContactChange {
    ContactChange {
        external_id: Some(format!("K-{number}").into()),
        email: Some(format!("person{number}@example.se").into()),
        ..ContactChange::default()
    }
}

both_engines! {
    async fn everybody_is_written_once_and_on_their_own_behalf(bench) {
        let world = &World::new(bench).await;
        let calls = (0..CALLERS).map(|number| {
            let catalog = world.catalog.acting_for(Actor::Token([number; 16]));
            async move { catalog.upsert_contact(&world.north, person(number)).await.unwrap() }
        });
        let done = join_all(calls).await;
        assert!(done.iter().all(|it| it.created));
        let ids: BTreeSet<_> = done.iter().map(|it| it.id).collect();
        assert_eq!(ids.len(), usize::from(CALLERS));
        for number in [0, CALLERS - 1] {
            assert_eq!(world.count(email(&format!("person{number}@example.se")), &world.north).await, 1);
        }
        let rows = "SELECT actor, object FROM audit WHERE action = 'contact.upserted'";
        let rows = world.catalog.data.fetch_all(rows, vec![]).await.unwrap();
        let written: BTreeSet<_> = rows.iter().map(|row| (row.text(0).unwrap(), row.blob(1).unwrap().to_vec())).collect();
        let expected = done.iter().zip(0..CALLERS).map(|(it, number)| {
            (Actor::Token([number; 16]).to_string(), it.id.as_bytes().to_vec())
        });
        assert_eq!(written, expected.collect());
        assert_eq!(rows.len(), usize::from(CALLERS), "one row each");
    }

    async fn what_is_wrong_with_one_is_told_to_that_one(bench) {
        let world = &World::new(bench).await;
        let calls = (0..CALLERS).map(|number| async move {
            if number % 2 == 0 {
                return world.catalog.upsert_contact(&world.north, person(number)).await.map(drop);
            }
            let forwarding = ForwardingChange {
                case: format!("A-{number}").into(),
                recipient: "Transportören".to_owned(),
                reason: None,
                at: Timestamp::parse("2026-01-10T08:30:00Z").unwrap(),
                message: None,
            };
            world.catalog.record_forwarding(&world.north, forwarding).await.map(drop)
        });
        for (number, done) in join_all(calls).await.into_iter().enumerate() {
            match number % 2 {
                0 => done.unwrap(),
                _ => assert!(matches!(done, Err(CatalogError::CaseUnknownByExternalId)), "{done:?}"),
            }
        }
    }

    async fn a_batch_that_fails_tells_each_caller(bench) {
        let world = World::new(bench).await;
        let nobody = &TenantRef { id: TenantId([7; 16]), ..world.north.clone() };
        let calls = (0..CALLERS).map(|number| world.catalog.upsert_contact(nobody, person(number)));
        for done in join_all(calls).await {
            assert!(matches!(done, Err(CatalogError::Keyring(_))), "{done:?}");
        }
        world.catalog.upsert_contact(&world.north, person(0)).await.unwrap();
    }

    async fn a_caller_who_goes_away_takes_nobody_along(bench) {
        let world = World::new(bench).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..CALLERS {
            let (catalog, north) = (world.catalog.clone(), world.north.clone());
            let call = async move { catalog.upsert_contact(&north, person(number)).await.unwrap().created };
            let task = tasks.spawn(call);
            if number % 3 == 0 {
                tokio::task::yield_now().await;
                task.abort();
            }
        }
        let mut answered = 0;
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(created) => {
                    assert!(created);
                    answered += 1;
                }
                Err(gone) => assert!(gone.is_cancelled()),
            }
        }
        let stayed = (0..CALLERS).filter(|number| number % 3 != 0).count();
        assert!(answered >= stayed, "{answered}");
        let text = message("A-1", "K-1", "2026-01-10T08:00:00Z", "Hej");
        world.catalog.record_message(&world.north, text).await.unwrap();
    }
}

//! What contract systems announce: scheduled and stored, whatever comes.

use gallra::erasure::restore::restore;
use gallra::offboarding::Offboarder;
use gallra::offboarding::hooks::signature::{Headers, key};
use gallra::offboarding::hooks::{HookError, Received, Source};
use gallra::offboarding::rules::State;
use gallra::receipts::body::Choice;
use gallra::store::Role;
use gallra::vocabulary::{Clock, HookEventId, SystemClock, SystemRandom};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::both_engines;
use crate::support::Bench;
use crate::support::house::House;
use crate::world::World;

/// A billing system that signs as Standard Webhooks.
struct Billing {
    secret: String,
}

impl Billing {
    async fn new(room: &Offboarder) -> Billing {
        let added = room
            .add_hook_secret(Source::StandardWebhooks, None)
            .await
            .expect("a secret");
        Billing {
            secret: added.made.expect("it is made here").to_string(),
        }
    }

    /// Sends an event as if signed at this time, in seconds from now.
    async fn send(
        &self,
        world: &World,
        id: &str,
        body: &str,
        late: i64,
    ) -> Result<Received, HookError> {
        self.send_to(
            &world.room,
            id,
            body,
            world.house.clock.now().0 / 1_000_000 + late,
        )
        .await
    }

    async fn send_to(
        &self,
        room: &Offboarder,
        id: &str,
        body: &str,
        at: i64,
    ) -> Result<Received, HookError> {
        let key = key(Source::StandardWebhooks, &self.secret).expect("a key");
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("a key");
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        let signature = {
            use base64::Engine;
            let bytes = mac.finalize().into_bytes();
            format!(
                "v1,{}",
                base64::engine::general_purpose::STANDARD.encode(bytes)
            )
        };
        let at = at.to_string();
        let headers = Headers {
            id: Some(id),
            timestamp: Some(&at),
            signature: Some(&signature),
            stripe: None,
        };
        room.receive_hook(Source::StandardWebhooks, headers, body.as_bytes())
            .await
    }
}

/// Stripe, with a secret of its own.
struct Stripe(&'static str);

impl Stripe {
    async fn new(room: &Offboarder) -> Stripe {
        let secret = "whsec_stripes_own_secret";
        let given = zeroize::Zeroizing::new(secret.to_owned());
        let added = room.add_hook_secret(Source::Stripe, Some(given)).await;
        added.expect("a secret");
        Stripe(secret)
    }

    async fn send(&self, world: &World, body: &str) -> HookEventId {
        let at = world.house.clock.now().0 / 1_000_000;
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.as_bytes()).expect("a key");
        mac.update(format!("{at}.{body}").as_bytes());
        let signature = format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()));
        let headers = Headers {
            stripe: Some(&signature),
            ..Headers::default()
        };
        let room = &world.room;
        id(room
            .receive_hook(Source::Stripe, headers, body.as_bytes())
            .await)
    }
}

fn ended(tenant: &str, day: &str) -> String {
    format!(
        r#"{{"type":"contract.ended","timestamp":"2026-03-01T09:00:00Z",
        "data":{{"tenant":"{tenant}","ends":"{day}","signed_by":"Anna Exempelsson"}}}}"#
    )
}

fn id(received: Result<Received, HookError>) -> HookEventId {
    match received.expect("it is taken") {
        Received::New(id) => id,
        Received::Repeat(id) => panic!("{id} came before"),
    }
}

both_engines! {
    async fn an_announced_end_is_scheduled_once_and_never_purges(bench) {
        let world = World::new(bench).await;
        let billing = Billing::new(&world.room).await;
        let event = id(billing.send(&world, "evt_1", &ended("skor", "2026-01-31"), 0).await);
        let status = world.room.status(&world.client).await.unwrap();
        assert_eq!((status.state, status.contract_ends.to_string()),
            (State::ChoicePending, "2026-01-31".to_owned()));
        assert_eq!(status.begun_by, "hook:standard-webhooks");
        world.days(365);
        assert_eq!(world.in_the_way().await, ["no_choice", "approvals"], "whatever time passes");
        world.execute().await.unwrap_err();
        world.approve("Anna Berg").await.unwrap_err();
        assert!(world.is_held().await);

        let again = billing.send(&world, "evt_1", &ended("skor", "2026-01-31"), 0).await.unwrap();
        assert_eq!(again, Received::Repeat(event));
        let other = billing.send(&world, "evt_1", &ended("skor", "2026-02-28"), 0).await;
        assert!(matches!(other, Err(HookError::OtherBody)), "the same id, another body");
        id(billing.send(&world, "evt_2", &ended("skor", "2026-02-28"), 0).await);
        let status = world.room.status(&world.client).await.unwrap();
        assert_eq!(status.contract_ends.to_string(), "2026-02-28", "a newer word counts");

        world.begin(Choice::Delete, "2026-01-31", 0).await;
        id(billing.send(&world, "evt_3", &ended("skor", "2030-01-31"), 0).await);
        let status = world.room.status(&world.client).await.unwrap();
        assert_eq!(status.contract_ends.to_string(), "2026-01-31", "what a person recorded stays");
        let outcomes: Vec<_> = world.room.hook_events(9).await.unwrap().into_iter().map(|it| it.outcome).collect();
        assert_eq!(outcomes.len(), 3);
        assert!(outcomes.contains(&"known".to_owned()), "{outcomes:?}");
        world.both_approve().await;
        let receipt = world.receipt(world.execute().await.unwrap()).await;
        let events = receipt.categories.iter().find(|it| it.category == "contract_event");
        assert_eq!(events.map(|it| it.records), Some(3), "they go with the client");
        assert_eq!(world.room.hook_events(9).await.unwrap(), []);
        let late = id(billing.send(&world, "evt_4", &ended("skor", "2030-01-31"), 0).await);
        assert_eq!(world.room.open_hook_event(late).await.unwrap().0.outcome, "too-late");
    }

    async fn whoever_cannot_sign_changes_nothing(bench) {
        let world = World::new(bench).await;
        let billing = Billing::new(&world.room).await;
        let body = ended("skor", "2026-01-31");
        for late in [-301, 301, -86_400] {
            let refused = billing.send(&world, "evt_1", &body, late).await;
            assert!(matches!(refused, Err(HookError::Late)), "{late}");
        }
        let stranger = Billing { secret: gallra::offboarding::hooks::signature::written(&[7; 32]) };
        let refused = stranger.send(&world, "evt_1", &body, 0).await;
        assert!(matches!(refused, Err(HookError::Signature)));
        let unsigned = world.room.receive_hook(Source::Stripe, Headers::default(), body.as_bytes()).await;
        assert!(matches!(unsigned, Err(HookError::Signature)));
        assert_eq!(world.room.hook_events(9).await.unwrap(), []);
        assert!(world.room.status(&world.client).await.is_err(), "nothing has begun");
    }

    async fn what_is_not_understood_is_kept_for_a_person(bench) {
        let world = World::new(bench).await;
        let billing = Billing::new(&world.room).await;
        for (number, (body, outcome)) in [
            (ended("ingen", "2026-01-31"), "unknown-client"),
            (ended("self", "2026-01-31"), "unknown-client"),
            ("{\"type\":\"invoice.paid\"}".to_owned(), "other"),
            (ended("skor", "snart"), "unreadable"),
            ("skräp \u{0} {{{".to_owned(), "unreadable"),
            (String::new(), "unreadable"),
        ].into_iter().enumerate() {
            let event = id(billing.send(&world, &format!("evt_{number}"), &body, 0).await);
            let (about, stored) = world.room.open_hook_event(event).await.unwrap();
            assert_eq!((about.outcome.as_str(), stored.unwrap().as_slice()), (outcome, body.as_bytes()));
        }
        assert!(world.room.status(&world.client).await.is_err(), "nothing has begun");
        let data = bench.open(Role::Data).await;
        let stored = data.fetch_all("SELECT body FROM hook_event", Vec::new()).await.unwrap();
        assert_eq!(stored.len(), 6);
        for row in stored {
            let sealed = row.blob(0).unwrap();
            assert!(!sealed.windows(4).any(|part| part == b"Anna" || part == b"skor"), "it lies sealed");
        }
        data.close().await;
    }

    async fn a_payment_that_failed_waits_for_a_person(bench) {
        let world = World::new(bench).await;
        let stripe = Stripe::new(&world.room).await;
        let deleted = |id: &str, reason: &str| format!(
            r#"{{"id":"{id}","type":"customer.subscription.deleted","created":1769900000,"data":{{"object":{{
            "ended_at":1769900000,"metadata":{{"gallra_tenant":"skor"}},"cancellation_details":{{"reason":"{reason}"}}}}}}}}"#);
        for (number, reason) in ["payment_failed", "payment_disputed"].into_iter().enumerate() {
            let event = stripe.send(&world, &deleted(&format!("evt_{number}"), reason)).await;
            let (about, _) = world.room.open_hook_event(event).await.unwrap();
            assert_eq!(about.outcome, "needs-a-person");
        }
        let status = world.room.status(&world.client).await.unwrap_err();
        assert!(status.to_string().contains("was not paid: ask the client"), "{status}");
        let waiting = world.room.waiting_for_a_person().await.unwrap();
        assert_eq!(waiting.iter().map(|it| it.tenant.as_str()).collect::<Vec<_>>(), ["skor"], "once");

        world.days(1);
        stripe.send(&world, &deleted("evt_9", "cancellation_requested")).await;
        let status = world.room.status(&world.client).await.unwrap();
        assert_eq!(status.state, State::ChoicePending, "that is a termination");
        assert_eq!(world.room.waiting_for_a_person().await.unwrap(), []);
    }

    async fn an_ended_secret_stays_ended_through_a_restore(bench) {
        let world = World::new(bench).await;
        let billing = Billing::new(&world.room).await;
        let backup = bench.directory().join("backup");
        world.house.eraser.backup(&bench.url(Role::Data), &backup).await.unwrap();
        let secret = world.room.hook_secrets().await.unwrap().remove(0);
        world.room.end_hook_secret(secret.id).await.unwrap();
        world.room.end_hook_secret(secret.id).await.unwrap();
        let refused = billing.send(&world, "evt_1", &ended("skor", "2026-01-31"), 0).await;
        assert!(matches!(refused, Err(HookError::Signature)), "at once");
        let now = world.house.clock.now().0 / 1_000_000;
        let house = put_back(bench, world.house, &backup).await;
        let room = Offboarder { eraser: house.eraser.clone(), approvals: 2 };
        let refused = billing.send_to(&room, "evt_1", &ended("skor", "2026-01-31"), now).await;
        assert!(matches!(refused, Err(HookError::Signature)), "and afterwards");
        assert!(room.hook_secrets().await.unwrap()[0].ended_at.is_some());
        let wrong = room.add_hook_secret(Source::Stripe, None).await;
        assert!(matches!(wrong, Err(HookError::Secret(_))), "Stripe makes its own");
    }
}

async fn put_back(bench: &Bench, house: House, backup: &std::path::Path) -> House {
    let keyring = house.catalog.keyring.clone();
    house.catalog.data.close().await;
    restore(
        &keyring,
        &bench.url(Role::Data),
        backup,
        &SystemClock,
        &SystemRandom,
    )
    .await
    .unwrap();
    house.close().await;
    let house = House::open(bench).await;
    house.eraser.settle().await.unwrap();
    house
}

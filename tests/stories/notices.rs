//! Versions of a client's notice: what it said on a day, who approved it, what changed.

use chrono::NaiveDate;
use gallra::catalog::Controller;
use gallra::catalog::types::Channel;
use gallra::disclosure::versions::VersionState;
use gallra::disclosure::{DisclosureError, Notices};
use gallra::receipts::body::{Party, Reference};
use gallra::store::args;
use gallra::vocabulary::{Lang, Timestamp};

use crate::both_engines;
use crate::world::{World, anna, message};

fn notices(world: &World) -> Notices {
    Notices {
        catalog: world.catalog.clone(),
        operator: Party {
            name: "Exempel Support AB".to_owned(),
            org_no: "556016-0680".to_owned(),
        },
        operator_is_named: true,
    }
}

fn reference(text: &str) -> Reference {
    Reference::new(text).unwrap()
}

/// The day is `(month, day)` of 2026.
fn day((month, day): (u32, u32)) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

impl World {
    /// What the law asks for and nobody but the client can say.
    async fn described(&self) {
        let own = Controller {
            stored_in: Some("SE".into()),
            phone: Some("08-123 45 67".into()),
            address: Some("Storgatan 1, 111 22 Stockholm".into()),
            dpo_email: Some("dso@example.se".into()),
            ..Controller::default()
        };
        self.catalog
            .change_controller(&self.north, own)
            .await
            .unwrap();
        self.catalog
            .upsert_contact(&self.north, anna())
            .await
            .unwrap();
    }

    fn at(&self, time: &str) {
        self.clock.set(Timestamp::parse(time).unwrap());
    }
}

both_engines! {
    async fn what_the_notice_said_on_a_day_can_be_told(bench) {
        let world = World::new(bench).await;
        world.described().await;
        let room = notices(&world);
        assert!(room.in_force("nord").await.unwrap().is_none());

        let draft = room.draft("nord").await.unwrap();
        assert_eq!((draft.number, draft.state), (1, VersionState::Draft));
        assert_eq!(room.draft("nord").await.unwrap(), draft, "nothing has changed");
        let early = room.publish("nord", 1, None).await;
        assert!(matches!(early, Err(DisclosureError::NotApproved(1))), "{early:?}");
        let approved = room.approve("nord", 1, reference("mejl A-17")).await.unwrap();
        assert_eq!((approved.state, approved.approved_by.as_deref()), (VersionState::Approved, Some("mejl A-17")));
        // 2 March where the client is, 1 March in UTC.
        world.at("2026-03-01T23:30:00Z");
        let published = room.publish("nord", 1, None).await.unwrap();
        assert_eq!((published.state, &published.hash), (VersionState::Published, &draft.hash));
        let texts = room.in_force("nord").await.unwrap().unwrap().texts;

        let sms = message("A-1", "K-1001", "2026-02-10T08:00:00Z", "Var är paketet?");
        let sms = gallra::catalog::write::MessageChange { channel: Channel::Sms, ..sms };
        world.catalog.record_message(&world.north, sms).await.unwrap();
        assert_eq!(room.in_force("nord").await.unwrap().unwrap().texts, texts, "it stands as it was approved");

        world.at("2026-03-05T10:00:00Z");
        assert_eq!(room.draft("nord").await.unwrap().number, 2);
        room.approve("nord", 2, reference("mejl A-18")).await.unwrap();
        room.publish("nord", 2, None).await.unwrap();

        let on = async |of| room.in_force_on("nord", day(of)).await.unwrap().map(|it| it.version.number);
        assert_eq!(on((3, 1)).await, None);
        assert_eq!(on((3, 2)).await, Some(1));
        assert_eq!(on((3, 4)).await, Some(1));
        assert_eq!(on((3, 5)).await, Some(2));
        let first = room.written("nord", 1).await.unwrap();
        assert_eq!((first.version.state, &first.texts), (VersionState::Ended, &texts));
        assert_eq!(first.version.ended_at, Timestamp::parse("2026-03-05T10:00:00Z"));

        let told = room.changes("nord", 1, 2, Some(Lang::En)).await.unwrap();
        assert!(told.iter().any(|it| it.section == "N24" && it.removed.is_empty()), "{told:#?}");
        assert_eq!(room.changes("nord", 1, 1, None).await.unwrap(), []);
        let unknown = room.written("nord", 9).await;
        assert!(matches!(unknown, Err(DisclosureError::NoVersion(9))));
    }

    async fn what_is_missing_stops_a_publication_unless_a_reason_stays_with_it(bench) {
        let world = World::new(bench).await;
        world.catalog.upsert_contact(&world.north, anna()).await.unwrap();
        let room = notices(&world);
        room.draft("nord").await.unwrap();
        room.approve("nord", 1, reference("mejl A-17")).await.unwrap();
        let refused = room.publish("nord", 1, None).await;
        assert!(matches!(&refused, Err(DisclosureError::Incomplete(what)) if what.contains("stored_in")), "{refused:?}");
        let published = room.publish("nord", 1, Some(reference("styrelsens beslut 4"))).await.unwrap();
        assert_eq!(published.in_spite_of.as_deref(), Some("styrelsens beslut 4"));
        let again = room.publish("nord", 1, None).await.unwrap();
        assert_eq!(again, published, "it is as it was");
    }

    async fn a_newer_draft_ends_one_that_was_not_published(bench) {
        let world = World::new(bench).await;
        world.described().await;
        let room = notices(&world);
        room.draft("nord").await.unwrap();
        let change = Controller { phone: Some("08-765 43 21".into()), ..Controller::default() };
        world.catalog.change_controller(&world.north, change).await.unwrap();
        assert_eq!(room.draft("nord").await.unwrap().number, 2);
        let late = room.approve("nord", 1, reference("mejl A-17")).await;
        assert!(matches!(late, Err(DisclosureError::VersionEnded(1))), "{late:?}");
        let states: Vec<_> = room.versions("nord").await.unwrap().iter().map(|it| it.state).collect();
        assert_eq!(states, [VersionState::Draft, VersionState::Ended]);
    }

    async fn two_who_draft_at_once_write_one_number_each_or_the_same(bench) {
        let world = World::new(bench).await;
        world.described().await;
        let room = &notices(&world);
        let drafts = futures_util::future::join_all((0..4).map(|_| room.draft("nord"))).await;
        assert!(drafts.iter().any(Result::is_ok), "{drafts:?}");
        let mut numbers: Vec<_> = room.versions("nord").await.unwrap().iter().map(|it| it.number).collect();
        numbers.sort_unstable();
        let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(numbers, expected);
    }

    async fn a_version_is_stored_sealed(bench) {
        let world = World::new(bench).await;
        world.described().await;
        notices(&world).draft("nord").await.unwrap();
        let stored = world.catalog.data.fetch_all("SELECT body FROM notice_version", args![]).await.unwrap();
        let body = stored[0].blob(0).unwrap();
        let part = |text: &str| body.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(!part("dso@example.se") && !part("sections"));
    }
}

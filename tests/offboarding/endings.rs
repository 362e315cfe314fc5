//! From the choice to the receipt, and every way in which it is stopped.

use gallra::catalog::types::Channel;
use gallra::erasure::EraseError;
use gallra::offboarding::rules::State;
use gallra::offboarding::{Offboarder, OffboardingError};
use gallra::receipts::body::{Choice, CopyState};
use gallra::receipts::render;
use gallra::vocabulary::Lang;

use crate::both_engines;
use crate::world::{World, order};

both_engines! {
    async fn other_systems_are_told_of_an_end_and_that_it_is_called_off(bench) {
        let world = World::new(bench).await;
        let begun = world.begin(Choice::Delete, "2026-03-31", 30).await;
        world.begin(Choice::Delete, "2026-04-30", 30).await;
        world.room.cancel(&world.client, "AVTAL-8").await.unwrap();
        let sql = "SELECT kind FROM event WHERE object = $1 ORDER BY kind";
        let told = world.house.catalog.data.fetch_all(sql, gallra::store::args![begun.id]).await.unwrap();
        let told: Vec<_> = told.iter().map(|row| row.text(0).unwrap()).collect();
        assert_eq!(told, ["offboarding.cancelled", "offboarding.scheduled"], "each once");
    }

    async fn a_client_leaves_and_is_deleted(bench) {
        let world = World::new(bench).await;
        world.message_by(Channel::Sms, 7).await;
        world.forward_to("Second line AB").await;
        let begun = world.begin(Choice::Delete, "2026-03-31", 30).await;
        assert_eq!(begun.state, State::NoticeGiven);
        let places: Vec<_> = begun.tasks.iter().map(|task| task.place.as_str()).collect();
        let supplier = "the text message supplier: messages and delivery reports";
        assert_eq!(places, ["mailboxes and mail servers", supplier, "Second line AB"]);
        assert_eq!(world.in_the_way().await, ["contract_runs", "approvals"]);

        world.days(31); // 1 April: the contract is over, the grace is not
        assert_eq!(world.in_the_way().await, ["grace", "approvals"]);
        world.both_approve().await;
        let refused = world.execute().await.unwrap_err();
        assert!(matches!(&refused, OffboardingError::Refused { .. }), "{refused}");
        assert!(refused.to_string().contains("2026-04-30 22:00 UTC"), "{refused}");
        assert!(world.is_held().await);

        world.days(30);
        let sms = begun.tasks.iter().find(|task| task.place == supplier).unwrap().id;
        world.room.confirm_task(&world.client, sms, "Kim Alm", Some("MEJL-4".into())).await.unwrap();
        let receipt = world.receipt(world.execute().await.unwrap()).await;
        assert!(!world.is_held().await);
        let names: Vec<_> = receipt.approvers.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["Anna Berg", "Lars Ek"]);
        assert_eq!(receipt.instruction.as_str(), "AVTAL-7");
        let ending = receipt.ending.as_ref().unwrap();
        assert_eq!((ending.contract_ended.as_str(), ending.grace_days), ("2026-03-31", 30));
        let states: Vec<_> = receipt.copies.iter().map(|copy| copy.state).collect();
        assert_eq!(states, [CopyState::NotConfirmed, CopyState::Erased, CopyState::NotConfirmed]);
        assert_eq!(receipt.copies[1].evidence.as_ref().unwrap().as_str(), "2026-05-01, Kim Alm, MEJL-4");
        for lang in [Lang::Sv, Lang::En] {
            let headline = render::headline(&receipt, lang);
            assert!(!headline.contains("complete") && !headline.contains("fullständig"), "{headline}");
        }
        let gone = world.again().await;
        let status = world.room.status(&gone).await.unwrap();
        assert_eq!((status.state, status.receipt_id), (State::Purged, Some(receipt.id)));
        assert_eq!(world.execute().await.unwrap(), receipt.id, "asked again, it is the same purge");
        let late = world.room.begin(&gone, order(Choice::Delete, "2026-03-31", 0)).await;
        assert!(matches!(late, Err(OffboardingError::TooLate(_))));
    }

    async fn one_person_is_not_two(bench) {
        let world = World::new(bench).await;
        world.begin(Choice::Delete, "2026-01-31", 0).await;
        world.approve("Anna Berg").await.unwrap();
        let again = world.approve(" anna  berg").await.unwrap_err();
        assert!(matches!(again, OffboardingError::SamePerson { .. }), "{again}");
        assert_eq!(world.in_the_way().await, ["approvals"]);
        world.execute().await.unwrap_err();
        for name in ["", "anna@example.se", "a\nb", "+46 70 174 06 05"] {
            let refused = world.approve(name).await.unwrap_err();
            assert!(matches!(refused, OffboardingError::Text { .. }), "{refused}");
        }
        let alone = Offboarder { approvals: 1, ..world.room.clone() };
        alone.execute(&world.client, "skor AB".to_owned()).await.unwrap();
        assert!(!world.is_held().await);
    }

    async fn what_came_after_the_approvals_asks_for_new_ones(bench) {
        let world = World::new(bench).await;
        world.begin(Choice::Delete, "2026-01-31", 0).await;
        world.both_approve().await;
        assert_eq!(world.in_the_way().await, Vec::<&str>::new());
        world.message_by(Channel::Klarna, 9).await;
        assert_eq!(world.in_the_way().await, ["changed", "approvals"]);
        let refused = world.execute().await.unwrap_err().to_string();
        assert!(refused.contains("4 messages") && refused.contains("approved were") , "{refused}");
        world.both_approve().await;
        let receipt = world.receipt(world.execute().await.unwrap()).await;
        assert_eq!(receipt.approvers.len(), 2, "each of them once");
        assert_eq!(receipt.copies.len(), 2, "the way that was new is on it");
    }

    async fn a_hold_stops_it_and_its_release_lets_it_go_on(bench) {
        let world = World::new(bench).await;
        world.begin(Choice::Delete, "2026-01-31", 0).await;
        world.both_approve().await;
        world.room.hold(&world.client, "TVIST-3").await.unwrap();
        assert_eq!(world.room.status(&world.client).await.unwrap().state, State::Held);
        let refused = world.execute().await.unwrap_err().to_string();
        assert!(refused.contains("TVIST-3"), "{refused}");
        assert_eq!(world.room.release(&world.client).await.unwrap(), 1);
        assert!(matches!(world.room.release(&world.client).await, Err(OffboardingError::NoHold(_))));
        world.execute().await.unwrap();
    }

    async fn a_cancelled_end_leaves_nothing_that_could_be_executed(bench) {
        let world = World::new(bench).await;
        world.begin(Choice::Delete, "2026-01-31", 0).await;
        world.both_approve().await;
        let cancelled = world.room.cancel(&world.client, "AVTAL-8").await.unwrap();
        assert_eq!(cancelled.state, State::Cancelled);
        assert!(matches!(world.execute().await, Err(OffboardingError::NotBegun(_))));
        assert!(matches!(world.approve("Anna Berg").await, Err(OffboardingError::NotBegun(_))));
        world.days(1);
        let anew = world.begin(Choice::Delete, "2026-01-31", 0).await;
        assert_eq!((anew.approved, anew.state), (0, State::NoticeGiven));
        assert!(world.is_held().await);
    }

    async fn another_choice_asks_for_new_approvals(bench) {
        let world = World::new(bench).await;
        world.begin(Choice::Return, "2026-01-31", 0).await;
        world.both_approve().await;
        assert_eq!(world.in_the_way().await, ["not_returned"]);
        let same = world.begin(Choice::Return, "2026-01-31", 0).await;
        assert_eq!(same.approved, 2, "the same words change nothing");
        let other = world.begin(Choice::Delete, "2026-01-31", 0).await;
        assert_eq!(other.approved, 0);
        let long = world.room.begin(&world.client, order(Choice::Delete, "2026-01-31", 91)).await;
        assert!(matches!(long, Err(OffboardingError::Grace)));
    }

    async fn a_wrong_name_purges_nobody_and_can_be_put_right(bench) {
        let world = World::new(bench).await;
        world.begin(Choice::Delete, "2026-01-31", 0).await;
        world.both_approve().await;
        let wrong = world.room.execute(&world.client, "Skor AB".to_owned()).await.unwrap_err();
        assert!(matches!(wrong, OffboardingError::Erase(EraseError::NotConfirmed(_))), "{wrong}");
        assert!(world.is_held().await);
        world.execute().await.unwrap();
    }

    /// What the vault is for: data from before the choice was recorded forgets none of it.
    async fn a_restored_backup_forgets_no_choice_and_no_approval(bench) {
        let world = World::new(bench).await;
        let backup = bench.directory().join("backup");
        let url = bench.url(gallra::store::Role::Data);
        world.house.eraser.backup(&url, &backup).await.unwrap();
        world.begin(Choice::Delete, "2026-01-31", 0).await;
        world.both_approve().await;
        world.room.hold(&world.client, "TVIST-3").await.unwrap();
        let world = restored(world, bench, &backup).await;
        assert_eq!(world.in_the_way().await, ["held"]);
        world.room.release(&world.client).await.unwrap();
        world.execute().await.unwrap();
    }
}

/// The house opened again over the restored data.
async fn restored(world: World, bench: &crate::support::Bench, backup: &std::path::Path) -> World {
    use gallra::erasure::restore::restore;
    let World { house, tenant, .. } = world;
    let keyring = house.catalog.keyring.clone();
    house.catalog.data.close().await;
    let url = bench.url(gallra::store::Role::Data);
    let (clock, random) = (
        gallra::vocabulary::SystemClock,
        gallra::vocabulary::SystemRandom,
    );
    restore(&keyring, &url, backup, &clock, &random)
        .await
        .unwrap();
    house.close().await;
    let house = crate::support::house::House::open(bench).await;
    house.eraser.settle().await.unwrap();
    let room = Offboarder {
        eraser: house.eraser.clone(),
        approvals: 2,
    };
    let client = room.client("skor").await.unwrap();
    World {
        house,
        tenant,
        client,
        room,
    }
}

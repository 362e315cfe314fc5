//! Requests over time: the clock, the pauses, what the client decides, and a hold that outlives a
//! restore.

use std::time::Duration;

use gallra::catalog::types::Channel;
use gallra::erasure::EraseError;
use gallra::requests::types::{ExtensionReason, RefusalGround};
use gallra::requests::{
    Identifiers, NewRequest, Request, RequestError, Requests, Right, State, Step,
};
use gallra::vocabulary::{Clock, ContactId, Timestamp};

use crate::both_engines;
use crate::support::house::{House, email};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn requests(house: &House) -> Requests {
    Requests {
        eraser: house.eraser.clone(),
    }
}

/// Somebody known by the e-mail address of a person of the house.
fn new(rights: &[Right], number: usize, received_at: Timestamp) -> NewRequest {
    NewRequest {
        rights: rights.to_vec(),
        channel: Channel::Email,
        received_at,
        identifiers: Identifiers {
            email: Some(email(number)),
            ..Identifiers::default()
        },
        text: Some("Skicka allt ni har om mig.".into()),
    }
}

fn instructed() -> Step {
    Step::Instruct {
        instruction: Some("KUND-17".into()),
    }
}

fn days(it: &Request) -> [String; 3] {
    [it.due_date, it.safe_due, it.legal_due].map(|day| day.to_string())
}

async fn is_held(house: &House, contact: ContactId, it: &Request) -> bool {
    let preview = house
        .eraser
        .preview_contact(it.tenant_id, contact, "A-1")
        .await;
    matches!(preview, Err(EraseError::Held(_)))
}

both_engines! {
    async fn the_clock_stands_still_while_the_person_is_asked(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let requests = requests(&house);
        let it = requests.register(&tenant, new(&[Right::Access], 1, house.clock.now())).await.unwrap();
        assert_eq!((it.contact, it.state), (Some(anna), State::Registered));
        // Received on Sunday 1 March 2026.
        assert_eq!(days(&it), ["2026-03-20", "2026-04-01", "2026-04-01"]);
        assert!(is_held(&house, anna, &it).await);

        house.clock.advance(2 * DAY);
        let doubt = Step::Doubt { reason: "another address than on file".into() };
        let it = requests.step(&tenant, it.id, doubt.clone()).await.unwrap();
        assert_eq!(it.state, State::AwaitingIdentity);
        assert!(matches!(requests.step(&tenant, it.id, doubt).await, Err(RequestError::WrongState { .. })));
        assert!(requests.step(&tenant, it.id, instructed()).await.is_err(), "not in doubt about a person");
        house.clock.advance(7 * DAY);
        let it = requests.step(&tenant, it.id, Step::Verify { contact: None }).await.unwrap();
        assert_eq!(it.state, State::AwaitingInstruction);
        assert_eq!(days(&it), ["2026-03-20", "2026-04-01", "2026-04-08"], "seven days on");
        let shown = requests.show(&tenant, it.id).await.unwrap();
        assert!(shown.calculation.contains("7 days of waiting"), "{}", shown.calculation);

        let it = requests.step(&tenant, it.id, Step::Withdraw).await.unwrap();
        assert_eq!((it.state, it.closed_late, it.hold), (State::Withdrawn, Some(false), None));
        assert!(!is_held(&house, anna, &it).await);
        let it = requests.step(&tenant, it.id, Step::Reopen { reason: "letter 3".into() }).await.unwrap();
        assert_eq!((it.state, it.closed_at), (State::AwaitingInstruction, None));
        assert!(is_held(&house, anna, &it).await, "held again");
        assert_eq!(days(&it)[2], "2026-04-08", "its days stay");
    }

    async fn taking_longer_is_told_in_time_once_and_with_facts(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        house.person(&tenant, 1, 1).await;
        let requests = requests(&house);
        let first = requests.register(&tenant, new(&[Right::Access], 1, house.clock.now())).await.unwrap();
        let second = requests.register(&tenant, new(&[Right::Access], 1, house.clock.now())).await.unwrap();
        let longer = |instruction: Option<&str>, facts: &str| Step::Extend {
            instruction: instruction.map(str::to_owned),
            reason: ExtensionReason::Complexity,
            facts: facts.into(),
        };
        let facts = "Four hundred cases over nine years have to be read by hand.";
        let refused = requests.step(&tenant, first.id, longer(None, facts)).await;
        assert!(matches!(refused, Err(RequestError::InstructionMissing)));
        let refused = requests.step(&tenant, first.id, longer(Some("KUND-1"), "complex")).await;
        assert!(matches!(refused, Err(RequestError::Invalid { field: "facts", .. })));
        let refused = requests.step(&tenant, first.id, longer(Some("asa@example.se"), facts)).await;
        assert!(matches!(refused, Err(RequestError::Reference(_))), "a reference names nobody");
        let it = requests.step(&tenant, first.id, longer(Some("KUND-1"), facts)).await.unwrap();
        assert_eq!(days(&it)[1..], ["2026-06-01", "2026-06-01"]);
        let again = requests.step(&tenant, first.id, longer(Some("KUND-2"), facts)).await;
        assert!(matches!(again, Err(RequestError::TooLate(_))), "once");

        house.clock.advance(32 * DAY);
        let late = requests.step(&tenant, second.id, longer(Some("KUND-3"), facts)).await;
        let Err(RequestError::TooLate(day)) = late else {
            panic!("too late: {late:?}");
        };
        assert_eq!(day.to_string(), "2026-04-01");
        let refuse = Step::Refuse { instruction: Some("KUND-4".into()), ground: RefusalGround::Excessive };
        let it = requests.step(&tenant, second.id, refuse).await.unwrap();
        assert_eq!((it.state, it.closed_late), (State::Refused, Some(true)));
        let due = requests.due(100).await.unwrap();
        assert_eq!(due.iter().map(|it| it.id).collect::<Vec<_>>(), [first.id], "the open one");
        assert!(requests.due(30).await.unwrap().is_empty());
    }

    async fn two_people_with_one_address_are_told_apart_first(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let other = gallra::catalog::write::ContactChange {
            external_id: Some("kund-900".into()),
            email: Some(email(1)),
            ..Default::default()
        };
        house.catalog.upsert_contact(&tenant, other).await.unwrap();
        let requests = requests(&house);
        let it = requests.register(&tenant, new(&[Right::Erasure], 1, house.clock.now())).await.unwrap();
        assert_eq!((it.contact, it.candidates, it.hold), (None, 2, None));
        assert!(matches!(requests.step(&tenant, it.id, instructed()).await, Err(RequestError::SeveralFit(2))));
        requests.step(&tenant, it.id, Step::Verify { contact: Some(anna) }).await.unwrap();
        requests.step(&tenant, it.id, instructed()).await.unwrap();
        let done = requests.deliver(&tenant, it.id).await.unwrap();
        assert_eq!(done.request.state, State::Fulfilled);
        assert_eq!(done.request.receipt_id, done.erased.map(|it| it.erasure));
        let left = house.catalog.find(&gallra::catalog::Identifier::Email(email(1)), None).await.unwrap();
        assert_eq!(left.matches.len(), 1, "the other one stays");
    }

    async fn a_request_about_nobody_is_answered_so(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let requests = requests(&house);
        let asked = new(&[Right::Access, Right::Erasure], 7, house.clock.now());
        let it = requests.register(&tenant, asked).await.unwrap();
        assert_eq!((it.contact, it.candidates), (None, 0));
        requests.step(&tenant, it.id, instructed()).await.unwrap();
        assert!(matches!(requests.deliver(&tenant, it.id).await, Err(RequestError::NotPackaged)));
        assert!(requests.package(&tenant, it.id).await.unwrap().is_none());
        let done = requests.deliver(&tenant, it.id).await.unwrap();
        assert!(done.erased.is_none() && done.request.receipt_id.is_none());
        assert_eq!(done.request.state, State::Fulfilled);

        let late = Timestamp(house.clock.now().0 + 3_600_000_000);
        let refused = requests.register(&tenant, new(&[Right::Access], 1, late)).await;
        assert!(matches!(refused, Err(RequestError::Invalid { field: "received_at", .. })));
    }

    async fn what_a_person_asked_outlives_the_erasure_and_not_the_purge(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 1).await;
        let requests = requests(&house);
        let both = [Right::Access, Right::Erasure];
        let it = requests.register(&tenant, new(&both, 1, house.clock.now())).await.unwrap();
        assert!(matches!(requests.deliver(&tenant, it.id).await, Err(RequestError::NotInstructed)));
        assert!(matches!(requests.package(&tenant, it.id).await, Err(RequestError::NotInstructed)));
        requests.step(&tenant, it.id, instructed()).await.unwrap();
        assert!(matches!(requests.deliver(&tenant, it.id).await, Err(RequestError::NotPackaged)));
        assert!(is_held(&house, anna, &it).await, "still");
        let record = requests.package(&tenant, it.id).await.unwrap().expect("somebody is held");
        assert_eq!(record.profile.id, anna);
        let done = requests.deliver(&tenant, it.id).await.unwrap();
        assert!(done.erased.is_some());
        assert!(house.catalog.read_contact(&tenant, anna).await.is_err());
        let shown = requests.show(&tenant, it.id).await.unwrap();
        assert_eq!(shown.identifiers.email, Some(email(1)));
        assert_eq!(shown.text.unwrap().expose(), "Skicka allt ni har om mig.");
        let steps: Vec<_> = shown.events.iter().map(|it| it.act.as_str()).collect();
        assert_eq!(steps, ["register", "instruct", "package", "deliver", "deliver"]);
        assert!(matches!(requests.deliver(&tenant, it.id).await, Err(RequestError::WrongState { .. })));

        house.purge(&tenant).await;
        assert!(matches!(requests.tenant_of(it.id).await, Err(RequestError::Unknown)));
        for table in ["request", "request_event", "request_pause"] {
            let sql: &'static str = format!("SELECT COUNT(*) FROM {table}").leak();
            let left = house.catalog.data.fetch_one(sql, gallra::store::args![]).await.unwrap();
            assert_eq!(left.u64(0).unwrap(), 0, "{table}");
        }
    }

    async fn what_is_due_goes_by_the_earlier_day_and_is_told_once(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        house.person(&tenant, 1, 1).await;
        let requests = requests(&house);
        let it = requests.register(&tenant, new(&[Right::Access], 1, house.clock.now())).await.unwrap();
        assert_eq!([&days(&it)[0], &days(&it)[2]], ["2026-03-20", "2026-04-01"]);
        // It is 1 March: our own aim is 19 days off, the last day by law 31.
        assert!(requests.due(18).await.unwrap().is_empty());
        assert_eq!(requests.due(19).await.unwrap().len(), 1);

        let told = async || {
            let sql = "SELECT kind FROM event WHERE object = $1 ORDER BY kind";
            let rows = house.catalog.data.fetch_all(sql, gallra::store::args![it.id]).await.unwrap();
            rows.iter().map(|row| row.text(0).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(requests.announce_due().await.unwrap(), 0);
        assert_eq!(told().await, ["request.received"]);
        house.clock.advance(12 * DAY);
        assert_eq!(requests.announce_due().await.unwrap(), 1);
        assert_eq!(requests.announce_due().await.unwrap(), 0, "once");
        assert_eq!(told().await, ["request.due_soon", "request.received"]);
        house.clock.advance(19 * DAY);
        assert_eq!(requests.announce_due().await.unwrap(), 0, "1 April is the last day and not over");
        house.clock.advance(DAY);
        assert_eq!(requests.announce_due().await.unwrap(), 1);
        assert_eq!(told().await, ["request.due_soon", "request.overdue", "request.received"]);
        requests.step(&tenant, it.id, Step::Withdraw).await.unwrap();
        assert_eq!(requests.announce_due().await.unwrap(), 0);
    }
}

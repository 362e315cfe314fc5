use super::*;
use crate::receipts::body::Returned;

const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();

fn counts(messages: u64) -> Preview {
    Preview {
        people: 2,
        keys: 9,
        cases: 1,
        messages,
        forwardings: 0,
        quarantined: 0,
    }
}

fn approval(name: &str, messages: u64) -> Approval {
    Approval {
        name: name.to_owned(),
        known_by: "test".to_owned(),
        actor: "system".to_owned(),
        at: Timestamp(0),
        counts: counts(messages),
    }
}

fn export(messages: u64) -> super::super::Export {
    super::super::Export {
        returned: Returned {
            format: "zip, age".to_owned(),
            sha256: "00".repeat(32),
            bytes: 1,
            records: Vec::new(),
            at: Timestamp(0),
        },
        counts: counts(messages),
        actor: "system".to_owned(),
    }
}

fn record(choice: Option<Choice>) -> Record {
    Record {
        choice,
        contract_ends: DAY,
        grace_days: 30,
        instruction: None,
        begun_by: "system".to_owned(),
        approvals: Vec::new(),
        export: None,
        exports_before: Vec::new(),
        tasks: Vec::new(),
        cancelled: None,
        executing: None,
    }
}

fn words(record: &Record, now: &str, holds: &[String]) -> (State, Vec<&'static str>) {
    let situation = Situation {
        record,
        timezone: "Europe/Stockholm",
        now: Timestamp::parse(now).unwrap(),
        holds,
        counts: counts(5),
        approvals: 2,
    };
    let found = obstacles(&situation);
    (
        state(&situation),
        found.iter().map(Obstacle::word).collect(),
    )
}

const LATER: &str = "2026-06-01T00:00:00Z";

#[test]
fn everything_is_asked_for_in_the_order_a_person_would_do_it() {
    let announced = record(None);
    let expected = ["no_choice", "contract_runs", "approvals"];
    let during = "2026-03-31T12:00:00Z";
    assert_eq!(
        words(&announced, during, &[]),
        (State::ChoicePending, expected.to_vec())
    );

    let mut chosen = record(Some(Choice::Return));
    let expected = vec!["grace", "held", "not_returned", "approvals"];
    let hold = ["A tax case".to_owned()];
    assert_eq!(
        words(&chosen, "2026-04-15T00:00:00Z", &hold),
        (State::Held, expected)
    );
    assert_eq!(words(&chosen, LATER, &[]).0, State::NoticeGiven);
    chosen.export = Some(export(4));
    assert_eq!(
        words(&chosen, LATER, &[]),
        (State::NoticeGiven, vec!["returned_before", "approvals"])
    );
    chosen.export = Some(export(5));
    assert_eq!(
        words(&chosen, LATER, &[]),
        (State::Exported, vec!["approvals"])
    );
    chosen.approvals = vec![approval("Anna", 5), approval("Bo", 4)];
    assert_eq!(
        words(&chosen, LATER, &[]),
        (State::Exported, vec!["changed", "approvals"])
    );
    chosen.approvals = vec![approval("Anna", 5), approval("Bo", 5)];
    assert_eq!(words(&chosen, LATER, &[]), (State::Approved, vec![]));
    chosen.executing = Some(Timestamp(0));
    assert_eq!(words(&chosen, LATER, &[]).0, State::Purging);
    chosen.cancelled = Some("renewed".to_owned());
    assert_eq!(words(&chosen, LATER, &[]).0, State::Cancelled);
}

#[test]
fn an_old_approval_beside_enough_new_ones_is_no_obstacle() {
    let mut chosen = record(Some(Choice::Delete));
    chosen.approvals = vec![approval("Anna", 5), approval("Bo", 5), approval("Cy", 1)];
    assert_eq!(words(&chosen, LATER, &[]), (State::Approved, vec![]));
}

/// A contract's last day ends at midnight where the client is, also across the change to summer time.
#[test]
fn a_day_ends_at_the_clients_midnight() {
    let ends = |day: NaiveDate, days, zone| end_of(day, days, zone).to_string();
    assert_eq!(ends(DAY, 0, "Europe/Stockholm"), "2026-03-31T22:00:00Z");
    let before = NaiveDate::from_ymd_opt(2026, 3, 28).unwrap();
    assert_eq!(ends(before, 0, "Europe/Stockholm"), "2026-03-28T23:00:00Z");
    assert_eq!(ends(before, 1, "Europe/Stockholm"), "2026-03-29T22:00:00Z");
    assert_eq!(ends(DAY, 30, "Europe/Stockholm"), "2026-04-30T22:00:00Z");
    assert_eq!(ends(DAY, 0, "no such zone"), "2026-04-01T00:00:00Z");
    // On this night there is no midnight in Beirut; nothing panics and no day is lost.
    let beirut = NaiveDate::from_ymd_opt(2025, 3, 29).unwrap();
    assert_eq!(ends(beirut, 0, "Asia/Beirut"), "2025-03-30T00:00:00Z");
    assert!(!ends(NaiveDate::MAX, 90, "Europe/Stockholm").is_empty());
    let moment = Timestamp::parse("2026-03-31T22:30:00Z").unwrap();
    assert_eq!(day_of(moment, "Europe/Stockholm").to_string(), "2026-04-01");
}

#[test]
fn nobody_is_two_people() {
    assert!(same_person("Anna Berg", " anna  BERG "));
    assert!(!same_person("Anna Berg", "Anna Borg"));
}

#[test]
fn every_obstacle_names_what_to_do() {
    let (then, now) = (counts(1), counts(2));
    for obstacle in [
        Obstacle::NoChoice,
        Obstacle::ContractRuns(Timestamp(0)),
        Obstacle::Grace(Timestamp(0)),
        Obstacle::Held("x".to_owned()),
        Obstacle::NotReturned,
        Obstacle::ReturnedBefore(then, now),
        Obstacle::Changed(then, now),
        Obstacle::Approvals(1, 2),
    ] {
        let remedy = obstacle.remedy("brygga");
        assert!(
            remedy.contains("gallra ") || remedy.contains("wait"),
            "{remedy}"
        );
    }
}

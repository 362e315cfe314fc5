//! Finding one person among many by their address.

use std::time::Duration;

use gallra::catalog::{Identifier, TenantRef};
use gallra::ingest::{Options, import_gallra};

use crate::shared::Case;
use crate::shared::plain::Plain;
use crate::shared::records;
use crate::shared::table::{Goal, Line, percentile, time};
use crate::support::house::House;

const PEOPLE: usize = 100_000;
const PEOPLE_OF_SCALE: usize = 1_000_000;
/// Contacts that are imported at a time.
const SLICE: usize = 10_000;
/// Searches of each kind.
const SEARCHES: usize = 600;

/// One search after another, as answered: with its durable audit row and what is held of each category.
/// Beside it the contact by an index over plaintext, with an audit row as durable; and without one.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let people = if case.scale { PEOPLE_OF_SCALE } else { PEOPLE };
    let house = House::new(case.bench).await;
    let tenant = house.tenant("skor").await;
    let plain = Plain::new(case.bench).await;
    fill(&house, &tenant, &plain, people).await;
    let mut times: [Vec<Duration>; 3] = Default::default();
    for search in 0..SEARCHES {
        let email = records::email(search * 7919 % people);
        let identifier = Identifier::Email(email.as_str().into());
        let find = house.catalog.find(&identifier, Some(&tenant));
        let (took, found) = time(find).await;
        assert_eq!(found.expect("it is looked for").matches.len(), 1, "{email}");
        times[0].push(took);
        let (took, found) = time(async {
            let found = plain.find(&email).await;
            plain.note().await;
            found
        })
        .await;
        assert_eq!(found.len(), 1, "{email}");
        times[1].push(took);
        times[2].push(time(plain.find(&email)).await.0);
    }
    plain.remove().await;
    house.close().await;
    let at = |kind: usize, of_hundred| percentile(&times[kind], of_hundred);
    let line = |what: &str, of_hundred, kind, goal| {
        let measure = format!("find among {people} contacts, p{of_hundred} ({what})");
        Line::times(&measure, at(0, of_hundred), at(kind, of_hundred), goal)
    };
    let audited = "raw read with its audit row";
    vec![
        line(audited, 50, 1, Goal::Known),
        line(audited, 99, 1, Goal::AtMost(2.0)),
        line("raw read alone", 50, 2, Goal::Known),
        line("raw read alone", 99, 2, Goal::Known),
    ]
}

async fn fill(house: &House, tenant: &TenantRef, plain: &Plain, people: usize) {
    for begin in (0..people).step_by(SLICE) {
        let text = records::contacts(begin..people.min(begin + SLICE));
        let options = Options::default();
        let imported = import_gallra(&house.catalog, tenant, text.as_bytes(), options, |_| {});
        imported.await.expect("it is imported");
        plain.import(&text).await;
    }
}

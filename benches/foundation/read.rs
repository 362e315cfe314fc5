//! Reading one contact.

use futures_util::future::join_all;
use gallra::ingest::{Options, import_gallra};

use crate::contacts;
use crate::shared::Case;
use crate::shared::plain::Plain;
use crate::shared::records;
use crate::shared::table::{Goal, Line, median, time};
use crate::support::house::House;

const PEOPLE: usize = 5_000;
const ROUNDS: usize = 9;
const READS: usize = 1_000;
/// Readers at once, as a server has them.
const READERS: usize = 32;

/// Point reads a second: opened only, and as answered, with audit row and confirmation.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let house = House::new(case.bench).await;
    let tenant = house.tenant("skor").await;
    let plain = Plain::new(case.bench).await;
    let text = records::contacts(0..PEOPLE);
    let options = Options::default();
    let imported = import_gallra(&house.catalog, &tenant, text.as_bytes(), options, |_| {});
    imported.await.expect("it is imported");
    plain.import(&text).await;
    let ids = contacts(&house, &tenant).await;
    let raw = plain.contacts().await;

    let catalog = &house.catalog;
    let open = async |at: usize| drop(catalog.open_contact(&tenant, pick(&ids, at)).await.unwrap());
    let answer =
        async |at: usize| drop(catalog.read_contact(&tenant, pick(&ids, at)).await.unwrap());
    let read = async |at: usize| drop(plain.read(&pick(&raw, at)).await);
    let mut rates: [Vec<f64>; 6] = Default::default();
    for _ in 0..ROUNDS {
        rates[0].push(rate(1, &open).await);
        rates[1].push(rate(1, &read).await);
        rates[2].push(rate(READERS, &open).await);
        rates[3].push(rate(READERS, &read).await);
        rates[4].push(rate(1, &answer).await);
        rates[5].push(rate(READERS, &answer).await);
    }
    let [open, read, open_many, read_many, answer, answer_many] = rates.map(|it| median(&it));
    plain.remove().await;
    house.close().await;
    let goal = Goal::AtLeast(0.6);
    vec![
        Line::rates("contact opened, one reader", open, read, goal),
        Line::rates("contact opened, 32 readers", open_many, read_many, goal),
        Line::rates(
            "with audit row and confirmation, one reader",
            answer,
            read,
            Goal::Known,
        ),
        Line::rates(
            "with audit row and confirmation, 32 readers",
            answer_many,
            read_many,
            Goal::Known,
        ),
    ]
}

/// Reads a second with so many readers.
async fn rate(readers: usize, read: &impl AsyncFn(usize)) -> f64 {
    let reader = async |number: usize| {
        for at in 0..READS / readers {
            read(number * READS + at * 7919).await;
        }
    };
    let (took, _) = time(join_all((0..readers).map(reader))).await;
    (READS / readers * readers) as f64 / took.as_secs_f64()
}

fn pick<T: Clone>(all: &[T], at: usize) -> T {
    all[at % all.len()].clone()
}

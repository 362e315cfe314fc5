//! Importing a support desk's export.

use gallra::ingest::{Options, import_gallra};

use crate::shared::Case;
use crate::shared::plain::Plain;
use crate::shared::records::{self, PER_PERSON};
use crate::shared::table::{Goal, Line, median, time};
use crate::support::house::House;

const ROUNDS: usize = 5;
/// People of one round.
const PEOPLE: usize = 5_000;

/// Rows a second, ours and the baseline's taking turns.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let house = House::new(case.bench).await;
    let tenant = house.tenant("skor").await;
    let plain = Plain::new(case.bench).await;
    let (mut ours, mut baseline, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let records = (PEOPLE * PER_PERSON) as f64;
    for round in 0..ROUNDS {
        let text = records::people(round * PEOPLE..(round + 1) * PEOPLE);
        let options = Options::default;
        let import = || import_gallra(&house.catalog, &tenant, text.as_bytes(), options(), |_| {});
        let (took, report) = time(import()).await;
        assert_eq!(report.expect("it is imported").records as f64, records);
        ours.push(records / took.as_secs_f64());
        let (took, ()) = time(plain.import(&text)).await;
        baseline.push(records / took.as_secs_f64());
        if round % 3 == 0 {
            let (took, report) = time(import()).await;
            report.expect("it is imported again");
            again.push(records / took.as_secs_f64());
        }
    }
    plain.remove().await;
    house.close().await;
    let (ours, baseline) = (median(&ours), median(&baseline));
    vec![
        Line::rates("import, records", ours, baseline, Goal::AtLeast(0.6)),
        Line::known(
            "import of what is there already, records",
            format!("{:.0}/s", median(&again)),
            String::new(),
        ),
    ]
}

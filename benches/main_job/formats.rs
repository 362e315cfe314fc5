//! Importing every format there is.

use gallra::catalog::TenantRef;
use gallra::ingest::{FORMATS, Format, Options, Report, Session, Settings};

use crate::multiplied::{OWN, source};
use crate::shared::Case;
use crate::shared::table::{Goal, Line, median, time};
use crate::support::house::House;

const ROUNDS: usize = 3;
/// Copies of a format's fixture in a round: some thousand records.
const COPIES: usize = 400;

/// Records a second into the stores, beside reading the same source alone: the smaller the ratio, the
/// less the format matters. What the stores themselves cost is the foundation's benchmark `import`.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let house = House::new(case.bench).await;
    let mut lines = Vec::new();
    for format in FORMATS {
        let tenant = house.tenant(&format!("kund-{}", format.name)).await;
        let (mut ours, mut reading) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let source = source(format, round * COPIES..(round + 1) * COPIES);
            let (rate, written) = imported(&house, &tenant, format, &source, false).await;
            ours.push(rate);
            let (rate, read) = imported(&house, &tenant, format, &source, true).await;
            reading.push(rate);
            assert_eq!(written.read, read.read, "{format:?}: both read the same");
            let new = written.contacts.created.min(written.messages.created);
            assert!(new >= COPIES as u64, "each copy is new: {written:?}");
            assert!(written.quarantined.is_empty(), "{written:?}");
        }
        let measure = format!("import {}, records (baseline: read alone)", format.name);
        let (ours, reading) = (median(&ours), median(&reading));
        lines.push(Line::rates(&measure, ours, reading, Goal::Known));
    }
    house.close().await;
    lines
}

/// Records a second, and what became of them.
async fn imported(
    house: &House,
    tenant: &TenantRef,
    format: &'static Format,
    source: &[u8],
    dry_run: bool,
) -> (f64, Report) {
    let settings = Settings {
        own: vec![OWN.to_owned()],
        ..Settings::default()
    };
    let mut session = Session::new(&house.catalog, tenant, settings);
    let options = Options {
        dry_run,
        ..Options::default()
    };
    let (took, report) = time(session.import(source, Some(format), options, |_| {})).await;
    let report = report.expect("it is imported");
    let read = &report.read;
    let messages = read.messages_in + read.messages_out + read.notes;
    let records = (read.contacts + read.cases + messages) as f64;
    (records / took.as_secs_f64(), report)
}

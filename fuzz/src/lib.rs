//! What every target does: read any bytes as one format, to the end, with nothing to write to.

use gallra::ingest::{Format, Options, Session, Settings};

/// Reads bytes as this format and panics only where the reader does.
pub fn read(format: &str, bytes: &[u8]) {
    let format = Format::named(format).expect("there is such a format");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut session = Session::reading(Settings::default());
    let read = session.import(bytes, Some(format), Options::default(), |_| {});
    if let Ok(report) = runtime.block_on(read) {
        assert!(report.records + report.quarantined_total() <= bytes.len() as u64 + 1);
    }
}

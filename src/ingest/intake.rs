//! Batches, waiting, and counting: what every format shares.

use std::time::Duration;

use super::IngestError;
use super::format::Taken;
use super::report::{Report, TableReport};
use crate::audit::Action;
use crate::catalog::index::settle::Pending;
use crate::catalog::write::{Change, Manner, Outcome, RejectedRecord, Reserved};
use crate::catalog::{Catalog, TenantRef};

/// The most records of a batch.
const MOST_RECORDS: usize = 500;
/// The most bytes of a batch.
const MOST_BYTES: usize = 4 << 20;
/// Between two tries to write a record of somebody who is being erased.
const PAUSE: Duration = Duration::from_millis(100);

/// How an import goes about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What quarantined records say they came from, such as the format. No file name: it may be a
    /// person's.
    pub source: String,
    /// Read and count only.
    pub dry_run: bool,
    /// How long a record waits for the erasure of its contact or case.
    pub patience: Duration,
    /// How many lines the report names for each reason why a record could not be read.
    pub named_lines: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            source: "gallra".to_owned(),
            dry_run: false,
            patience: Duration::from_secs(10),
            named_lines: 20,
        }
    }
}

/// History from another system.
const MANNER: Manner = Manner {
    history: true,
    action: Action::Imported,
};

/// A batch that is reserved and not written: its rows are written while the next batch is reserved,
/// because these are two stores.
struct Ahead {
    batch: Vec<Change>,
    reserved: Option<Reserved>,
}

/// An import under way.
pub struct Intake<'a> {
    /// Nowhere, when it only reads.
    into: Option<(&'a Catalog, &'a TenantRef)>,
    options: Options,
    batch: Vec<Change>,
    bytes: usize,
    /// The batch before, whose ids are fixed.
    ahead: Option<Ahead>,
    pending: Pending,
    /// Batches that are written.
    written: u64,
    report: Report,
}

impl<'a> Intake<'a> {
    /// Begins an import.
    pub fn new(catalog: &'a Catalog, tenant: &'a TenantRef, options: Options) -> Self {
        let into = (!options.dry_run).then_some((catalog, tenant));
        let mut intake = Self::reading(options);
        intake.report.dry_run = into.is_none();
        intake.into = into;
        intake
    }

    /// Begins one that only reads and counts: there is nothing it could write to.
    pub fn reading(options: Options) -> Self {
        let report = Report {
            dry_run: true,
            ..Report::default()
        };
        Self {
            into: None,
            options,
            batch: Vec::with_capacity(MOST_RECORDS),
            bytes: 0,
            ahead: None,
            pending: Pending::default(),
            written: 0,
            report,
        }
    }

    /// How it goes on.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// What became of the records so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Notes which format the source has.
    pub fn of_format(&mut self, name: &str) {
        let before = &self.report.format;
        self.report.format = match before.is_empty() || before == name {
            true => name.to_owned(),
            false => "several".to_owned(),
        };
        self.options.source = name.to_owned();
    }

    /// Counts a file that is passed over.
    pub fn skip(&mut self) {
        self.report.skipped += 1;
    }

    /// Notes how a table is read.
    pub fn table(&mut self, table: TableReport) {
        self.report.table = Some(table);
    }

    /// Says which line of the source, or record, is taken in now.
    pub fn at_line(&mut self, line: u64) {
        self.report.lines = line;
    }

    /// Takes in what was made of one record of another system. Says whether a batch was written.
    pub(super) async fn take(&mut self, taken: Taken<'_>) -> Result<bool, IngestError> {
        let mut written = false;
        self.report.note(&taken.dropped, &taken.remarks);
        for (change, weight) in taken.changes {
            written |= self.add(change, weight).await?;
        }
        for (reason, record) in taken.rejected {
            let weight = record.len();
            let rejected = RejectedRecord {
                source: self.options.source.clone(),
                line: self.report.lines,
                reason: reason.words(),
                record,
            };
            written |= self.add(Change::Rejected(rejected), weight).await?;
        }
        Ok(written)
    }

    /// Counts a line, also one that holds no record.
    pub fn line(&mut self) {
        self.report.lines += 1;
    }

    /// Takes a record in; `bytes` is its length in the source. Says whether a batch was written.
    pub async fn add(&mut self, change: Change, bytes: usize) -> Result<bool, IngestError> {
        self.report.read(&change);
        if self.into.is_none() {
            if let Change::Rejected(it) = &change {
                self.report
                    .quarantine(it.reason, it.line, self.options.named_lines);
            }
            return Ok(false);
        }
        self.batch.push(change);
        self.bytes += bytes;
        if self.batch.len() < MOST_RECORDS && self.bytes < MOST_BYTES {
            return Ok(false);
        }
        Box::pin(self.flush()).await?;
        Ok(true)
    }

    /// Writes the last batches and what still waits.
    pub async fn finish(mut self) -> Result<Report, IngestError> {
        Box::pin(self.flush()).await?;
        Box::pin(self.flush()).await?;
        if let Some((catalog, tenant)) = self.into {
            catalog.finish(tenant, &self.pending).await?;
        }
        Ok(self.report)
    }

    /// Reserves this batch and writes the one before.
    // Callers box its future: it is the way through the whole catalog, and the compiler counts depth.
    async fn flush(&mut self) -> Result<(), IngestError> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        let Some((catalog, tenant)) = self.into else {
            return Ok(());
        };
        let pending = &self.pending;
        let reserve = async {
            match batch.is_empty() {
                true => Ok(None),
                false => catalog.write_ahead(tenant, &batch, MANNER, pending).await,
            }
        };
        let (reserved, written) = match self.ahead.take() {
            None => (reserve.await?, None),
            Some(Ahead {
                batch: before,
                reserved,
            }) => {
                let write = catalog.write_reserved(tenant, &before, reserved, MANNER, pending);
                let (reserved, outcomes) = tokio::join!(reserve, write);
                (reserved?, Some((before, outcomes?)))
            }
        };
        if !batch.is_empty() {
            self.ahead = Some(Ahead { batch, reserved });
        }
        if let Some((before, outcomes)) = written {
            self.ended(before, outcomes).await?;
        }
        Ok(())
    }

    /// Counts what was written, and tries for a while to write what must wait.
    async fn ended(
        &mut self,
        batch: Vec<Change>,
        outcomes: Vec<Outcome>,
    ) -> Result<(), IngestError> {
        let Some((catalog, tenant)) = self.into else {
            return Ok(());
        };
        self.written += 1;
        if self.written.is_power_of_two() {
            catalog.refresh_statistics().await?;
        }
        let clock = catalog.clock.clone();
        let until = clock.uptime() + self.options.patience;
        let mut waiting = self.count(batch, outcomes, clock.uptime() >= until);
        while !waiting.is_empty() {
            tokio::time::sleep(PAUSE).await;
            let last = clock.uptime() >= until;
            let written = catalog.write(tenant, &waiting, MANNER, &self.pending);
            let outcomes = written.await?;
            waiting = self.count(waiting, outcomes, last);
        }
        Ok(())
    }

    /// Counts a batch; what must wait comes back, unless this was the last try.
    fn count(&mut self, batch: Vec<Change>, outcomes: Vec<Outcome>, last: bool) -> Vec<Change> {
        let (mut waiting, named) = (Vec::new(), self.options.named_lines);
        for (change, outcome) in batch.into_iter().zip(outcomes) {
            match outcome {
                Outcome::BeingErased if !last => waiting.push(change),
                outcome => self.report.count(&change, &outcome, named),
            }
        }
        waiting
    }
}

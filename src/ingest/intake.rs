//! Batches, waiting, and counting: what every format shares.

use std::sync::Arc;
use std::time::Duration;

use super::IngestError;
use super::format::Taken;
use super::report::{Report, TableReport};
use crate::audit::Action;
use crate::catalog::index::settle::Pending;
use crate::catalog::write::{Change, Manner, Outcome, RejectedRecord, Reserved};
use crate::catalog::{Catalog, CatalogError, TenantRef};

/// The most records of a batch: they become durable together.
const MOST_RECORDS: usize = 1_000;
/// The most bytes of a batch.
const MOST_BYTES: usize = 4 << 20;
/// The most batches that are reserved together, and the bytes of them at which no more are waited for.
/// An import begins with one, then two, then four: nothing can be written before something is reserved.
const MOST_BATCHES: usize = 8;
const ENOUGH_BYTES: usize = 8 << 20;
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

/// A batch that is reserved and not written: the rows of some are written while the next ones are
/// reserved, because these are two stores.
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
    /// Full batches whose ids are not fixed yet, and their bytes.
    full: Vec<Vec<Change>>,
    full_bytes: usize,
    /// How many are reserved together next.
    together: usize,
    /// The batches before, whose ids are fixed.
    ahead: Vec<Ahead>,
    pending: Arc<Pending>,
    /// Batches that are written.
    written: u64,
    /// Lines of the files of a directory before this one.
    lines_before: u64,
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
            full: Vec::new(),
            full_bytes: 0,
            together: 1,
            ahead: Vec::new(),
            pending: Arc::default(),
            written: 0,
            lines_before: 0,
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
        if let Some(file) = self.report.this_file() {
            file.format = name.to_owned();
        }
    }

    /// Notes which file of a directory is read now; its lines are counted from 1 again.
    pub fn begin_file(&mut self, file: String) {
        self.report.begin_file(file);
        self.lines_before += std::mem::take(&mut self.report.lines);
    }

    /// Passes this file of a directory over.
    pub fn skip(&mut self, why: String) {
        self.report.skipped += 1;
        if let Some(file) = self.report.this_file() {
            file.refused = Some(why);
        }
    }

    /// Notes how a table is read.
    pub fn table(&mut self, table: TableReport) {
        match self.report.this_file() {
            Some(file) => file.table = Some(table),
            None => self.report.table = Some(table),
        }
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
        if let (Change::Rejected(it), named) = (&change, self.options.named_lines)
            && let Some(file) = self.report.this_file()
        {
            let lines = file.unread.entry(it.reason).or_default();
            if lines.len() < named {
                lines.push(it.line);
            }
        }
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
        self.end_batch();
        if self.full.len() < self.together && self.full_bytes < ENOUGH_BYTES {
            return Ok(false);
        }
        self.together = MOST_BATCHES.min(2 * self.together);
        Box::pin(self.flush()).await?;
        Ok(true)
    }

    /// Writes the last batches and what still waits.
    pub async fn finish(mut self) -> Result<Report, IngestError> {
        self.end_batch();
        Box::pin(self.flush()).await?;
        Box::pin(self.flush()).await?;
        if let Some((catalog, tenant)) = self.into {
            catalog.finish(tenant, &self.pending).await?;
        }
        self.report.end_file();
        self.report.lines += self.lines_before;
        Ok(self.report)
    }

    /// No more goes into this batch.
    fn end_batch(&mut self) {
        if !self.batch.is_empty() {
            self.full.push(std::mem::take(&mut self.batch));
        }
        self.full_bytes += std::mem::take(&mut self.bytes);
    }

    /// Reserves the full batches and writes the ones before.
    // Callers box its future: it is the way through the whole catalog, and the compiler counts depth.
    async fn flush(&mut self) -> Result<(), IngestError> {
        let full = std::mem::take(&mut self.full);
        self.full_bytes = 0;
        let Some((catalog, tenant)) = self.into else {
            return Ok(());
        };
        let pending = self.pending.clone();
        let (reserved, written) = tokio::join!(
            reserve(catalog, tenant, full, &pending),
            self.write(&pending),
        );
        written?;
        self.ahead = reserved?;
        Ok(())
    }

    /// Writes the batches whose ids are fixed, in order.
    async fn write(&mut self, pending: &Pending) -> Result<(), IngestError> {
        for Ahead { batch, reserved } in std::mem::take(&mut self.ahead) {
            let Some((catalog, tenant)) = self.into else {
                return Ok(());
            };
            let outcomes = catalog.write_reserved(tenant, &batch, reserved, MANNER, pending);
            let outcomes = outcomes.await?;
            self.ended(batch, outcomes, pending).await?;
        }
        Ok(())
    }

    /// Counts what was written, and tries for a while to write what must wait.
    async fn ended(
        &mut self,
        batch: Vec<Change>,
        outcomes: Vec<Outcome>,
        pending: &Pending,
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
            let written = catalog.write(tenant, &waiting, MANNER, pending);
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

/// Fixes the ids of these batches, on a thread of its own: the one that asks writes the batches before.
async fn reserve(
    catalog: &Catalog,
    tenant: &TenantRef,
    full: Vec<Vec<Change>>,
    pending: &Arc<Pending>,
) -> Result<Vec<Ahead>, CatalogError> {
    let (catalog, tenant, pending) = (catalog.clone(), tenant.clone(), pending.clone());
    let work = async move {
        let batches: Vec<&[Change]> = full.iter().map(Vec::as_slice).collect();
        if batches.is_empty() {
            // Nothing more comes: the index takes the tokens of what is written meanwhile.
            catalog.write_tokens(&tenant, &pending).await?;
            return Ok(Vec::new());
        }
        let ahead = catalog.write_ahead(&tenant, &batches, MANNER, &pending);
        let reserved = ahead.await?;
        let reserved = full.into_iter().zip(reserved);
        let reserved = reserved.map(|(batch, reserved)| Ahead { batch, reserved });
        Ok(reserved.collect())
    };
    // A task that ends without an answer has told why: a fault is logged where it happens.
    let done = tokio::spawn(Box::pin(work)).await;
    done.unwrap_or(Err(CatalogError::Contended))
}

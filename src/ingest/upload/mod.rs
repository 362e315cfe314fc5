//! Files that are sent in over the network: kept sealed as they come, taken in by a job, then destroyed.
//!
//! ```text
//! receiving ──whole──▶ received ──job──▶ done      counts, and the lines that could not be read
//!     │                    └───────────▶ failed    nothing of it can be read: the reason says why
//!     └─ broken off, too large, silent ─▶ cut_off  nothing of it was taken in: send it again
//! ```
//!
//! Nothing is taken in before the whole file is here, so what breaks off leaves nothing half stored. Each
//! piece is sealed before it is written; all pieces are one unit, and its key is destroyed by the erase
//! protocol as soon as the file is taken in, with a receipt: no backup keeps the raw export.
//!
//! A job that dies half way begins the file again, and nothing is taken in twice.

mod receive;
pub(crate) mod rows;
mod spool;
mod wishes;

use serde_json::Value as Json;

pub use receive::{LARGEST, Receiving};
pub use spool::Spool;
pub use wishes::Wishes;

use super::Report;
use crate::audit::{self, Action};
use crate::catalog::{Catalog, CatalogError, TenantRef};
use crate::queue::{self, Kind, NewJob};
use crate::store::{Row, StoreError, Value, args};
use crate::vocabulary::{ImportId, TenantId, Timestamp};
use crate::webhooks::{self, Event};

/// Lines that are named for each reason; the quarantine has them all.
const NAMED_REJECTS: usize = 10_000;

/// How an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// It is still coming in.
    Receiving,
    /// It is here and waits to be taken in, or is being taken in.
    Received,
    /// It is taken in.
    Done,
    /// Nothing of it can be read.
    Failed,
    /// It broke off, and nothing of it was taken in: send it again.
    CutOff,
}

impl UploadState {
    const ALL: [UploadState; 5] = [
        UploadState::Receiving,
        UploadState::Received,
        UploadState::Done,
        UploadState::Failed,
        UploadState::CutOff,
    ];

    const fn word(self) -> &'static str {
        match self {
            UploadState::Receiving => "receiving",
            UploadState::Received => "received",
            UploadState::Done => "done",
            UploadState::Failed => "failed",
            UploadState::CutOff => "cut_off",
        }
    }

    fn from_word(word: &str) -> Self {
        let found = Self::ALL.into_iter().find(|state| state.word() == word);
        found.unwrap_or(UploadState::Failed)
    }
}

/// An upload as it is looked at. No personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// Its id.
    pub id: ImportId,
    /// Into whose data.
    pub tenant: TenantId,
    /// The same, as it is called.
    pub slug: String,
    /// The format that was asked for, or `auto`.
    pub format: String,
    /// How it is to be read.
    pub wishes: Wishes,
    /// How it stands.
    pub state: UploadState,
    /// How long it is, as far as it has come in.
    pub bytes: u64,
    /// In how many pieces.
    pub chunks: u64,
    /// What became of its records.
    pub report: Option<Json>,
    /// Why it failed or broke off.
    pub reason: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl Upload {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let (report, wishes) = (row.opt_text(6)?, row.opt_text(11)?);
        let wishes = wishes.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Self {
            id: row.id(0)?,
            tenant: row.id(1)?,
            format: row.text(2)?,
            state: UploadState::from_word(&row.text(3)?),
            bytes: row.u64(4)?,
            chunks: row.u64(5)?,
            report: report.and_then(|text| serde_json::from_str(&text).ok()),
            reason: row.opt_text(7)?,
            created_at: row.timestamp(8)?,
            ended_at: row.opt_timestamp(9)?,
            slug: row.text(10)?,
            wishes: wishes.unwrap_or_default(),
        })
    }
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Reject {
    /// Its place in this list.
    #[serde(skip)]
    pub number: u64,
    /// Which line; of JSON and mail, which record.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// Uploads into a catalog, on somebody's behalf. Cheap to clone.
#[derive(Clone)]
pub struct Uploads {
    /// Into which catalog.
    pub catalog: Catalog,
}

/// How an upload ends.
#[derive(Debug)]
pub enum Ended<'r> {
    /// It is taken in.
    Done(&'r Report),
    /// Nothing of it can be read.
    Failed(String),
    /// It broke off.
    CutOff(&'static str),
}

impl Uploads {
    /// How an upload stands; `None` when there is none.
    pub async fn find(&self, id: ImportId) -> Result<Option<Upload>, CatalogError> {
        let row = self.catalog.data.fetch_optional(rows::IMPORT, args![id]);
        Ok(row.await?.as_ref().map(Upload::read).transpose()?)
    }

    /// Lines that could not be read, after a number.
    pub async fn rejects(
        &self,
        id: ImportId,
        after: u64,
        limit: u16,
    ) -> Result<Vec<Reject>, CatalogError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let page = args![id, after, limit];
        let found = self.catalog.data.fetch_all(rows::REJECTS, page).await?;
        let reject = |row: &Row| {
            Ok::<_, StoreError>(Reject {
                number: row.u64(0)?,
                line: row.u64(1)?,
                reason: row.text(2)?,
            })
        };
        Ok(found.iter().map(reject).collect::<Result<_, _>>()?)
    }

    /// Notes how it ended, and that the file is to be destroyed. `false` when it had ended before, or its
    /// client is purged.
    pub async fn end(&self, upload: ImportId, ended: Ended<'_>) -> Result<bool, CatalogError> {
        let (from, to, reason, report) = match &ended {
            Ended::Done(report) => {
                let report = serde_json::to_string(report).ok();
                (UploadState::Received, UploadState::Done, None, report)
            }
            Ended::Failed(why) => {
                let reason = Some(why.clone());
                (UploadState::Received, UploadState::Failed, reason, None)
            }
            Ended::CutOff(why) => {
                let reason = Some((*why).to_owned());
                (UploadState::Receiving, UploadState::CutOff, reason, None)
            }
        };
        let catalog = &self.catalog;
        let now = catalog.clock.now();
        let (clock, random) = (catalog.clock.as_ref(), catalog.random.as_ref());
        let mut tx = catalog.data.begin().await?;
        let arguments = args![to.word(), reason, report, now, upload, from.word()];
        let Some(row) = tx.fetch_optional(rows::MOVE_IMPORT, arguments).await? else {
            return Ok(false);
        };
        let tenant = row.id(0)?;
        if let Ended::Done(report) = ended {
            tx.execute_many(&rows::INSERT_REJECTS, args![], rejects(upload, report))
                .await?;
        }
        let clear = NewJob {
            kind: Kind::ClearImport,
            tenant: Some(tenant),
            object: upload.0,
            due: now,
        };
        queue::add_in(&mut tx, clear, clock, random).await?;
        let event = Event {
            kind: webhooks::Kind::ImportFinished,
            tenant,
            object: upload.0,
        };
        webhooks::announce(&mut tx, event, clock, random).await?;
        let entry = catalog.entry(Action::ImportEnded).of(tenant).to(&upload.0);
        audit::record_in(&mut tx, &entry, clock, random).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Whose upload it is, as the catalog's other calls want it.
    pub async fn tenant(&self, upload: &Upload) -> Result<TenantRef, CatalogError> {
        self.catalog.tenant_ref(&upload.slug).await
    }
}

fn rejects(upload: ImportId, report: &Report) -> Vec<Vec<Value>> {
    let mut lines: Vec<(u64, &str)> = report
        .quarantined_lines
        .iter()
        .flat_map(|(reason, lines)| lines.iter().map(|line| (*line, *reason)))
        .collect();
    lines.sort_unstable();
    let numbered = lines.into_iter().enumerate();
    numbered
        .map(|(at, (line, reason))| args![upload, at as i64 + 1, line as i64, reason])
        .collect()
}

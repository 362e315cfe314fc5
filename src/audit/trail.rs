//! Reading the trail, page by page.

use std::fmt;

use super::rows;
use crate::store::{Db, Row, StoreError, args};
use crate::vocabulary::{ParseIdError, TenantId, Timestamp};

/// One stored row.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// On whose behalf.
    pub actor: String,
    /// What.
    pub action: String,
    /// In whose data.
    pub tenant: Option<TenantId>,
    /// Which row, as hexadecimal digits.
    pub object: Option<String>,
    /// How many of what.
    pub detail: Option<String>,
}

/// A place in the trail: acts before it are older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    at: Timestamp,
    id: [u8; 16],
}

impl Cursor {
    /// Before the oldest act, for who reads forward.
    pub const OLDEST: Cursor = Cursor {
        at: Timestamp(i64::MIN),
        id: [0; 16],
    };
    /// Before the newest act.
    pub const NEWEST: Cursor = Cursor {
        at: Timestamp(i64::MAX),
        id: [0xff; 16],
    };
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.0, hex::encode(self.id))
    }
}

impl std::str::FromStr for Cursor {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let (at, id) = text.split_once('.').ok_or(ParseIdError)?;
        let at = Timestamp(at.parse().map_err(|_| ParseIdError)?);
        let mut bytes = [0; 16];
        hex::decode_to_slice(id, &mut bytes).map_err(|_| ParseIdError)?;
        Ok(Self { at, id: bytes })
    }
}

/// Acts, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The acts.
    pub records: Vec<Record>,
    /// Where the next page begins, when this one is full.
    pub next: Option<Cursor>,
}

/// Acts before a place, of one tenant or of all.
pub async fn page(
    data: &Db,
    tenant: Option<TenantId>,
    before: Cursor,
    limit: u32,
) -> Result<Page, StoreError> {
    let Cursor { at, id } = before;
    let limit = i64::from(limit);
    let found = match tenant {
        None => data.fetch_all(rows::AUDIT, args![at, id, limit]).await?,
        Some(tenant) => {
            let arguments = args![tenant, at, id, limit];
            data.fetch_all(rows::AUDIT_OF_TENANT, arguments).await?
        }
    };
    read(&found, limit)
}

/// Acts on one row of a tenant after a place, the oldest first.
pub async fn page_of_object(
    data: &Db,
    tenant: TenantId,
    object: &[u8; 16],
    after: Cursor,
    limit: u32,
) -> Result<Page, StoreError> {
    let limit = i64::from(limit);
    let arguments = args![tenant, *object, after.at, after.id, limit];
    let found = data.fetch_all(rows::AUDIT_OF_OBJECT, arguments).await?;
    read(&found, limit)
}

/// A page of rows, and where the next one begins.
fn read(found: &[Row], limit: i64) -> Result<Page, StoreError> {
    let last = found.last().filter(|_| found.len() as i64 == limit);
    let next = last.map(|row| {
        Ok::<_, StoreError>(Cursor {
            at: row.timestamp(0)?,
            id: row.bytes(6)?,
        })
    });
    let records: Result<_, _> = found.iter().map(record).collect();
    Ok(Page {
        records: records?,
        next: next.transpose()?,
    })
}

fn record(row: &Row) -> Result<Record, StoreError> {
    Ok(Record {
        at: row.timestamp(0)?,
        actor: row.text(1)?,
        action: row.text(2)?,
        tenant: row.opt_id(3)?,
        object: row.opt_blob(4)?.map(hex::encode),
        detail: row.opt_text(5)?,
    })
}

//! Copying a vault as another shows it at one instant, into a transaction of one's own.
//!
//! Pages are copied as they are: their keys stand in their parents. Only the root page is sealed
//! anew, under the receiver's own root. A mirror copies from the main vault what is newer than what
//! it has; a promotion copies everything the other way.
//!
//! **To follow one more table of the vault**, add its pair of statements to `rows.rs` and a line to
//! [`FOLLOWED`] and [`CLEAR`]. Whoever writes the table must take the head first and store the
//! version it gives in `written`: that is what a mirror asks for. `tests/keyring/following.rs` names the tables
//! that are not followed, and fails when a migration adds a table or a column that stands in neither
//! place.

use super::super::page::{Page, PageId, PageKey, PageKind};
use super::super::view::View;
use super::{KeyringError, rows};
use crate::store::{Bulk, CHUNK, Row, StoreError, Tx, Value, args};
use crate::vocabulary::Random;

/// One table, read from one vault after a version and written to another.
struct Followed {
    read: &'static str,
    copy: Bulk,
    columns: &'static [Column],
}

/// How a column is carried over.
#[derive(Clone, Copy)]
enum Column {
    Number,
    OptNumber,
    Text,
    OptText,
    Bytes,
    OptBytes,
    Flag,
}

use Column::{Bytes, Flag, Number, OptBytes, OptNumber, OptText, Text};

const FOLLOWED: [Followed; 8] = [
    Followed {
        read: rows::READ_LEDGER,
        copy: rows::COPY_LEDGER,
        columns: &[
            Number, Bytes, Text, Bytes, OptBytes, Number, Text, Number, OptText, OptNumber,
            OptNumber, Number,
        ],
    },
    Followed {
        read: rows::READ_ERASED,
        copy: rows::COPY_ERASED,
        columns: &[Bytes, Number, Number, Bytes],
    },
    Followed {
        read: rows::READ_HOLDS,
        copy: rows::COPY_HOLDS,
        columns: &[
            Bytes, Bytes, OptBytes, Text, Text, Number, OptNumber, OptText, Number,
        ],
    },
    Followed {
        read: rows::READ_TOKENS,
        copy: rows::COPY_TOKENS,
        columns: &[
            Bytes, Bytes, Text, Text, OptBytes, Number, Text, OptNumber, OptNumber, OptText, Number,
        ],
    },
    Followed {
        read: rows::READ_OFFBOARDINGS,
        copy: rows::COPY_OFFBOARDINGS,
        columns: &[Bytes, Bytes, Number, OptNumber, Text, Number],
    },
    Followed {
        read: rows::READ_HOOK_ENDS,
        copy: rows::COPY_HOOK_ENDS,
        columns: &[Bytes, Number, Text, Number],
    },
    Followed {
        read: rows::READ_FORGOTTEN,
        copy: rows::COPY_FORGOTTEN,
        columns: &[Bytes, Text, Number, Number, OptNumber, OptText, Number],
    },
    Followed {
        read: rows::READ_LINE_BEGINS,
        copy: rows::COPY_LINE_BEGINS,
        columns: &[Number, Bytes, Number, Number],
    },
];

/// Orders that are not carried out: few, and gone when they are, so they are copied whole each time.
const ORDERS: Followed = Followed {
    read: rows::READ_ORDERS,
    copy: rows::COPY_ORDERS,
    columns: &[Bytes, Bytes, Text, OptBytes, Flag, Text, Number, Number],
};

/// The receipt log, which only grows: what is missing begins where the copy's own leaves end.
const LOG: [Followed; 3] = [
    Followed {
        read: rows::READ_LEAVES,
        copy: rows::COPY_LEAVES,
        columns: &[Number, Bytes, Text, Bytes, Number, Text],
    },
    Followed {
        read: rows::READ_TILES,
        copy: rows::COPY_TILES,
        columns: &[Number, Number, Bytes],
    },
    Followed {
        read: rows::READ_LOG_HEAD,
        copy: rows::COPY_LOG_HEAD,
        columns: &[Number, Text, Number, Bytes, Text, Number],
    },
];

const PAGE_COLUMNS: &[Column] = &[Number, Bytes, Number, Number, Number, Bytes];

/// Everything a copy that begins anew empties first.
const CLEAR: [&str; 13] = [
    rows::CLEAR_PAGES,
    rows::CLEAR_LEDGER,
    rows::CLEAR_ERASED,
    rows::CLEAR_HOLDS,
    rows::CLEAR_TOKENS,
    rows::CLEAR_OFFBOARDINGS,
    rows::CLEAR_HOOK_ENDS,
    rows::CLEAR_FORGOTTEN,
    rows::CLEAR_LINE_BEGINS,
    rows::CLEAR_ORDERS,
    rows::CLEAR_LEAVES,
    rows::CLEAR_TILES,
    rows::CLEAR_LOG_HEAD,
];

/// Removes everything that was ever copied.
pub(super) async fn clear(to: &mut Tx) -> Result<(), StoreError> {
    for sql in CLEAR {
        to.execute(sql, args![]).await?;
    }
    Ok(())
}

/// Copies everything written after version `since`; `root_key` is the receiver's.
pub(super) async fn copy(
    from: &mut View<'_>,
    to: &mut Tx,
    since: i64,
    root_key: &PageKey,
    random: &dyn Random,
) -> Result<(), KeyringError> {
    copy_pages(from, to, since, root_key, random).await?;
    for table in &FOLLOWED {
        copy_table(from, to, since, table).await?;
    }
    to.execute(rows::CLEAR_ORDERS, args![]).await?;
    copy_table(from, to, -1, &ORDERS).await?;
    let leaves = to.fetch_one(rows::LOG_SIZE, args![]).await?.i64(0)?;
    for table in &LOG {
        copy_table(from, to, leaves, table).await?;
    }
    to.execute(rows::DELETE_PURGED_PAGES, args![since]).await?;
    copy_mirrors(from, to).await?;
    Ok(())
}

async fn copy_pages(
    from: &mut View<'_>,
    to: &mut Tx,
    since: i64,
    root_key: &PageKey,
    random: &dyn Random,
) -> Result<(), KeyringError> {
    let mut offset = 0;
    loop {
        let arguments = args![since, CHUNK as i64, offset];
        let pages = from.tx.fetch_all(rows::READ_PAGES, arguments).await?;
        let mut values = Vec::with_capacity(pages.len());
        for page in &pages {
            let mut row = carry(page, PAGE_COLUMNS)?;
            let kind = PageKind::from_code(page.i64(0)?);
            if kind == Some(PageKind::Root) {
                let root = Page::open(&PageId::ROOT, &from.root_key, &page.blob(5)?);
                let root = root.map_err(|_| KeyringError::corrupt(&PageId::ROOT))?;
                row[5] = root.seal(&PageId::ROOT, root_key, random).into();
                // A number that no other state of a copy had, so that a redo record, which names the
                // version it replaces, fits the very state it was made from and no older one.
                row[3] = (from.head.version * 2).into();
            }
            values.push(row);
        }
        to.execute_many(&rows::COPY_PAGES, args![], values).await?;
        if pages.len() < CHUNK {
            return Ok(());
        }
        offset += pages.len() as i64;
    }
}

async fn copy_table(
    from: &mut View<'_>,
    to: &mut Tx,
    since: i64,
    table: &Followed,
) -> Result<(), StoreError> {
    let mut offset = 0;
    loop {
        let arguments = args![since, CHUNK as i64, offset];
        let read = from.tx.fetch_all(table.read, arguments).await?;
        let values = read.iter().map(|row| carry(row, table.columns));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        to.execute_many(&table.copy, args![], values).await?;
        if read.len() < CHUNK {
            return Ok(());
        }
        offset += read.len() as i64;
    }
}

/// The list of mirrors, whole: after a promotion the new main vault must know for whom to wait.
async fn copy_mirrors(from: &mut View<'_>, to: &mut Tx) -> Result<(), StoreError> {
    let read = from.tx.fetch_all(rows::MIRRORS, args![]).await?;
    let columns = [Bytes, Text, Number, Number, Number, Number];
    let values = read.iter().map(|row| carry(row, &columns));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    to.execute(rows::CLEAR_MIRRORS, args![]).await?;
    to.execute_many(&rows::COPY_MIRRORS, args![], values)
        .await?;
    Ok(())
}

fn carry(row: &Row, columns: &[Column]) -> Result<Vec<Value>, StoreError> {
    let value = |(at, column): (usize, &Column)| {
        Ok(match column {
            Number => row.i64(at)?.into(),
            OptNumber => row.opt_i64(at)?.into(),
            Text => row.text(at)?.into(),
            OptText => row.opt_text(at)?.into(),
            Bytes => row.blob(at)?.into(),
            OptBytes => row.opt_blob(at)?.into(),
            Flag => row.bool(at)?.into(),
        })
    };
    columns.iter().enumerate().map(value).collect()
}

/// Which line of history a vault is on: a promotion begins the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: i64,
    pub(super) line: [u8; 16],
    pub(super) began_at: i64,
    /// Up to here promotions passed over ledger numbers that no entry bears.
    pub(super) passed_over: i64,
}

impl Line {
    /// Reads it; a vault that was never promoted says nothing and is on the first.
    pub(super) async fn read(tx: &mut Tx) -> Result<Self, StoreError> {
        let Some(row) = tx.fetch_optional(rows::READ_LINE, args![]).await? else {
            return Ok(Self {
                number: 0,
                line: [0; 16],
                began_at: 0,
                passed_over: 0,
            });
        };
        Ok(Self {
            number: row.i64(0)?,
            line: row.bytes(1)?,
            began_at: row.i64(2)?,
            passed_over: row.i64(3)?,
        })
    }

    pub(super) async fn store(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let arguments = args![self.number, self.line, self.began_at, self.passed_over];
        tx.execute(rows::SET_LINE, arguments).await.map(drop)
    }
}

/// How far a mirror followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Following {
    pub(super) version: i64,
    pub(super) epoch: u64,
    pub(super) acknowledged: i64,
    pub(super) followed_at: i64,
}

impl Following {
    /// A mirror that was registered just now and acknowledged nothing: it copies everything anew.
    pub(super) const ANEW: i64 = -1;

    /// Reads it; `None` in a vault that is no mirror's.
    pub(super) async fn read(tx: &mut Tx) -> Result<Option<Self>, StoreError> {
        let Some(row) = tx.fetch_optional(rows::READ_FOLLOWING, args![]).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            version: row.i64(0)?,
            epoch: row.u64(1)?,
            acknowledged: row.i64(2)?,
            followed_at: row.i64(3)?,
        }))
    }

    pub(super) async fn store(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let epoch = self.epoch as i64;
        let arguments = args![self.version, epoch, self.acknowledged, self.followed_at];
        tx.execute(rows::SET_FOLLOWING, arguments).await.map(drop)
    }
}

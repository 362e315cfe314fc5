//! What data, or a backup of it, needs of the vault; and ordering again what the vault forgot.
//!
//! A vault that went on from a late mirror has not heard of the newest erasures. Data that knows them
//! names their keys, so they are carried out again under their old ids. Keys that are lost with the
//! old vault are left out: they cannot be destroyed, and nobody can use them.

use std::collections::HashMap;
use std::path::Path;

use super::accept::Accepted;
use super::orders::keep_order;
use super::{EraseError, rows};
use crate::keyring::KeyRef;
use crate::keyring::mirror::{DataKnows, KnownErasure};
use crate::receipts::body::Kind;
use crate::store::archive::{self, Column, Mark, SavedRow, Table};
use crate::store::{Db, Row, Tx, args};
use crate::vocabulary::{ErasureId, TenantId};

const META: Table = Table {
    name: "meta",
    columns: &[
        ("vault_id", Column::Bytes),
        ("applied", Column::Number),
        ("vault_version", Column::Number),
    ],
};

const UNITS: Table = Table {
    name: "unit",
    columns: &[("tenant", Column::Bytes), ("block", Column::Number)],
};

const ERASURES: Table = Table {
    name: "erasure",
    columns: &[
        ("id", Column::Bytes),
        ("tenant", Column::Bytes),
        ("kind", Column::Text),
        ("subject", Column::Bytes),
        ("strict", Column::Flag),
        ("facts", Column::Text),
        ("keys", Column::Text),
        ("destroyed", Column::Flag),
    ],
};

/// An erasure that data knows to be done.
#[derive(Debug)]
pub struct Done {
    accepted: Accepted,
    /// Its keys, where data noted them beside the facts.
    noted: Option<Vec<(u64, u16)>>,
}

impl Done {
    fn read(row: &Row) -> Result<Self, EraseError> {
        Ok(Self {
            accepted: Accepted::read(row)?,
            noted: keys(row.opt_text(7)?.as_deref())?,
        })
    }

    /// From a backup. `None` for one that is not done, or was taken back.
    fn read_saved(row: &SavedRow) -> Result<Option<Self>, EraseError> {
        if !row.bool(7)? || row.text(2)? == super::rehouse::WITHDRAWN {
            return Ok(None);
        }
        let facts = serde_json::from_str(row.text(5)?).map_err(EraseError::Stored)?;
        let (id, tenant, subject) = (row.id(0)?, row.id(1)?, row.opt_id(3)?);
        Ok(Some(Self {
            accepted: Accepted::new(id, tenant, subject, row.bool(4)?, facts),
            noted: keys(row.opt_text(6)?)?,
        }))
    }

    /// From data, with what it noted beside the facts.
    pub(super) fn noted(accepted: Accepted, noted: Vec<(u64, u16)>) -> Self {
        let noted = Some(noted).filter(|it| !it.is_empty());
        Self { accepted, noted }
    }

    fn known(&self) -> KnownErasure {
        let Accepted { id, tenant, .. } = self.accepted;
        let named = &self.accepted.facts.keys;
        let keys = self.noted.as_ref().filter(|_| named.is_empty());
        let keys = keys.unwrap_or(named).iter();
        KnownErasure {
            id,
            tenant,
            subject: self.accepted.person().map(|contact| contact.0),
            keys: keys.map(|(block, leaf)| key_ref(*block, *leaf)).collect(),
        }
    }

    /// The same with no other keys than those.
    pub(super) fn only(mut self, there: &[KeyRef]) -> Self {
        let is_there = |(block, leaf): &(u64, u16)| there.contains(&key_ref(*block, *leaf));
        self.accepted.facts.keys.retain(is_there);
        if let Some(noted) = &mut self.noted {
            noted.retain(is_there);
        }
        self
    }

    /// Orders it again in the vault, where no restore can lose the order: with the keys that are there,
    /// so that it can be carried out beside data of before its person came, too. What was kept of a
    /// rehoused unit lies in this data alone: that is finished from there or not at all.
    pub(super) async fn order(&self, vault: &mut Tx, version: i64) -> Result<(), EraseError> {
        if self.accepted.facts.kind == Kind::Rehousing {
            return Ok(());
        }
        let order = args![self.accepted.id];
        vault.execute(rows::vault::DELETE_ORDER, order).await?;
        let mut again = self.accepted.clone();
        if let Some(noted) = self.noted.as_ref().filter(|_| again.facts.keys.is_empty()) {
            again.facts.keys.clone_from(noted);
        }
        keep_order(vault, &again, version).await
    }

    /// What makes data carry it out again.
    pub(super) fn reopened(&self) -> Result<Mark, EraseError> {
        let text = |it: &_| serde_json::to_string(it).map_err(EraseError::Stored);
        let noted = self.noted.as_ref().map(text).transpose()?;
        let facts = serde_json::to_string(&self.accepted.facts).map_err(EraseError::Stored)?;
        let arguments = args![false, noted, facts, self.accepted.id];
        Ok((rows::REOPEN_ERASURE, arguments))
    }
}

/// Those that are to be carried out again, on the keys that are there.
pub(super) fn again(
    done: Vec<Done>,
    undone: &[(ErasureId, Vec<KeyRef>)],
) -> impl Iterator<Item = Done> {
    let undone: HashMap<_, _> = undone.iter().cloned().collect();
    done.into_iter().filter_map(move |done| {
        let there = undone.get(&done.accepted.id)?;
        Some(done.only(there))
    })
}

/// What data that is in its place needs.
pub async fn of_data(data: &Db) -> Result<(DataKnows, Vec<Done>), EraseError> {
    let mut knows = DataKnows::default();
    if let Some(row) = data.fetch_optional(rows::READ_META, args![]).await? {
        knows.vault = Some(row.id(0)?);
        knows.applied = row.i64(1)?;
        knows.version = row.i64(3)?;
    }
    for row in data.fetch_all(rows::USED_BLOCKS, args![]).await? {
        knows.blocks.insert((row.id(0)?, row.u64(1)?));
    }
    let done = data
        .fetch_all(rows::DESTROYED_ERASURES, args![true])
        .await?;
    let done: Vec<Done> = done.iter().map(Done::read).collect::<Result<_, _>>()?;
    knows.erasures = done.iter().map(Done::known).collect();
    Ok((knows, done))
}

/// What a backup needs that would be put back into the store at `url`.
pub(super) async fn of_backup(
    url: &str,
    directory: &Path,
) -> Result<(DataKnows, Vec<Done>), EraseError> {
    let mut knows = DataKnows::default();
    let (mut failed, mut done) = (None, Vec::new());
    let mut each = |read: Result<(), EraseError>| {
        failed = failed.take().or(read.err());
    };
    archive::read(url, directory, &META, |row| {
        each((|| {
            knows.vault = Some(row.id(0)?);
            knows.applied = row.i64(1)?;
            knows.version = row.i64(2)?;
            Ok(())
        })());
    })
    .await?;
    archive::read(url, directory, &UNITS, |row| {
        each((|| {
            let (tenant, block) = (row.id::<TenantId>(0)?, row.i64(1)?);
            knows.blocks.insert((tenant, block.unsigned_abs()));
            Ok(())
        })());
    })
    .await?;
    archive::read(url, directory, &ERASURES, |row| {
        each(Done::read_saved(&row).map(|one| done.extend(one)));
    })
    .await?;
    if let Some(error) = failed {
        return Err(error);
    }
    knows.erasures = done.iter().map(Done::known).collect();
    Ok((knows, done))
}

fn keys(text: Option<&str>) -> Result<Option<Vec<(u64, u16)>>, EraseError> {
    let read = |text| serde_json::from_str(text).map_err(EraseError::Stored);
    text.map(read).transpose()
}

fn key_ref(block: u64, leaf: u16) -> KeyRef {
    KeyRef { block, leaf }
}

//! Records in the vault: read at one instant, changed under the head's lock.

use super::record::Record;
use super::{Client, Offboarder, OffboardingError, rows};
use crate::store::{Row, StoreError, Tx, args};
use crate::vocabulary::{OffboardingId, TenantId, Timestamp};

/// A record with its row.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub id: OffboardingId,
    pub begun_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub record: Record,
}

impl Stored {
    fn read(row: &Row) -> Result<Self, OffboardingError> {
        Ok(Self {
            id: row.id(0)?,
            begun_at: row.timestamp(1)?,
            ended_at: row.opt_timestamp(2)?,
            record: serde_json::from_str(&row.text(3)?).map_err(OffboardingError::Stored)?,
        })
    }
}

/// A transaction of the vault that holds the head.
pub(super) struct Change {
    tx: Tx,
    version: i64,
}

impl Offboarder {
    /// The client with this slug, also when it is purged.
    pub async fn client(&self, slug: &str) -> Result<Client, OffboardingError> {
        let row = self
            .eraser
            .catalog
            .data
            .fetch_optional(rows::CLIENT, args![slug]);
        let row = row
            .await?
            .ok_or_else(|| OffboardingError::Unknown(slug.to_owned()))?;
        Ok(client(&row)?)
    }

    /// The client with this id, likewise.
    pub async fn client_of(&self, tenant: TenantId) -> Result<Option<Client>, OffboardingError> {
        let data = &self.eraser.catalog.data;
        let row = data
            .fetch_optional(rows::CLIENT_BY_ID, args![tenant])
            .await?;
        Ok(row.as_ref().map(client).transpose()?)
    }

    /// The newest offboarding of a client, ended or not.
    pub(super) async fn newest(
        &self,
        tenant: TenantId,
    ) -> Result<Option<Stored>, OffboardingError> {
        let mut tx = self.eraser.catalog.keyring.snapshot_vault().await?;
        let row = tx
            .fetch_optional(rows::vault::NEWEST, args![tenant])
            .await?;
        tx.rollback().await?;
        row.as_ref().map(Stored::read).transpose()
    }

    /// Begins a change: nobody else changes the vault until it is committed.
    pub(super) async fn begin_change(&self) -> Result<Change, OffboardingError> {
        let keyring = &self.eraser.catalog.keyring;
        let mut tx = keyring.begin_vault().await?;
        let version = keyring.take_head(&mut tx).await?;
        Ok(Change { tx, version })
    }

    /// Changes the offboarding that is under way; nothing is changed when `change` refuses.
    pub(super) async fn change<T>(
        &self,
        client: &Client,
        change: impl FnOnce(&mut Stored) -> Result<T, OffboardingError>,
    ) -> Result<(OffboardingId, T), OffboardingError> {
        let mut under_way = self.begin_change().await?;
        let mut stored = under_way.open(client).await?;
        let done = change(&mut stored)?;
        under_way.update(&stored).await?;
        under_way.commit().await?;
        Ok((stored.id, done))
    }
}

impl Change {
    /// The newest offboarding of a client.
    pub async fn newest(&mut self, tenant: TenantId) -> Result<Option<Stored>, OffboardingError> {
        let row = self
            .tx
            .fetch_optional(rows::vault::NEWEST, args![tenant])
            .await?;
        row.as_ref().map(Stored::read).transpose()
    }

    /// The one that is under way.
    pub async fn open(&mut self, client: &Client) -> Result<Stored, OffboardingError> {
        let newest = self.newest(client.id).await?;
        let open = newest.filter(|stored| stored.ended_at.is_none());
        open.ok_or_else(|| OffboardingError::NotBegun(client.slug.clone()))
    }

    pub async fn insert(
        &mut self,
        stored: &Stored,
        tenant: TenantId,
    ) -> Result<(), OffboardingError> {
        let row = args![
            stored.id,
            tenant,
            stored.begun_at,
            text(&stored.record)?,
            self.version
        ];
        self.tx.execute(rows::vault::INSERT, row).await?;
        Ok(())
    }

    pub async fn update(&mut self, stored: &Stored) -> Result<(), OffboardingError> {
        let row = args![
            text(&stored.record)?,
            stored.ended_at,
            self.version,
            stored.id
        ];
        self.tx.execute(rows::vault::UPDATE, row).await?;
        Ok(())
    }

    pub async fn commit(self) -> Result<(), OffboardingError> {
        Ok(self.tx.commit().await?)
    }
}

fn text(record: &Record) -> Result<String, OffboardingError> {
    serde_json::to_string(record).map_err(OffboardingError::Stored)
}

fn client(row: &Row) -> Result<Client, StoreError> {
    Ok(Client {
        id: row.id(0)?,
        slug: row.text(1)?,
        name: row.text(2)?,
        timezone: row.text(3)?,
        country: row.text(4)?,
        purging: row.opt_i64(5)?.is_some(),
    })
}

//! Looking at events that came, the reading of a body is written down.

use zeroize::Zeroizing;

use super::{HookError, NEEDS_A_PERSON, rows};
use crate::audit::Action;
use crate::keyring::columns;
use crate::offboarding::{Offboarder, OffboardingError};
use crate::store::{Row, StoreError, args};
use crate::vocabulary::{HookEventId, TenantId, Timestamp};

/// A stored event without its body.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Stored {
    /// Its id here.
    pub id: HookEventId,
    /// In whose data it lies.
    pub tenant: TenantId,
    /// Which source sent it.
    pub source: String,
    /// What became of it.
    pub outcome: String,
    /// When it came.
    pub received_at: Timestamp,
}

/// A client whose subscription lapsed: nothing is scheduled, and a person is to ask what it means.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Waiting {
    /// Which client, by slug.
    pub tenant: String,
    /// The newest event that says so.
    pub event: HookEventId,
    /// When it came.
    pub received_at: Timestamp,
}

/// The bytes as they came.
pub type StoredBody = Zeroizing<Vec<u8>>;

impl Offboarder {
    /// Events, the newest first.
    pub async fn hook_events(&self, limit: u32) -> Result<Vec<Stored>, HookError> {
        let data = &self.eraser.catalog.data;
        let found = data
            .fetch_all(rows::EVENTS, args![i64::from(limit)])
            .await?;
        let read: Result<_, StoreError> = found.iter().map(stored).collect();
        Ok(read?)
    }

    /// Clients about whom an event came that only a person can judge, and of whose end nothing was recorded
    /// since.
    pub async fn waiting_for_a_person(&self) -> Result<Vec<Waiting>, OffboardingError> {
        let data = &self.eraser.catalog.data;
        let came = args![NEEDS_A_PERSON];
        let found = data.fetch_all(rows::EVENTS_THAT_CAME_TO, came).await?;
        let mut waiting: Vec<Waiting> = Vec::new();
        for row in &found {
            let it = stored(row)?;
            let since = self.newest(it.tenant).await?;
            let is_seen_to = since.is_some_and(|since| since.begun_at > it.received_at);
            let client = self.client_of(it.tenant).await?;
            let Some(client) = client.filter(|client| !is_seen_to && !client.purging) else {
                continue;
            };
            if !waiting.iter().any(|one| one.tenant == client.slug) {
                waiting.push(Waiting {
                    tenant: client.slug,
                    event: it.id,
                    received_at: it.received_at,
                });
            }
        }
        Ok(waiting)
    }

    /// One event with its body; no body once it is erased.
    pub async fn open_hook_event(
        &self,
        id: HookEventId,
    ) -> Result<(Stored, Option<StoredBody>), HookError> {
        let keyring = &self.eraser.catalog.keyring;
        let epoch = keyring.begin_read().await?;
        let found = self.stored_body(id).await?;
        let found = found.ok_or(HookError::UnknownEvent(id))?;
        self.note(Action::HookRead, found.0.tenant, id.as_bytes())
            .await?;
        keyring.confirm(epoch).await?;
        Ok(found)
    }

    /// The same, for the program itself.
    pub(super) async fn stored_body(
        &self,
        id: HookEventId,
    ) -> Result<Option<(Stored, Option<StoredBody>)>, HookError> {
        let catalog = &self.eraser.catalog;
        let Some(row) = catalog.data.fetch_optional(rows::EVENT, args![id]).await? else {
            return Ok(None);
        };
        let about = stored(&row)?;
        let body = match catalog.own_sealer(about.tenant, &row, 7).await? {
            None => None,
            Some(sealer) => {
                let field = columns::HOOK_EVENT_BODY.of(id.as_bytes(), row.u32(6)?);
                Some(sealer.open(field, &row.blob(5)?)?)
            }
        };
        Ok(Some((about, body)))
    }
}

fn stored(row: &Row) -> Result<Stored, StoreError> {
    Ok(Stored {
        id: row.id(0)?,
        tenant: row.id(1)?,
        source: row.text(2)?,
        outcome: row.text(3)?,
        received_at: row.timestamp(4)?,
    })
}

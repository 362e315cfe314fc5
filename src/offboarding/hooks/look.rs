//! Looking at events that came, the reading of a body is written down.

use zeroize::Zeroizing;

use super::{HookError, rows};
use crate::audit::Action;
use crate::keyring::columns;
use crate::offboarding::Offboarder;
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

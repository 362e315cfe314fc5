//! Calls with an `Idempotency-Key`: made once, however often they are sent.

use std::sync::Arc;
use std::time::Duration;

use subtle::ConstantTimeEq;

use super::StaffError;
use super::rows::data as rows;
use crate::store::{Db, args};
use crate::vocabulary::{Clock, Timestamp};

/// How long a call is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// After how long a call that did not end is taken to have died with its process; longer than any
/// request may take.
const DEAD: Duration = Duration::from_secs(120);

/// A call as the caller's token marks it; nobody without the token can tell what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The HMAC of the caller's key.
    pub key: [u8; 32],
    /// The HMAC of what was sent.
    pub request: [u8; 32],
}

/// What a call made: enough to answer it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The status of the answer.
    pub status: u16,
    /// The id of what was made.
    pub object: [u8; 16],
    /// The answer itself where `object` does not lead to it again: ids and counts, no personal data.
    pub answer: Option<String>,
}

/// The calls of a day. Cheap to clone.
#[derive(Clone)]
pub struct Calls {
    /// The data store.
    pub data: Db,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Calls {
    /// Begins a call, or says what it made before. `None`: it is to be made now.
    pub async fn begin(&self, call: Call) -> Result<Option<Made>, StaffError> {
        let now = self.clock.now();
        let mut tx = self.data.begin().await?;
        tx.execute(rows::FORGET_OLD_CALLS, args![before(now, REMEMBERED)])
            .await?;
        let begun = args![call.key, call.request, now];
        let mut ours = tx.execute(rows::BEGIN_CALL, begun).await? == 1;
        if !ours {
            let dead = args![now, call.key, call.request, before(now, DEAD)];
            ours = tx.execute(rows::RESUME_CALL, dead).await? == 1;
        }
        let stored = tx.fetch_optional(rows::READ_CALL, args![call.key]).await?;
        tx.commit().await?;
        let stored = stored.ok_or(StaffError::Stored)?;
        if !bool::from(stored.blob(0)?.ct_eq(&call.request)) {
            return Err(StaffError::OtherRequest);
        }
        match (ours, stored.opt_i64(1)?) {
            (true, _) => Ok(None),
            (false, None) => Err(StaffError::StillRunning),
            (false, Some(status)) => Ok(Some(Made {
                status: u16::try_from(status).map_err(|_| StaffError::Stored)?,
                object: stored.bytes(2)?,
                answer: stored.opt_text(3)?,
            })),
        }
    }

    /// Remembers what a call made.
    pub async fn end(&self, call: Call, made: &Made) -> Result<(), StaffError> {
        let ended = args![
            i64::from(made.status),
            made.object,
            made.answer.as_deref(),
            call.key
        ];
        self.data.execute(rows::END_CALL, ended).await?;
        Ok(())
    }

    /// Forgets a call that failed, so that it may be made again.
    pub async fn abandon(&self, call: Call) -> Result<(), StaffError> {
        self.data
            .execute(rows::FORGET_CALL, args![call.key])
            .await?;
        Ok(())
    }
}

fn before(now: Timestamp, length: Duration) -> Timestamp {
    Timestamp(now.0.saturating_sub_unsigned(length.as_micros() as u64))
}

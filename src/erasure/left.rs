//! Looking again after a deletion: is anything left?

use super::{EraseError, Eraser, rows};
use crate::keyring::{Destroyed, LedgerEntry};
use crate::store::args;
use crate::vocabulary::{ContactId, UnitId};

impl Eraser {
    /// How many rows are left of what `entry` destroyed: zero, or the deletion is not finished.
    pub(super) async fn left(&self, entry: &LedgerEntry) -> Result<(u64, u64), EraseError> {
        let mut left = 0;
        let keys = match self.catalog.keyring.destroyed_by(entry.erasure).await? {
            Destroyed::Tenant => {
                let t = entry.tenant;
                let arguments = args![t, t, t, t, t, t, t, t, t, t, t];
                let row = self
                    .data()
                    .fetch_one(rows::LEFT_OF_TENANT, arguments)
                    .await?;
                return Ok((1, row.u64(0)?));
            }
            Destroyed::Units(keys) => keys,
        };
        if let Some(contact) = entry.subject.map(ContactId) {
            let row = self
                .data()
                .fetch_one(rows::LEFT_OF_CONTACT, args![contact, entry.tenant, contact]);
            left += row.await?.u64(0)?;
        }
        for key in &keys {
            let arguments = args![entry.tenant, key.block as i64, i64::from(key.leaf)];
            if let Some(row) = self
                .data()
                .fetch_optional(rows::UNIT_OF_KEY, arguments)
                .await?
            {
                let unit = row.id::<UnitId>(0)?;
                let arguments = args![unit, unit, unit, unit, unit, unit, unit, unit, unit];
                left += 1 + self
                    .data()
                    .fetch_one(rows::LEFT_OF_UNIT, arguments)
                    .await?
                    .u64(0)?;
            }
        }
        Ok((keys.len() as u64, left))
    }
}

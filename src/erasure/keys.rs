//! Which keys an accepted erasure destroys.

use super::accept::Accepted;
use super::{EraseError, Eraser, rows};
use crate::keyring::{Destroyed, Destruction, KeptBy, KeyRef, Suppressed};
use crate::receipts::body::Kind;
use crate::store::{Row, Tx, args};
use crate::vocabulary::{ContactId, ErasureId, TenantId};

impl Eraser {
    /// What is to be destroyed, with the index keys that are to follow on `--strict`. `None` when no
    /// unit of the subject is left. `spent` keys were destroyed by rehousings.
    pub(super) async fn destruction(
        &self,
        accepted: &Accepted,
        suppressed: Suppressed,
        spent: &[KeyRef],
    ) -> Result<Option<Destruction>, EraseError> {
        let what = match (accepted.facts.kind, accepted.person()) {
            (Kind::TenantPurge, _) => Destroyed::Tenant,
            (_, Some(contact)) => {
                let mut keys = self.keys_of(accepted, contact).await?;
                keys.retain(|key| !spent.contains(key));
                Destroyed::Units(keys)
            }
            (_, None) => Destroyed::Units(self.named_keys(accepted).await?.0),
        };
        if what == Destroyed::Units(Vec::new()) {
            return Ok(None);
        }
        let new_index_keys = match accepted.strict {
            true => {
                let old = self.catalog.keyring.index_keys(accepted.tenant).await?;
                Some(self.next_index_keys(&old, accepted.tenant).await?)
            }
            false => None,
        };
        Ok(Some(Destruction {
            kept_by: match accepted.facts.kind {
                Kind::Upload => KeptBy::Nothing,
                _ => KeptBy::Subject,
            },
            erasure: accepted.id,
            kind: accepted.facts.kind.word().to_owned(),
            tenant: accepted.tenant,
            // The ledger answers for a person as gone: not for one of whom a unit was rehoused.
            subject: accepted.person().map(|contact| contact.0),
            suppressed: accepted.suppresses().then_some(suppressed),
            what,
            new_index_keys,
            facts: serde_json::to_string(&accepted.facts).map_err(EraseError::Stored)?,
        }))
    }

    /// The keys of a contact, noted with the erasure before they are destroyed: those that rows name,
    /// or, when none does any more, what was noted; and those of an order that was given again, which
    /// this data may be too old to know.
    async fn keys_of(
        &self,
        accepted: &Accepted,
        contact: ContactId,
    ) -> Result<Vec<KeyRef>, EraseError> {
        let arguments = args![accepted.tenant, contact];
        let units = self
            .data()
            .fetch_all(rows::UNITS_OF_CONTACT, arguments)
            .await?;
        let noted = self.noted_keys(accepted.id).await?;
        let mut keys = keys_in(&units)?;
        if keys.is_empty() {
            keys.clone_from(&noted);
        }
        keys.extend(&accepted.facts.keys);
        keys.sort_unstable();
        keys.dedup();
        if keys != noted {
            let text = serde_json::to_string(&keys).map_err(EraseError::Stored)?;
            let arguments = args![text, accepted.id];
            self.data().execute(rows::SET_KEYS, arguments).await?;
        }
        Ok(keys.into_iter().map(key_ref).collect())
    }

    /// The next thousand keys that rows of a tenant name, in order.
    pub(super) async fn keys_after(
        &self,
        tenant: TenantId,
        after: Option<KeyRef>,
    ) -> Result<Vec<KeyRef>, EraseError> {
        let (block, leaf) = after.map_or((-1, -1), |it| (it.block as i64, i64::from(it.leaf)));
        let page = args![tenant, block, leaf, 1000];
        let page = self.data().fetch_all(rows::UNITS_AFTER, page).await?;
        let key = |row: &Row| {
            let leaf = u16::try_from(row.i64(1)?).unwrap_or(u16::MAX);
            Ok(key_ref((row.u64(0)?, leaf)))
        };
        page.iter().map(key).collect()
    }

    pub(super) async fn noted_keys(
        &self,
        erasure: ErasureId,
    ) -> Result<Vec<(u64, u16)>, EraseError> {
        let noted = self
            .data()
            .fetch_optional(rows::READ_KEYS, args![erasure])
            .await?;
        let text = noted.map(|row| row.opt_text(0)).transpose()?.flatten();
        match text {
            Some(text) => serde_json::from_str(&text).map_err(EraseError::Stored),
            None => Ok(Vec::new()),
        }
    }

    /// The keys that an accepted erasure is known to be of, with no look at the ledger.
    pub(super) async fn keys_to_destroy(
        &self,
        accepted: &Accepted,
    ) -> Result<Vec<KeyRef>, EraseError> {
        let mut keys = accepted.facts.keys.clone();
        keys.extend(self.noted_keys(accepted.id).await?);
        Ok(keys.into_iter().map(key_ref).collect())
    }

    /// Keys of a person that are destroyed already.
    pub(super) async fn spent_keys(&self, accepted: &Accepted) -> Result<Vec<KeyRef>, EraseError> {
        let mut spent = Vec::new();
        for key in self.noted_keys(accepted.id).await?.into_iter().map(key_ref) {
            let destroyed = self.catalog.keyring.erasure_of_key(accepted.tenant, key);
            if destroyed.await?.is_some() {
                spent.push(key);
            }
        }
        Ok(spent)
    }

    /// The keys that the facts name and that nobody destroyed yet; beside them, by which erasure one
    /// of the others went.
    pub(super) async fn named_keys(
        &self,
        accepted: &Accepted,
    ) -> Result<(Vec<KeyRef>, Option<ErasureId>), EraseError> {
        let (mut left, mut gone) = (Vec::new(), None);
        for key in accepted.facts.keys.iter().copied().map(key_ref) {
            // The ledger, not the tree: whoever destroyed it a moment ago may have begun an epoch
            // that this process has not opened yet.
            let keyring = &self.catalog.keyring;
            match keyring.erasure_of_key(accepted.tenant, key).await? {
                None => left.push(key),
                by => gone = by,
            }
        }
        Ok((left, gone))
    }
}

/// Whether an order names the keys of a person who is not in this data, which was restored to before
/// they came: newer backups have rows for those keys.
pub(super) async fn is_known_by_keys(tx: &mut Tx, accepted: &Accepted) -> Result<bool, EraseError> {
    let Some(contact) = accepted
        .person()
        .filter(|_| !accepted.facts.keys.is_empty())
    else {
        return Ok(false);
    };
    let there = args![accepted.tenant, contact];
    let there = tx.fetch_optional(rows::READ_CONTACT, there).await?;
    Ok(there.is_none())
}

fn key_ref((block, leaf): (u64, u16)) -> KeyRef {
    KeyRef { block, leaf }
}

/// The keys of these units, in order.
pub(super) fn keys_in(units: &[Row]) -> Result<Vec<(u64, u16)>, EraseError> {
    let key = |unit: &Row| {
        let leaf = u16::try_from(unit.i64(2)?).unwrap_or(u16::MAX);
        Ok((unit.u64(1)?, leaf))
    };
    let mut keys: Vec<(u64, u16)> = units.iter().map(key).collect::<Result<_, EraseError>>()?;
    keys.sort_unstable();
    Ok(keys)
}

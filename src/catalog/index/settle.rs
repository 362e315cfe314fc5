//! Writing changed contacts' tokens, and draining the outbox.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::tokens::{self, Token};
use super::{rows, take};
use crate::catalog::opened::{ContactRow, UnitRow};
use crate::catalog::types::Contact;
use crate::catalog::{Catalog, CatalogError, TenantRef, rows as data_rows};
use crate::keyring::{IndexKeys, KeyringError};
use crate::store::{Db, StoreError, Tx, args};
use crate::vocabulary::{ContactId, TenantId};

/// How many contacts a drain decrypts at a time.
const PAGE: i64 = 200;

/// A contact whose tokens must be written, as of one version.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub contact: ContactId,
    pub changes: i64,
    pub tokens: Vec<Token>,
    /// Further identifiers, reserved for it unless somebody else is known by them.
    pub known_by: Vec<Token>,
    /// It had no tokens before, so none need deleting.
    pub new: bool,
}

/// Tokens that wait to be written, and notes that wait to be cleared. A writer of many batches hands
/// it on, so that both ride in transactions that are made anyway; the next batch may be reserved
/// while the last is written. Dropped, nothing is lost: the notes stand in the outbox.
#[derive(Debug, Default)]
pub struct Pending(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    generation: i64,
    changed: Vec<Changed>,
    written: Vec<Note>,
    /// The index's guard as of the last write that is durable.
    guard: i64,
}

/// A contact and the version of it whose tokens are written.
pub(crate) type Note = (ContactId, i64);

impl Pending {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, keys: &IndexKeys, changed: impl IntoIterator<Item = Changed>) {
        let mut waiting = self.lock();
        if waiting.generation != keys.id() {
            waiting.changed.clear(); // Tokens of other keys; the notes stand.
            waiting.generation = keys.id();
        }
        waiting.changed.extend(changed);
    }

    /// What waits, if it was made with these keys; tokens of other keys are dropped.
    fn take_changed(&self, keys: &IndexKeys) -> Vec<Changed> {
        let mut waiting = self.lock();
        let changed = std::mem::take(&mut waiting.changed);
        match waiting.generation == keys.id() {
            true => changed,
            false => Vec::new(),
        }
    }

    /// Writes the waiting tokens; the tenant's guard must be held by `tx`. Answers the notes to hand
    /// to [`Pending::wrote`] once `tx` is committed.
    pub(crate) async fn write(
        &self,
        tx: &mut Tx,
        data: &Db,
        tenant: TenantId,
        keys: &IndexKeys,
    ) -> Result<Vec<Note>, StoreError> {
        let changed = self.take_changed(keys);
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        let standing = standing_notes(data, tenant, &changed).await?;
        let stands = |it: &&Changed| standing.get(&it.contact) == Some(&it.changes);
        let standing: Vec<&Changed> = changed.iter().filter(stands).collect();
        let old = standing.iter().filter(|it| !it.new);
        let old = old.map(|it| args![it.contact]).collect();
        tx.execute_many(&rows::DELETE_TOKENS, args![tenant], old)
            .await?;
        let searchable = token_rows(tenant, &standing, |it| &it.tokens);
        tx.execute_many(&rows::INSERT_TOKENS, args![], searchable)
            .await?;
        let known_by = token_rows(tenant, &standing, |it| &it.known_by);
        tx.execute_many(&rows::RESERVE, args![], known_by).await?;
        let written = standing.iter().map(|it| (it.contact, it.changes));
        Ok(written.collect())
    }

    /// The tokens of these notes are durable, and whatever else came with this guard: the notes may go.
    pub(crate) fn wrote(&self, written: Vec<Note>, guard: i64) {
        let mut waiting = self.lock();
        waiting.written.extend(written);
        waiting.guard = waiting.guard.max(guard);
    }

    /// Takes the notes of written tokens out of the outbox, and notes how far the index came.
    pub(crate) async fn clear_notes(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
    ) -> Result<(), StoreError> {
        let (written, guard) = {
            let mut waiting = self.lock();
            (std::mem::take(&mut waiting.written), waiting.guard)
        };
        if guard > 0 {
            let reached = args![tenant, guard];
            tx.execute(data_rows::NOTE_REACHED, reached).await?;
        }
        let mut by_version: HashMap<i64, Vec<ContactId>> = HashMap::new();
        for (contact, changes) in written {
            by_version.entry(changes).or_default().push(contact);
        }
        for (changes, mut contacts) in by_version {
            contacts.sort();
            let contacts = contacts.into_iter().map(|it| args![it]).collect();
            tx.execute_many(&data_rows::CLEAR_NOTES, args![tenant, changes], contacts)
                .await?;
        }
        Ok(())
    }

    fn is_settled(&self) -> bool {
        self.lock().changed.is_empty()
    }

    fn has_written(&self) -> bool {
        !self.lock().written.is_empty()
    }
}

/// Tokens as rows, in their order: rows that lie together are written together.
pub(super) fn token_rows<'a>(
    tenant: TenantId,
    changed: impl IntoIterator<Item = &'a &'a Changed>,
    of: fn(&Changed) -> &[Token],
) -> Vec<Vec<crate::store::Value>> {
    let changed = changed.into_iter();
    let mut found: Vec<(Token, ContactId)> = changed
        .flat_map(|it| of(it).iter().map(|token| (*token, it.contact)))
        .collect();
    found.sort();
    found
        .into_iter()
        .map(|((domain, token), contact)| args![tenant, domain.code(), token, contact])
        .collect()
}

async fn standing_notes(
    data: &Db,
    tenant: TenantId,
    changed: &[Changed],
) -> Result<HashMap<ContactId, i64>, StoreError> {
    let contacts = changed.iter().map(|it| args![it.contact]).collect();
    let notes = data
        .fetch_many(&data_rows::STANDING_NOTES, args![tenant], contacts)
        .await?;
    notes
        .iter()
        .map(|row| Ok((row.id(0)?, row.i64(1)?)))
        .collect()
}

/// What is to be written for a contact.
pub(crate) fn changed(keys: &IndexKeys, contact: &Contact, country: &str, new: bool) -> Changed {
    let searchable = tokens::searchable(contact, country);
    Changed {
        contact: contact.id,
        changes: contact.version.into(),
        tokens: tokens::tokens(keys, &searchable),
        known_by: tokens::tokens(keys, &tokens::known_by(contact, country)),
        new,
    }
}

impl Catalog {
    /// The tenant's index keys, with an index that is whole under them.
    pub(crate) async fn ready_keys(&self, tenant: &TenantRef) -> Result<IndexKeys, CatalogError> {
        for last in [false, false, true, true] {
            let keys = self.keyring.index_keys(tenant.id).await?;
            if super::is_ready(&self.index, tenant.id, &keys).await? {
                return Ok(keys);
            }
            match self.rebuild_index(tenant).await {
                // Another process began one as well: see how it gets on.
                Err(CatalogError::IndexRebuilding) if !last => {}
                done => done?,
            }
        }
        Err(CatalogError::IndexRebuilding)
    }

    /// Writes what waits, and takes its notes out of the outbox.
    pub(crate) async fn settle(
        &self,
        tenant: &TenantRef,
        pending: &Pending,
    ) -> Result<(), CatalogError> {
        self.write_tokens(tenant, pending).await?;
        self.clear_notes(tenant, pending).await
    }

    /// Writes the tokens that wait in a transaction of its own.
    pub(crate) async fn write_tokens(
        &self,
        tenant: &TenantRef,
        pending: &Pending,
    ) -> Result<(), CatalogError> {
        while !pending.is_settled() {
            let keys = self.ready_keys(tenant).await?;
            let _turn = self.turn().await;
            let mut tx = self.index.begin().await?;
            if let Some(guard) = take(&mut tx, tenant.id, &keys).await? {
                let written = pending.write(&mut tx, &self.data, tenant.id, &keys).await?;
                tx.commit().await?;
                pending.wrote(written, guard);
            }
        }
        Ok(())
    }

    /// Takes the notes of written tokens out of the outbox.
    pub(crate) async fn clear_notes(
        &self,
        tenant: &TenantRef,
        pending: &Pending,
    ) -> Result<(), CatalogError> {
        if pending.has_written() {
            let mut tx = self.data.begin().await?;
            pending.clear_notes(&mut tx, tenant.id).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Writes the tokens of every contact noted in the outbox. Call it before a lookup.
    pub async fn drain(&self, tenant: &TenantRef) -> Result<(), CatalogError> {
        loop {
            let noted = args![tenant.id, PAGE];
            let noted = self
                .data
                .fetch_all(data_rows::NOTED_CONTACTS, noted)
                .await?;
            if noted.is_empty() {
                return Ok(());
            }
            let keys = self.ready_keys(tenant).await?;
            let pending = Pending::default();
            for row in &noted {
                let unit = UnitRow::read(tenant.id, row, 11)?;
                let sealer = match self.sealer(&unit).await {
                    Ok(sealer) => sealer,
                    // Erased since we looked: the erasure takes the note out, nobody needs tokens.
                    Err(CatalogError::Keyring(KeyringError::Erased(_))) => continue,
                    Err(error) => return Err(error),
                };
                let contact = ContactRow::read(row)?.open(&sealer)?;
                pending.add(&keys, [changed(&keys, &contact, &tenant.country, false)]);
            }
            if pending.is_settled() {
                return Ok(());
            }
            self.settle(tenant, &pending).await?;
        }
    }
}

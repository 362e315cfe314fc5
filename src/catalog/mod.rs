//! What is held: tenants, contacts, cases, messages, forwardings, and the index that finds them.
//!
//! Everything personal is sealed under the key of its unit before it reaches a statement. A unit is
//! what is erased as one: a contact's profile, one contact's part of one case, a tenant's profile, a
//! quarantined record.
//!
//! **Writing** is one path, [`write`]: a batch of changes, of one or of five hundred, in five steps.
//!
//! ```text
//! 1 index   take the tenant's guard, write tokens of the batch before, look at suppressions,
//!           reserve external ids: the first to reserve fixes the id, so there are no duplicates
//! 2 data    pass a gate, look that no rebuild began, take contacts then cases by id, then write
//! 3         the audit row and the note in the outbox are part of 2
//! 4 index   write the tokens of what changed, while its note still says what we wrote
//! 5 data    take the note out of the outbox
//! ```
//!
//! A crash between 2 and 4 leaves the note, and every lookup drains the notes first: it never says
//! "nothing" of somebody who is held. A crash between 1 and 2 leaves a reservation that whoever
//! comes next takes up.
//!
//! **Reading** is [`Catalog::confirmed`]: read and decrypt, write the audit row, ask the keyring
//! whether something was erased meanwhile, and only then answer.
//!
//! **To add one more kind of record**: a table with `unit`, `sealed_version` and an index on `unit`
//! in `migrations/data`, its sealed columns in `keyring::columns`, its statements in `rows.rs`, a
//! variant of [`write::Change`], and its deletion in the erasure room. A record without its deletion
//! would survive its owner: the canary test looks for it.

mod access;
mod add_tenant;
mod attachments;
mod change_case;
mod change_tenant;
pub mod controller;
mod erased;
mod error;
mod find;
pub mod further;
mod held;
pub mod index;
pub mod inventory;
mod lease_unit;
mod list;
pub(crate) mod opened;
pub(crate) mod outgoing;
mod own;
pub mod processing;
mod quarantine;
mod read_contact;
pub mod rehouse;
pub(crate) mod rows;
pub mod rules;
mod show_tenants;
pub mod types;
mod upsert;
mod version;
pub(crate) mod walk;
pub mod write;

use std::sync::Arc;

pub use access::{AccessRecord, CaseRecord};
pub use change_case::CasePatch;
pub use change_tenant::TenantPatch;
pub use controller::Controller;
pub use error::CatalogError;
pub use find::{Finding, Identifier, Match};
pub use held::CategoryHeld;
pub use inventory::{CategoryInventory, Holdings, Inventory};
pub use list::Page;
pub use own::OWN_SLUG;
pub use quarantine::{Quarantined, QuarantinedRecord};
pub use types::{
    Attachment, Case, Category, Contact, Forwarding, Message, NewTenant, Tenant, TenantSummary,
};
pub use upsert::Upserted;
pub use version::Expected;

use futures_util::future::try_join_all;

use crate::audit::{Action, Actor, Entry, Recorder};
use crate::keyring::{Keyring, KeyringError};
use crate::store::Db;
use crate::vocabulary::{Clock, Random, TenantId};

/// What a contact's unit, a part and so on are in `unit.kind`.
pub mod unit_kind {
    /// A contact's profile.
    pub const CONTACT: i64 = 1;
    /// One contact's part of one case.
    pub const PART: i64 = 2;
    /// A tenant's profile.
    pub const TENANT: i64 = 3;
    /// A record that an import could not read.
    pub const QUARANTINED: i64 = 4;
    /// A file that was uploaded, until it is taken in.
    pub const UPLOAD: i64 = 20;
    /// A data subject's request.
    pub const REQUEST: i64 = 5;
    /// A contract event as it came.
    pub const HOOK_EVENT: i64 = 30;
    /// What contract events are signed with.
    pub const HOOK_SECRET: i64 = 31;
    /// A version of a client's notice.
    pub const NOTICE_VERSION: i64 = 40;
}

/// How many tasks of a process may hold a transaction of one store while they ask the other for a
/// connection. Without a limit below the size of the pools, eight who hold data and eight who hold
/// the index would wait for each other's last connection until both give up.
const TURNS: usize = 4;

/// How many gates each tenant has.
pub const GATES: i64 = 64;

/// The catalog: its stores, its keys, and on whose behalf it acts. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    /// Ciphertext and structure.
    pub data: Db,
    /// Tokens.
    pub index: Db,
    /// Keys.
    pub keyring: Keyring,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Where reads are written down.
    pub recorder: Recorder,
    /// On whose behalf.
    pub actor: Actor,
    /// One rebuild at a time in this process.
    rebuilding: Arc<tokio::sync::Mutex<()>>,
    /// Whoever holds a transaction of one store and asks the other for a connection.
    turns: Arc<tokio::sync::Semaphore>,
    /// Single changes that wait to be written together.
    lines: Arc<write::Lines>,
}

/// A tenant as most calls need it: who, and how its telephone numbers are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRef {
    /// Its id.
    pub id: TenantId,
    /// Its slug.
    pub slug: String,
    /// ISO 3166 code.
    pub country: String,
}

impl Catalog {
    /// A catalog over open, migrated stores, acting for the program itself.
    pub fn new(
        data: Db,
        index: Db,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            recorder: Recorder::new(data.clone(), clock.clone(), random.clone()),
            data,
            index,
            keyring,
            clock,
            random,
            actor: Actor::System,
            rebuilding: Arc::default(),
            turns: Arc::new(tokio::sync::Semaphore::new(TURNS)),
            lines: Arc::default(),
        }
    }

    /// The same catalog on somebody's behalf.
    pub fn acting_for(&self, actor: Actor) -> Self {
        Self {
            actor,
            ..self.clone()
        }
    }

    /// Waits for one of [`TURNS`]; hold it while holding a transaction that asks the other store.
    pub(crate) async fn turn(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.turns.acquire().await.ok() // It is never closed.
    }

    pub(crate) fn entry(&self, action: Action) -> Entry {
        Entry::new(self.actor, action)
    }

    /// Reads without a row of its own in the audit trail: one page of a walk whose row is written. What
    /// was erased meanwhile is not in the answer.
    pub(crate) async fn unrecorded<T, F>(&self, read: impl Fn() -> F) -> Result<T, CatalogError>
    where
        F: Future<Output = Result<T, CatalogError>>,
    {
        for last in [false, false, true] {
            let epoch = self.keyring.begin_read().await?;
            let answer = read().await;
            match self.keyring.confirm(epoch).await {
                Ok(()) => match answer {
                    Err(CatalogError::Keyring(KeyringError::EpochChanged)) if !last => {}
                    answer => return answer,
                },
                Err(KeyringError::EpochChanged) if !last => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyringError::EpochChanged.into())
    }

    /// Reads, writes the audit row, and gives the answer only when nothing was erased meanwhile.
    /// After an erasure somewhere it reads once more.
    pub async fn confirmed<T, F>(
        &self,
        entry: &Entry,
        read: impl Fn() -> F,
    ) -> Result<T, CatalogError>
    where
        F: Future<Output = Result<T, CatalogError>>,
    {
        self.confirm(Some(entry), |_| Vec::new(), read).await
    }

    /// The same where the answer says about whom there are rows to be written besides.
    pub(crate) async fn confirmed_of<T, F>(
        &self,
        entry: &Entry,
        shown: impl Fn(&T) -> Vec<Entry>,
        read: impl Fn() -> F,
    ) -> Result<T, CatalogError>
    where
        F: Future<Output = Result<T, CatalogError>>,
    {
        self.confirm(Some(entry), shown, read).await
    }

    /// The same of what is published anyway and about nobody in particular: no audit row, which any
    /// visitor could have written as often as they like.
    pub async fn published<T, F>(&self, read: impl Fn() -> F) -> Result<T, CatalogError>
    where
        F: Future<Output = Result<T, CatalogError>>,
    {
        self.confirm(None, |_| Vec::new(), read).await
    }

    async fn confirm<T, F>(
        &self,
        mut entry: Option<&Entry>,
        shown: impl Fn(&T) -> Vec<Entry>,
        read: impl Fn() -> F,
    ) -> Result<T, CatalogError>
    where
        F: Future<Output = Result<T, CatalogError>>,
    {
        for last in [false, true] {
            let epoch = self.keyring.begin_read().await?;
            let answer = read().await;
            if let Some(entry) = entry.take() {
                let written = self.recorder.record(entry).await;
                written.map_err(CatalogError::Audit)?;
            }
            let shown = answer.as_ref().map(&shown).unwrap_or_default();
            let written = shown.iter().map(|entry| self.recorder.record(entry));
            let written = try_join_all(written).await;
            written.map_err(CatalogError::Audit)?;
            match self.keyring.confirm(epoch).await {
                Ok(()) => match answer {
                    Err(CatalogError::Keyring(KeyringError::EpochChanged)) if !last => {}
                    answer => return answer,
                },
                Err(KeyringError::EpochChanged) if !last => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(KeyringError::EpochChanged.into())
    }
}

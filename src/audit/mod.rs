//! Who did what: one row per act, written so that no act is without its row.
//!
//! A writer's row goes into the writer's own transaction ([`record_in`]): both are there or neither.
//! A reader has no transaction, and a commit per reader would cost a flush of the disk each, so
//! readers share one: [`Recorder::record`] puts the rows of all who wait into one transaction and
//! returns when it is durable. An answer is given only after that.
//!
//! A row holds no personal data: the action comes from a closed list, the rest is ids and counts.
//! **To audit one more act**, add a variant to [`Action`]; its word is never changed afterwards.

mod recorder;
pub(crate) mod rows;
mod trail;

use std::fmt;

pub use recorder::Recorder;
pub use trail::{Cursor, Page, Record, page, page_of_object};

use crate::store::{StoreError, Tx, Value, args};
use crate::vocabulary::{Clock, Random, TenantId};

/// On whose behalf something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The program itself: recovery, schedules.
    System,
    /// Whoever may run `gallra` on this machine.
    CommandLine,
    /// The bearer of an API token, by the token's id.
    Token([u8; 16]),
    /// A signed-in person, by id.
    User([u8; 16]),
    /// A contract or billing system, by the secret it signs with.
    Hook([u8; 16]),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::System => f.write_str("system"),
            Actor::CommandLine => f.write_str("command-line"),
            Actor::Token(id) => write!(f, "token:{}", hex::encode(id)),
            Actor::User(id) => write!(f, "user:{}", hex::encode(id)),
            Actor::Hook(id) => write!(f, "hook:{}", hex::encode(id)),
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// Every action.
            pub const ALL: &[Action] = &[$(Action::$name),*];

            /// The word that is stored.
            pub const fn word(self) -> &'static str {
                match self { $(Action::$name => $word,)* }
            }
        }
    };
}

actions! {
    /// A tenant was added.
    TenantAdded = "tenant.added";
    /// What is known of a tenant was changed.
    TenantChanged = "tenant.changed";
    /// The list of tenants was read.
    TenantsListed = "tenant.listed";
    /// A tenant's profile was read.
    TenantRead = "tenant.read";
    /// How a tenant's data is processed was changed.
    ProcessingChanged = "tenant.processing";
    /// A version of a tenant's notice was written.
    NoticeDrafted = "notice.drafted";
    /// A tenant approved a version of its notice.
    NoticeApproved = "notice.approved";
    /// A version of a tenant's notice is in force.
    NoticePublished = "notice.published";
    /// A tenant's inventory was read: counts, nothing of anybody.
    InventoryRead = "tenant.inventory";
    /// A contact was created or changed.
    ContactUpserted = "contact.upserted";
    /// A contact's profile was read.
    ContactRead = "contact.read";
    /// A page of contacts was read.
    ContactsListed = "contact.listed";
    /// A page of cases was read.
    CasesListed = "case.listed";
    /// A case was read.
    CaseRead = "case.read";
    /// A page of a case's messages was read.
    MessagesRead = "message.read";
    /// Somebody was searched for.
    ContactSearched = "contact.searched";
    /// A contact was shown as the answer of a search.
    ContactFound = "contact.found";
    /// Everything held about a contact was read.
    AccessRead = "contact.access";
    /// A contact was erased.
    ContactErased = "contact.erased";
    /// A message was recorded.
    MessageRecorded = "message.recorded";
    /// A forwarding was recorded.
    ForwardingRecorded = "forwarding.recorded";
    /// A case was changed or closed.
    CaseChanged = "case.changed";
    /// A part of an import was written.
    Imported = "import.written";
    /// Imports may go on though an index was lost, and with it whom they must not bring back.
    ImportsAllowed = "import.allowed";
    /// A file to import began to come in.
    ImportReceived = "import.received";
    /// An uploaded file is taken in, cannot be, or broke off.
    ImportEnded = "import.ended";
    /// An uploaded file was destroyed.
    UploadDiscarded = "import.discarded";
    /// Records that an import could not read were looked at.
    QuarantineRead = "quarantine.read";
    /// Records that an import could not read were listed, without what they hold.
    QuarantineListed = "quarantine.listed";
    /// Records that an import could not read were discarded.
    QuarantineDiscarded = "quarantine.discarded";
    /// A tenant was purged.
    TenantPurged = "tenant.purged";
    /// What stays of a unit was sealed under a new one.
    Rehoused = "unit.rehoused";
    /// Rows of erased units were deleted after a restore.
    Reconciled = "store.reconciled";
    /// A hold was placed.
    HoldAdded = "hold.added";
    /// A hold was lifted.
    HoldReleased = "hold.released";
    /// A request was registered, or a step of it was taken.
    RequestChanged = "request.changed";
    /// A request was read with who asked and what was written.
    RequestRead = "request.read";
    /// Requests were listed, without who asked.
    RequestsListed = "request.listed";
    /// What a client chose at its contract's end was recorded.
    OffboardingBegun = "offboarding.begun";
    /// Somebody approved a purge.
    OffboardingApproved = "offboarding.approved";
    /// A contract's end was called off.
    OffboardingCancelled = "offboarding.cancelled";
    /// A contract event announced a contract's end.
    OffboardingScheduled = "offboarding.scheduled";
    /// A client's data were handed over to it.
    OffboardingExported = "offboarding.exported";
    /// A copy elsewhere was confirmed as gone.
    TaskConfirmed = "offboarding.task-confirmed";
    /// A contract event was stored.
    HookReceived = "hook.received";
    /// A stored contract event was looked at.
    HookRead = "hook.read";
    /// A secret that contract events are signed with was added.
    HookSecretAdded = "hook.secret-added";
    /// Such a secret was ended.
    HookSecretEnded = "hook.secret-ended";
    /// A token was made.
    TokenCreated = "token.created";
    /// A token was ended.
    TokenRevoked = "token.revoked";
    /// An endpoint of webhooks was made.
    WebhookAdded = "webhook.added";
    /// An endpoint got another secret.
    WebhookRotated = "webhook.rotated";
    /// An endpoint was removed.
    WebhookRemoved = "webhook.removed";
    /// The data store was copied.
    BackedUp = "store.backed-up";
    /// The data store was put back.
    Restored = "store.restored";
    /// Keys that no record named were destroyed.
    OrphansDestroyed = "key.orphans-destroyed";
    /// The epoch key was replaced without an erasure.
    RootRotated = "root.rotated";
    /// A mirror that is gone is waited for no longer.
    MirrorForgotten = "mirror.forgotten";
    /// A mirror became the vault.
    MirrorPromoted = "mirror.promoted";
}

/// One act, before it has a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// On whose behalf.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// In whose data; `None` across tenants.
    pub tenant: Option<TenantId>,
    /// Which row.
    pub object: Option<[u8; 16]>,
    /// How many of what; the names are the program's own.
    pub counts: Vec<(&'static str, u64)>,
}

impl Entry {
    /// An act without tenant, object or counts.
    pub fn new(actor: Actor, action: Action) -> Self {
        Self {
            actor,
            action,
            tenant: None,
            object: None,
            counts: Vec::new(),
        }
    }

    /// In this tenant's data.
    pub fn of(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// To this row.
    pub fn to(mut self, object: &[u8; 16]) -> Self {
        self.object = Some(*object);
        self
    }

    /// So many of these.
    pub fn count(mut self, what: &'static str, number: u64) -> Self {
        self.counts.push((what, number));
        self
    }

    fn values(&self, clock: &dyn Clock, random: &dyn Random) -> Vec<Value> {
        let mut id = [0; 16];
        random.fill(&mut id);
        let counts: Vec<String> = self
            .counts
            .iter()
            .map(|(what, number)| format!("{what}={number}"))
            .collect();
        let detail = (!counts.is_empty()).then(|| counts.join(" "));
        args![
            id,
            clock.now(),
            self.actor.to_string(),
            self.action.word(),
            self.tenant,
            self.object,
            detail,
        ]
    }
}

/// Writes an act's row in the transaction of the act.
pub async fn record_in(
    tx: &mut Tx,
    entry: &Entry,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<(), StoreError> {
    record_all_in(tx, std::slice::from_ref(entry), clock, random).await
}

/// Writes several rows in the transaction of what they tell of.
pub async fn record_all_in(
    tx: &mut Tx,
    entries: &[Entry],
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<(), StoreError> {
    let rows = entries.iter().map(|entry| entry.values(clock, random));
    tx.execute_many(&rows::INSERT_AUDIT, args![], rows.collect())
        .await?;
    Ok(())
}

/// The same as a statement with its arguments, for the transaction in which a store is put back.
pub(crate) fn statement(
    entry: &Entry,
    clock: &dyn Clock,
    random: &dyn Random,
) -> (&'static str, Vec<Value>) {
    (rows::INSERT_ONE, entry.values(clock, random))
}

//! Plaintext changes units: what stays is opened under its old key and sealed under a new one, in one
//! transaction of the data store. The erasure room calls this and destroys the old key afterwards;
//! what was not carried over dies with it.
//!
//! | File | Does |
//! |---|---|
//! | `profile` | a contact's profile |
//! | `part` | one contact's part of one case; its messages may go to another contact or case |
//! | `files` | files sent along with those messages |
//! | `follow` | the index: a changed identity, and messages that an old export must not bring back |
//!
//! **What is not chosen stays.** A message that arrives between the choice and the change was never
//! looked at by anybody, so it is carried over, not lost.
//!
//! **Why does a dropped message keep its row?** It stays under the old unit, which is closed: nobody
//! reads it any more, and the erasure deletes, counts and unindexes it like every other erased row.
//!
//! The writer's protocol of [`super::write`] holds here too: pass a gate, look that no rebuild of the
//! index began, take contacts then cases by id. A rebuild that begins later waits for the gate and
//! walks over the new units; none ever sees half of the change.

mod files;
mod follow;
mod part;
mod profile;
pub(crate) mod rows;

use std::collections::{BTreeMap, BTreeSet};

use super::further::Further;
use super::opened::UnitRow;
use super::write::pass_gate;
use super::{Catalog, CatalogError, Expected, TenantRef, index, rows as catalog_rows};
use crate::keyring::{IndexKeys, KeyRef, Padding, Place, Sealer};
use crate::store::{Tx, Value, args};
use crate::vocabulary::{AttachmentId, CaseId, ContactId, MessageId, Personal, UnitId};

/// What becomes of a sealed value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    #[default]
    Keep,
    /// This takes its place.
    Replace(Personal),
    /// It goes.
    Drop,
}

impl Fate {
    /// The value afterwards, and whether one that was there is gone.
    fn apply(&self, old: Option<Personal>) -> (Option<Personal>, bool) {
        let new = match self {
            Fate::Keep => return (old, false),
            Fate::Replace(new) => Some(new.clone()),
            Fate::Drop => None,
        };
        let gone = old.is_some() && old != new;
        (new, gone)
    }
}

/// What becomes of a contact's profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChoice {
    /// The id in the source system.
    pub external_id: Fate,
    /// The name.
    pub name: Fate,
    /// The telephone number.
    pub phone: Fate,
    /// The e-mail address.
    pub email: Fate,
    /// The further addresses, numbers and ids afterwards; absent, they stay.
    pub further: Option<Further>,
    /// Who was known by what this contact gets: what others find them by is handed over at once.
    pub taking_from: Option<ContactId>,
    /// Which versions of the profile this was chosen for.
    pub expected: Expected,
}

/// Whose part of which case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Home {
    /// The case.
    pub case: CaseId,
    /// The contact.
    pub contact: ContactId,
}

/// What becomes of one contact's part of one case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartChoice {
    /// Where its messages go, those excepted that have a home of their own. Within the same case the
    /// case itself goes along: whoever gets the requester's part is the requester.
    pub to: Option<Home>,
    /// The subject, where the part is the requester's.
    pub subject: Fate,
    /// Messages that do not simply stay.
    pub messages: BTreeMap<MessageId, MessageChoice>,
}

/// What becomes of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageChoice {
    /// The text; without one the message goes as a whole.
    pub body: Fate,
    /// Who wrote it.
    pub author: Fate,
    /// Where it goes.
    pub to: Option<Home>,
    /// Files sent along that go.
    pub without_files: BTreeSet<AttachmentId>,
}

/// What is rehoused, and what stays of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A contact's profile.
    Profile(ContactId, ProfileChoice),
    /// One contact's part of one case.
    Part(Home, PartChoice),
}

impl Choice {
    /// Whose unit it is now.
    pub fn contact(&self) -> ContactId {
        match self {
            Choice::Profile(contact, _) => *contact,
            Choice::Part(home, _) => home.contact,
        }
    }

    /// The case it is a part of.
    pub fn case(&self) -> Option<CaseId> {
        match self {
            Choice::Profile(..) => None,
            Choice::Part(home, _) => Some(home.case),
        }
    }
}

/// What a change of units did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehoused {
    /// The key that is to be destroyed.
    pub old: KeyRef,
    /// Sealed values and messages that stay.
    pub kept: u64,
    /// Values that are gone from their rows, by category. Dropped messages are counted when their
    /// rows are deleted.
    pub removed: BTreeMap<&'static str, u64>,
}

/// One contact's part of one case, from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Of which case.
    pub case: CaseId,
    /// How many messages are in it.
    pub messages: u64,
    /// How many forwardings.
    pub forwardings: u64,
}

impl Catalog {
    /// Every part that a contact has of a case. Nothing sealed is opened.
    pub async fn parts_of(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
    ) -> Result<Vec<Part>, CatalogError> {
        let arguments = args![tenant.id, contact, super::unit_kind::PART];
        let found = self
            .data
            .fetch_all(rows::PARTS_OF_CONTACT, arguments)
            .await?;
        let part = |row: &crate::store::Row| {
            Ok(Part {
                case: row.id(0)?,
                messages: row.u64(1)?,
                forwardings: row.u64(2)?,
            })
        };
        found.iter().map(part).collect()
    }

    /// Begins the transaction that changes units. `None`: the index must be whole first; try again.
    pub async fn begin_rehousing(
        &self,
        tenant: &TenantRef,
        keys: &IndexKeys,
    ) -> Result<Option<Tx>, CatalogError> {
        let mut tx = self.data.begin().await?;
        let mut gate = [0];
        self.random.fill(&mut gate);
        pass_gate(&mut tx, tenant.id, gate[0].into()).await?;
        let ready = index::is_ready(&self.index, tenant.id, keys).await?;
        Ok(ready.then_some(tx))
    }

    /// Seals what stays under new units and closes the old one, in a transaction of
    /// [`Catalog::begin_rehousing`] that the caller commits.
    pub async fn rehouse_in(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        choice: &Choice,
    ) -> Result<Rehoused, CatalogError> {
        match choice {
            Choice::Profile(contact, choice) => {
                self.rehouse_profile(tx, tenant, *contact, choice).await
            }
            Choice::Part(home, choice) => self.rehouse_part(tx, tenant, *home, choice).await,
        }
    }

    /// Leases a key and writes the row of a new unit under it.
    async fn new_unit(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        kind: i64,
        contact: ContactId,
        case: Option<CaseId>,
    ) -> Result<(UnitId, Sealer), CatalogError> {
        let mut leased = self.keyring.lease(tenant.id, 1).await?;
        let leased = leased.pop().ok_or(CatalogError::Contended)?;
        let unit = UnitId::generate(self.random.as_ref());
        let place = Place {
            tenant: tenant.id,
            unit,
            key: leased.key_ref,
        };
        let sealer = Sealer::new(place, &leased.key);
        let row = args![
            unit,
            tenant.id,
            kind,
            contact,
            case,
            leased.key_ref.block as i64,
            leased.key_ref.leaf,
            sealer.commitment(),
            self.clock.now(),
        ];
        tx.execute_many(&catalog_rows::INSERT_UNITS, args![], vec![row])
            .await?;
        Ok((unit, sealer))
    }

    /// Nobody reads or writes under this unit any more.
    async fn close_unit(&self, tx: &mut Tx, unit: &UnitRow) -> Result<(), CatalogError> {
        let arguments = args![self.clock.now(), unit.place.unit];
        tx.execute(rows::CLOSE_UNIT, arguments).await?;
        Ok(())
    }

    /// Seals a value for a field, or NULL where there is none.
    fn sealed(
        &self,
        sealer: &Sealer,
        field: crate::keyring::Field,
        plain: Option<&Personal>,
        padding: Padding,
    ) -> Value {
        super::opened::seal(sealer, field, plain, padding, self.random.as_ref()).into()
    }
}

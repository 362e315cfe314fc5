//! Taking the guards of a batch and reading what is stored.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::change::Change;
use super::plan::{Fate, Plan};
use crate::catalog::opened::{CaseRow, ContactRow, UnitRow};
use crate::catalog::types::{Case, Contact};
use crate::catalog::{Catalog, CatalogError, GATES, TenantRef, rows, unit_kind};
use crate::keyring::Sealer;
use crate::store::{Bulk, Row, StoreError, Tx, Value, args};
use crate::vocabulary::{CaseId, ContactId, TenantId, UnitId};

/// What is stored under the ids of a batch, and the sealers opened on the way.
#[derive(Default)]
pub(super) struct Loaded {
    /// Contacts whose guard is taken.
    pub contacts: HashSet<ContactId>,
    /// Those of them that a change may alter.
    pub opened: HashMap<ContactId, (UnitId, Contact)>,
    /// Cases whose guard is taken.
    pub cases: HashSet<CaseId>,
    /// Those of them that a change may alter or forwards.
    pub opened_cases: HashMap<CaseId, (UnitId, Case, u32)>,
    /// Contacts and cases that are being erased.
    pub being_erased: HashSet<[u8; 16]>,
    /// Parts of the cases whose keys are there.
    pub parts: HashMap<(CaseId, ContactId), UnitId>,
    /// Messages, forwardings and quarantined records that are there already.
    pub stored: HashSet<[u8; 16]>,
    /// Sealers of stored units.
    pub sealers: HashMap<UnitId, Sealer>,
}

/// Ids a batch asks for, sorted: the order in which guards are taken.
#[derive(Default)]
struct Wanted {
    contacts: BTreeSet<[u8; 16]>,
    opened: BTreeSet<[u8; 16]>,
    cases: BTreeSet<[u8; 16]>,
    looked_into: BTreeSet<[u8; 16]>,
    messages: BTreeSet<[u8; 16]>,
    forwardings: BTreeSet<[u8; 16]>,
    quarantined: BTreeSet<[u8; 16]>,
}

impl Wanted {
    /// What may be stored: an id that was ours to fix cannot be.
    fn by(changes: &[Change], plan: &Plan) -> Self {
        let mut wanted = Wanted::default();
        for (change, entry) in changes.iter().zip(&plan.entries) {
            if entry.fate != Fate::Open {
                continue;
            }
            let known = |place: Option<usize>| {
                let claim = plan.claims.get(place?)?;
                (claim.owned && !claim.fresh).then_some(claim.owner)
            };
            wanted.contacts.extend(known(entry.contact));
            wanted.cases.extend(known(entry.case));
            match change {
                Change::Contact(_) => wanted.opened.extend(known(entry.contact)),
                Change::Case(_) => wanted.looked_into.extend(known(entry.case)),
                Change::Message(_) => wanted.messages.extend(known(entry.own)),
                Change::Forwarding(_) => {
                    wanted.looked_into.extend(known(entry.case));
                    wanted.forwardings.extend(known(entry.own));
                }
                Change::Rejected(_) => wanted.quarantined.extend(known(entry.own)),
            }
        }
        wanted
    }
}

fn list(ids: &BTreeSet<[u8; 16]>) -> Vec<Vec<Value>> {
    ids.iter().map(|id| args![*id]).collect()
}

fn less(all: &BTreeSet<[u8; 16]>, taken: impl Fn(&[u8; 16]) -> bool) -> BTreeSet<[u8; 16]> {
    all.iter().filter(|id| !taken(id)).copied().collect()
}

/// Passes one of the tenant's gates.
pub(crate) async fn pass_gate(
    tx: &mut Tx,
    tenant: TenantId,
    number: i64,
) -> Result<(), CatalogError> {
    let arguments = args![tenant, number % GATES, false];
    match tx.fetch_optional(rows::PASS_GATE, arguments).await? {
        Some(_) => Ok(()),
        None => Err(CatalogError::TenantBeingErased),
    }
}

impl Catalog {
    /// Takes contacts, then cases, each in order of id, and reads what the changes need. `None` when
    /// another writer made one of them just now: start again.
    pub(super) async fn load(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        changes: &[Change],
        plan: &Plan,
    ) -> Result<Option<Loaded>, CatalogError> {
        let wanted = Wanted::by(changes, plan);
        let mut loaded = Loaded::default();
        if !self
            .load_contacts(tx, tenant.id, &wanted, &mut loaded)
            .await?
            || !self.load_cases(tx, tenant.id, &wanted, &mut loaded).await?
        {
            return Ok(None);
        }
        for (ids, statement) in [
            (&wanted.messages, &rows::STORED_MESSAGES),
            (&wanted.forwardings, &rows::STORED_FORWARDINGS),
            (&wanted.quarantined, &rows::STORED_QUARANTINED),
        ] {
            for row in tx.fetch_many(statement, args![], list(ids)).await? {
                if row.id::<TenantId>(1)? == tenant.id {
                    loaded.stored.insert(row.bytes(0)?);
                }
            }
        }
        Ok(Some(loaded))
    }

    async fn load_contacts(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        wanted: &Wanted,
        loaded: &mut Loaded,
    ) -> Result<bool, CatalogError> {
        loaded.contacts = take(
            tx,
            [&rows::TAKE_CONTACTS, &rows::TAKE_LIVING_CONTACTS],
            tenant,
            &wanted.contacts,
            ContactId,
        )
        .await?;
        let missing = less(&wanted.contacts, |id| {
            loaded.contacts.contains(&ContactId(*id))
        });
        let read: BTreeSet<_> = missing.union(&wanted.opened).copied().collect();
        for row in tx
            .fetch_many(&rows::CONTACTS, args![tenant], list(&read))
            .await?
        {
            let stored = ContactRow::read(&row)?;
            let unit = UnitRow::read(tenant, &row, 11)?;
            let taken = loaded.contacts.contains(&stored.id);
            match self.stored(&unit, stored.erased, taken).await? {
                Stored::JustMade => return Ok(false),
                Stored::BeingErased => _ = loaded.being_erased.insert(stored.id.0),
                Stored::Taken(sealer) => {
                    let opened = (stored.unit, stored.open(&sealer)?);
                    loaded.sealers.insert(stored.unit, *sealer);
                    loaded.opened.insert(stored.id, opened);
                }
            }
        }
        Ok(true)
    }

    async fn load_cases(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        wanted: &Wanted,
        loaded: &mut Loaded,
    ) -> Result<bool, CatalogError> {
        loaded.cases = take(
            tx,
            [&rows::TAKE_CASES, &rows::TAKE_LIVING_CASES],
            tenant,
            &wanted.cases,
            CaseId,
        )
        .await?;
        let missing = less(&wanted.cases, |id| loaded.cases.contains(&CaseId(*id)));
        let read: BTreeSet<_> = missing.union(&wanted.looked_into).copied().collect();
        for row in tx
            .fetch_many(&rows::CASES, args![tenant], list(&read))
            .await?
        {
            let stored = CaseRow::read(&row)?;
            let unit = UnitRow::read(tenant, &row, 12)?;
            let taken = loaded.cases.contains(&stored.id);
            match self.stored(&unit, stored.erased, taken).await? {
                Stored::JustMade => return Ok(false),
                Stored::BeingErased => _ = loaded.being_erased.insert(stored.id.0),
                Stored::Taken(sealer) => {
                    let opened = (stored.unit, stored.open(Some(&sealer))?, stored.version);
                    loaded.sealers.insert(stored.unit, *sealer);
                    loaded.opened_cases.insert(stored.id, opened);
                }
            }
        }
        self.load_parts(tx, tenant, loaded).await?;
        Ok(true)
    }

    /// The parts of the cases. One whose key is destroyed while its contact lives is on its way out:
    /// what comes now begins a new one, unless the case itself goes with it.
    async fn load_parts(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        loaded: &mut Loaded,
    ) -> Result<(), CatalogError> {
        let taken: BTreeSet<_> = loaded.cases.iter().map(|it| it.0).collect();
        let head = args![tenant, unit_kind::PART];
        for row in tx.fetch_many(&rows::PARTS, head, list(&taken)).await? {
            let unit = UnitRow::read(tenant, &row, 0)?;
            let id = unit.place.unit;
            let (contact, case) = (row.id::<ContactId>(4)?, row.id::<CaseId>(5)?);
            match self.sealer_unless_erased(&unit).await? {
                Some(sealer) => {
                    loaded.sealers.insert(id, sealer);
                    loaded.parts.insert((case, contact), id);
                }
                None if row.id::<UnitId>(6)? == id => _ = loaded.being_erased.insert(case.0),
                None => {}
            }
        }
        Ok(())
    }

    /// Whether a stored contact or case can be worked with.
    async fn stored(
        &self,
        unit: &UnitRow,
        erased: bool,
        taken: bool,
    ) -> Result<Stored, CatalogError> {
        if erased {
            return Ok(Stored::BeingErased);
        }
        if !taken {
            return Ok(Stored::JustMade);
        }
        let sealer = self.sealer_unless_erased(unit).await?;
        Ok(sealer.map_or(Stored::BeingErased, |it| Stored::Taken(Box::new(it))))
    }
}

/// What is found under an id of the batch.
enum Stored {
    /// Its guard is ours, and this opens it.
    Taken(Box<Sealer>),
    /// It is closed, or its key is destroyed.
    BeingErased,
    /// Another writer made it after we looked for guards.
    JustMade,
}

/// Takes guards and says whose. Mostly it is everybody's, and then only their number comes back;
/// if not, they are taken again, by the statement that says which.
async fn take<T: std::hash::Hash + Eq>(
    tx: &mut Tx,
    [all, living]: [&Bulk; 2],
    tenant: TenantId,
    ids: &BTreeSet<[u8; 16]>,
    wrap: fn([u8; 16]) -> T,
) -> Result<HashSet<T>, StoreError> {
    if tx.execute_many(all, args![tenant], list(ids)).await? == ids.len() as u64 {
        return Ok(ids.iter().copied().map(wrap).collect());
    }
    let rows = tx.fetch_many(living, args![tenant], list(ids)).await?;
    rows.iter()
        .map(|row: &Row| row.bytes(0).map(wrap))
        .collect()
}

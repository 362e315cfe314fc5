//! Sealing a decided batch and writing it in one transaction.

use std::collections::HashMap;

use super::Manner;
use super::change::{Change, Outcome};
use super::decide::{Addition, Decision, Row};
use super::load::{Loaded, pass_gate};
use super::plan::Plan;
use crate::audit;
use crate::catalog::index::settle::{Pending, changed};
use crate::catalog::index::{self, rows as index_rows};
use crate::catalog::opened::seal;
use crate::catalog::types::{AuthorKind, Contact};
use crate::catalog::{Catalog, CatalogError, TenantRef, rows, unit_kind};
use crate::keyring::{Column, IndexKeys, Padding, Place, Sealer, columns};
use crate::store::{Tx, Value, args};
use crate::vocabulary::{CaseId, ContactId, Personal, UnitId};

/// A unit that has no row yet.
struct NewUnit {
    unit: UnitId,
    kind: i64,
    contact: Option<ContactId>,
    case: Option<CaseId>,
}

/// What is sealed with: the batch's sealers, and chance.
pub(super) struct Seals<'a> {
    catalog: &'a Catalog,
    pub sealers: HashMap<UnitId, Sealer>,
}

impl Seals<'_> {
    /// Seals one field, or NULL where there is nothing.
    pub fn field(
        &self,
        unit: &UnitId,
        column: Column,
        row: &[u8; 16],
        version: u32,
        plain: Option<&Personal>,
    ) -> Result<Value, CatalogError> {
        let long = column == columns::MESSAGE_BODY;
        let padding = if long { Padding::Padme } else { Padding::Short };
        let random = self.catalog.random.as_ref();
        // Every unit of a batch has its sealer: a missing one is a batch to start again.
        let sealer = self.sealers.get(unit).ok_or(CatalogError::Contended)?;
        Ok(seal(sealer, column.of(row, version), plain, padding, random).into())
    }
}

impl Catalog {
    /// One transaction of the data store. `None`: another writer or a rebuild came first.
    pub(super) async fn store(
        &self,
        tenant: &TenantRef,
        keys: &IndexKeys,
        changes: &[Change],
        plan: &Plan,
        manner: Manner,
        pending: &Pending,
    ) -> Result<Option<Vec<Outcome>>, CatalogError> {
        let _turn = self.turn().await;
        let mut tx = self.data.begin().await?;
        let mut gate = [0];
        self.random.fill(&mut gate);
        pass_gate(&mut tx, tenant.id, gate[0].into()).await?;
        if !index::is_ready(&self.index, tenant.id, keys).await? {
            return Ok(None);
        }
        let Some(mut loaded) = self.load(&mut tx, tenant, changes, plan).await? else {
            return Ok(None);
        };
        let sealers = std::mem::take(&mut loaded.sealers);
        let now = self.clock.now();
        let decision = Decision::make(changes, plan, &loaded, now, self.random.as_ref());
        if !self.still_reserved(tenant, &decision).await? {
            return Ok(None);
        }
        let sealers = self
            .sealers(&mut tx, tenant, &loaded, &decision, sealers)
            .await?;
        let seals = Seals {
            catalog: self,
            sealers,
        };
        if !self
            .write_contacts(&mut tx, tenant, &decision, &seals)
            .await?
            || !self.write_cases(&mut tx, tenant, &decision, &seals).await?
        {
            return Ok(None);
        }
        self.write_additions(&mut tx, tenant, changes, &decision, &seals)
            .await?;
        pending.clear_notes(&mut tx, tenant.id).await?;
        self.audit_batch(&mut tx, tenant, manner, &decision.outcomes)
            .await?;
        tx.commit().await?;
        let altered = decision
            .contacts
            .values()
            .filter(|held| held.row != Row::Stored);
        pending.add(
            keys,
            altered.map(|held| changed(keys, &held.it, &tenant.country, held.row == Row::New)),
        );
        Ok(Some(decision.outcomes))
    }

    /// Whether the ids of new contacts and cases are still theirs. An erasure removes reservations
    /// before rows; so when the row is gone but was there a moment ago, this says so, and the id of an
    /// erased person is not taken up again.
    async fn still_reserved(
        &self,
        tenant: &TenantRef,
        decision: &Decision<'_>,
    ) -> Result<bool, CatalogError> {
        let contacts = decision
            .contacts
            .iter()
            .filter(|(_, held)| held.row == Row::New);
        let cases = decision
            .cases
            .iter()
            .filter(|(_, held)| held.row == Row::New);
        let new: Vec<Vec<Value>> = contacts
            .map(|(id, _)| args![*id])
            .chain(cases.map(|(id, _)| args![*id]))
            .collect();
        let count = new.len();
        if count == 0 {
            return Ok(true);
        }
        let mut view = self.index.snapshot().await?;
        let head = args![tenant.id];
        let reserved = view
            .fetch_many(&index_rows::RESERVED_OWNERS, head, new)
            .await?;
        view.rollback().await?;
        Ok(reserved.len() == count)
    }

    /// Leases keys for the new units, writes their rows, and adds the sealers of stored units.
    async fn sealers(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        loaded: &Loaded,
        decision: &Decision<'_>,
        mut sealers: HashMap<UnitId, Sealer>,
    ) -> Result<HashMap<UnitId, Sealer>, CatalogError> {
        let new = new_units(decision);
        let leased = self.keyring.lease(tenant.id, new.len()).await?;
        let now = self.clock.now();
        let mut insert = Vec::with_capacity(new.len());
        for (it, leased) in new.into_iter().zip(leased) {
            let place = Place {
                tenant: tenant.id,
                unit: it.unit,
                key: leased.key_ref,
            };
            let sealer = Sealer::new(place, &leased.key);
            insert.push(args![
                it.unit,
                tenant.id,
                it.kind,
                it.contact,
                it.case,
                leased.key_ref.block as i64,
                leased.key_ref.leaf,
                sealer.commitment(),
                now,
            ]);
            sealers.insert(it.unit, sealer);
        }
        tx.insert_many(&rows::INSERT_UNITS, insert).await?;
        for (part, (unit, row)) in &decision.parts {
            if *row == Row::Stored
                && !sealers.contains_key(unit)
                && let Some(stored) = loaded.parts.get(part)
            {
                sealers.insert(*unit, self.sealer(stored).await?);
            }
        }
        Ok(sealers)
    }

    async fn write_contacts(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        decision: &Decision<'_>,
        seals: &Seals<'_>,
    ) -> Result<bool, CatalogError> {
        let (mut insert, mut change, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (id, held) in &decision.contacts {
            if held.row == Row::Stored {
                continue;
            }
            let it: &Contact = &held.it;
            let field = |column, plain: &Option<Personal>| {
                seals.field(
                    &held.unit,
                    column,
                    id.as_bytes(),
                    held.version,
                    plain.as_ref(),
                )
            };
            let row = args![
                *id,
                tenant.id,
                held.unit,
                field(columns::CONTACT_EXTERNAL_ID, &it.external_id)?,
                field(columns::CONTACT_NAME, &it.name)?,
                field(columns::CONTACT_PHONE, &it.phone)?,
                field(columns::CONTACT_EMAIL, &it.email)?,
                it.source.clone(),
                it.created_at,
                it.updated_at,
                held.version,
                0,
            ];
            let rows = if held.row == Row::New {
                &mut insert
            } else {
                &mut change
            };
            rows.push(row);
            notes.push(args![*id, tenant.id, held.version]);
        }
        let wanted = insert.len() as u64;
        if tx.insert_many(&rows::INSERT_CONTACTS, insert).await? != wanted {
            return Ok(false); // Made by another writer just now.
        }
        tx.insert_many(&rows::CHANGE_CONTACTS, change).await?;
        tx.insert_many(&rows::NOTE_CHANGES, notes).await?;
        Ok(true)
    }

    async fn write_cases(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        decision: &Decision<'_>,
        seals: &Seals<'_>,
    ) -> Result<bool, CatalogError> {
        let (mut insert, mut change) = (Vec::new(), Vec::new());
        for (id, held) in &decision.cases {
            if held.row == Row::Stored {
                continue;
            }
            let it = &held.it;
            let field = |column, plain: &Option<Personal>| {
                seals.field(
                    &held.unit,
                    column,
                    id.as_bytes(),
                    held.version,
                    plain.as_ref(),
                )
            };
            let row = args![
                *id,
                tenant.id,
                it.requester,
                held.unit,
                field(columns::CASE_EXTERNAL_ID, &it.external_id)?,
                field(columns::CASE_SUBJECT, &it.subject)?,
                &it.channel,
                &it.state,
                &it.custody,
                it.opened_at,
                it.closed_at,
                held.version,
                0,
            ];
            let rows = if held.row == Row::New {
                &mut insert
            } else {
                &mut change
            };
            rows.push(row);
        }
        let wanted = insert.len() as u64;
        if tx.insert_many(&rows::INSERT_CASES, insert).await? != wanted {
            return Ok(false);
        }
        tx.insert_many(&rows::CHANGE_CASES, change).await?;
        Ok(true)
    }

    async fn write_additions(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        changes: &[Change],
        decision: &Decision<'_>,
        seals: &Seals<'_>,
    ) -> Result<(), CatalogError> {
        let with = |additions, row: AdditionRow| rows_of(additions, changes, tenant, seals, row);
        let messages = with(&decision.messages, message_row)?;
        tx.insert_many(&rows::INSERT_MESSAGES, messages).await?;
        self.write_attachments(tx, tenant, changes, decision, seals)
            .await?;
        let forwardings = with(&decision.forwardings, forwarding_row)?;
        tx.insert_many(&rows::INSERT_FORWARDINGS, forwardings)
            .await?;
        let quarantined = with(&decision.quarantined, quarantined_row)?;
        tx.insert_many(&rows::INSERT_QUARANTINED, quarantined)
            .await?;
        Ok(())
    }

    async fn audit_batch(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        manner: Manner,
        outcomes: &[Outcome],
    ) -> Result<(), CatalogError> {
        let count = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|it| is(it)).count() as u64;
        let mut entry = self
            .entry(manner.action)
            .of(tenant.id)
            .count("created", count(|it| matches!(it, Outcome::Created(_))))
            .count("changed", count(|it| matches!(it, Outcome::Changed(_))))
            .count("unchanged", count(|it| matches!(it, Outcome::Unchanged(_))));
        if let [only] = outcomes {
            entry.object = only.ids().map(|ids| ids.row);
        }
        let (clock, random) = (self.clock.as_ref(), self.random.as_ref());
        Ok(audit::record_in(tx, &entry, clock, random).await?)
    }
}

/// Contacts' profiles, parts, quarantined records: what needs a key.
fn new_units(decision: &Decision<'_>) -> Vec<NewUnit> {
    let contacts = decision.contacts.iter();
    let contacts = contacts.filter(|(_, held)| held.row == Row::New);
    let contacts = contacts.map(|(id, held)| NewUnit {
        unit: held.unit,
        kind: unit_kind::CONTACT,
        contact: Some(*id),
        case: None,
    });
    let parts = decision
        .parts
        .iter()
        .filter(|(_, (_, row))| *row == Row::New);
    let parts = parts.map(|((case, contact), (unit, _))| NewUnit {
        unit: *unit,
        kind: unit_kind::PART,
        contact: Some(*contact),
        case: Some(*case),
    });
    let quarantined = decision.quarantined.iter().map(|it| NewUnit {
        unit: it.unit,
        kind: unit_kind::QUARANTINED,
        contact: None,
        case: None,
    });
    contacts.chain(parts).chain(quarantined).collect()
}

type AdditionRow =
    fn(&Addition, &Change, &TenantRef, &Seals<'_>) -> Result<Option<Vec<Value>>, CatalogError>;

fn rows_of(
    additions: &[Addition],
    changes: &[Change],
    tenant: &TenantRef,
    seals: &Seals<'_>,
    row: AdditionRow,
) -> Result<Vec<Vec<Value>>, CatalogError> {
    let mut rows = Vec::with_capacity(additions.len());
    for it in additions {
        if let Some(change) = changes.get(it.change) {
            rows.extend(row(it, change, tenant, seals)?);
        }
    }
    Ok(rows)
}

fn message_row(
    it: &Addition,
    change: &Change,
    tenant: &TenantRef,
    seals: &Seals<'_>,
) -> Result<Option<Vec<Value>>, CatalogError> {
    let Change::Message(message) = change else {
        return Ok(None);
    };
    let field = |column, plain| seals.field(&it.unit, column, &it.id, 1, plain);
    Ok(Some(args![
        it.id,
        tenant.id,
        it.case,
        it.contact,
        it.unit,
        field(columns::MESSAGE_EXTERNAL_ID, message.external_id.as_ref())?,
        field(columns::MESSAGE_AUTHOR, message.author.as_ref())?,
        field(columns::MESSAGE_BODY, Some(&message.body))?,
        message.direction.word(),
        message.channel.word(),
        message.sent_at,
        1,
        message
            .author_kind
            .unwrap_or(AuthorKind::by(message.direction))
            .word(),
    ]))
}

fn forwarding_row(
    it: &Addition,
    change: &Change,
    tenant: &TenantRef,
    seals: &Seals<'_>,
) -> Result<Option<Vec<Value>>, CatalogError> {
    let Change::Forwarding(forwarding) = change else {
        return Ok(None);
    };
    let column = columns::FORWARDING_REASON;
    let reason = seals.field(&it.unit, column, &it.id, 1, forwarding.reason.as_ref())?;
    Ok(Some(args![
        it.id,
        tenant.id,
        it.case,
        it.contact,
        it.unit,
        &forwarding.recipient,
        reason,
        forwarding.at,
        it.message,
        1,
    ]))
}

fn quarantined_row(
    it: &Addition,
    change: &Change,
    tenant: &TenantRef,
    seals: &Seals<'_>,
) -> Result<Option<Vec<Value>>, CatalogError> {
    let Change::Rejected(rejected) = change else {
        return Ok(None);
    };
    let sealer = seals.sealers.get(&it.unit).ok_or(CatalogError::Contended)?;
    let field = columns::QUARANTINE_RECORD.of(&it.id, 1);
    let random = seals.catalog.random.as_ref();
    let record = sealer.seal(field, &rejected.record, Padding::Padme, random);
    Ok(Some(args![
        it.id,
        tenant.id,
        it.unit,
        &rejected.source,
        i64::try_from(rejected.line).unwrap_or(i64::MAX),
        rejected.reason,
        record,
        seals.catalog.clock.now(),
        1,
    ]))
}

//! The keys of a batch: leased for new units, opened for stored ones.

use std::collections::HashMap;

use super::decide::{Decision, Held, Row};
use crate::catalog::opened::seal;
use crate::catalog::{Catalog, CatalogError, TenantRef, unit_kind};
use crate::keyring::{Column, Padding, Place, Sealer, columns};
use crate::store::{Value, args};
use crate::vocabulary::{CaseId, ContactId, Personal, Timestamp, UnitId};

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
    sealers: HashMap<UnitId, Sealer>,
}

impl<'a> Seals<'a> {
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

    /// Seals the fields of one contact or case.
    pub fn held<T>(
        &self,
        held: &Held<T>,
        row: &[u8; 16],
    ) -> impl Fn(Column, &Option<Personal>) -> Result<Value, CatalogError> {
        move |column, plain| self.field(&held.unit, column, row, held.version, plain.as_ref())
    }

    /// When the batch is written.
    pub fn now(&self) -> Timestamp {
        self.catalog.clock.now()
    }

    /// Seals bytes that are written once.
    pub fn bytes(
        &self,
        unit: &UnitId,
        column: Column,
        row: &[u8; 16],
        plain: &[u8],
    ) -> Result<Value, CatalogError> {
        let sealer = self.sealers.get(unit).ok_or(CatalogError::Contended)?;
        let random = self.catalog.random.as_ref();
        Ok(sealer
            .seal(column.of(row, 1), plain, Padding::Padme, random)
            .into())
    }
}

impl Catalog {
    /// Leases keys for the new units, and adds their sealers to those of the stored ones. With the
    /// rows of the new units.
    pub(super) async fn seals(
        &self,
        tenant: &TenantRef,
        decision: &Decision<'_>,
        mut sealers: HashMap<UnitId, Sealer>,
    ) -> Result<(Seals<'_>, Vec<Vec<Value>>), CatalogError> {
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
        let catalog = self;
        Ok((Seals { catalog, sealers }, insert))
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

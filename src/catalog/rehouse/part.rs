//! One contact's part of one case under new units: its own, or those of other contacts and cases.

use std::collections::{BTreeMap, BTreeSet};

use super::{Fate, Home, MessageChoice, PartChoice, Rehoused, rows as own};
use crate::catalog::opened::{CaseRow, UnitRow, open};
use crate::catalog::{Catalog, CatalogError, TenantRef, rows, unit_kind};
use crate::keyring::{Column, Padding, Sealer, columns};
use crate::store::{Row, Tx, Value, args};
use crate::vocabulary::{ForwardingId, MessageId, Personal, UnitId};

/// A part that is being taken apart.
pub(super) struct Move<'a> {
    pub(super) tenant: &'a TenantRef,
    home: Home,
    pub(super) choice: &'a PartChoice,
    pub(super) old: UnitRow,
    pub(super) sealer: Sealer,
    /// Whether the case itself is sealed under this part.
    requester: bool,
    /// Units that something was sealed under.
    pub(super) seats: BTreeMap<Home, (UnitId, Sealer)>,
    /// Where the messages that stay have gone.
    pub(super) homes: BTreeMap<MessageId, Home>,
    pub(super) done: Rehoused,
}

impl Move<'_> {
    /// Where what belongs to the case itself goes: it cannot leave the case.
    fn seat_of_case(&self) -> Home {
        match self.choice.to {
            Some(to) if to.case == self.home.case => to,
            _ => self.home,
        }
    }

    fn seat_of_message(&self, own: Option<Home>) -> Home {
        own.or(self.choice.to).unwrap_or(self.home)
    }

    fn remove(&mut self, category: &'static str, gone: bool) {
        *self.done.removed.entry(category).or_default() += u64::from(gone);
    }
}

impl Catalog {
    pub(super) async fn rehouse_part(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        home: Home,
        choice: &PartChoice,
    ) -> Result<Rehoused, CatalogError> {
        self.take_homes(tx, tenant, home, choice).await?;
        let case = tx.fetch_optional(rows::CASE, args![tenant.id, home.case]);
        let case = case.await?.ok_or(CatalogError::CaseUnknown(home.case))?;
        let old = self.part_at(tx, tenant, home).await?;
        let old = old.ok_or(CatalogError::NoPart)?;
        let mut part = Move {
            tenant,
            home,
            choice,
            sealer: self.sealer(&old).await?,
            requester: CaseRow::read(&case)?.unit == old.place.unit,
            done: Rehoused {
                old: old.place.key,
                kept: 0,
                removed: BTreeMap::new(),
            },
            seats: BTreeMap::new(),
            homes: BTreeMap::new(),
            old,
        };
        self.close_unit(tx, &part.old).await?;
        if part.requester {
            self.move_case(tx, &mut part, &case).await?;
        }
        self.move_messages(tx, &mut part).await?;
        self.move_files(tx, &mut part).await?;
        self.move_forwardings(tx, &mut part).await?;
        part.done.removed.retain(|_, count| *count > 0);
        Ok(part.done)
    }

    /// Takes every contact, then every case, that the change names.
    async fn take_homes(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        home: Home,
        choice: &PartChoice,
    ) -> Result<(), CatalogError> {
        let own = choice.messages.values().filter_map(|it| it.to);
        let homes: BTreeSet<Home> = own.chain(choice.to).chain([home]).collect();
        let contacts: BTreeSet<_> = homes.iter().map(|it| it.contact).collect();
        let cases: BTreeSet<_> = homes.iter().map(|it| it.case).collect();
        let wanted = contacts.iter().map(|id| args![*id]).collect();
        let head = || args![tenant.id];
        let taken = tx
            .fetch_many(&rows::TAKE_LIVING_CONTACTS, head(), wanted)
            .await?;
        if taken.len() < contacts.len() {
            return Err(CatalogError::BeingErased);
        }
        let wanted = cases.iter().map(|id| args![*id]).collect();
        let taken = tx
            .fetch_many(&rows::TAKE_LIVING_CASES, head(), wanted)
            .await?;
        match taken.len() == cases.len() {
            true => Ok(()),
            false => Err(CatalogError::BeingErased),
        }
    }

    /// The unit of one contact's part of one case, if there is one.
    async fn part_at(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        home: Home,
    ) -> Result<Option<UnitRow>, CatalogError> {
        let head = args![tenant.id, unit_kind::PART];
        let parts = tx.fetch_many(&rows::PARTS, head, vec![args![home.case]]);
        for row in parts.await? {
            if row.id::<crate::vocabulary::ContactId>(4)? == home.contact {
                return Ok(Some(UnitRow::read(tenant.id, &row, 0)?));
            }
        }
        Ok(None)
    }

    /// Makes sure that there is a unit to seal under: the part that is there, or a new one.
    async fn seat(
        &self,
        tx: &mut Tx,
        part: &mut Move<'_>,
        home: Home,
    ) -> Result<UnitId, CatalogError> {
        if let Some((unit, _)) = part.seats.get(&home) {
            return Ok(*unit);
        }
        let seat = match self.part_at(tx, part.tenant, home).await? {
            Some(stored) => (stored.place.unit, self.sealer(&stored).await?),
            None => {
                let (kind, case) = (unit_kind::PART, Some(home.case));
                self.new_unit(tx, part.tenant, kind, home.contact, case)
                    .await?
            }
        };
        let unit = seat.0;
        part.seats.insert(home, seat);
        Ok(unit)
    }

    fn seal_at(
        &self,
        part: &Move<'_>,
        home: Home,
        place: (Column, &[u8; 16], u32),
        plain: Option<&Personal>,
    ) -> Result<Value, CatalogError> {
        let (column, row, version) = place;
        let (_, sealer) = part.seats.get(&home).ok_or(CatalogError::Contended)?;
        let long = column == columns::MESSAGE_BODY;
        let padding = if long { Padding::Padme } else { Padding::Short };
        Ok(self.sealed(sealer, column.of(row, version), plain, padding))
    }

    async fn move_case(
        &self,
        tx: &mut Tx,
        part: &mut Move<'_>,
        row: &Row,
    ) -> Result<(), CatalogError> {
        let stored = CaseRow::read(row)?;
        let opened = stored.open(Some(&part.sealer))?;
        let (subject, gone) = part.choice.subject.apply(opened.subject);
        part.remove("subject", gone);
        part.done.kept += u64::from(subject.is_some()) + u64::from(opened.external_id.is_some());
        let home = part.seat_of_case();
        let unit = self.seat(tx, part, home).await?;
        let version = stored.version + 1;
        let field = |column, plain: &Option<Personal>| {
            let place = (column, stored.id.as_bytes(), version);
            self.seal_at(part, home, place, plain.as_ref())
        };
        let row = args![
            home.contact,
            unit,
            field(columns::CASE_EXTERNAL_ID, &opened.external_id)?,
            field(columns::CASE_SUBJECT, &subject)?,
            version,
            part.tenant.id,
            stored.id,
        ];
        tx.execute(own::MOVE_CASE, row).await?;
        Ok(())
    }

    async fn move_messages(&self, tx: &mut Tx, part: &mut Move<'_>) -> Result<(), CatalogError> {
        let unit = args![part.tenant.id, part.old.place.unit];
        let stored = tx.fetch_all(own::MESSAGES_TO_MOVE, unit).await?;
        let known: BTreeSet<MessageId> = stored
            .iter()
            .map(|row| row.id(0))
            .collect::<Result<_, _>>()?;
        if let Some(stranger) = part.choice.messages.keys().find(|id| !known.contains(id)) {
            return Err(CatalogError::NotInPart(*stranger));
        }
        let mut moved = Vec::with_capacity(stored.len());
        for row in &stored {
            if let Some(row) = self.moved_message(tx, part, row).await? {
                moved.push(row);
            }
        }
        part.done.kept += moved.len() as u64;
        tx.execute_many(&own::MOVE_MESSAGES, args![], moved).await?;
        Ok(())
    }

    /// A message as it is afterwards; nothing when it is dropped: then it stays under the old unit.
    async fn moved_message(
        &self,
        tx: &mut Tx,
        part: &mut Move<'_>,
        row: &Row,
    ) -> Result<Option<Vec<Value>>, CatalogError> {
        let (id, version): (MessageId, u32) = (row.id(0)?, row.u32(7)?);
        let stays = MessageChoice::default();
        let choices = &part.choice.messages;
        let choice = choices.get(&id).unwrap_or(&stays);
        if choice.body == Fate::Drop {
            return Ok(None);
        }
        let opened = |column: Column, at| {
            let field = column.of(id.as_bytes(), version);
            open(&part.sealer, field, &row.opt_blob(at)?)
        };
        let external_id = opened(columns::MESSAGE_EXTERNAL_ID, 1)?;
        let (author, no_author) = choice.author.apply(opened(columns::MESSAGE_AUTHOR, 2)?);
        let (body, new_body) = choice.body.apply(opened(columns::MESSAGE_BODY, 3)?);
        part.remove("author", no_author);
        part.remove("message", new_body);
        let home = part.seat_of_message(choice.to);
        let unit = self.seat(tx, part, home).await?;
        part.homes.insert(id, home);
        let version = version + 1;
        let field = |column, plain: &Option<Personal>| {
            self.seal_at(part, home, (column, id.as_bytes(), version), plain.as_ref())
        };
        Ok(Some(args![
            id,
            part.tenant.id,
            home.case,
            home.contact,
            unit,
            field(columns::MESSAGE_EXTERNAL_ID, &external_id)?,
            field(columns::MESSAGE_AUTHOR, &author)?,
            field(columns::MESSAGE_BODY, &body)?,
            row.text(4)?,
            row.text(5)?,
            row.timestamp(6)?,
            version,
        ]))
    }

    /// Who was given what stays with the case: the duty to tell recipients (Art. 19) does too.
    async fn move_forwardings(&self, tx: &mut Tx, part: &mut Move<'_>) -> Result<(), CatalogError> {
        let unit = args![part.tenant.id, part.old.place.unit];
        let home = part.seat_of_case();
        for row in tx.fetch_all(own::FORWARDINGS_TO_MOVE, unit).await? {
            let (id, version): (ForwardingId, u32) = (row.id(0)?, row.u32(2)?);
            let field = columns::FORWARDING_REASON.of(id.as_bytes(), version);
            let reason = open(&part.sealer, field, &row.opt_blob(1)?)?;
            let unit = self.seat(tx, part, home).await?;
            let place = (columns::FORWARDING_REASON, id.as_bytes(), version + 1);
            let reason = self.seal_at(part, home, place, reason.as_ref())?;
            let row = args![home.contact, unit, reason, version + 1, part.tenant.id, id];
            tx.execute(own::MOVE_FORWARDING, row).await?;
            part.done.kept += 1;
        }
        Ok(())
    }
}

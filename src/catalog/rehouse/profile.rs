//! A contact's profile under a new unit.

use super::{Fate, ProfileChoice, Rehoused, rows as own};
use crate::catalog::further::Further;
use crate::catalog::opened::{ContactRow, UnitRow, counts, further_text};
use crate::catalog::types::{Category, Contact};
use crate::catalog::{Catalog, CatalogError, TenantRef, rows, unit_kind};
use crate::keyring::{Column, Padding, Sealer, columns};
use crate::store::{Tx, Value, args};
use crate::vocabulary::{ContactId, Personal, UnitId};

impl ProfileChoice {
    /// What makes the one profile of the other.
    pub fn between(before: &Contact, after: &Contact) -> Self {
        let fate = |old: &Option<Personal>, new: &Option<Personal>| match new {
            _ if old == new => Fate::Keep,
            Some(new) => Fate::Replace(new.clone()),
            None => Fate::Drop,
        };
        let further = (before.further != after.further).then(|| after.further.clone());
        Self {
            external_id: fate(&before.external_id, &after.external_id),
            name: fate(&before.name, &after.name),
            phone: fate(&before.phone, &after.phone),
            email: fate(&before.email, &after.email),
            further,
            ..Self::default()
        }
    }

    /// Whether everything stays as it is.
    pub fn is_nothing(&self) -> bool {
        let fates = [&self.external_id, &self.name, &self.phone, &self.email];
        self.further.is_none() && fates.iter().all(|fate| **fate == Fate::Keep)
    }

    /// Applies the choice to a contact; answers the category of each value that is gone.
    pub(super) fn apply(&self, contact: &mut Contact) -> Vec<&'static str> {
        let before = contact.clone();
        for (fate, value) in [
            (&self.external_id, &mut contact.external_id),
            (&self.name, &mut contact.name),
            (&self.phone, &mut contact.phone),
            (&self.email, &mut contact.email),
        ] {
            *value = fate.apply(value.take()).0;
        }
        if let Some(further) = &self.further {
            contact.further.clone_from(further);
        }
        let mut gone = Vec::new();
        for category in Category::ALL {
            let kept: Vec<&Personal> = contact.all(*category).collect();
            let lost = before.all(*category).filter(|it| !kept.contains(it));
            gone.extend(lost.map(|_| category.word()));
        }
        gone
    }
}

impl Catalog {
    pub(super) async fn rehouse_profile(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        contact: ContactId,
        choice: &ProfileChoice,
    ) -> Result<Rehoused, CatalogError> {
        let guard = vec![args![contact]];
        let taken = tx
            .fetch_many(&rows::TAKE_LIVING_CONTACTS, args![tenant.id], guard)
            .await?;
        let row = tx
            .fetch_optional(rows::CONTACT, args![tenant.id, contact])
            .await?;
        let row = row.ok_or(CatalogError::ContactUnknown(contact))?;
        if taken.is_empty() {
            return Err(CatalogError::ContactBeingErased(contact));
        }
        let old = UnitRow::read(tenant.id, &row, 11)?;
        let mut opened = ContactRow::read(&row)?.open(&self.sealer(&old).await?)?;
        choice.expected.check(&opened.tag())?;
        let mut removed = std::collections::BTreeMap::new();
        for category in choice.apply(&mut opened) {
            *removed.entry(category).or_default() += 1;
        }
        opened.version += 1;
        opened.updated_at = self.clock.now();
        let kind = unit_kind::CONTACT;
        let (unit, sealer) = self.new_unit(tx, tenant, kind, contact, None).await?;
        let kept = self
            .move_profile(tx, tenant, &opened, unit, &sealer)
            .await?;
        self.close_unit(tx, &old).await?;
        Ok(Rehoused {
            old: old.place.key,
            kept,
            removed,
        })
    }

    /// Gives a contact whose profile's key is destroyed an empty profile under a new one, so that its
    /// cases stay where they can be found: for data that was restored to before the profile was
    /// rehoused. `false` when the profile is under another unit, or the contact is gone.
    pub async fn empty_profile(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        old: UnitId,
    ) -> Result<bool, CatalogError> {
        let mut tx = self.data.begin().await?;
        let guard = args![tenant.id, contact, old];
        let Some(row) = tx.fetch_optional(own::TAKE_PROFILE, guard).await? else {
            return Ok(false);
        };
        let empty = Contact {
            id: contact,
            external_id: None,
            name: None,
            phone: None,
            email: None,
            further: Further::default(),
            source: row.opt_text(0)?,
            created_at: row.timestamp(1)?,
            updated_at: self.clock.now(),
            version: row.u32(2)? + 1,
        };
        let kind = unit_kind::CONTACT;
        let (unit, sealer) = self.new_unit(&mut tx, tenant, kind, contact, None).await?;
        self.move_profile(&mut tx, tenant, &empty, unit, &sealer)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Gives a client whose profile under this unit cannot be read an empty one under a new unit: its
    /// address and contact details are to be given again.
    pub async fn empty_client(&self, tenant: &TenantRef, old: UnitId) -> Result<(), CatalogError> {
        let mut tx = self.data.begin().await?;
        let guard = args![tenant.id, old];
        let Some(row) = tx.fetch_optional(own::TAKE_CLIENT, guard).await? else {
            return Ok(());
        };
        let version = row.u32(0)? + 1;
        let unit = UnitId::generate(self.random.as_ref());
        let kind = unit_kind::TENANT;
        let sealer = self.lease_unit(&mut tx, tenant.id, unit, kind).await?;
        let field = columns::TENANT_EMAIL.of(tenant.id.as_bytes(), version);
        let email = sealer.seal(field, b"", Padding::Short, self.random.as_ref());
        let arguments = args![unit, email, version, tenant.id];
        tx.execute(own::MOVE_CLIENT, arguments).await?;
        tx.execute(own::DELETE_CONTROLLER, args![tenant.id]).await?;
        Ok(tx.commit().await?)
    }

    /// Writes a contact under a unit, and the note that its tokens must follow. Answers how many
    /// values that are.
    async fn move_profile(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        contact: &Contact,
        unit: UnitId,
        sealer: &Sealer,
    ) -> Result<u64, CatalogError> {
        let mut kept = contact.further.all().count() as u64;
        let mut field = |column: Column, plain: &Option<Personal>| -> Value {
            kept += u64::from(plain.is_some());
            let field = column.of(contact.id.as_bytes(), contact.version);
            self.sealed(sealer, field, plain.as_ref(), Padding::Short)
        };
        let list = further_text(&contact.further)?;
        let further = columns::CONTACT_FURTHER.of(contact.id.as_bytes(), contact.version);
        let [external_ids, emails, phones] = counts(contact);
        let row = args![
            unit,
            field(columns::CONTACT_EXTERNAL_ID, &contact.external_id),
            field(columns::CONTACT_NAME, &contact.name),
            field(columns::CONTACT_PHONE, &contact.phone),
            field(columns::CONTACT_EMAIL, &contact.email),
            self.sealed(sealer, further, list.as_ref(), Padding::Short),
            external_ids,
            emails,
            phones,
            contact.updated_at,
            contact.version,
            tenant.id,
            contact.id,
        ];
        tx.execute(own::MOVE_PROFILE, row).await?;
        let note = vec![args![contact.id, tenant.id, contact.version]];
        tx.execute_many(&rows::NOTE_CHANGES, args![], note).await?;
        Ok(kept)
    }
}

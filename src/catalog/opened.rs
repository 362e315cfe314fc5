//! Rows as they are stored, and opening them.

use super::further::{Further, KINDS};
use super::types::{Case, Contact};
use super::{Catalog, CatalogError};
use crate::keyring::{Column, Field, KeyRef, Padding, Place, Sealer, columns};
use crate::store::{Row, StoreError};
use crate::vocabulary::{CaseId, ContactId, Personal, Random, TenantId, Timestamp, UnitId};

/// A unit's row: where its key lives and which key it must be.
#[derive(Debug, Clone)]
pub(crate) struct UnitRow {
    pub place: Place,
    pub commitment: Vec<u8>,
}

impl UnitRow {
    /// Reads `unit, block, leaf, commitment` from this column on.
    pub fn read(tenant: TenantId, row: &Row, from: usize) -> Result<Self, StoreError> {
        Ok(Self {
            place: Place {
                tenant,
                unit: row.id(from)?,
                key: KeyRef {
                    block: row.u64(from + 1)?,
                    leaf: u16::try_from(row.i64(from + 2)?).unwrap_or(u16::MAX),
                },
            },
            commitment: row.blob(from + 3)?,
        })
    }
}

/// A contact's row as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct ContactRow {
    pub id: ContactId,
    pub unit: UnitId,
    pub external_id: Option<Vec<u8>>,
    pub name: Option<Vec<u8>>,
    pub phone: Option<Vec<u8>>,
    pub email: Option<Vec<u8>>,
    pub further: Option<Vec<u8>>,
    pub source: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u32,
    pub erased: bool,
}

impl ContactRow {
    /// Reads the columns of `rows::CONTACT_COLUMNS`.
    pub fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id(0)?,
            unit: row.id(1)?,
            external_id: row.opt_blob(2)?,
            name: row.opt_blob(3)?,
            phone: row.opt_blob(4)?,
            email: row.opt_blob(5)?,
            further: row.opt_blob(15)?,
            source: row.opt_text(6)?,
            created_at: row.timestamp(7)?,
            updated_at: row.timestamp(8)?,
            version: row.u32(9)?,
            erased: row.opt_i64(10)?.is_some(),
        })
    }

    /// Opens every field.
    pub fn open(&self, sealer: &Sealer) -> Result<Contact, CatalogError> {
        let field = |column: Column| column.of(self.id.as_bytes(), self.version);
        let open = |column, sealed| open(sealer, field(column), sealed);
        Ok(Contact {
            id: self.id,
            external_id: open(columns::CONTACT_EXTERNAL_ID, &self.external_id)?,
            name: open(columns::CONTACT_NAME, &self.name)?,
            phone: open(columns::CONTACT_PHONE, &self.phone)?,
            email: open(columns::CONTACT_EMAIL, &self.email)?,
            further: further(open(columns::CONTACT_FURTHER, &self.further)?)?,
            source: self.source.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })
    }
}

/// The list as it is sealed: nothing where there is none, as in rows from before there were any.
fn further(text: Option<Personal>) -> Result<Further, CatalogError> {
    match text {
        Some(text) => serde_json::from_str(text.expose()).map_err(CatalogError::Stored),
        None => Ok(Further::default()),
    }
}

/// The list as text, to be sealed.
pub(crate) fn further_text(further: &Further) -> Result<Option<Personal>, CatalogError> {
    if further.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_string(further).map_err(CatalogError::Stored)?;
    Ok(Some(Personal::new(text)))
}

/// How many of each kind of identifier a contact has, in the order of the columns.
pub(crate) fn counts(contact: &Contact) -> [i64; 3] {
    KINDS.map(|kind| contact.all(kind).count() as i64)
}

/// A case's row as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct CaseRow {
    pub id: CaseId,
    pub requester: ContactId,
    pub unit: UnitId,
    pub external_id: Option<Vec<u8>>,
    pub subject: Option<Vec<u8>>,
    pub channel: String,
    pub state: String,
    pub custody: String,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub version: u32,
    pub erased: bool,
}

impl CaseRow {
    /// Reads the columns of `rows::CASE_COLUMNS`.
    pub fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id(0)?,
            requester: row.id(1)?,
            unit: row.id(2)?,
            external_id: row.opt_blob(3)?,
            subject: row.opt_blob(4)?,
            channel: row.text(5)?,
            state: row.text(6)?,
            custody: row.text(7)?,
            opened_at: row.timestamp(8)?,
            closed_at: row.opt_timestamp(9)?,
            version: row.u32(10)?,
            erased: row.opt_i64(11)?.is_some(),
        })
    }

    /// Opens every field; without a sealer (somebody else's case) the sealed ones stay shut.
    pub fn open(&self, sealer: Option<&Sealer>) -> Result<Case, CatalogError> {
        let field = |column: Column| column.of(self.id.as_bytes(), self.version);
        let open = |column, sealed| match sealer {
            Some(sealer) => open(sealer, field(column), sealed),
            None => Ok(None),
        };
        Ok(Case {
            id: self.id,
            requester: self.requester,
            external_id: open(columns::CASE_EXTERNAL_ID, &self.external_id)?,
            subject: open(columns::CASE_SUBJECT, &self.subject)?,
            channel: self.channel.clone(),
            state: self.state.clone(),
            custody: self.custody.clone(),
            opened_at: self.opened_at,
            closed_at: self.closed_at,
            sealed: self.version,
        })
    }
}

/// Opens a field that may be absent.
pub(crate) fn open(
    sealer: &Sealer,
    field: Field,
    sealed: &Option<Vec<u8>>,
) -> Result<Option<Personal>, CatalogError> {
    let opened = sealed.as_deref().map(|it| sealer.open_text(field, it));
    Ok(opened.transpose()?)
}

/// Seals a field that may be absent.
pub(crate) fn seal(
    sealer: &Sealer,
    field: Field,
    plain: Option<&Personal>,
    padding: Padding,
    random: &dyn Random,
) -> Option<Vec<u8>> {
    plain.map(|it| sealer.seal(field, it.expose().as_bytes(), padding, random))
}

impl Catalog {
    /// The sealer of a stored unit, whose key is checked against the unit's commitment.
    pub(crate) async fn sealer(&self, unit: &UnitRow) -> Result<Sealer, CatalogError> {
        let sealer = self.keyring.sealer(unit.place).await?;
        sealer.check(&unit.commitment)?;
        Ok(sealer)
    }
}

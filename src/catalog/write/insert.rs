//! The rows of a decided batch, sealed and written.

use super::change::Change;
use super::decide::{Addition, Decision, Held, Row};
use super::seals::Seals;
use crate::catalog::opened::{counts, further_text};
use crate::catalog::types::{AuthorKind, Case, Contact};
use crate::catalog::{CatalogError, TenantRef, rows};
use crate::keyring::columns;
use crate::store::{Bulk, StoreError, Tx, Value, args};

/// Contacts or cases to write: new rows, and stored ones as a whole.
#[derive(Default)]
struct Written {
    new: Vec<Vec<Value>>,
    changed: Vec<Vec<Value>>,
}

impl Written {
    /// Takes in a row, unless it stays as it is stored.
    fn push<T>(&mut self, held: &Held<T>, row: Vec<Value>) {
        match held.row {
            Row::New => self.new.push(row),
            Row::Changed => self.changed.push(row),
            Row::Stored => {}
        }
    }

    /// Writes them; `false` when another writer made one of the new ones just now.
    async fn write(self, tx: &mut Tx, insert: &Bulk, change: &Bulk) -> Result<bool, StoreError> {
        let wanted = self.new.len() as u64;
        if tx.execute_many(insert, args![], self.new).await? != wanted {
            return Ok(false);
        }
        tx.execute_many(change, args![], self.changed).await?;
        Ok(true)
    }
}

/// Everything of a decided batch, sealed, but for files: those may be large.
pub(super) struct Rows {
    contacts: Written,
    notes: Vec<Vec<Value>>,
    cases: Written,
    messages: Vec<Vec<Value>>,
    forwardings: Vec<Vec<Value>>,
    quarantined: Vec<Vec<Value>>,
}

impl Rows {
    /// Seals them.
    pub fn sealed(
        tenant: &TenantRef,
        changes: &[Change],
        decision: &Decision<'_>,
        seals: &Seals<'_>,
    ) -> Result<Self, CatalogError> {
        let (mut contacts, mut notes) = (Written::default(), Vec::new());
        for (id, held) in decision.contacts.iter().filter(|(_, it)| it.is_written()) {
            contacts.push(held, contact_row(held, tenant, seals)?);
            notes.push(args![*id, tenant.id, held.version]);
        }
        let mut cases = Written::default();
        for held in decision.cases.values().filter(|it| it.is_written()) {
            cases.push(held, case_row(held, tenant, seals)?);
        }
        let with = |additions, row: AdditionRow| rows_of(additions, changes, tenant, seals, row);
        Ok(Rows {
            contacts,
            notes,
            cases,
            messages: with(&decision.messages, message_row)?,
            forwardings: with(&decision.forwardings, forwarding_row)?,
            quarantined: with(&decision.quarantined, quarantined_row)?,
        })
    }

    /// Writes contacts with their notes, then cases, then what belongs to them; `false` when another
    /// writer came first.
    pub async fn write(self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (insert, change) = (&rows::INSERT_CONTACTS, &rows::CHANGE_CONTACTS);
        if !self.contacts.write(tx, insert, change).await? {
            return Ok(false);
        }
        tx.execute_many(&rows::NOTE_CHANGES, args![], self.notes)
            .await?;
        let (insert, change) = (&rows::INSERT_CASES, &rows::CHANGE_CASES);
        if !self.cases.write(tx, insert, change).await? {
            return Ok(false);
        }
        tx.execute_many(&rows::INSERT_MESSAGES, args![], self.messages)
            .await?;
        tx.execute_many(&rows::INSERT_FORWARDINGS, args![], self.forwardings)
            .await?;
        tx.execute_many(&rows::INSERT_QUARANTINED, args![], self.quarantined)
            .await?;
        Ok(true)
    }
}

fn contact_row(
    held: &Held<Contact>,
    tenant: &TenantRef,
    seals: &Seals<'_>,
) -> Result<Vec<Value>, CatalogError> {
    let it = &held.it;
    let field = seals.held(held, it.id.as_bytes());
    let [external_ids, emails, phones] = counts(it);
    Ok(args![
        it.id,
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
        field(columns::CONTACT_FURTHER, &further_text(&it.further)?)?,
        external_ids,
        emails,
        phones,
    ])
}

fn case_row(
    held: &Held<Case>,
    tenant: &TenantRef,
    seals: &Seals<'_>,
) -> Result<Vec<Value>, CatalogError> {
    let it = &held.it;
    let field = seals.held(held, it.id.as_bytes());
    Ok(args![
        it.id,
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
    ])
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
    let record = seals.bytes(
        &it.unit,
        columns::QUARANTINE_RECORD,
        &it.id,
        &rejected.record,
    )?;
    Ok(Some(args![
        it.id,
        tenant.id,
        it.unit,
        &rejected.source,
        i64::try_from(rejected.line).unwrap_or(i64::MAX),
        rejected.reason,
        record,
        seals.now(),
        1,
    ]))
}

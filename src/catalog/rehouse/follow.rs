//! The index follows: a contact's identity is reserved before it is written and the old one let go
//! after, and messages that are dropped are suppressed while they can be read.

use super::{Choice, ProfileChoice, rows as own};
use crate::catalog::index::suppression::Suppression;
use crate::catalog::index::tokens::{self, Content, Identity, Token};
use crate::catalog::index::{rows as index_rows, take};
use crate::catalog::opened::{CaseRow, ContactRow, UnitRow, open};
use crate::catalog::types::Contact;
use crate::catalog::{Catalog, CatalogError, TenantRef, rows};
use crate::keyring::{Domain, IndexKeys, Sealer, columns, normalise};
use crate::store::{Row, Tx, args};
use crate::vocabulary::{CaseId, ContactId, MessageId, Personal, Timestamp, UnitId};

/// How often the index's keys may change under one small transaction.
const TRIES: usize = 5;

impl Catalog {
    /// Reserves what the contact will be known by, as every writer does first; else somebody who
    /// writes under the new address meanwhile would be made a second contact.
    pub async fn reserve_choice(
        &self,
        tenant: &TenantRef,
        choice: &Choice,
    ) -> Result<(), CatalogError> {
        let Choice::Profile(contact, choice) = choice else {
            return Ok(());
        };
        let Some(mut opened) = self.opened(tenant, *contact).await? else {
            return Ok(()); // The change itself says who is gone.
        };
        let country = &tenant.country;
        let known = |it: &Contact| -> Vec<Identity> {
            let first = tokens::first_identity(it, country);
            first
                .into_iter()
                .chain(tokens::known_by(it, country))
                .collect()
        };
        let before = known(&opened);
        ProfileChoice::apply(choice, &mut opened);
        let first = tokens::first_identity(&opened, country);
        let mut new = known(&opened);
        new.retain(|it| !before.contains(it));
        if new.is_empty() {
            return Ok(());
        }
        for _ in 0..TRIES {
            let keys = self.ready_keys(tenant).await?;
            let mut tx = self.index.begin().await?;
            if take(&mut tx, tenant.id, &keys).await?.is_some() {
                for identity in &new {
                    let owner =
                        hand_over(&mut tx, tenant, &keys, identity, *contact, choice).await?;
                    // Of the further ones others may have some: whoever was known by it first stays so.
                    if owner != *contact && first.as_ref() == Some(identity) {
                        return Err(CatalogError::IdentifierTaken(owner));
                    }
                }
                return Ok(tx.commit().await?);
            }
            tx.rollback().await?;
        }
        Err(CatalogError::Contended)
    }

    /// Lets go of every reservation of a contact but those of what it is known by now. Run again, it does
    /// nothing more.
    pub async fn follow_identity(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
    ) -> Result<(), CatalogError> {
        for _ in 0..TRIES {
            let keys = self.ready_keys(tenant).await?;
            let _turn = self.turn().await;
            let mut tx = self.index.begin().await?;
            if take(&mut tx, tenant.id, &keys).await?.is_some() {
                let owner = vec![args![contact]];
                let head = args![tenant.id];
                tx.execute_many(&index_rows::DELETE_OWNERS, head, owner)
                    .await?;
                if let Some(opened) = self.opened(tenant, contact).await? {
                    let first = tokens::first_identity(&opened, &tenant.country);
                    let further = tokens::known_by(&opened, &tenant.country);
                    for identity in first.into_iter().chain(further) {
                        reserve(&mut tx, tenant, &keys, &identity, contact).await?;
                    }
                }
                return Ok(tx.commit().await?);
            }
            tx.rollback().await?;
        }
        Err(CatalogError::Contended)
    }

    /// Remembers messages that are left under a closed unit by their external ids and contents, so
    /// that an old export does not bring them back. Call it while the unit's key can be used.
    pub async fn suppress_messages(
        &self,
        tenant: &TenantRef,
        unit: UnitId,
        suppression: Suppression,
    ) -> Result<(), CatalogError> {
        let arguments = args![tenant.id, unit];
        let stored = self
            .data
            .fetch_all(own::MESSAGES_TO_SUPPRESS, arguments)
            .await?;
        let Some(first) = stored.first() else {
            // Nothing was dropped, and that is all there is to remember.
            return self.suppress(tenant.id, &[], suppression).await;
        };
        let unit = UnitRow::read(tenant.id, first, 8)?;
        let Some(sealer) = self.sealer_unless_erased(&unit).await? else {
            return Ok(()); // Destroyed already: then it was done.
        };
        let case = self.case_name(tenant, first.id(7)?).await?;
        let values = stored
            .iter()
            .map(|row| known_by(row, &sealer, &case))
            .collect::<Result<Vec<_>, _>>()?;
        self.suppress(tenant.id, &values.concat(), suppression)
            .await?;
        self.pass_all_gates(tenant.id).await
    }

    /// What a message's content is hashed with: its case's external id.
    async fn case_name(&self, tenant: &TenantRef, case: CaseId) -> Result<Personal, CatalogError> {
        let row = self
            .data
            .fetch_optional(rows::CASE, args![tenant.id, case])
            .await?;
        let Some(row) = row else {
            return Ok(Personal::default());
        };
        let unit = UnitRow::read(tenant.id, &row, 12)?;
        let sealer = self.sealer_unless_erased(&unit).await?;
        let case = CaseRow::read(&row)?.open(sealer.as_ref())?;
        Ok(case.external_id.unwrap_or_default())
    }

    /// A contact that lives and can be read.
    async fn opened(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
    ) -> Result<Option<Contact>, CatalogError> {
        let row = self
            .data
            .fetch_optional(rows::CONTACT, args![tenant.id, contact])
            .await?;
        let Some(row) = row else { return Ok(None) };
        let stored = ContactRow::read(&row)?;
        let unit = UnitRow::read(tenant.id, &row, 11)?;
        match self.sealer_unless_erased(&unit).await? {
            Some(sealer) if !stored.erased => Ok(Some(stored.open(&sealer)?)),
            _ => Ok(None),
        }
    }
}

/// Reserves an identity, also where it is of the contact whose identifiers go over, and answers who has
/// it now.
async fn hand_over(
    tx: &mut Tx,
    tenant: &TenantRef,
    keys: &IndexKeys,
    identity: &Identity,
    contact: ContactId,
    choice: &ProfileChoice,
) -> Result<ContactId, CatalogError> {
    let owner = reserve(tx, tenant, keys, identity, contact).await?;
    if owner == contact || choice.taking_from != Some(owner) {
        return Ok(owner);
    }
    let (domain, token): Token = (identity.0, keys.token(identity.0, identity.1.expose()));
    let row = vec![args![tenant.id, domain.code(), token, contact]];
    tx.execute_many(&index_rows::TAKE_OVER, args![], row)
        .await?;
    Ok(contact)
}

/// Reserves an identity unless somebody has it, and answers who has it.
async fn reserve(
    tx: &mut Tx,
    tenant: &TenantRef,
    keys: &IndexKeys,
    identity: &Identity,
    contact: ContactId,
) -> Result<ContactId, CatalogError> {
    let (domain, token): Token = (identity.0, keys.token(identity.0, identity.1.expose()));
    let row = vec![args![tenant.id, domain.code(), token, contact]];
    tx.execute_many(&index_rows::RESERVE, args![], row).await?;
    let owner = args![tenant.id, domain.code(), token];
    let row = tx.fetch_one(index_rows::OWNER_OF_TOKEN, owner).await?;
    Ok(row.id(0)?)
}

/// A row of `own::MESSAGES_TO_SUPPRESS` as an export would name it.
fn known_by(row: &Row, sealer: &Sealer, case: &Personal) -> Result<Vec<Identity>, CatalogError> {
    let (id, version): (MessageId, u32) = (row.id(0)?, row.u32(6)?);
    let field = columns::MESSAGE_EXTERNAL_ID.of(id.as_bytes(), version);
    let external_id = open(sealer, field, &row.opt_blob(1)?)?;
    if let Some(own) = external_id.and_then(|it| normalise::external_id(it.expose())) {
        return Ok(vec![(Domain::MessageExternalId, own)]);
    }
    let field = columns::MESSAGE_BODY.of(id.as_bytes(), version);
    let body = sealer.open_text(field, &row.blob(2)?)?;
    let content = Content::Message {
        case: case.expose(),
        sent_at: Timestamp(row.i64(5)?),
        direction: &row.text(3)?,
        channel: &row.text(4)?,
        body: body.expose(),
    };
    Ok(vec![content.identity()])
}

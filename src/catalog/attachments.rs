//! Files sent along with messages: listing them, and giving one out.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::opened::{UnitRow, open};
use super::types::Attachment;
use super::{Catalog, CatalogError, TenantRef, rows};
use crate::audit::Action;
use crate::keyring::{Sealer, columns};
use crate::store::args;
use crate::vocabulary::{AttachmentId, CaseId, ContactId, MessageId};

impl Catalog {
    /// The files of one contact's messages in a case, without their contents.
    pub(super) async fn open_attachments(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        case: CaseId,
    ) -> Result<HashMap<MessageId, Vec<Attachment>>, CatalogError> {
        let stored = args![tenant.id, case, contact];
        let stored = self
            .data
            .fetch_all(rows::ATTACHMENTS_OF_PART, stored)
            .await?;
        let mut files: HashMap<MessageId, Vec<Attachment>> = HashMap::new();
        let mut sealer: Option<Sealer> = None; // One part, one unit.
        for row in &stored {
            let sealer = match &sealer {
                Some(sealer) => sealer,
                None => sealer.insert(self.sealer(&UnitRow::read(tenant.id, row, 6)?).await?),
            };
            let (id, version): (AttachmentId, u32) = (row.id(0)?, row.u32(5)?);
            let open = |column: crate::keyring::Column, sealed| {
                open(sealer, column.of(id.as_bytes(), version), &sealed)
            };
            let media_type = open(columns::ATTACHMENT_MEDIA_TYPE, row.opt_blob(3)?)?;
            let size = open(columns::ATTACHMENT_SIZE, row.opt_blob(4)?)?;
            files.entry(row.id(1)?).or_default().push(Attachment {
                id,
                name: open(columns::ATTACHMENT_NAME, row.opt_blob(2)?)?,
                media_type: media_type.unwrap_or_default(),
                size: size.and_then(|it| it.expose().parse().ok()).unwrap_or(0),
            });
        }
        Ok(files)
    }

    /// The content of one file of a contact; `None` when there is none with this id.
    pub async fn attachment(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        id: AttachmentId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, CatalogError> {
        let entry = self
            .entry(Action::AccessRead)
            .of(tenant.id)
            .to(contact.as_bytes());
        self.confirmed(&entry, || self.open_attachment(tenant, contact, id))
            .await
    }

    pub(super) async fn open_attachment(
        &self,
        tenant: &TenantRef,
        contact: ContactId,
        id: AttachmentId,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, CatalogError> {
        let wanted = args![tenant.id, contact, id];
        let Some(row) = self.data.fetch_optional(rows::ATTACHMENT, wanted).await? else {
            return Ok(None);
        };
        let sealer = self.sealer(&UnitRow::read(tenant.id, &row, 2)?).await?;
        let field = columns::ATTACHMENT_CONTENT.of(id.as_bytes(), row.u32(1)?);
        Ok(Some(sealer.open(field, &row.blob(0)?)?))
    }
}

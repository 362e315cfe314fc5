//! Files sent along with messages: sealed under the message's unit, written in its transaction.

use super::change::Change;
use super::decide::Decision;
use super::seals::Seals;
use crate::catalog::{Catalog, CatalogError, TenantRef, rows};
use crate::keyring::columns;
use crate::store::{Tx, Value, args};
use crate::vocabulary::AttachmentId;

/// Files go into the store a few at a time: each may be as large as an import lets it be.
const AT_ONCE: usize = 8;

impl Catalog {
    /// Writes the files of new messages.
    pub(super) async fn write_attachments(
        &self,
        tx: &mut Tx,
        tenant: &TenantRef,
        changes: &[Change],
        decision: &Decision<'_>,
        seals: &Seals<'_>,
    ) -> Result<(), CatalogError> {
        let mut rows: Vec<Vec<Value>> = Vec::new();
        for it in &decision.messages {
            let Some(Change::Message(message)) = changes.get(it.change) else {
                continue;
            };
            for file in &message.attachments {
                let id = AttachmentId::generate(self.random.as_ref());
                let size = file.content.len().to_string().into();
                let field = |column, plain| seals.field(&it.unit, column, id.as_bytes(), 1, plain);
                let column = columns::ATTACHMENT_CONTENT;
                let content = seals.bytes(&it.unit, column, id.as_bytes(), &file.content)?;
                rows.push(args![
                    id,
                    tenant.id,
                    it.case,
                    it.contact,
                    it.unit,
                    it.id,
                    field(columns::ATTACHMENT_NAME, file.name.as_ref())?,
                    field(columns::ATTACHMENT_MEDIA_TYPE, Some(&file.media_type))?,
                    field(columns::ATTACHMENT_SIZE, Some(&size))?,
                    content,
                    1,
                ]);
                if rows.len() == AT_ONCE {
                    let some = std::mem::take(&mut rows);
                    tx.execute_many(&rows::INSERT_ATTACHMENTS, args![], some)
                        .await?;
                }
            }
        }
        tx.execute_many(&rows::INSERT_ATTACHMENTS, args![], rows)
            .await?;
        Ok(())
    }
}

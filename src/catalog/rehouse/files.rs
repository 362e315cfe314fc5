//! Files sent along go where their message goes.

use super::part::Move;
use super::rows as own;
use crate::catalog::{Catalog, CatalogError};
use crate::keyring::{Padding, columns};
use crate::store::{Row, Tx, args};
use crate::vocabulary::{AttachmentId, MessageId};

/// The sealed columns of a file, in the order of `own::FILE_TO_MOVE`.
const COLUMNS: [(crate::keyring::Column, Padding); 4] = [
    (columns::ATTACHMENT_NAME, Padding::Short),
    (columns::ATTACHMENT_MEDIA_TYPE, Padding::Short),
    (columns::ATTACHMENT_SIZE, Padding::Short),
    (columns::ATTACHMENT_CONTENT, Padding::Padme),
];

impl Catalog {
    /// Moves the files of messages that stay, one at a time: each may be large. Those of a dropped
    /// message, and those that were chosen to go, stay under the old unit and are erased with it.
    pub(super) async fn move_files(
        &self,
        tx: &mut Tx,
        part: &mut Move<'_>,
    ) -> Result<(), CatalogError> {
        let unit = args![part.tenant.id, part.old.place.unit];
        for row in tx.fetch_all(own::FILES_TO_MOVE, unit).await? {
            let (id, message): (AttachmentId, MessageId) = (row.id(0)?, row.id(1)?);
            let choice = part.choice.messages.get(&message);
            if choice.is_some_and(|it| it.without_files.contains(&id)) {
                continue;
            }
            if part.homes.contains_key(&message) {
                let file = args![part.tenant.id, id];
                let file = tx.fetch_one(own::FILE_TO_MOVE, file).await?;
                self.move_file(tx, part, (id, message), &file).await?;
            }
        }
        Ok(())
    }

    async fn move_file(
        &self,
        tx: &mut Tx,
        part: &mut Move<'_>,
        (id, message): (AttachmentId, MessageId),
        row: &Row,
    ) -> Result<(), CatalogError> {
        let home = part.homes.get(&message).ok_or(CatalogError::Contended)?;
        let (unit, sealer) = part.seats.get(home).ok_or(CatalogError::Contended)?;
        let version = row.u32(4)?;
        let mut values = args![home.case, home.contact, *unit];
        for (at, (column, padding)) in COLUMNS.into_iter().enumerate() {
            let sealed = row.opt_blob(at)?.map(|sealed| {
                let plain = part
                    .sealer
                    .open(column.of(id.as_bytes(), version), &sealed)?;
                let field = column.of(id.as_bytes(), version + 1);
                Ok::<_, CatalogError>(sealer.seal(field, &plain, padding, self.random.as_ref()))
            });
            values.push(sealed.transpose()?.into());
        }
        values.extend(args![version + 1, part.tenant.id, id]);
        tx.execute(own::MOVE_FILE, values).await?;
        part.done.kept += 1;
        Ok(())
    }
}

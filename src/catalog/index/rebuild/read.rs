//! What the messages and forwardings of a case reserve, read from their rows.

use crate::catalog::index::tokens::{Content, Token};
use crate::catalog::opened::{UnitRow, open};
use crate::catalog::{Catalog, CatalogError, rows as data_rows};
use crate::keyring::{Domain, IndexKeys, Sealer, columns, normalise};
use crate::store::{Row, args};
use crate::vocabulary::{CaseId, ForwardingId, MessageId, Personal, TenantId, Timestamp};

impl Catalog {
    /// The reservations of a case's messages, those of erased units left out.
    pub(super) async fn messages(
        &self,
        keys: &IndexKeys,
        tenant: TenantId,
        page: &[Row],
        external_id: &Personal,
    ) -> Result<Vec<(Token, [u8; 16])>, CatalogError> {
        let mut found = Vec::with_capacity(page.len());
        let mut known: Option<(UnitRow, Sealer)> = None;
        for row in page {
            let unit = UnitRow::read(tenant, row, 9)?;
            if known.as_ref().is_none_or(|(it, _)| it.place != unit.place) {
                let sealer = self.sealer_unless_erased(&unit).await?;
                known = sealer.map(|sealer| (unit, sealer));
            }
            if let Some((_, sealer)) = &known {
                let token = message_token(keys, row, sealer, external_id)?;
                found.push((token, row.id::<MessageId>(0)?.0));
            }
        }
        Ok(found)
    }

    pub(super) async fn forwardings(
        &self,
        keys: &IndexKeys,
        tenant: TenantId,
        case: CaseId,
        external_id: &Personal,
    ) -> Result<Vec<(Token, [u8; 16])>, CatalogError> {
        let arguments = args![tenant, case];
        let rows = self
            .data
            .fetch_all(data_rows::FORWARDINGS_OF_CASE, arguments)
            .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let content = Content::Forwarding {
                case: external_id.expose(),
                recipient: &row.text(2)?,
                at: row.timestamp(4)?,
            };
            found.push((content.token(keys), row.id::<ForwardingId>(0)?.0));
        }
        Ok(found)
    }
}

/// A stored message's own token: of its external id, or of its content.
fn message_token(
    keys: &IndexKeys,
    row: &Row,
    sealer: &Sealer,
    case: &Personal,
) -> Result<Token, CatalogError> {
    let (id, version): (MessageId, u32) = (row.id(0)?, row.u32(8)?);
    let field = columns::MESSAGE_EXTERNAL_ID.of(id.as_bytes(), version);
    let external_id = open(sealer, field, &row.opt_blob(2)?)?;
    if let Some(own) = external_id.and_then(|it| normalise::external_id(it.expose())) {
        let domain = Domain::MessageExternalId;
        return Ok((domain, keys.token(domain, own.expose())));
    }
    let field = columns::MESSAGE_BODY.of(id.as_bytes(), version);
    let body = sealer.open_text(field, &row.blob(4)?)?;
    let content = Content::Message {
        case: case.expose(),
        sent_at: Timestamp(row.i64(7)?),
        direction: &row.text(5)?,
        channel: &row.text(6)?,
        body: body.expose(),
    };
    Ok(content.token(keys))
}

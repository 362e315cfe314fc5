//! Places: what a sealed field is bound to. Which unit, which key, which column of which row.

use std::fmt;

use crate::vocabulary::{TenantId, UnitId};

/// Where in a tenant's key tree a data key lives: the block page and the key on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyRef {
    /// Number of the block page, per tenant; never used twice.
    pub block: u64,
    /// Number of the key on the page.
    pub leaf: u16,
}

/// A unit and the place of its data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Whose data it is.
    pub tenant: TenantId,
    /// What is erased as one.
    pub unit: UnitId,
    /// Where its key lives.
    pub key: KeyRef,
}

/// One sealed column of one row, at one version of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Number of the table.
    pub table: u8,
    /// The row's id.
    pub row: [u8; 16],
    /// Number of the sealed column in its table.
    pub column: u16,
    /// The row's `sealed_version`: an older value of the same field is refused.
    pub sealed_version: u32,
}

/// A sealed column, without a row yet. All there are stand in [`columns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    table: u8,
    number: u16,
}

impl Column {
    /// This column in one row.
    pub const fn of(self, row: &[u8; 16], sealed_version: u32) -> Field {
        Field {
            table: self.table,
            row: *row,
            column: self.number,
            sealed_version,
        }
    }
}

impl fmt::Display for Field {
    /// Names the column and the row; an id is no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = columns::name(self.table, self.column);
        write!(f, "{column} of row {}", hex::encode(self.row))
    }
}

/// Every sealed column: table number, then the column's number among the sealed ones of its table.
pub mod columns {
    use super::Column;

    macro_rules! columns {
        ($($name:ident = $table:literal, $number:literal, $text:literal;)*) => {
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $name: Column = Column { table: $table, number: $number };
            )*

            /// The column with these numbers, in words.
            pub(super) fn name(table: u8, number: u16) -> &'static str {
                match (table, number) {
                    $(($table, $number) => $text,)*
                    _ => "an unknown column",
                }
            }
        };
    }

    columns! {
        TENANT_EMAIL = 1, 1, "tenant.email";
        CONTACT_EXTERNAL_ID = 2, 1, "contact.external_id";
        CONTACT_NAME = 2, 2, "contact.name";
        CONTACT_PHONE = 2, 3, "contact.phone";
        CONTACT_EMAIL = 2, 4, "contact.email";
        CONTACT_FURTHER = 2, 5, "contact.further";
        CASE_EXTERNAL_ID = 3, 1, "support_case.external_id";
        CASE_SUBJECT = 3, 2, "support_case.subject";
        MESSAGE_EXTERNAL_ID = 4, 1, "message.external_id";
        MESSAGE_AUTHOR = 4, 2, "message.author";
        MESSAGE_BODY = 4, 3, "message.body";
        FORWARDING_REASON = 5, 1, "forwarding.reason";
        QUARANTINE_RECORD = 6, 1, "quarantine.record";
        ATTACHMENT_NAME = 7, 1, "attachment.name";
        ATTACHMENT_MEDIA_TYPE = 7, 2, "attachment.media_type";
        ATTACHMENT_SIZE = 7, 3, "attachment.size";
        ATTACHMENT_CONTENT = 7, 4, "attachment.content";
        IMPORT_CHUNK = 20, 1, "import_chunk.content";
        WEBHOOK_URL = 21, 1, "webhook_endpoint.url";
        WEBHOOK_SECRET = 21, 2, "webhook_endpoint.secret";
        WEBHOOK_OLD_SECRET = 21, 3, "webhook_endpoint.old_secret";
        CONTROLLER_DETAILS = 8, 1, "controller.details";
        REQUEST_IDENTIFIERS = 9, 1, "request.identifiers";
        REQUEST_TEXT = 9, 2, "request.text";
        HOOK_EVENT_BODY = 30, 1, "hook_event.body";
        HOOK_SECRET = 31, 1, "hook_secret.secret";
        NOTICE_VERSION = 40, 1, "notice_version.body";
    }
}

//! Places: what a sealed field is bound to. Which unit, which key, which column of which row.

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

/// Every sealed column: table number, then the column's number among the sealed ones of its table.
pub mod columns {
    use super::Column;

    const fn column(table: u8, number: u16) -> Column {
        Column { table, number }
    }

    /// `tenant.email`
    pub const TENANT_EMAIL: Column = column(1, 1);
    /// `contact.external_id`
    pub const CONTACT_EXTERNAL_ID: Column = column(2, 1);
    /// `contact.name`
    pub const CONTACT_NAME: Column = column(2, 2);
    /// `contact.phone`
    pub const CONTACT_PHONE: Column = column(2, 3);
    /// `contact.email`
    pub const CONTACT_EMAIL: Column = column(2, 4);
    /// `contact.further`
    pub const CONTACT_FURTHER: Column = column(2, 5);
    /// `support_case.external_id`
    pub const CASE_EXTERNAL_ID: Column = column(3, 1);
    /// `support_case.subject`
    pub const CASE_SUBJECT: Column = column(3, 2);
    /// `message.external_id`
    pub const MESSAGE_EXTERNAL_ID: Column = column(4, 1);
    /// `message.author`
    pub const MESSAGE_AUTHOR: Column = column(4, 2);
    /// `message.body`
    pub const MESSAGE_BODY: Column = column(4, 3);
    /// `forwarding.reason`
    pub const FORWARDING_REASON: Column = column(5, 1);
    /// `quarantine.record`
    pub const QUARANTINE_RECORD: Column = column(6, 1);
    /// `attachment.name`
    pub const ATTACHMENT_NAME: Column = column(7, 1);
    /// `attachment.media_type`
    pub const ATTACHMENT_MEDIA_TYPE: Column = column(7, 2);
    /// `attachment.size`
    pub const ATTACHMENT_SIZE: Column = column(7, 3);
    /// `attachment.content`
    pub const ATTACHMENT_CONTENT: Column = column(7, 4);
    /// `import_chunk.content`
    pub const IMPORT_CHUNK: Column = column(20, 1);
    /// `webhook_endpoint.url`
    pub const WEBHOOK_URL: Column = column(21, 1);
    /// `webhook_endpoint.secret`
    pub const WEBHOOK_SECRET: Column = column(21, 2);
    /// `webhook_endpoint.old_secret`
    pub const WEBHOOK_OLD_SECRET: Column = column(21, 3);
    /// `controller.details`
    pub const CONTROLLER_DETAILS: Column = column(8, 1);
    /// `request.identifiers`
    pub const REQUEST_IDENTIFIERS: Column = column(9, 1);
    /// `request.text`
    pub const REQUEST_TEXT: Column = column(9, 2);
    /// `hook_event.body`
    pub const HOOK_EVENT_BODY: Column = column(30, 1);
    /// `hook_secret.secret`
    pub const HOOK_SECRET: Column = column(31, 1);
    /// `notice_version.body`
    pub const NOTICE_VERSION: Column = column(40, 1);
}

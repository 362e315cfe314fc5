//! The baseline's tables and statements, and the records it reads. Its secondary indexes are those of the
//! data store: what belongs to whom, and what a client's inventory is counted by.

use gallra::vocabulary::Timestamp;

pub const SCHEMA: &str = "
CREATE TABLE contact (id BLOB PRIMARY KEY, tenant BLOB NOT NULL, external_id TEXT NOT NULL, name TEXT,
  phone TEXT, email TEXT, source TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE UNIQUE INDEX contact_external ON contact (tenant, external_id);
CREATE INDEX contact_tenant ON contact (tenant, id);
CREATE INDEX contact_with_name ON contact (tenant, source, created_at) WHERE name IS NOT NULL;
CREATE INDEX contact_with_phone ON contact (tenant, source, created_at) WHERE phone IS NOT NULL;
CREATE INDEX contact_with_email ON contact (tenant, source, created_at) WHERE email IS NOT NULL;
CREATE INDEX contact_with_id ON contact (tenant, source, created_at) WHERE external_id IS NOT NULL;
CREATE TABLE support_case (id BLOB PRIMARY KEY, tenant BLOB NOT NULL, external_id TEXT NOT NULL,
  requester BLOB NOT NULL, subject TEXT, channel TEXT NOT NULL, state TEXT NOT NULL,
  opened_at BIGINT NOT NULL, closed_at BIGINT);
CREATE UNIQUE INDEX case_external ON support_case (tenant, external_id);
CREATE INDEX case_tenant ON support_case (tenant, id);
CREATE INDEX case_requester ON support_case (requester);
CREATE INDEX case_inventory ON support_case (tenant, state);
CREATE TABLE message (id BLOB PRIMARY KEY, tenant BLOB NOT NULL, external_id TEXT NOT NULL,
  support_case BLOB NOT NULL, contact BLOB NOT NULL, author TEXT, body TEXT NOT NULL,
  direction TEXT NOT NULL, channel TEXT NOT NULL, sent_at BIGINT NOT NULL);
CREATE UNIQUE INDEX message_external ON message (tenant, external_id);
CREATE INDEX message_case ON message (support_case, sent_at);
CREATE INDEX message_contact ON message (contact);
CREATE INDEX message_inventory ON message (tenant, channel, contact, sent_at);
CREATE TABLE search (tenant BLOB NOT NULL, field BIGINT NOT NULL, value TEXT NOT NULL,
  contact BLOB NOT NULL, PRIMARY KEY (tenant, field, value, contact));
CREATE INDEX search_contact ON search (contact);
CREATE TABLE audit (id BLOB PRIMARY KEY, at BIGINT NOT NULL, detail TEXT);
CREATE INDEX audit_at ON audit (at);
";

pub const CONTACTS: &str = "INSERT INTO contact (id, tenant, external_id, name, phone, email, source, \
    created_at, updated_at) VALUES … ON CONFLICT (tenant, external_id) DO UPDATE SET \
    name = COALESCE(excluded.name, contact.name), phone = COALESCE(excluded.phone, contact.phone), \
    email = COALESCE(excluded.email, contact.email), \
    source = COALESCE(excluded.source, contact.source), updated_at = excluded.updated_at \
    RETURNING id, external_id";
pub const CASES: &str = "INSERT INTO support_case (id, tenant, external_id, requester, subject, channel, \
    state, opened_at, closed_at) VALUES … ON CONFLICT (tenant, external_id) DO UPDATE SET \
    subject = COALESCE(excluded.subject, support_case.subject), state = excluded.state, \
    closed_at = COALESCE(excluded.closed_at, support_case.closed_at) RETURNING id, external_id";
pub const MESSAGES: &str = "INSERT INTO message (id, tenant, external_id, support_case, contact, author, \
    body, direction, channel, sent_at) VALUES … ON CONFLICT (tenant, external_id) DO NOTHING";
pub const SEARCH: &str = "INSERT INTO search (tenant, field, value, contact) VALUES … \
    ON CONFLICT (tenant, field, value, contact) DO NOTHING";
pub const AUDIT: &str = "INSERT INTO audit (id, at, detail) VALUES …";

/// A line of the export; flat, which serde reads fastest.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub struct Record {
    #[serde(rename = "type")]
    pub kind: String,
    pub external_id: String,
    pub contact: String,
    pub case: String,
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub source: Option<String>,
    pub subject: Option<String>,
    pub author: Option<String>,
    pub channel: String,
    pub state: String,
    pub direction: String,
    pub body: String,
    pub created_at: Option<Timestamp>,
    pub opened_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
}

/// A value that a contact can be searched by.
pub struct Search {
    pub field: i64,
    pub value: String,
    pub external_id: String,
}

/// One argument.
#[derive(Clone)]
pub enum Cell {
    Int(i64),
    Text(String),
    NoText,
    Bytes(Vec<u8>),
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Cell::NoText, Cell::Text)
    }
}

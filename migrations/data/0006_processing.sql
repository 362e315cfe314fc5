-- How each client's data is processed, as its notice and the record of Art. 30 tell it; and indexes
-- from which the inventory is counted without reading a row that holds anything sealed.

-- The controller's values for its notice: address, telephone, data protection officer, and so on.
CREATE TABLE controller (
    tenant         BLOB PRIMARY KEY,
    details        BLOB NOT NULL,  -- sealed under the tenant's profile, a JSON object
    sealed_version BIGINT NOT NULL
);

-- Who may be given data: sub-processors, second lines, suppliers. Companies and roles, never persons.
CREATE TABLE recipient (
    id        BLOB PRIMARY KEY,
    tenant    BLOB,           -- absent: for every client of the operator
    name      TEXT NOT NULL,
    role      TEXT NOT NULL,
    country   TEXT NOT NULL,  -- ISO 3166
    safeguard TEXT,           -- what protects the data outside the EEA
    added_at  BIGINT NOT NULL
);
CREATE INDEX recipient_tenant ON recipient (tenant);

-- Why data is processed and on which ground. A client without rows has the usual ones
-- (src/catalog/processing/rules.rs); the same goes for the next table.
CREATE TABLE purpose (
    tenant      BLOB NOT NULL,
    purpose     TEXT NOT NULL,
    legal_basis TEXT NOT NULL,  -- grounds of Art. 6(1), as letters
    PRIMARY KEY (tenant, purpose)
);

-- How long each category is kept.
CREATE TABLE retention_rule (
    tenant   BLOB NOT NULL,
    category TEXT NOT NULL,
    period   TEXT NOT NULL,  -- ISO 8601, such as P24M
    starts   TEXT NOT NULL,
    PRIMARY KEY (tenant, category)
);

CREATE INDEX contact_with_name ON contact (tenant, source, created_at)
    WHERE name IS NOT NULL AND erased_at IS NULL;
CREATE INDEX contact_with_phone ON contact (tenant, source, created_at)
    WHERE phone IS NOT NULL AND erased_at IS NULL;
CREATE INDEX contact_with_email ON contact (tenant, source, created_at)
    WHERE email IS NOT NULL AND erased_at IS NULL;
CREATE INDEX contact_with_external_id ON contact (tenant, source, created_at)
    WHERE external_id IS NOT NULL AND erased_at IS NULL;
CREATE INDEX message_inventory ON message (tenant, channel, contact, sent_at);
CREATE INDEX attachment_inventory ON attachment (tenant, contact, message);
CREATE INDEX forwarding_inventory ON forwarding (tenant, recipient, at);
CREATE INDEX support_case_inventory ON support_case (tenant, custody) WHERE erased_at IS NULL;

-- The vault: the encrypted key tree, the erasure ledger, and who is using them.
-- No table here holds personal data. Times are microseconds since 1970.

-- One row. Every write of the tree begins by updating it, which is the lock.
CREATE TABLE head (
    id BIGINT NOT NULL PRIMARY KEY,
    vault_id BLOB NOT NULL,
    version BIGINT NOT NULL,       -- counts every write of the tree
    epoch BIGINT NOT NULL,         -- counts the values of the epoch key R
    root_id BLOB NOT NULL,         -- which R the root page is sealed under
    ledger_seq BIGINT NOT NULL,    -- the newest ledger row
    rows_deleted BIGINT NOT NULL,  -- the newest ledger row whose data rows are deleted
    created_at BIGINT NOT NULL
);

CREATE TABLE page (
    kind BIGINT NOT NULL,
    tenant BLOB NOT NULL,
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    written BIGINT NOT NULL,       -- head.version when it was last written: what a mirror follows
    body BLOB NOT NULL,
    PRIMARY KEY (kind, tenant, number)
);
CREATE INDEX page_written ON page (written);
CREATE INDEX page_tenant ON page (tenant);

-- What was erased. Never expires: a backup may be of any age.
CREATE TABLE ledger (
    seq BIGINT NOT NULL PRIMARY KEY,
    erasure_id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    tenant BLOB NOT NULL,
    subject BLOB,                  -- the contact's or case's id, so that it can be answered as gone
    epoch BIGINT NOT NULL,         -- the epoch that this erasure began
    facts TEXT NOT NULL,           -- what the receipt will say, known before
    destroyed_at BIGINT NOT NULL,
    results TEXT,                  -- what the receipt will say, known after
    rows_deleted_at BIGINT,
    receipted_at BIGINT,           -- when its receipt was appended to the log
    written BIGINT NOT NULL
);
CREATE INDEX ledger_subject ON ledger (tenant, subject);
CREATE INDEX ledger_written ON ledger (written);

-- Which keys were destroyed by which erasure; block and leaf -1 stand for a whole tenant.
CREATE TABLE erased (
    tenant BLOB NOT NULL,
    block BIGINT NOT NULL,
    leaf BIGINT NOT NULL,
    erasure_id BLOB NOT NULL,
    PRIMARY KEY (tenant, block, leaf)
);
CREATE INDEX erased_erasure ON erased (erasure_id);

-- Running processes. `beat` rises each second; a process that saw the newest epoch has dropped every
-- older key.
CREATE TABLE instance (
    id BLOB NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    beat BIGINT NOT NULL,
    started_at BIGINT NOT NULL
);

-- Live copies of the vault with a root of their own.
CREATE TABLE mirror (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    acknowledged_at BIGINT NOT NULL
);

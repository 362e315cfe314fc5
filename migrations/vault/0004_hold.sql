-- Reasons why something may not be erased yet. In the vault, so that restoring data forgets none.
CREATE TABLE hold (
    id          BLOB NOT NULL PRIMARY KEY,
    tenant      BLOB NOT NULL,
    subject     BLOB,              -- a contact's id; absent: the whole tenant
    reason      TEXT NOT NULL,
    placed_by   TEXT NOT NULL,
    placed_at   BIGINT NOT NULL,
    released_at BIGINT,
    released_by TEXT,
    written     BIGINT NOT NULL
);
CREATE INDEX hold_tenant ON hold (tenant, subject);
CREATE INDEX hold_written ON hold (written);

-- Erasures that were ordered and whose keys are not destroyed yet. In the vault, so that restoring
-- data forgets no order; the row goes in the transaction that destroys the keys.
CREATE TABLE erasure_order (
    id           BLOB NOT NULL PRIMARY KEY,
    tenant       BLOB NOT NULL,
    kind         TEXT NOT NULL,
    subject      BLOB,
    strict       BOOLEAN NOT NULL,
    facts        TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    written      BIGINT NOT NULL
);

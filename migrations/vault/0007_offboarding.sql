-- How contracts end. In the vault and not in the data, because every row is a duty or a right that no
-- restored backup may undo: what the controller chose, who approved on what counts, what was handed
-- over, and which copies elsewhere are still open. Nobody's data but the names of staff who approved.
CREATE TABLE offboarding (
    id       BLOB NOT NULL PRIMARY KEY,
    tenant   BLOB NOT NULL,
    begun_at BIGINT NOT NULL,
    ended_at BIGINT,        -- when it was cancelled; a purge stands in the ledger
    record   TEXT NOT NULL, -- JSON: src/offboarding/record.rs
    written  BIGINT NOT NULL
);
CREATE INDEX offboarding_tenant ON offboarding (tenant, begun_at);
CREATE INDEX offboarding_written ON offboarding (written);

-- Secrets of hooks that no longer open anything. The secrets themselves lie sealed in the data; this
-- stands here so that a restored backup brings none back into force.
CREATE TABLE hook_end (
    secret   BLOB NOT NULL PRIMARY KEY,
    ended_at BIGINT NOT NULL,
    ended_by TEXT NOT NULL,
    written  BIGINT NOT NULL
);
CREATE INDEX hook_end_written ON hook_end (written);

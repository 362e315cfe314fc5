-- Erasures as the data knows them: who ordered what, and how far the deletion of rows has come.

-- Set while data that was restored from a backup has not been reconciled with the vault yet.
ALTER TABLE meta ADD COLUMN restoration BLOB;

-- Set from a restore until the keys that were given out after the backup was made, and that no row
-- here names, are destroyed: until then newer backups hold rows that these keys open.
ALTER TABLE meta ADD COLUMN orphans BOOLEAN;

-- An erasure that was accepted. Written in the transaction that stops further writing about its
-- subject; the vault's ledger holds the same facts from the point of no return on.
CREATE TABLE erasure (
    id           BLOB PRIMARY KEY,
    tenant       BLOB NOT NULL,
    kind         TEXT NOT NULL,
    subject      BLOB,
    strict       BOOLEAN NOT NULL,
    facts        TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    destroyed    BOOLEAN NOT NULL,
    keys         TEXT          -- which keys: after a promoted mirror forgot that they are destroyed,
                               -- they are destroyed again, though no row names them any more
);
CREATE INDEX erasure_subject ON erasure (tenant, subject);
CREATE INDEX erasure_open ON erasure (destroyed);

-- What the deletion of rows has counted so far, raised in the transactions that delete. `id` is the
-- erasure's, or the one drawn for erasing again after a restore.
CREATE TABLE erasure_progress (
    id        BLOB PRIMARY KEY,
    erasure   BLOB NOT NULL,
    seq       BIGINT NOT NULL,
    again     BOOLEAN NOT NULL,
    counts    TEXT NOT NULL,
    results   TEXT,             -- for the receipt of erasing again, once it is finished
    receipted BOOLEAN NOT NULL
);
CREATE INDEX erasure_progress_open ON erasure_progress (again, receipted);

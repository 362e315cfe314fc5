-- The receipt log. It holds no personal data, only grows, and its rows are never changed once written:
-- except log_head, which is the lock of every append, and the last tile of each level, which grows.

CREATE TABLE log_head (
    id         BIGINT PRIMARY KEY,     -- always 1
    -- The key that signs: NAME+ID+KEY. The name is the log's origin.
    verifier   TEXT NOT NULL,
    size       BIGINT NOT NULL,
    root       BLOB NOT NULL,
    -- The signed note of this size and root.
    checkpoint TEXT NOT NULL,
    guard      BIGINT NOT NULL
);

CREATE TABLE log_leaf (
    seq       BIGINT PRIMARY KEY,      -- the leaf index, dense from 0
    erasure   BLOB NOT NULL,
    kind      TEXT NOT NULL,
    tenant    BLOB NOT NULL,
    issued_at BIGINT NOT NULL,
    -- The signed receipt, byte for byte; its hash is the leaf.
    note      TEXT NOT NULL
);
-- One receipt of each kind for one erasure, whoever composes it and however often.
CREATE UNIQUE INDEX log_leaf_erasure ON log_leaf (erasure, kind);
CREATE INDEX log_leaf_tenant ON log_leaf (tenant, seq);

CREATE TABLE log_tile (
    level  BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BLOB NOT NULL,              -- 1 to 256 of 32 bytes; a longer one begins like the shorter
    PRIMARY KEY (level, number)
);

-- Bearer tokens of the API, by their hashes. In the vault, so that restoring data brings no revoked
-- token back. A name says what a token is for; it is no person's.
CREATE TABLE token (
    id         BLOB NOT NULL PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE,  -- SHA-256 of the token; 256 random bits need no slower hash
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    tenant     BLOB,                  -- absent: every tenant
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    revoked_by TEXT,
    written    BIGINT NOT NULL
);
CREATE INDEX token_written ON token (written);

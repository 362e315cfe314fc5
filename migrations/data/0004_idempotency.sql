-- Calls that were made with an Idempotency-Key, for a day. Key and request are HMACs under the caller's
-- token, which is stored nowhere, so neither confirms what was sent; of the answer only the id of
-- what was made is kept.
CREATE TABLE idempotency (
    call     BLOB NOT NULL PRIMARY KEY,
    request  BLOB NOT NULL,
    began_at BIGINT NOT NULL,
    status   BIGINT,              -- absent while the work is under way
    object   BLOB
);
CREATE INDEX idempotency_began ON idempotency (began_at);

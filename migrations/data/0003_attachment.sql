-- Files sent along with messages, and who wrote a message.

-- Sealed under the unit of the message, so it is erased with it. What is in it, what it is called and
-- how long it is are all sealed: of a file nothing but its padded length can be seen.
CREATE TABLE attachment (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    support_case   BLOB NOT NULL,
    contact        BLOB NOT NULL,  -- as its message
    unit           BLOB NOT NULL,  -- as its message
    message        BLOB NOT NULL,
    name           BLOB,           -- sealed
    media_type     BLOB NOT NULL,  -- sealed
    size           BLOB NOT NULL,  -- sealed, decimal digits
    content        BLOB NOT NULL,  -- sealed
    sealed_version BIGINT NOT NULL
);
CREATE INDEX attachment_unit ON attachment (unit);
CREATE INDEX attachment_support_case ON attachment (support_case);

-- contact, staff or system; rows from before have none, and their direction says it.
ALTER TABLE message ADD COLUMN author_kind TEXT;

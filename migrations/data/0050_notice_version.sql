-- What clients' notices said: each version with its texts in every language, sealed under a unit of its own
-- (kind 40), for the contact details in it. Number and dates are no one's. A version is written once; only
-- the dates of its approval, publication and end are added.
CREATE TABLE notice_version (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    unit           BLOB NOT NULL,
    number         BIGINT NOT NULL,
    hash           BLOB NOT NULL,
    body           BLOB NOT NULL,  -- sealed
    sealed_version BIGINT NOT NULL,
    drafted_at     BIGINT NOT NULL,
    drafted_by     TEXT NOT NULL,
    approved_at    BIGINT,
    approved_by    TEXT,
    published_at   BIGINT,
    published_by   TEXT,
    in_spite_of    TEXT,
    ended_at       BIGINT
);
CREATE UNIQUE INDEX notice_version_number ON notice_version (tenant, number);
CREATE INDEX notice_version_unit ON notice_version (unit);

-- What contract and billing systems announce, each body sealed as it came under a unit of its own
-- (kind 30): in the data of the tenant it names, or in the operator's own (tenant `self`) for a person to
-- look at. The id is made of the source and the sender's own id of the event, so a repeat is known.
CREATE TABLE hook_event (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    unit           BLOB NOT NULL,
    source         TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    received_at    BIGINT NOT NULL,
    body           BLOB NOT NULL,  -- sealed
    sealed_version BIGINT NOT NULL
);
CREATE INDEX hook_event_unit ON hook_event (unit);
CREATE INDEX hook_event_tenant ON hook_event (tenant, id);

-- What events of a source are signed with, sealed under a unit (kind 31) of tenant `self`.
CREATE TABLE hook_secret (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    unit           BLOB NOT NULL,
    source         TEXT NOT NULL,
    secret         BLOB NOT NULL,  -- sealed
    created_at     BIGINT NOT NULL,
    sealed_version BIGINT NOT NULL
);
CREATE INDEX hook_secret_source ON hook_secret (source);
CREATE INDEX hook_secret_unit ON hook_secret (unit);

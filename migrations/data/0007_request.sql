-- Data subjects' requests (Arts 15 to 22). Days are counted from 1970-01-01 in the client's time zone.

-- What a person asked for. Who it was and what was written is sealed in a unit of the request's own, so
-- that the answer to "what did you do with it" outlives the erasure that was asked for.
CREATE TABLE request (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    unit           BLOB NOT NULL,
    case_no        TEXT NOT NULL,    -- what people call it
    rights         TEXT NOT NULL,    -- words separated by commas
    channel        TEXT NOT NULL,
    state          TEXT NOT NULL,
    identifiers    BLOB NOT NULL,    -- sealed, a JSON object
    text           BLOB,             -- sealed
    contact        BLOB,             -- whom it is about, once that is known
    candidates     BIGINT NOT NULL,  -- how many contacts fitted when it came in
    hold           BLOB,             -- keeps the data until they are delivered; it stands in the vault
    received_at    BIGINT NOT NULL,
    registered_at  BIGINT NOT NULL,
    received_day   BIGINT NOT NULL,
    timezone       TEXT NOT NULL,    -- what made the day of the instant
    calendar       TEXT NOT NULL,    -- by which rules the days were computed
    legal_due      BIGINT NOT NULL,
    safe_due       BIGINT NOT NULL,
    due_date       BIGINT NOT NULL,
    extended_at    BIGINT,
    instruction    TEXT,
    packaged_at    BIGINT,
    delivered_at   BIGINT,
    erasure        BLOB,             -- the receipt's id
    closed_at      BIGINT,
    closed_late    BOOLEAN,
    sealed_version BIGINT NOT NULL,
    guard          BIGINT NOT NULL
);
CREATE UNIQUE INDEX request_case_no ON request (case_no);
CREATE INDEX request_tenant ON request (tenant, id);
CREATE INDEX request_unit ON request (unit);
CREATE INDEX request_due ON request (legal_due) WHERE closed_at IS NULL;

-- Every step of it. No personal data: words of ours, and references that name nobody.
CREATE TABLE request_event (
    id          BLOB PRIMARY KEY,
    request     BLOB NOT NULL,
    tenant      BLOB NOT NULL,
    at          BIGINT NOT NULL,
    actor       TEXT NOT NULL,
    act         TEXT NOT NULL,
    state       TEXT NOT NULL,  -- afterwards
    instruction TEXT,
    detail      TEXT
);
CREATE INDEX request_event_request ON request_event (request, at);
CREATE INDEX request_event_tenant ON request_event (tenant);

-- When the clock stood still because the person had been asked something.
CREATE TABLE request_pause (
    id           BLOB PRIMARY KEY,
    request      BLOB NOT NULL,
    tenant       BLOB NOT NULL,
    asked_day    BIGINT NOT NULL,
    answered_day BIGINT
);
CREATE INDEX request_pause_request ON request_pause (request, asked_day);
CREATE INDEX request_pause_tenant ON request_pause (tenant);

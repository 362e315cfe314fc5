-- Work that is done later, imports on their way in, and events on their way out. All of it names things
-- by id: what is personal lies sealed in import_chunk, and nowhere else here.

-- A piece of work. One for each thing it is about: to add it twice is to add it once.
CREATE TABLE job (
    id         BLOB PRIMARY KEY,
    kind       TEXT NOT NULL,
    tenant     BLOB,
    object     BLOB NOT NULL,    -- what it is about
    state      TEXT NOT NULL,    -- waiting, running, done, failed
    due_at     BIGINT,           -- when it may be begun; while it runs, when its worker counts as gone;
                                 -- absent once it ended
    holder     BLOB,             -- the lease of the worker that has it
    attempts   BIGINT NOT NULL,
    progress   BIGINT NOT NULL,
    total      BIGINT,           -- what progress counts up to, where that is known
    reason     TEXT,             -- why the last attempt failed, in the program's own words
    created_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE UNIQUE INDEX job_object ON job (kind, object);
CREATE INDEX job_due ON job (due_at);
CREATE INDEX job_state ON job (state, ended_at);
CREATE INDEX job_created ON job (created_at, id);
CREATE INDEX job_tenant ON job (tenant);

-- Set by a restore until a person confirms: nothing is imported, sent or scheduled from old data.
ALTER TABLE meta ADD COLUMN paused BOOLEAN;

-- A file that was sent in, and what became of it.
CREATE TABLE import (
    id         BLOB PRIMARY KEY,
    tenant     BLOB NOT NULL,
    unit       BLOB NOT NULL,    -- the file as it came, until it is taken in
    format     TEXT NOT NULL,    -- as it was asked for: a name, or auto
    state      TEXT NOT NULL,    -- receiving, received, done, failed, cut_off
    bytes      BIGINT NOT NULL,
    chunks     BIGINT NOT NULL,
    report     TEXT,             -- counts, as JSON
    reason     TEXT,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX import_tenant ON import (tenant, id);

-- The file as it came, piece by piece. All pieces are one unit, destroyed when the file is taken in.
CREATE TABLE import_chunk (
    id      BLOB PRIMARY KEY,
    tenant  BLOB NOT NULL,
    import  BLOB NOT NULL,
    unit    BLOB NOT NULL,
    number  BIGINT NOT NULL,
    content BLOB NOT NULL        -- sealed
);
CREATE UNIQUE INDEX import_chunk_number ON import_chunk (import, number);
CREATE INDEX import_chunk_unit ON import_chunk (unit);
CREATE INDEX import_chunk_tenant ON import_chunk (tenant);

-- Which lines could not be read, and why. What stands in them is in quarantine.
CREATE TABLE import_reject (
    import BLOB NOT NULL,
    number BIGINT NOT NULL,
    line   BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (import, number)
);

-- What happened that somebody outside may be told of.
CREATE TABLE event (
    id     BLOB PRIMARY KEY,
    kind   TEXT NOT NULL,
    tenant BLOB,
    object BLOB NOT NULL,
    at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX event_object ON event (kind, object);

-- Who is told. Address and secrets are sealed under a unit of the operator.
CREATE TABLE webhook_endpoint (
    id             BLOB PRIMARY KEY,
    tenant         BLOB,             -- events of this client only
    unit           BLOB NOT NULL,
    url            BLOB NOT NULL,    -- sealed
    secret         BLOB NOT NULL,    -- sealed
    old_secret     BLOB,             -- sealed; signs too until old_until
    old_until      BIGINT,
    events         TEXT NOT NULL,    -- words separated by commas
    created_at     BIGINT NOT NULL,
    sealed_version BIGINT NOT NULL
);
CREATE INDEX webhook_endpoint_tenant ON webhook_endpoint (tenant);

-- One event on its way to one endpoint.
CREATE TABLE webhook_delivery (
    id         BLOB PRIMARY KEY,
    endpoint   BLOB NOT NULL,
    event      BLOB NOT NULL,
    repeat_of  BLOB,             -- the delivery that somebody had sent again
    state      TEXT NOT NULL,    -- waiting, delivered, failed
    attempts   BIGINT NOT NULL,
    status     BIGINT,           -- what the endpoint answered last
    reason     TEXT,             -- why the last attempt failed
    created_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX webhook_delivery_endpoint ON webhook_delivery (endpoint, id);
CREATE INDEX webhook_delivery_event ON webhook_delivery (event);

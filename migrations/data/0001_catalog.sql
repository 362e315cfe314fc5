-- The data store: ciphertext and structure. One text for both engines (house rules: src/store).
--
-- Times are microseconds since 1970 in UTC. Ids are sixteen random bytes. A column marked "sealed"
-- holds a field of src/keyring/seal.rs, bound by its associated data to tenant, unit, key, table,
-- row, column and sealed_version; the numbers stand in src/keyring/place.rs. All sealed columns of a
-- row carry the row's one sealed_version, so a row that changes is sealed anew as a whole.
--
-- There are no foreign keys on purpose: erasure deletes a unit's rows in chunks and in any order,
-- and what keeps the rows together is the guard that every writer takes first (guard, gate).

-- Which vault this data belongs to, and how far its erasures have been carried out here.
CREATE TABLE meta (
    id            BIGINT PRIMARY KEY,
    vault_id      BLOB NOT NULL,
    -- The highest erasure sequence whose rows are deleted here.
    applied       BIGINT NOT NULL,
    -- The highest head version seen; data ahead of the vault means a rolled-back vault.
    vault_version BIGINT NOT NULL
);

CREATE TABLE tenant (
    id             BLOB PRIMARY KEY,
    slug           TEXT NOT NULL,
    name           TEXT NOT NULL,
    org_no         TEXT NOT NULL,
    country        TEXT NOT NULL,
    languages      TEXT NOT NULL,  -- codes separated by commas, the first is the default
    timezone       TEXT NOT NULL,
    state          TEXT NOT NULL,
    unit           BLOB NOT NULL,  -- the tenant's profile
    email          BLOB NOT NULL,  -- sealed
    created_at     BIGINT NOT NULL,
    sealed_version BIGINT NOT NULL,
    guard          BIGINT NOT NULL,
    erased_at      BIGINT
);
CREATE UNIQUE INDEX tenant_slug ON tenant (slug);

-- Whoever creates a contact or a case passes one gate of its tenant; a purge closes all 64.
CREATE TABLE gate (
    tenant BLOB NOT NULL,
    number BIGINT NOT NULL,
    passes BIGINT NOT NULL,
    closed BOOLEAN NOT NULL,
    PRIMARY KEY (tenant, number)
);

-- What is erased as one. kind: 1 contact profile, 2 one contact's part of one case,
-- 3 tenant profile, 4 quarantined record.
CREATE TABLE unit (
    id           BLOB PRIMARY KEY,
    tenant       BLOB NOT NULL,
    kind         BIGINT NOT NULL,
    contact      BLOB,
    support_case BLOB,
    block        BIGINT NOT NULL,
    leaf         BIGINT NOT NULL,
    commitment   BLOB NOT NULL,
    created_at   BIGINT NOT NULL,
    erased_at    BIGINT
);
CREATE UNIQUE INDEX unit_key ON unit (tenant, block, leaf);
CREATE INDEX unit_contact ON unit (contact);
CREATE INDEX unit_support_case ON unit (support_case);

CREATE TABLE contact (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    unit           BLOB NOT NULL,  -- profile
    external_id    BLOB,  -- sealed
    name           BLOB,  -- sealed
    phone          BLOB,  -- sealed
    email          BLOB,  -- sealed
    source         TEXT,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    sealed_version BIGINT NOT NULL,
    guard          BIGINT NOT NULL,
    erased_at      BIGINT
);
CREATE INDEX contact_tenant ON contact (tenant, id);

CREATE TABLE support_case (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    requester      BLOB NOT NULL,  -- a contact
    unit           BLOB NOT NULL,  -- the requester's part
    external_id    BLOB,  -- sealed
    subject        BLOB,  -- sealed
    channel        TEXT NOT NULL,
    state          TEXT NOT NULL,
    custody        TEXT NOT NULL,
    opened_at      BIGINT NOT NULL,
    closed_at      BIGINT,
    sealed_version BIGINT NOT NULL,
    guard          BIGINT NOT NULL,
    erased_at      BIGINT
);
CREATE INDEX support_case_tenant ON support_case (tenant, id);
CREATE INDEX support_case_requester ON support_case (requester);
CREATE INDEX support_case_unit ON support_case (unit);

CREATE TABLE message (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    support_case   BLOB NOT NULL,
    contact        BLOB NOT NULL,  -- whose part of the case it belongs to
    unit           BLOB NOT NULL,  -- that part
    external_id    BLOB,  -- sealed
    author         BLOB,  -- sealed
    body           BLOB NOT NULL,  -- sealed
    direction      TEXT NOT NULL,
    channel        TEXT NOT NULL,
    sent_at        BIGINT NOT NULL,
    sealed_version BIGINT NOT NULL
);
CREATE INDEX message_support_case ON message (support_case, sent_at);
CREATE INDEX message_unit ON message (unit);

-- Who was given what (Art. 15(1)(c), 19).
CREATE TABLE forwarding (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    support_case   BLOB NOT NULL,
    contact        BLOB NOT NULL,
    unit           BLOB NOT NULL,
    recipient      TEXT NOT NULL,
    reason         BLOB,  -- sealed
    at             BIGINT NOT NULL,
    message        BLOB,
    sealed_version BIGINT NOT NULL
);
CREATE INDEX forwarding_unit ON forwarding (unit);
CREATE INDEX forwarding_support_case ON forwarding (support_case);

-- Contacts whose search tokens must be written anew. `changes` is the contact's sealed_version, so
-- that whoever wrote the tokens of an earlier state does not delete the note of a later one.
CREATE TABLE index_outbox (
    contact BLOB PRIMARY KEY,
    tenant  BLOB NOT NULL,
    changes BIGINT NOT NULL
);
CREATE INDEX index_outbox_tenant ON index_outbox (tenant);

-- What an import could not read, sealed as it came.
CREATE TABLE quarantine (
    id             BLOB PRIMARY KEY,
    tenant         BLOB NOT NULL,
    unit           BLOB NOT NULL,
    source         TEXT NOT NULL,
    line           BIGINT NOT NULL,
    reason         TEXT NOT NULL,
    record         BLOB NOT NULL,  -- sealed
    at             BIGINT NOT NULL,
    sealed_version BIGINT NOT NULL
);
CREATE INDEX quarantine_tenant ON quarantine (tenant, id);
CREATE INDEX quarantine_unit ON quarantine (unit);

-- Who did what. No personal data: an action from a closed list, ids, and counts.
CREATE TABLE audit (
    id     BLOB PRIMARY KEY,
    at     BIGINT NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    tenant BLOB,
    object BLOB,
    detail TEXT
);
CREATE INDEX audit_at ON audit (at);

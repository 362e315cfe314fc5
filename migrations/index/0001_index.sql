-- The index store: tokens for exact search, nothing that can be read without the tenant's index
-- keys. It has no backup; it is rebuilt from the data (src/catalog/index/rebuild.rs).

-- One row per tenant. Every writer of the tenant's tokens takes it first and names the generation
-- of the keys it holds; a rebuild makes it not ready, so no token of an old key slips in later.
CREATE TABLE index_state (
    tenant     BLOB PRIMARY KEY,
    generation BIGINT NOT NULL,
    ready      BOOLEAN NOT NULL,
    guard      BIGINT NOT NULL
);

-- External ids of contacts, cases and messages; for a contact without one its e-mail or phone;
-- for a message without one its content. The first to reserve fixes the owner's id.
CREATE TABLE reservation (
    tenant BLOB NOT NULL,
    domain BIGINT NOT NULL,
    token  BLOB NOT NULL,
    owner  BLOB NOT NULL,
    PRIMARY KEY (tenant, domain, token)
);
CREATE INDEX reservation_owner ON reservation (owner);

-- Which contacts have this e-mail, phone or word in their name. field: the token's domain.
CREATE TABLE token (
    tenant  BLOB NOT NULL,
    field   BIGINT NOT NULL,
    token   BLOB NOT NULL,
    contact BLOB NOT NULL,
    PRIMARY KEY (tenant, field, token, contact)
);
CREATE INDEX token_contact ON token (contact);

-- Identifiers of erased people: records dated up to the cutoff are not imported again.
CREATE TABLE suppression (
    tenant     BLOB NOT NULL,
    -- Of the keys: while they change, both generations stand here.
    generation BIGINT NOT NULL,
    domain     BIGINT NOT NULL,
    token      BLOB NOT NULL,
    cutoff     BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    erasure    BLOB NOT NULL,
    PRIMARY KEY (tenant, generation, domain, token)
);
CREATE INDEX suppression_erasure ON suppression (erasure);

-- Salts of receipts' subject commitments: handed over once, readable for a day, in no backup.
CREATE TABLE salt (
    erasure    BLOB PRIMARY KEY,
    tenant     BLOB NOT NULL,
    salt       BLOB NOT NULL,
    expires_at BIGINT NOT NULL
);

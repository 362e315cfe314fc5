-- What a row costs is in how many trees it stands. unit_of_contact (0031) serves whatever asks for a
-- contact's units; of the units only parts belong to a case; and a unit or a note is small, so on SQLite
-- its primary key is the table (see src/store/migrate.rs).
CREATE TABLE keyed_unit (
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
) /* SQLite: WITHOUT ROWID */;
INSERT INTO keyed_unit SELECT id, tenant, kind, contact, support_case, block, leaf, commitment, created_at, erased_at
    FROM unit;
DROP TABLE unit;
ALTER TABLE keyed_unit RENAME TO unit;
CREATE UNIQUE INDEX unit_key ON unit (tenant, block, leaf);
CREATE INDEX unit_of_contact ON unit (tenant, contact, support_case);
CREATE INDEX unit_support_case ON unit (tenant, support_case) WHERE support_case IS NOT NULL;

CREATE TABLE keyed_outbox (
    tenant  BLOB NOT NULL,
    contact BLOB NOT NULL,
    changes BIGINT NOT NULL,
    PRIMARY KEY (tenant, contact)
) /* SQLite: WITHOUT ROWID */;
INSERT INTO keyed_outbox SELECT tenant, contact, changes FROM index_outbox;
DROP TABLE index_outbox;
ALTER TABLE keyed_outbox RENAME TO index_outbox;

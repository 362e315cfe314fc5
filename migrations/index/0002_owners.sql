-- What the tokens of imports cost. By tenant and owner: with the owner alone, SQLite preferred the
-- primary key's first column, and read all reservations of a tenant to find those of one batch. And
-- without SQLite's hidden row number: the primary key is the table then, and each token, which lies
-- anywhere in it, is written to one tree and not to two. (PostgreSQL reads that as a comment.)
CREATE TABLE keyed_reservation (
    tenant BLOB NOT NULL,
    domain BIGINT NOT NULL,
    token  BLOB NOT NULL,
    owner  BLOB NOT NULL,
    PRIMARY KEY (tenant, domain, token)
) /* SQLite: WITHOUT ROWID */;
INSERT INTO keyed_reservation SELECT tenant, domain, token, owner FROM reservation;
DROP TABLE reservation;
ALTER TABLE keyed_reservation RENAME TO reservation;
CREATE INDEX reservation_owner ON reservation (tenant, owner);

CREATE TABLE keyed_token (
    tenant  BLOB NOT NULL,
    field   BIGINT NOT NULL,
    token   BLOB NOT NULL,
    contact BLOB NOT NULL,
    PRIMARY KEY (tenant, field, token, contact)
) /* SQLite: WITHOUT ROWID */;
INSERT INTO keyed_token SELECT tenant, field, token, contact FROM token;
DROP TABLE token;
ALTER TABLE keyed_token RENAME TO token;
CREATE INDEX token_contact ON token (tenant, contact);

-- Which erasures this index remembers, and under which keys: a row beside their suppressions, also where
-- an erasure had none to write. So the index can be held against the vault's ledger, and one that was put
-- back, or is under keys that came back, is not taken for whole. Ids only; like the ledger it never expires.
CREATE TABLE remembered (
    tenant     BLOB NOT NULL,
    generation BIGINT NOT NULL,
    erasure    BLOB NOT NULL,
    PRIMARY KEY (tenant, generation, erasure)
);
INSERT INTO remembered (tenant, generation, erasure)
    SELECT DISTINCT tenant, generation, erasure FROM suppression;

-- Erasures that it should remember and does not: for them a person has to answer.
CREATE TABLE forgotten (
    tenant  BLOB NOT NULL,
    erasure BLOB NOT NULL,
    PRIMARY KEY (tenant, erasure)
);

-- One row: up to which entry of the ledger it was held against it. An index of before knows an earlier one.
CREATE TABLE looked (
    id         BIGINT PRIMARY KEY,
    ledger_seq BIGINT NOT NULL
);

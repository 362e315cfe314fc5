-- Mirrors are called by their names.
CREATE UNIQUE INDEX mirror_name ON mirror (name);

-- Which line of history this vault is on. Absent on the first; each promotion of a mirror begins the
-- next, so that a mirror which had followed further than the promoted one mixes no two histories.
CREATE TABLE line (
    id BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    line BLOB NOT NULL,
    began_at BIGINT NOT NULL
);

-- In a mirror's vault only: how far it followed the main vault.
CREATE TABLE following (
    id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,       -- the main head's version that this copy shows
    epoch BIGINT NOT NULL,         -- the main head's epoch then
    acknowledged BIGINT NOT NULL,  -- the newest version the main vault was told of; -1: copy everything anew
    followed_at BIGINT NOT NULL    -- when that was the newest there was
);

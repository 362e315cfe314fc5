-- Mirrors that were forgotten. Their directories hold the keys of whatever was erased since, until
-- somebody destroys them: every receipt of such an erasure names them as open copies. Never deleted.
CREATE TABLE forgotten_mirror (
    id           BLOB NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    epoch        BIGINT NOT NULL,   -- the newest it acknowledged: what was erased later it still opens
    forgotten_at BIGINT NOT NULL,
    destroyed_at BIGINT,            -- when somebody said that its directory is no more, or it followed again
    destroyed_by TEXT,
    written      BIGINT NOT NULL
);
CREATE INDEX forgotten_mirror_written ON forgotten_mirror (written);

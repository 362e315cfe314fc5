-- How often a mirror's directory was opened: one that is behind this is a copy of it.
ALTER TABLE mirror ADD COLUMN opened BIGINT NOT NULL DEFAULT 0;

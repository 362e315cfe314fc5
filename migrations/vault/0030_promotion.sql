-- What a promotion leaves to be done, and the ledger numbers it passed over. In the row of the line, so
-- that both are written in the transaction that makes the mirror the vault.
ALTER TABLE line ADD COLUMN passed_over BIGINT NOT NULL DEFAULT 0; -- no ledger row is missed up to here
ALTER TABLE line ADD COLUMN note_owed BOOLEAN NOT NULL DEFAULT FALSE; -- the data is not told of it yet
-- Nobody knows whether the data was told of a promotion of before this: it is told once more.
UPDATE line SET note_owed = TRUE, passed_over = COALESCE((SELECT MAX(ledger_seq) FROM head), 0);

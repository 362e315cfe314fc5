-- What a call with an Idempotency-Key answered, where that cannot be read again from what it made: ids
-- and counts, never personal data. Forgotten with the call, after a day.
ALTER TABLE idempotency ADD COLUMN answer TEXT;

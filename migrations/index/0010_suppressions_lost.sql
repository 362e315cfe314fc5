-- When it was found that this index had been lost, and with it the identifiers of people erased before
-- (in microseconds since 1970). Until a person confirms, no import of the tenant is taken in.
ALTER TABLE index_state ADD COLUMN suppressions_lost_at BIGINT;

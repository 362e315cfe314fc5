-- The ledger never expires; the few entries whose receipts are due must be found without reading it.
CREATE INDEX ledger_without_receipt ON ledger (seq) WHERE receipted_at IS NULL;
